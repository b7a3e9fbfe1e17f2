"""`python -m bench.replay`: events a second of what-if replay, against an organization's account of 100 principals."""

import gzip
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from trailwarden.diagnose.changes import Change, change_data
from trailwarden.diagnose.data import FileData, read_files
from trailwarden.diagnose.history import portions_of_files
from trailwarden.diagnose.logs import LogFiles
from trailwarden.diagnose.replay import replay
from trailwarden.diagnose.tally import Tally

ACCOUNT = "123456789012"
USERS, ROLES = 40, 60
EVENTS = int(os.environ.get("BENCH_EVENTS", "200000"))
A_FILE = 1_000
GUARD = "arn:aws:organizations::111122223333:policy/o-exampleorgid/service_control_policy/p-guardrail"

CALLS: tuple[tuple[str, str, str, str], ...] = (
    (
        "s3",
        "GetObject",
        "us-east-1",
        '{{"bucketName":"amzn-s3-demo-bucket{0}","key":"logs/{1}.gz","Host":"s3.amazonaws.com"}}',
    ),
    ("s3", "PutObject", "us-east-1", '{{"bucketName":"amzn-s3-demo-bucket{0}","key":"in/{1}.json"}}'),
    ("dynamodb", "GetItem", "us-east-1", '{{"tableName":"table-{0}","key":{{"id":"{1}"}}}}'),
    ("dynamodb", "DescribeTable", "us-east-1", '{{"tableName":"table-{0}"}}'),
    ("ec2", "DescribeInstances", "us-east-1", '{{"instancesSet":{{}},"filterSet":{{}}}}'),
    (
        "ec2",
        "DescribeInstances",
        "us-west-2",
        '{{"instancesSet":{{"items":[{{"instanceId":"i-{0:017x}"}}]}},"filterSet":{{}}}}',
    ),
    ("sqs", "SendMessage", "us-east-1", '{{"queueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/queue-{0}"}}'),
    ("iam", "GetRole", "us-east-1", '{{"roleName":"Role{0}"}}'),
    ("lambda", "Invoke", "us-east-1", '{{"functionName":"function-{0}"}}'),
    ("cloudtrail", "LookupEvents", "us-east-1", "{{}}"),
    ("kms", "Decrypt", "us-east-1", '{{"encryptionContext":{{"id":"{0}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}}'),
    ("ssm", "GetParameter", "us-east-1", '{{"name":"/app/{0}/setting","withDecryption":true}}'),
)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def region_guard(*spared: str) -> dict[str, Any]:
    condition = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}
    return document(
        {"Sid": "DenyElsewhere", "Effect": "Deny", "NotAction": list(spared), "Resource": "*", "Condition": condition}
    )


def principals() -> dict[str, Any]:
    """The export of an account with 100 principals, each with own, attached and group policies, and every third with a boundary."""
    arn = f"arn:aws:iam::{ACCOUNT}"
    services = sorted({service for service, *_ in CALLS})
    policies = [
        {
            "Arn": f"{arn}:policy/Team{number}",
            "PolicyVersionList": [
                {"IsDefaultVersion": True, "Document": document(*(allow(f"{each}:*") for each in services))}
            ],
        }
        for number in range(10)
    ]
    users, roles = [], []
    for number in range(USERS + ROLES):
        common = {
            "AttachedManagedPolicies": [
                {"PolicyArn": f"{arn}:policy/Team{number % 10}"},
                {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            ]
        }
        if number % 3 == 0:
            common["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"{arn}:policy/Team0"}  # type: ignore[assignment]
        if number < USERS:
            inline = [{"PolicyName": "own", "PolicyDocument": document(allow("s3:*", "dynamodb:*"))}]
            users.append(
                {
                    "UserName": f"user{number}",
                    "UserId": f"AIDA{number}",
                    "Arn": f"{arn}:user/user{number}",
                    "GroupList": ["staff"],
                    "UserPolicyList": inline,
                    **common,
                }
            )
        else:
            trust = document(
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            )
            roles.append(
                {
                    "RoleName": f"Role{number}",
                    "RoleId": f"AROA{number}",
                    "Arn": f"{arn}:role/Role{number}",
                    "AssumeRolePolicyDocument": trust,
                    **common,
                }
            )
    groups = [
        {
            "GroupName": "staff",
            "Arn": f"{arn}:group/staff",
            "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": document(allow("iam:Get*", "iam:List*"))}],
        }
    ]
    return {"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": groups, "Policies": policies}


def account_data(folder: Path) -> FileData:
    full = {
        "arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
        "document": document({"Effect": "Allow", "Action": "*", "Resource": "*"}),
    }
    scps = [[full], [full, {"arn": GUARD, "document": region_guard("iam:*", "ec2:*", "kms:*")}], [full]]
    (folder / "account.json").write_text(json.dumps(principals()))
    (folder / "organization.json").write_text(json.dumps({"scps": scps, "rcps": [[], [], []]}))
    return read_files(folder / "account.json", folder / "organization.json")


def identity(number: int) -> str:
    if number < USERS:
        return f'{{"type":"IAMUser","principalId":"AIDA{number}","arn":"arn:aws:iam::{ACCOUNT}:user/user{number}","accountId":"{ACCOUNT}","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"user{number}"}}'
    issuer = f'{{"type":"Role","principalId":"AROA{number}","arn":"arn:aws:iam::{ACCOUNT}:role/Role{number}","accountId":"{ACCOUNT}","userName":"Role{number}"}}'
    return (
        f'{{"type":"AssumedRole","principalId":"AROA{number}:i-{number}","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/Role{number}/i-{number}","accountId":"{ACCOUNT}",'
        f'"accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{{"sessionIssuer":{issuer},"attributes":{{"creationDate":"2026-01-01T00:00:00Z","mfaAuthenticated":"false"}}}}}}'
    )


def event(dice: random.Random, serial: int) -> str:
    service, name, region, parameters = dice.choice(CALLS)
    asked = parameters.format(dice.randrange(20), serial if service == "s3" else dice.randrange(200))
    return (
        f'{{"eventVersion":"1.11","userIdentity":{identity(dice.randrange(USERS + ROLES))},"eventTime":"2026-01-01T{serial % 24:02}:{serial % 60:02}:00Z",'
        f'"eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"203.0.113.{dice.randrange(256)}",'
        f'"userAgent":"aws-cli/2","requestParameters":{asked},"responseElements":null,"requestID":"{serial:032x}","eventID":"{serial:08x}-0000-4000-8000-000000000000",'
        f'"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{ACCOUNT}","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3"}}}}'
    )


def write_logs(folder: Path, events: int) -> None:
    dice = random.Random(1)
    for start in range(0, events, A_FILE):
        records = ",".join(event(dice, serial) for serial in range(start, min(start + A_FILE, events)))
        (folder / f"{start:09}.json.gz").write_bytes(gzip.compress(f'{{"Records":[{records}]}}'.encode(), 6))


def processor_seconds() -> float:
    """Of this process and of its workers that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


CHANGES: dict[str, Change] = {
    "a guardrail that forgets a service": Change(
        kind="scp", holder="p-guardrail", document=json.dumps(region_guard("iam:*"))
    ),
    "a guardrail over every call": Change(
        kind="scp",
        holder="p-guardrail",
        document=json.dumps(
            document(
                {
                    "Effect": "Deny",
                    "NotAction": "iam:*",
                    "NotResource": "arn:aws:s3:::amzn-s3-demo-bucket1/*",
                    "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/25"}},
                }
            )
        ),
    ),
}


def measure(workers: int, logs: Path, data: FileData, change: Change) -> tuple[float, float, Tally]:
    """Seconds and processor seconds for the whole history, starting of the workers and all reading included."""
    began, spent = time.perf_counter(), processor_seconds()
    tally = replay(portions_of_files(LogFiles(given=(str(logs),))), data, change_data(data, [change]), workers=workers)
    return time.perf_counter() - began, processor_seconds() - spent, tally


def main() -> None:
    print("What-if replay, 100 principals; two cores do twice what a processor second does")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        logs = folder / "logs"
        logs.mkdir()
        write_logs(logs, EVENTS)
        data = account_data(folder)
        for told, change in CHANGES.items():
            for workers in (1, 2):
                seconds, spent, tally = measure(workers, logs, data, change)
                print(
                    f"{told:36}{workers} workers{tally.events:10,} events{seconds:8.2f} s{tally.events / seconds:10,.0f} a second"
                    f"{tally.events / spent:10,.0f} a processor second; {tally.total('denied'):,} would be denied, "
                    f"{tally.total('unknown'):,} unknown, {tally.total('contradicted'):,} contradicted",
                    flush=True,
                )


if __name__ == "__main__":
    main()
