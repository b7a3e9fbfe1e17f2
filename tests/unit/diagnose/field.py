"""Reads the shared field cases: the text or event of each, and account data made of its inputs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trailwarden.arn import Arn
from trailwarden.diagnose import FileData, Refusal, read_input
from trailwarden.diagnose.account import Account, Identity

SHARED = Path(__file__).parents[3].parent / "shared" / "cases" / "denials.jsonl"

_SOURCES = {
    "cloudtrail": "CreateTrail UpdateTrail StartLogging GetTrailStatus GetEventSelectors DeleteTrail LookupEvents RegisterOrganizationDelegatedAdmin",
    "ec2": "RunInstances DescribeSpotPriceHistory",
    "iam": "CreateRole PutRolePolicy UpdateAssumeRolePolicy ListPolicies",
    "s3": "PutBucketPolicy GetObject HeadObject PutBucketNotificationConfiguration",
    "secretsmanager": "GetSecretValue",
    "rds": "CreateDBInstance",
    "sqs": "SendMessage",
    "sts": "AssumeRole AssumeRoleWithWebIdentity",
}
_EVENT_SOURCES = {name: f"{source}.amazonaws.com" for source, names in _SOURCES.items() for name in names.split()}
_FULL = (
    "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
    [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
)


def cases() -> Iterator[dict[str, Any]]:
    """Every shared case; none where the shared data is absent."""
    if SHARED.is_file():
        yield from map(json.loads, SHARED.read_text().splitlines())


def document(statements: Any, resource: str = "") -> str:
    """A policy document; statements of the notes leave Resource out at times."""
    filled = [
        {**({"Resource": [resource, f"{resource}/*"]} if resource and "Resource" not in each else {}), **each}
        for each in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": filled})


def _capital(name: str) -> str:
    return name[:1].lower() + name[1:]


class Field:
    """One case as diagnosis gets it."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.case = case
        self.inputs = case["inputs"]
        self.read = read_input(case["error"].encode())[-1]
        call = self.inputs.get("call") or {}
        self.operation = call.get("op") or (self.inputs.get("event") or {}).get("eventName", "") or self.read.operation
        self.principal = self._principal()
        own = Arn.parse(self.principal)
        self.account = own.account if own else "111111111111"

    def _principal(self) -> str:
        told = self.inputs.get("caller") or self.inputs.get("principal") or self.read.principal
        if isinstance(told, str) and told.startswith("arn:"):
            return told
        return f"arn:aws:sts::{self.inputs.get('account', '111111111111')}:assumed-role/caller/s1"

    @property
    def refusal(self) -> Refusal:
        """The text alone where it tells the action, else the event of the call that the notes describe."""
        event = self._event()
        return self.read if event is None else read_input(json.dumps(event).encode())[0]

    def _event(self) -> dict[str, Any] | None:
        given, call = self.inputs.get("event"), self.inputs.get("call")
        web = "token" in self.inputs or self.read.action == "sts:AssumeRoleWithWebIdentity"
        operation = "AssumeRoleWithWebIdentity" if web else self.operation
        if "destination" in self.inputs:
            call = {
                "op": self.operation,
                "notificationConfiguration": {"QueueConfiguration": {"Queue": self.inputs["destination"]}},
            }
        if not (given or call or web or self.inputs.get("credentials")) or (
            operation not in _EVENT_SOURCES and not given
        ):
            return None
        asked = {
            _capital(name): value
            for name, value in (call or {}).items()
            if name not in {"op", "Region", "tags", "resource", "key"} and value is not None
        }
        event: dict[str, Any] = {
            "eventSource": _EVENT_SOURCES.get(operation, ""),
            "eventName": operation,
            "errorCode": self.read.code or "AccessDenied",
            "errorMessage": self.case["error"],
            "awsRegion": (call or {}).get("Region") or self._region_told(),
            "userIdentity": {"type": "AssumedRole", "arn": self.principal, "accountId": self.account},
            "requestParameters": {**asked, **self._named(operation, call or {})},
        }
        if self.inputs.get("credentials") == "long-term access key":
            event["userIdentity"] |= {"type": "IAMUser", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}
            event["eventSource"], event["eventName"] = "sts.amazonaws.com", "AssumeRole"
        if web:
            event["userIdentity"], event["requestParameters"] = (
                self._token(),
                {"roleArn": self._role(), "roleSessionName": "s"},
            )
        return {
            **event,
            **{name: value for name, value in (given or {}).items() if name != "userIdentity"},
            **self._foreign(given),
        }

    def _foreign(self, given: Any) -> dict[str, Any]:
        identity = (given or {}).get("userIdentity")
        return {"userIdentity": identity} if identity else {}

    def _named(self, operation: str, call: Mapping[str, Any]) -> dict[str, Any]:
        """Members that the notes leave to the reader."""
        if _EVENT_SOURCES.get(operation) == "s3.amazonaws.com":
            return {"bucketName": "b", **({"key": call.get("key", "k")} if "Object" in operation else {})}
        if operation in {"CreateTrail", "UpdateTrail"}:
            group = "arn:aws:logs:us-east-1:111111111111:log-group:ct:*" if "role_trust" in self.inputs else None
            role = {"cloudWatchLogsRoleArn": self._role(), "cloudWatchLogsLogGroupArn": group} if group else {}
            topic = {} if "topic_policy" not in self.inputs else {"snsTopicName": "ct"}
            return {"name": call.get("Name", "t1"), "s3BucketName": "trail-logs", **role, **topic}
        if operation == "PutRolePolicy":
            return {"roleName": "trusted", "policyName": "p", "policyDocument": document(self.inputs["role_policy"])}
        if operation == "RunInstances" and call.get("IamInstanceProfile"):
            return {"iamInstanceProfile": {"name": call["IamInstanceProfile"]}}
        if operation == "RunInstances" and call.get("tags"):
            tags = [{"key": key, "value": value} for key, value in call["tags"].items()]
            return {"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": tags}]}}
        return {"roleArn": self.read.resource} if self.inputs.get("credentials") else {}

    def _token(self) -> dict[str, Any]:
        provider = self.inputs["role_trust"][0]["Principal"]["Federated"]
        token = self.inputs.get("token") or {"sub": "system:serviceaccount:ns:sa"}
        return {
            "type": "WebIdentityUser",
            "principalId": f"{provider}:sts.amazonaws.com:{token['sub']}",
            "userName": token["sub"],
            "identityProvider": provider,
        }

    def _role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/trusted"

    @property
    def data(self) -> FileData:
        """The account data that the inputs tell."""
        inputs = self.inputs
        identities = list(self._identities())
        boundary = self._boundary
        return FileData(
            details=Account(
                id=self.account,
                identities={(each.kind, each.name.lower()): each for each in identities},
                policies={boundary: document(inputs["boundary"])} if boundary else {},
            ),
            region=self._region(),
            policies=dict(self._resources()),
            organization={
                "SERVICE_CONTROL_POLICY": self._levels("scp"),
                "RESOURCE_CONTROL_POLICY": self._levels("rcp"),
            },
            existing=self._existing(),
            sessions={self.principal: document(inputs["session_policy"])} if "session_policy" in inputs else {},
            organization_named=inputs.get("org", ""),
        )

    def _region_told(self) -> str:
        key = next((Arn.parse(word.strip(".")) for word in self.case["error"].split() if ":kms:" in word), None)
        return key.region if key else "us-east-1"

    def _region(self) -> str:
        arn = Arn.parse(self.read.resource)
        return arn.region if arn and arn.region else "us-east-1"

    @property
    def _boundary(self) -> str:
        return f"arn:aws:iam::{self.account}:policy/Boundary" if "boundary" in self.inputs else ""

    def _levels(self, kind: str) -> Any:
        given = self.inputs.get(kind)
        if given is None:
            return ()
        arn = f"arn:aws:organizations::999999999999:policy/o-exampleorg1/{kind}/p-0example"
        full, statements = _FULL
        return (((full, document(statements)), (arn, document(given))),)

    def _identities(self) -> Iterator[Identity]:
        inputs, arn = self.inputs, Arn.parse(self.principal)
        statements = inputs.get("identity") or inputs.get("caller_policy") or inputs.get("identity_of_issuer") or []
        if not {"identity", "caller_policy", "identity_of_issuer"} & set(inputs) and self.case["kind"] != "slr":
            statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]  # the notes do not speak of it
        inline = {"Standing": document(statements)} if statements else {}
        if arn is not None and arn.type in {"user", "assumed-role"}:
            user = arn.type == "user"
            name = arn.name if user else arn.resource.split("/")[1]
            yield Identity(
                kind="user" if user else "role",
                name=name,
                arn=f"arn:aws:iam::{self.account}:{'user' if user else 'role'}/{name}",
                id=f"AID{name.upper()}",
                inline=inline,
                boundary=self._boundary,
            )
        if "role_trust" in inputs:
            trust = [{key: value for key, value in each.items() if key != "Resource"} for each in inputs["role_trust"]]
            policy = {"Standing": document(inputs["role_policy"])} if "role_policy" in inputs else {}
            yield Identity(
                kind="role", name="trusted", arn=self._role(), id="AROATRUSTED", inline=policy, trust=document(trust)
            )
        if "role_arn" in inputs:
            yield Identity(kind="role", name=inputs["role_arn"].rpartition("/")[2], arn=inputs["role_arn"])
        if inputs.get("call", {}).get("IamInstanceProfile"):
            yield Identity(
                kind="role", name="builder", arn=f"arn:aws:iam::{self.account}:role/builder", profiles=("builder",)
            )

    def _resources(self) -> Iterator[tuple[str, str]]:
        inputs = self.inputs
        if inputs.get("bucket_policy"):
            bucket = {"lake", "central", "b"} & {
                each for each in ("lake", "central", "b") if f":::{each}" in json.dumps(inputs["bucket_policy"])
            }
            yield f"arn:aws:s3:::{next(iter(bucket), 'trail-logs')}", document(inputs["bucket_policy"])
        elif (inputs.get("call", {}).get("op") == "CreateTrail" and "topic_policy" in inputs) or self.case["id"] in {
            "trail-bucket-policy-02",
            "trail-kms-04",
        }:
            yield "arn:aws:s3:::trail-logs", document(_BUCKET)
        if inputs.get("key_policy"):
            found = [word.strip(".") for word in self.case["error"].split() if ":kms:" in word]
            key = (
                inputs["identity"][0]["Resource"]
                if "identity" in inputs and not found
                else (found or ["arn:aws:kms:us-east-1:111111111111:key/k1"])[0]
            )
            yield key, document(inputs["key_policy"])
        if inputs.get("topic_policy"):
            yield inputs.get("topic", "arn:aws:sns:us-east-1:111111111111:ct"), document(inputs["topic_policy"])
        elif "topic_policy" in inputs:
            topic = "arn:aws:sns:us-east-1:111111111111:ct"
            yield (
                topic,
                document(
                    [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudtrail.amazonaws.com"},
                            "Action": "SNS:Publish",
                            "Resource": topic,
                        }
                    ]
                ),
            )
        if "role_trust" in inputs and ":role/" in self.read.resource:
            trust = [{key: value for key, value in each.items() if key != "Resource"} for each in inputs["role_trust"]]
            yield self.read.resource, document(trust)
        for name in ("repo_policy", "domain_policy"):
            if inputs.get(name) and self.read.resource:
                yield self.read.resource, document([{"Resource": "*", **each} for each in inputs[name]])

    def _existing(self) -> tuple[str, ...] | None:
        inputs = self.inputs
        found = [
            f"arn:aws:dynamodb:{self._region()}:{self.account}:table/{table}" for table in inputs.get("tables", ())
        ]
        found += inputs.get("trails", [])
        found += [each["TrailARN"] for each in inputs.get("describe_trails", ())]
        found += [inputs["topic"]] if "topic" in inputs else []
        found += [inputs["secret_key"]] if "secret_key" in inputs else []
        found += (
            [f"arn:aws:kms:us-east-1:{inputs['secret']['account']}:key/{inputs['secret']['KmsKeyId']}"]
            if "secret" in inputs
            else []
        )
        found += [f"arn:aws:sqs:us-west-2:111111111111:{name}" for name in inputs.get("queue_policies", ())]
        return tuple(found) or None


_BUCKET = [
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": "arn:aws:s3:::trail-logs",
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::trail-logs/AWSLogs/*",
    },
]
