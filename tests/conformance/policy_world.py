"""The data cases of the engine as a world on a live server: users, roles, buckets and keys with the case's policies."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.live import Live
from tests.unit.policy.cases import CASES

__all__ = ["WRITTEN", "World", "not_expressible", "rule_of", "simulation_of", "why_no_simulation"]

Json = dict[str, Any]

WRITTEN: Mapping[str, Json] = {
    f"{path.stem}: {case['name']}": case
    for folder in (CASES, CASES / "tricky")
    for path in sorted(folder.glob("*.json"))
    for case in json.loads(path.read_text())
}

_ACCOUNT, _USER, _ROLE = "123456789012", "mateojackson", "Dev"
_BUCKET, _TAG = "trail-logs", "aws:PrincipalTag/team"
_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_KINDS: Mapping[str, frozenset[str]] = {
    "user": frozenset({"identity", "resource", "boundary", "trust"}),
    "role": frozenset({"identity", "resource", "boundary", "session"}),
    "root": frozenset({"resource"}),
    "anonymous": frozenset({"resource"}),
}
_OURS = re.compile(r"\"aws:(CurrentTime|EpochTime|SourceIp|SecureTransport|UserAgent|username|MultiFactorAuth\w+|"
                   r"TokenIssueTime|RequestedRegion|Principal(Org\w*|Type)|ViaAWSService|userid)\b|\$\{aws:(username|userid)", re.IGNORECASE)  # fmt: skip
"""Keys that a server fills in itself, so that a case cannot say what they are."""


def rule_of(name: str) -> str:
    return name.partition(":")[0]


def not_expressible(case: Json) -> str:
    """Why a case cannot be played over HTTP; "" where it can."""
    request, policies = case["request"], case["policies"]
    if request["principal"] not in _KINDS:
        return f"needs a caller of another kind or account: {request['principal']}"
    extra = sorted(set(policies) - _KINDS[request["principal"]])
    if extra:
        return f"needs policies that take more than an account: {', '.join(extra)}"
    if _call_of(case) is None:
        return "asks for something that one call to our services does not do"
    if not _tags_alone(request):
        return "tells the context of a request"
    if any(isinstance(each, str) for each in policies.get("identity", ())) or len(policies.get("resource", ())) > 1:
        return "has several policies on one resource"
    if len(policies.get("boundary", [1])) != 1 or len(policies.get("session", [1])) != 1:
        return "has no or several boundaries or session policies"
    if _OURS.search(json.dumps(policies)):
        return "asks for keys that the server fills in"
    return ""


def _call_of(case: Json) -> str | None:
    request = case["request"]
    if request["action"] == "s3:GetObject" and request["resource"].startswith(f"arn:aws:s3:::{_BUCKET}/"):
        return None if request["resource"].endswith("*") or request["resource_account"] != _ACCOUNT else "object"
    if request["action"] == "sts:AssumeRole" and request["principal"] == "user":
        return "role" if request["resource"] == f"arn:aws:iam::{_ACCOUNT}:role/{_ROLE}" else None
    if request["action"] == "kms:Decrypt" and request["resource"] == _KEY_ARN and request["principal"] == "user":
        return "key" if case["policies"].get("resource") else None
    return None


def _tags_alone(request: Json) -> bool:
    """Whether the context holds nothing but a tag of the user's."""
    context = request.get("context", {})
    told = context.get(_TAG, "x")
    plain = isinstance(told, str) and re.fullmatch(r"[\w .:/=+@-]+", told) is not None
    return plain and set(context) <= {_TAG} and (not context or request["principal"] == "user")


def document(written: Any) -> Json:
    return {"Version": "2012-10-17", "Statement": written} if isinstance(written, list) else written


@dataclass
class World:
    """A bucket, a user and a role that every case finds as the last one found them."""

    live: Live
    ids: dict[str, str] = field(default_factory=dict)
    undo: list[Callable[[], object]] = field(default_factory=list)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        iam, s3 = self.admin("iam"), self.admin("s3")
        s3.create_bucket(Bucket=_BUCKET)
        s3.delete_public_access_block(Bucket=_BUCKET)
        person = self.live.user(_USER)
        self.user = person
        self.ids = {"AIDAMATEOJACKSON": iam.get_user(UserName=_USER)["User"]["UserId"]}
        trust = {"Effect": "Allow", "Principal": {"AWS": self.live.account}, "Action": "sts:AssumeRole"}
        self.trust = json.dumps(document([trust]))
        role = iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=self.trust)["Role"]
        self.ids["AROADEV"] = role["RoleId"]
        helper = self.live.user("helper")
        self.assuming = helper.client("sts")
        allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        iam.put_user_policy(UserName="helper", PolicyName="Assume", PolicyDocument=json.dumps(document([allow])))

    def text(self, written: Any, **ids: str) -> str:
        """A document of a case, about this server's account and its ids."""
        found = json.dumps(document(written))
        for old, new in {**self.ids, **ids, _ACCOUNT: self.live.account}.items():
            found = found.replace(old, new)
        return found

    @contextmanager
    def play(self, case: Json) -> Iterator[Callable[[], bool]]:
        """The case's policies in force, and its call, which tells whether it was allowed.

        Raises ClientError where a service refuses a policy of the case.
        """
        try:
            yield _PLAYS[_call_of(case) or ""](self, case)
        finally:
            while self.undo:
                self.undo.pop()()

    def hang(self, case: Json) -> None:
        """Identity policies and the boundary."""
        iam, kind = self.admin("iam"), case["request"]["principal"].capitalize()
        if kind not in {"User", "Role"}:
            return
        whom = {f"{kind}Name": _USER if kind == "User" else _ROLE}
        team = case["request"].get("context", {}).get(_TAG)
        if team is not None:
            iam.tag_user(UserName=_USER, Tags=[{"Key": "team", "Value": team}])
            self.undo.append(partial(iam.untag_user, UserName=_USER, TagKeys=["team"]))
        put, delete = (getattr(iam, f"{verb}_{kind.lower()}_policy") for verb in ("put", "delete"))
        for index, written in enumerate(case["policies"].get("identity", ())):
            put(**whom, PolicyName=f"Case{index}", PolicyDocument=self.text(written))
            self.undo.append(partial(delete, **whom, PolicyName=f"Case{index}"))
        for written in case["policies"].get("boundary", ()):
            arn = iam.create_policy(PolicyName="Boundary", PolicyDocument=self.text(written))["Policy"]["Arn"]
            self.undo.append(partial(iam.delete_policy, PolicyArn=arn))
            getattr(iam, f"put_{kind.lower()}_permissions_boundary")(**whom, PermissionsBoundary=arn)
            self.undo.append(partial(getattr(iam, f"delete_{kind.lower()}_permissions_boundary"), **whom))

    def admin(self, service: str) -> Any:
        """The root user's client."""
        return self._kept("root", service, self.live.client)

    def _kept(self, whose: str, service: str, make: Callable[[str], Any]) -> Any:
        if (whose, service) not in self.clients:
            self.clients[whose, service] = make(service)
        return self.clients[whose, service]

    def _unsigned(self, service: str) -> Any:
        config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"})
        session: Any = boto3.session.Session(region_name="us-east-1")
        return session.client(service, endpoint_url=self.live.endpoint, config=config)

    def client(self, service: str, case: Json) -> Any:
        """A client that signs as the case's caller."""
        principal = case["request"]["principal"]
        if principal == "user":
            return self._kept("user", service, self.user.client)
        if principal == "root":
            return self.admin(service)
        if principal == "anonymous":
            return self._kept("anonymous", service, self._unsigned)
        session = case["policies"].get("session")
        more = {"Policy": self.text(session[0])} if session else {}
        role = f"arn:aws:iam::{self.live.account}:role/{_ROLE}"
        made = self.assuming.assume_role(RoleArn=role, RoleSessionName="session", **more)["Credentials"]
        return self.live.client(
            service, key=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"]
        )


def allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDenied", "AccessDeniedException", "403"}:
            raise
        return False
    return True


def _object(world: World, case: Json) -> Callable[[], bool]:
    s3, key = world.admin("s3"), case["request"]["resource"].partition("/")[2]
    s3.put_object(Bucket=_BUCKET, Key=key, Body=b"x")
    client = world.client("s3", case) if "session" not in case["policies"] else None
    for written in case["policies"].get("resource", ()):
        world.undo.append(lambda: s3.delete_bucket_policy(Bucket=_BUCKET))
        s3.put_bucket_policy(Bucket=_BUCKET, Policy=world.text(written))
    world.hang(case)
    client = client or world.client("s3", case)
    return lambda: allowed(lambda: client.get_object(Bucket=_BUCKET, Key=key))


def _role(world: World, case: Json) -> Callable[[], bool]:
    iam, (trust,) = world.admin("iam"), case["policies"].get("trust", [None])
    if trust is not None:
        world.undo.append(lambda: iam.update_assume_role_policy(RoleName=_ROLE, PolicyDocument=world.trust))
        iam.update_assume_role_policy(RoleName=_ROLE, PolicyDocument=world.text(trust))
    world.hang(case)
    arn, client = f"arn:aws:iam::{world.live.account}:role/{_ROLE}", world.client("sts", case)
    return lambda: allowed(lambda: client.assume_role(RoleArn=arn, RoleSessionName="session"))


def _key(world: World, case: Json) -> Callable[[], bool]:
    kms = world.admin("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    world.ids[_KEY_ARN] = key
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for written in case["policies"].get("resource", ()):
        text = world.text(written)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True)
    world.hang(case)
    client = world.client("kms", case)
    return lambda: allowed(lambda: client.decrypt(CiphertextBlob=sealed, KeyId=key))


_PLAYS: Mapping[str, Callable[[World, Json], Callable[[], bool]]] = {"object": _object, "role": _role, "key": _key}


def why_no_simulation(case: Json) -> str:
    """Why SimulateCustomPolicy cannot express a case; "" where it can."""
    request, policies = case["request"], case["policies"]
    if request["principal"] not in {"user", "outsider"}:
        return f"has a caller that is no user: {request['principal']}"
    extra = sorted(set(policies) - {"identity", "boundary", "resource", "scps"})
    if extra:
        return f"has policies that it does not take: {', '.join(extra)}"
    if not policies.get("identity"):
        return "has no identity-based policy"
    if len(policies.get("resource", ())) > 1 or not policies.get("boundary", True):
        return "has several policies on one resource, or an empty boundary"
    if not all(policies.get("scps", ())):
        return "has a level without policies"
    if set(request) - {"principal", "action", "resource", "resource_account", "context"}:
        return "tells more of the resource than it takes"
    if any("?unknown" in value for value in request.get("context", {}).values()):
        return "has a key that is not known"
    told = {f'"{key.lower()}' for key in request.get("context", {})}
    if any(found.group().lower() not in told for found in _OURS.finditer(json.dumps(policies))):
        return "asks for keys that the server fills in"
    return ""


def simulation_of(case: Json) -> Json:
    """The case as SimulateCustomPolicy takes it."""
    request, policies = case["request"], case["policies"]

    def texts(found: list[Any]) -> list[str]:
        return [json.dumps(document(each)) for each in found]

    account, name = ("111122223333", "marymajor") if request["principal"] == "outsider" else (_ACCOUNT, _USER)
    asked: Json = {
        "PolicyInputList": texts(policies["identity"]),
        "ActionNames": [request["action"]],
        "ResourceArns": [request["resource"]],
        "CallerArn": f"arn:aws:iam::{account}:user/{name}",
        "ContextEntries": [_entry(key, value) for key, value in request.get("context", {}).items()],
    }
    if request.get("resource_account"):
        asked["ResourceOwner"] = f"arn:aws:iam::{request['resource_account']}:root"
    if "boundary" in policies:
        asked["PermissionsBoundaryPolicyInputList"] = texts(policies["boundary"])
    if policies.get("resource"):
        (asked["ResourcePolicy"],) = texts(policies["resource"])
    if policies.get("scps"):
        asked["OrderedOrganizationPolicyInputList"] = [
            {"ServiceControlPolicyInputList": texts(level)} for level in policies["scps"]
        ]
    return asked


def _entry(key: str, value: str | list[str]) -> Json:
    listed = isinstance(value, list)
    return {
        "ContextKeyName": key,
        "ContextKeyValues": value if listed else [value],
        "ContextKeyType": "stringList" if listed else "string",
    }
