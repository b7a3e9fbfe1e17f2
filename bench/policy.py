"""`python -m bench.policy`: decisions a core-second, everything explained, beside @cloud-copilot/iam-simulate.

Both are given the same requests and policies. Ours compiles the policies once, as the server does, and makes for every
request the decision and every statement's part in it; the peer is called through its documented function, in a process
of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from trailwarden.catalog import managed_policy
from trailwarden.policy import (
    AccessRequest,
    Decision,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
    evaluate,
    explain,
)

_SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
_PEER = "@cloud-copilot/iam-simulate"
_PEERS = Path(sys.prefix) / "peers" / "node"
_ACCOUNT = "123456789012"
_USER = f"arn:aws:iam::{_ACCOUNT}:user/mateojackson"
_ROLE, _SESSION = f"arn:aws:iam::{_ACCOUNT}:role/Dev", f"arn:aws:sts::{_ACCOUNT}:assumed-role/Dev/mateojackson"
_IMPORTS = 15
_IMPORT_SECONDS_MAX = 0.05

Json = dict[str, Any]

_TRAIL = f"arn:aws:cloudtrail:us-east-1:{_ACCOUNT}:trail/My-Trail"
_OBJECT, _BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket/AWSLogs/x.json.gz", "arn:aws:s3:::amzn-s3-demo-bucket"
_MANY = (
    ("s3:GetObject", _OBJECT), ("s3:PutObject", _OBJECT), ("s3:DeleteObject", _OBJECT), ("s3:ListBucket", _BUCKET),
    ("s3:GetBucketPolicy", _BUCKET), ("s3:PutBucketPolicy", _BUCKET), ("cloudtrail:GetTrailStatus", _TRAIL),
    ("cloudtrail:StopLogging", _TRAIL), ("iam:GetUser", _USER), ("iam:DeleteUser", _USER), ("iam:GetRole", _ROLE),
    ("iam:PassRole", _ROLE), ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{_ACCOUNT}:orders"),
    ("sns:Publish", f"arn:aws:sns:us-east-1:{_ACCOUNT}:alarms"), ("kms:DescribeKey", f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ("logs:GetLogEvents", f"arn:aws:logs:us-east-1:{_ACCOUNT}:log-group:app:log-stream:one"),
    ("ec2:DescribeInstances", "*"), ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{_ACCOUNT}:table/Orders"),
    ("lambda:GetFunction", f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function:mend"), ("sqs:GetQueueAttributes", f"arn:aws:sqs:us-east-1:{_ACCOUNT}:orders"),
)  # fmt: skip
_OF_BUCKETS = tuple(each for each in _MANY if each[0].startswith("s3:"))
_PLACES = ("203.0.113.7", "198.51.100.9")


def _document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _managed(*names: str) -> list[Json]:
    found = [managed_policy(f"arn:aws:iam::aws:policy/{name}") for name in names]
    return [json.loads(facts.document) for facts in found if facts is not None]


def _statement(effect: str, action: str | list[str], resource: str = "*", **more: Any) -> Json:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


_EVERYTHING = _document(_statement("Allow", "*"))
_SECURE = _document(
    _statement("Deny", ["s3:*", "sqs:*"], Principal="*", Condition={"BoolIfExists": {"aws:SecureTransport": "false"}})
)
_LEVELS = [
    [_EVERYTHING],
    [_EVERYTHING, _document(_statement("Deny", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]))],
    [_EVERYTHING, _document(_statement("Deny", "*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}))],
]  # fmt: skip
_WORK = _document(
    _statement("Allow", ["s3:Get*", "s3:List*", "s3:PutObject"], "arn:aws:s3:::amzn-s3-demo-bucket*"),
    _statement("Allow", ["sqs:*", "sns:Publish"], Condition={"StringEquals": {"aws:PrincipalTag/team": "orders"}}),
    _statement("Deny", "s3:DeleteObject", Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}),
)
_BUCKET_POLICY = _document(
    _statement("Allow", "s3:GetObject", f"{_BUCKET}/*", Principal={"AWS": _ROLE}),
    _statement("Allow", "s3:PutObject", f"{_BUCKET}/AWSLogs/*", Principal={"Service": "cloudtrail.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceArn": _TRAIL}}),
    _statement("Deny", "s3:PutBucketPolicy", _BUCKET, Principal="*", Condition={"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{_ACCOUNT}:role/Admin*"}}),
    _statement("Deny", "s3:*", f"{_BUCKET}/*", Principal="*", Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A caller with policies as documents, and what it asks for."""

    name: str
    arn: str
    asked: tuple[tuple[str, str], ...]
    identity: list[Json]
    boundary: list[Json] | None = None
    scps: tuple[list[Json], ...] = ()
    rcps: tuple[list[Json], ...] = ()
    resource: Json | None = None

    def requests(self) -> Iterator[tuple[str, str, Json]]:
        """Action, resource, context."""
        issuer = _ROLE if self.arn == _SESSION else _USER
        for (action, resource), place in product(self.asked, _PLACES):
            yield action, resource, {
                "aws:PrincipalArn": issuer, "aws:SourceIp": place, "aws:SecureTransport": "true",
                "aws:RequestedRegion": "us-east-1", "aws:PrincipalTag/team": "orders",
                "aws:CurrentTime": "2025-11-25T12:00:00Z",
            }  # fmt: skip


_SETUPS = (
    Setup(
        name="user, 3 small managed policies",
        arn=_USER,
        asked=_MANY,
        identity=_managed("AmazonS3ReadOnlyAccess", "AWSCloudTrail_ReadOnlyAccess", "IAMReadOnlyAccess"),
    ),
    Setup(
        name="user, ReadOnly + SecurityAudit + PowerUser",
        arn=_USER,
        asked=_MANY,
        identity=_managed("ReadOnlyAccess", "SecurityAudit", "PowerUserAccess"),
    ),
    Setup(
        name="session, boundary, 3 SCP and 2 RCP levels, bucket policy",
        arn=_SESSION,
        asked=_OF_BUCKETS,
        identity=[_WORK],
        boundary=_managed("PowerUserAccess"),
        scps=(*_LEVELS,),
        rcps=([_SECURE], [_SECURE]),
        resource=_BUCKET_POLICY,
    ),
)


def _ours(setup: Setup) -> tuple[list[AccessRequest], PolicySet]:
    session = setup.arn == _SESSION
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION if session else PrincipalKind.USER,
        account=_ACCOUNT,
        arn=setup.arn,
        issuer_arn=_ROLE if session else _USER,
        unique_id="AROAIOSFODNN7EXAMPLE:mateojackson" if session else "AIDAIOSFODNN7EXAMPLE",
    )
    requests = [
        AccessRequest(principal=principal, action=action, resource=resource, resource_account=_ACCOUNT, context=context)
        for action, resource, context in setup.requests()
    ]
    policies = PolicySet(
        identity=_compiled(setup.identity, Layer.IDENTITY),
        boundary=_compiled(setup.boundary, Layer.BOUNDARY) if setup.boundary is not None else None,
        scps=tuple(_compiled(level, Layer.SCP) for level in setup.scps),
        rcps=tuple(_compiled(level, Layer.RCP) for level in setup.rcps),
        resource=_compiled([setup.resource], Layer.RESOURCE) if setup.resource else (),
    )
    return requests, policies


def _compiled(documents: list[Json], layer: Layer) -> tuple[Policy, ...]:
    return tuple(
        compile_policy(json.dumps(document, indent=2), Source(layer=layer, id=f"{layer} {index}"))
        for index, document in enumerate(documents)
    )


def _decided(request: AccessRequest, policies: PolicySet) -> Decision:
    return evaluate(request, policies)


def _explained(request: AccessRequest, policies: PolicySet) -> Decision:
    decision = evaluate(request, policies)
    explain(decision)
    return decision


def _rate(decide: Callable[[AccessRequest, PolicySet], Decision], setup: Setup) -> tuple[float, list[str]]:
    """Decisions a CPU second, and what was decided."""
    requests, policies = _ours(setup)
    results = [_words(decide(request, policies)) for request in requests]
    begun, count = time.process_time(), 0
    while (spent := time.process_time() - begun) < _SECONDS:
        for request in requests:
            decide(request, policies)
        count += len(requests)
    return count / spent, results


def _words(decision: Decision) -> str:
    if decision.allowed:
        return "Allowed"
    return "ExplicitlyDenied" if any(block.explicit for block in decision.blocks) else "ImplicitlyDenied"


def _theirs(setup: Setup) -> list[Json]:
    """The same as the peer takes it."""

    def levels(found: tuple[list[Json], ...]) -> list[Json]:
        return [{"orgIdentifier": f"level-{index}", "policies": named(level)} for index, level in enumerate(found)]

    def named(documents: list[Json]) -> list[Json]:
        return [{"name": f"policy-{index}", "policy": document} for index, document in enumerate(documents)]

    fixed: Json = {
        "identityPolicies": named(setup.identity),
        "serviceControlPolicies": levels(setup.scps),
        "resourceControlPolicies": levels(setup.rcps),
    }
    if setup.resource:
        fixed["resourcePolicy"] = setup.resource
    if setup.boundary is not None:
        fixed["permissionBoundaryPolicies"] = named(setup.boundary)
    return [
        {
            **fixed,
            "request": {
                "principal": setup.arn,
                "action": action,
                "resource": {"resource": resource, "accountId": _ACCOUNT},
                "contextVariables": context,
            },
        }
        for action, resource, context in setup.requests()
    ]


def _peer() -> dict[str, Json]:
    """What the peer makes of it, by set-up; empty where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print(f"{_PEER}: no node and npm here")
        return {}
    _PEERS.mkdir(parents=True, exist_ok=True)
    if not (_PEERS / "node_modules" / _PEER).exists():
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(_PEERS), _PEER]
        if subprocess.run(command, check=False).returncode:
            print(f"{_PEER}: npm cannot fetch it")
            return {}
    script = _PEERS / "policy.mjs"
    shutil.copy(Path(__file__).with_suffix(".mjs"), script)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        cases = [{"name": setup.name, "simulations": _theirs(setup)} for setup in _SETUPS]
        json.dump({"seconds": _SECONDS, "cases": cases}, file)
        file.flush()
        done = subprocess.run([node, str(script), file.name], check=True, capture_output=True, text=True)
    return {found["name"]: found for found in map(json.loads, done.stdout.splitlines())}


def _import_seconds() -> float:
    """What the import adds to an interpreter's start: the least of several, compiled files at hand."""

    def spent(code: str) -> float:
        begun = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        ended = getrusage(RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        spent("import trailwarden.policy")
        bare = min(spent("0") for _ in range(_IMPORTS))
        return min(spent("import trailwarden.policy") for _ in range(_IMPORTS)) - bare


def main() -> None:
    print(f"\nDecisions a core-second, fully explained, beside {_PEER}")
    peer = _peer()
    rates: list[float] = []
    for setup in _SETUPS:
        plain, _ = _rate(_decided, setup)
        rate, results = _rate(_explained, setup)
        rates.append(rate)
        print(f"{setup.name:58}{rate:9,.0f}  (without explanation {plain:9,.0f})", end="", flush=True)
        theirs = peer.get(setup.name)
        if theirs:
            differ = sum(one != other for one, other in zip(results, theirs["results"], strict=True))
            print(f"  peer {theirs['rate']:7,.0f}  {rate / theirs['rate']:6.1f} times", end="")
            print(f"  {len(results) - differ} of {len(results)} decided alike", end="")
        print()
    print(f"the second costs {rates[0] / rates[1]:.2f} times the first")
    print(f"import of trailwarden.policy: {_import_seconds() * 1000:.0f} ms of {_IMPORT_SECONDS_MAX * 1000:.0f} ms")


if __name__ == "__main__":
    main()
