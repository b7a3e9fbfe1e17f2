"""A small account with an organization, and events as CloudTrail writes them."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
FULL = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
GUARD = "arn:aws:organizations::111122223333:policy/o-exampleorgid/service_control_policy/p-guardrail"
USER = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/Audit"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

SPARED = ("iam:*", "cloudfront:*", "route53:*", "sts:*")


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def guardrail(*spared: str) -> dict[str, Any]:
    """Deny everything outside of two Regions, except these actions."""
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
    return document(
        {"Sid": "Elsewhere", "Effect": "Deny", "NotAction": list(spared), "Resource": "*", "Condition": elsewhere}
    )


def export(**more: Any) -> dict[str, Any]:
    trust = document({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"})
    user = {
        "UserName": "mateojackson",
        "UserId": "AIDACKCEVSQ6C2EXAMPLE",
        "Arn": USER,
        "UserPolicyList": [{"PolicyName": "work", "PolicyDocument": document(allow("*"))}],
    }
    role = {
        "RoleName": "Audit",
        "RoleId": "AROACKCEVSQ6C2EXAMPLE",
        "Arn": ROLE,
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": "read", "PolicyDocument": document(allow("s3:*", "cloudtrail:*", "kms:*"))}],
        **more,
    }
    return {"UserDetailList": [user], "RoleDetailList": [role], "GroupDetailList": [], "Policies": []}


def organization(guard: Mapping[str, Any]) -> dict[str, Any]:
    full = {"arn": FULL, "document": document(allow("*"))}
    return {"scps": [[full], [full, {"arn": GUARD, "document": guard}], [full]], "rcps": [[], [], []]}


def as_user() -> dict[str, Any]:
    return {
        "type": "IAMUser",
        "arn": USER,
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "mateojackson",
    }


def as_role(session: str = "marymajor") -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT, "userName": "Audit"},
            "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def event(call: str, parameters: Mapping[str, Any] | None = None, serial: int = 0, **more: Any) -> dict[str, Any]:
    """`s3:GetObject` by the user in eu-west-1, unless told otherwise."""
    service, _, name = call.partition(":")
    return {
        "eventVersion": "1.11",
        "userIdentity": as_user(),
        "eventTime": f"2026-01-01T00:{serial // 60 % 60:02}:{serial % 60:02}Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2",
        "requestParameters": parameters,
        "responseElements": None,
        "eventID": f"{serial:08x}-0000-4000-8000-000000000000",
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
        **more,
    }


def write(path: Path, events: Iterable[Mapping[str, Any]]) -> Path:
    """A log file, packed where its name says so."""
    data = json.dumps({"Records": list(events)}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
