"""The data cases as calls: what each asks over HTTP and of the simulator, and why some cannot be asked."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.conformance.policy_world import BUCKET, MEMBER, ROLE, STRANGER, USER, Home, Json, World, allowed, document
from tests.unit.policy.cases import CASES

__all__ = [
    "NOT_OVER_HTTP",
    "NOT_SIMULATED",
    "WRITTEN",
    "play",
    "renamed",
    "rule_of",
    "simulate",
    "why_not_http",
    "why_not_simulated",
]

WRITTEN: Mapping[str, Json] = {
    f"{path.stem}: {case['name']}": case
    for folder in (CASES, CASES / "tricky")
    for path in sorted(folder.glob("*.json"))
    for case in json.loads(path.read_text())
}


def rule_of(name: str) -> str:
    return name.partition(":")[0]


# Keys. What a client cannot make true for a key is asked of a tag of the caller's in its place: operators, values and
# variables work alike whatever the key is called.

_TAG = "aws:PrincipalTag/"
_PLAIN = re.compile(r"[\w .:/=+@-]*")
_FILLED = (
    "aws:CurrentTime", "aws:EpochTime", "aws:SourceIp", "aws:SecureTransport", "aws:UserAgent", "aws:RequestedRegion",
    "aws:username", "aws:ViaAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
)  # fmt: skip
"""Keys that the server fills for every call."""
_TRUE: Mapping[str, Callable[[Any, Json], bool]] = {
    "aws:requestedregion": lambda value, _: value == "us-east-1",
    "aws:securetransport": lambda value, _: value == "false",
    "aws:sourceip": lambda value, _: value == "203.0.113.7",
    "aws:principalorgid": lambda value, _: value == "o-a1b2c3d4e5",
    "aws:tagkeys": lambda value, request: request["action"] == "iam:TagUser" and bool(value),
    "sts:externalid": lambda _, request: request["action"] == "sts:AssumeRole",
    "iam:passedtoservice": lambda value, _: value == "cloudtrail.amazonaws.com",
}
"""Keys that a call has with that value, or that its parameters can give it."""


def renamed(case: Json) -> Json:
    """The case with every key that the call cannot have as told (or lack) under the name of a tag."""
    request = case["request"]
    told = {key.lower(): (key, value) for key, value in request.get("context", {}).items()}
    text = json.dumps(case["policies"])
    lacking = [key for key in _FILLED if key.lower() in text.lower() and key.lower() not in told]
    tags = [
        key
        for folded, (key, value) in told.items()
        if not key.startswith(_TAG) and (folded not in _TRUE or not _TRUE[folded](value, request))
    ]
    names = {key: f"{_TAG}case-{index}" for index, key in enumerate((*lacking, *tags))}
    for old, new in names.items():
        text = re.sub(rf"(?i)(?<![\w:]){re.escape(old)}(?![\w/])", new, text)
    context = {names.get(key, key): value for key, value in request.get("context", {}).items()}
    return {**case, "request": {**request, "context": context}, "policies": json.loads(text)}


def _tags(case: Json) -> Json:
    context = case["request"]["context"]
    return {key.removeprefix(_TAG): value for key, value in context.items() if key.startswith(_TAG)}


# Over HTTP.


def _untaggable(case: Json) -> bool:
    values = _tags(renamed(case)).values()
    return not all(isinstance(value, str) and _PLAIN.fullmatch(value) for value in values)


NOT_OVER_HTTP: Mapping[str, Callable[[Json], bool]] = {
    "comes through a VPC endpoint, which the server has no way to know of": lambda case: "endpoint" in case["policies"],
    "turns on what is not known, and a server knows what it is asked": lambda case: (
        "?unknown" in json.dumps(case["request"])
    ),
    "is a call of an AWS service, whose keys nobody has": lambda case: case["request"]["principal"] == "service",
    "is a session of a service-linked role, which only its service assumes": lambda case: (
        case["request"]["principal"] == "linked"
    ),
    "bears a token that only Google or Facebook can sign": lambda case: case["request"]["principal"] == "web",
    "has a key of several values, or a value, that no tag can stand for": _untaggable,
    "names a user whose name differs from another's in case alone, which IAM does not let be": lambda case: (
        "MateoJackson" in json.dumps(case["policies"])
    ),
    "has a level without service control policies, which Organizations does not let be": lambda case: (
        not all(case["policies"].get("scps", ()))
    ),
    "has a boundary without a policy, which IAM does not let be": lambda case: case["policies"].get("boundary") == [],
    "asks for a key of AWS's own, whose policy nobody can write": lambda case: bool(
        case["request"].get("resource_aws_managed")
    ),
}
"""Why a case cannot be played over HTTP."""


def why_not_http(case: Json) -> str:
    return next((reason for reason, holds in NOT_OVER_HTTP.items() if holds(case)), "")


def play(world: World, case: Json) -> bool:
    """Whether the case's call, with the case's policies in force, is allowed."""
    case = renamed(case)
    with world.playing():
        call = _PLAYS[case["request"]["action"]](world, case)
        return allowed(call)


_Call = Callable[[], object]


def _ready(world: World, case: Json, service: str) -> Any:
    """All that hangs on the caller and its account, and the caller's client."""
    keys = world.keys(case)
    world.hang(case, _tags(case))
    world.control(case)
    return keys.client(service)


def _get_object(world: World, case: Json) -> _Call:
    home, key = world.home(case), case["request"]["resource"].partition("/")[2]
    s3, place = home.admin("s3"), {"Bucket": home.bucket}
    s3.put_object(**place, Key=key, Body=b"x")
    for written in case["policies"].get("resource", ()):
        s3.put_bucket_policy(**place, Policy=world.text(case, written))
        world.later(s3.delete_bucket_policy, **place)
    client = _ready(world, case, "s3")
    return lambda: client.get_object(**place, Key=key)


def _trusted(world: World, case: Json) -> Home:
    home = world.home(case)
    iam = home.admin("iam")
    for written in case["policies"].get("trust", ()):
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=world.text(case, written))
        world.later(iam.update_assume_role_policy, RoleName=ROLE, PolicyDocument=home.trust)
    return home


def _assume_role(world: World, case: Json) -> _Call:
    home, context = _trusted(world, case), case["request"]["context"]
    more = {"ExternalId": context["sts:ExternalId"]} if "sts:ExternalId" in context else {}
    client = _ready(world, case, "sts")
    return lambda: client.assume_role(RoleArn=home.role, RoleSessionName="session", **more)


def _tag_session(world: World, case: Json) -> _Call:
    home, client = _trusted(world, case), _ready(world, case, "sts")
    tags = [{"Key": "team", "Value": "a"}]
    return lambda: client.assume_role(RoleArn=home.role, RoleSessionName="session", Tags=tags)


_LOCKED = [{"Effect": "Allow", "Action": "kms:ListGrants", "Resource": "*", "Principal": {"AWS": MEMBER}}]
"""A key always has a policy. This one grants nothing that a case asks for."""


def _key(world: World, case: Json) -> tuple[str, bytes, str]:
    """A new key with the case's policy, something encrypted under it, and a grant on it."""
    kms = world.home(case).admin("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    grant = kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{MEMBER}:user/helper", Operations=["Encrypt"])
    (written,) = case["policies"].get("resource") or [_LOCKED]
    text = world.text(case, written)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True)
    return key, sealed, grant["GrantId"]


def _decrypt(world: World, case: Json) -> _Call:
    key, sealed, _ = _key(world, case)
    client = _ready(world, case, "kms")
    return lambda: client.decrypt(CiphertextBlob=sealed, KeyId=key)


def _retire_grant(world: World, case: Json) -> _Call:
    key, _, grant = _key(world, case)
    client = _ready(world, case, "kms")
    return lambda: client.retire_grant(KeyId=key, GrantId=grant)


def _create_alias(world: World, case: Json) -> _Call:
    """The call asks for the alias and for the key; the key's own policy grants the second."""
    who = {"AWS": f"arn:aws:iam::{MEMBER}:user/{USER}"}
    allow = {"Effect": "Allow", "Resource": "*"}
    grants = [
        [
            {**allow, "Action": "kms:CreateAlias", "Principal": who},
            {**allow, "Action": "kms:DeleteAlias", "Principal": {"AWS": MEMBER}},
        ]
    ]
    key, _, _ = _key(world, {**case, "policies": {**case["policies"], "resource": grants}})
    client, kms = _ready(world, case, "kms"), world.home(case).admin("kms")
    world.later(kms.delete_alias, AliasName="alias/logs")
    return lambda: client.create_alias(AliasName="alias/logs", TargetKeyId=key)


def _tag_user(world: World, case: Json) -> _Call:
    keys = case["request"]["context"].get("aws:TagKeys", ["team"])
    client, iam = _ready(world, case, "iam"), world.home(case).admin("iam")
    world.later(iam.untag_user, UserName=USER, TagKeys=keys)
    return lambda: client.tag_user(UserName=USER, Tags=[{"Key": key, "Value": "x"} for key in keys])


def _trail(world: World, home: Home) -> str:
    """A trail with a bucket of its own, made once."""
    trails, s3, bucket = home.admin("cloudtrail"), home.admin("s3"), f"{BUCKET}-{home.account}-trail"
    if not trails.describe_trails(trailNameList=["main"])["trailList"]:
        s3.create_bucket(Bucket=bucket)
        service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
        places = {"Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document([{**service, **places}])))
        trails.create_trail(Name="main", S3BucketName=bucket)
    return "main"


def _get_trail_status(world: World, case: Json) -> _Call:
    name = _trail(world, world.home(case))
    client = _ready(world, case, "cloudtrail")
    return lambda: client.get_trail_status(Name=name)


def _pass_role(world: World, case: Json) -> _Call:
    """UpdateTrail hands CloudTrail a role for CloudWatch Logs; all else that the call asks for is granted besides."""
    home = world.home(case)
    name = _trail(world, home)
    logs, iam = home.admin("logs"), home.admin("iam")
    logs.create_log_group(logGroupName="main")
    world.later(logs.delete_log_group, logGroupName="main")
    arn = logs.describe_log_groups(logGroupNamePrefix="main")["logGroups"][0]["arn"]
    trusted = document([{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}])  # fmt: skip
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trusted))
    world.later(iam.update_assume_role_policy, RoleName=ROLE, PolicyDocument=home.trust)
    logged = document([{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}])
    iam.put_role_policy(RoleName=ROLE, PolicyName="Logs", PolicyDocument=json.dumps(logged))
    world.later(iam.delete_role_policy, RoleName=ROLE, PolicyName="Logs")
    rest = {"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "*"}
    more = {**case, "policies": {**case["policies"], "identity": [*case["policies"].get("identity", ()), [rest]]}}
    client = _ready(world, more, "cloudtrail")
    return lambda: client.update_trail(Name=name, CloudWatchLogsLogGroupArn=arn, CloudWatchLogsRoleArn=home.role)


def _plain(service: str, operation: str, **params: Any) -> Callable[[World, Json], _Call]:
    def prepare(world: World, case: Json) -> _Call:
        client = _ready(world, case, service)
        return lambda: getattr(client, operation)(**params)

    return prepare


_PLAYS: Mapping[str, Callable[[World, Json], _Call]] = {
    "s3:GetObject": _get_object,
    "s3:ListAllMyBuckets": _plain("s3", "list_buckets"),
    "sts:AssumeRole": _assume_role,
    "sts:TagSession": _tag_session,
    "sts:GetCallerIdentity": _plain("sts", "get_caller_identity"),
    "kms:Decrypt": _decrypt,
    "kms:RetireGrant": _retire_grant,
    "kms:CreateKey": _plain("kms", "create_key"),
    "kms:CreateAlias": _create_alias,
    "iam:GetUser": _plain("iam", "get_user", UserName=USER),
    "iam:TagUser": _tag_user,
    "iam:PassRole": _pass_role,
    "cloudtrail:GetTrailStatus": _get_trail_status,
    "cloudtrail:LookupEvents": _plain("cloudtrail", "lookup_events"),
}


# Through the simulator: SimulatePrincipalPolicy for somebody with the case's policies, else SimulateCustomPolicy.


def _for_principal(case: Json) -> bool:
    """Whether SimulatePrincipalPolicy can express it: what hangs on a user or role itself, and for a user a resource's."""
    taken = {"user": {"identity", "boundary", "resource"}, "role": {"identity", "boundary"}}
    kinds = taken.get(case["request"]["principal"], set())
    return bool(kinds) and set(case["policies"]) <= kinds and not why_not_http(case)


NOT_SIMULATED: Mapping[str, Callable[[Json], bool]] = {
    "has a caller that is no user": lambda case: case["request"]["principal"] not in {"user", "outsider"},
    "has policies that it does not take: trust, session, endpoint or resource control policies": lambda case: bool(
        set(case["policies"]) - {"identity", "boundary", "resource", "scps"}
    ),
    "has a key that is not known, where it takes values": lambda case: "?unknown" in json.dumps(case["request"]),
    "has no identity-based policy, where it asks for one": lambda case: not case["policies"].get("identity"),
    "has an empty boundary or level, where it asks for policies": lambda case: (
        not all((*case["policies"].get("scps", ()), case["policies"].get("boundary", True)))
    ),
}
"""Why SimulateCustomPolicy cannot express what SimulatePrincipalPolicy cannot either."""


def why_not_simulated(case: Json) -> str:
    if _for_principal(case):
        return ""
    return next((reason for reason, holds in NOT_SIMULATED.items() if holds(case)), "")


def simulate(world: World, case: Json) -> Json:
    """The simulator's EvaluationResult; both operations' where both can express the case, which must be one."""
    case, found = renamed(case), []
    if _for_principal(case):
        with world.playing():
            world.hang(case, _tags(case))
            asked = _asked(world, case)
            source = (
                world.member.role if case["request"]["principal"] == "role" else f"arn:aws:iam::{MEMBER}:user/{USER}"
            )
            iam = world.member.admin("iam")
            found += iam.simulate_principal_policy(**asked, PolicySourceArn=source)["EvaluationResults"]
    if not any(holds(case) for holds in NOT_SIMULATED.values()):
        found += world.member.admin("iam").simulate_custom_policy(**_asked(world, case), **_custom(world, case))[
            "EvaluationResults"
        ]
    assert {result["EvalDecision"] for result in found} == {found[0]["EvalDecision"]}
    result: Json = found[-1]
    return result


def _asked(world: World, case: Json) -> Json:
    """What both operations take."""
    request = case["request"]
    asked: Json = {
        "ActionNames": [request["action"]],
        "ResourceArns": [request["resource"]],
        "ContextEntries": [
            _entry(key, value) for key, value in json.loads(world.worded(case, json.dumps(request["context"]))).items()
        ],
    }
    if request.get("resource_account"):
        asked["ResourceOwner"] = f"arn:aws:iam::{request['resource_account']}:root"
    for written in case["policies"].get("resource", ()):
        asked["ResourcePolicy"] = world.text(case, written)
    return asked


def _custom(world: World, case: Json) -> Json:
    """What SimulateCustomPolicy takes in place of a principal."""

    def texts(found: Iterable[Any]) -> list[str]:
        return [world.text(case, each) for each in found]

    caller = f"{STRANGER}:user/marymajor" if case["request"]["principal"] == "outsider" else f"{MEMBER}:user/{USER}"
    asked: Json = {"PolicyInputList": texts(case["policies"]["identity"]), "CallerArn": f"arn:aws:iam::{caller}"}
    if "boundary" in case["policies"]:
        asked["PermissionsBoundaryPolicyInputList"] = texts(case["policies"]["boundary"])
    if case["policies"].get("scps"):
        levels = [{"ServiceControlPolicyInputList": texts(level)} for level in case["policies"]["scps"]]
        asked["OrderedOrganizationPolicyInputList"] = levels
    return asked


def _entry(key: str, value: str | list[str]) -> Json:
    listed = isinstance(value, list)
    return {
        "ContextKeyName": key,
        "ContextKeyValues": value if listed else [value],
        "ContextKeyType": "stringList" if listed else "string",
    }
