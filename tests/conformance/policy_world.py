"""A live server as the world of the engine's data cases: an organization of two accounts, and a stranger's account.

The cases' account 123456789012 is a member in a unit of a unit, 111122223333 belongs to nobody. Each account has a root
user's keys, which `trailwarden account create` gives.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session
from tests.lasting import Server

from trailwarden.cli.env import client_environment

__all__ = ["BUCKET", "MEMBER", "ROLE", "STRANGER", "USER", "Home", "Json", "World", "allowed", "document"]

Json = dict[str, Any]

MEMBER, STRANGER = "123456789012", "111122223333"
USER, ROLE, BUCKET = "mateojackson", "Dev", "trail-logs"
_ORGANIZATION = "o-a1b2c3d4e5"
_CONFIG: dict[str, Any] = {
    "retries": {"max_attempts": 1, "mode": "standard"},
    "s3": {"addressing_style": "path"},
    "parameter_validation": True,
}
_LOADER = get_session().get_component("data_loader")
"""One for all, so that no client reads the models again."""
_REFUSED = {"AccessDenied", "AccessDeniedException", "MissingAuthenticationToken", "403"}
_ADDRESSES = (("203.0.113.7", "127.0.0.1"), ("203.0.113.", "127.0.0."))
"""The address that the cases come from, and the one that a client on this machine has."""
_TYPES = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}
_LEVELS = 4


_NARROW = {"Effect": "Allow", "Action": "sts:GetScopedCredentials", "Resource": "*"}
"""What a session needs to narrow itself, again and again; no case asks for it."""


def document(written: Any) -> Json:
    return {"Version": "2012-10-17", "Statement": written} if isinstance(written, list) else written


def allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise
        return False
    return True


@dataclass(frozen=True)
class Keys:
    """How somebody signs; nobody without a key id."""

    endpoint: str
    id: str = ""
    secret: str = ""
    token: str = ""

    @lru_cache(maxsize=64)  # noqa: B019 — keys are few, and gone with the process
    def client(self, service: str) -> Any:
        """A stock client, kept."""
        signing = {} if self.id else {"signature_version": UNSIGNED}
        session: Any = boto3.session.Session(self.id or None, self.secret or None, self.token or None, "us-east-1")
        session._session.register_component("data_loader", _LOADER)
        return session.client(service, endpoint_url=self.endpoint, config=Config(**_CONFIG, **signing))


@dataclass
class Home:
    """An account with its root user, a user and a role; `names` are this server's for those of the cases."""

    account: str
    root: Keys
    user: str = USER
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        iam = self.admin("iam")
        made = iam.create_user(UserName=self.user)["User"]
        self.names[f"AIDA{self.user.upper()}"] = made["UserId"]
        key = iam.create_access_key(UserName=self.user)["AccessKey"]
        self.person = Keys(self.root.endpoint, key["AccessKeyId"], key["SecretAccessKey"])
        self.bucket = BUCKET if self.account == MEMBER else f"{BUCKET}-{self.account}"
        if self.bucket != BUCKET:
            self.names[BUCKET] = self.bucket
        s3 = self.admin("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.delete_public_access_block(Bucket=self.bucket)
        self.trust = json.dumps(
            document([{"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}])
        )
        role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=self.trust)["Role"]
        self.role, self.names["AROADEV"] = role["Arn"], role["RoleId"]
        if self.account == MEMBER:  # others whom cases name
            iam.create_user(UserName="marymajor")
            iam.create_role(RoleName=f"{ROLE}2", AssumeRolePolicyDocument=self.trust)

    def admin(self, service: str) -> Any:
        """The root user's client."""
        return self.root.client(service)

    def helper(self) -> Keys:
        """A user who may assume every role."""
        iam = self.admin("iam")
        iam.create_user(UserName="helper")
        allow = document([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}])
        iam.put_user_policy(UserName="helper", PolicyName="Assume", PolicyDocument=json.dumps(allow))
        key = iam.create_access_key(UserName="helper")["AccessKey"]
        return Keys(self.root.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


class World:
    """The accounts, which every case finds as the last one found them."""

    def __init__(self, data: Path) -> None:
        self.server = Server(data)
        self.undo: list[Callable[[], object]] = []
        self.server.end()
        keys = {account: self._account(account) for account in (MEMBER, STRANGER)}
        self.server.restart()
        told = client_environment(data)
        endpoint = told["AWS_ENDPOINT_URL"]
        manager = Keys(endpoint, told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
        account = manager.client("sts").get_caller_identity()["Account"]
        self.manager = Home(account, manager, names={MEMBER: account})
        self.member = Home(MEMBER, Keys(endpoint, *keys[MEMBER]))
        self.stranger = Home(STRANGER, Keys(endpoint, *keys[STRANGER]), user="marymajor")
        self.nobody = Keys(endpoint)
        self.helpers = {home.account: home.helper() for home in (self.manager, self.member)}
        self._found()
        self.member.names["AIDAMARYMAJOR"] = self.stranger.names["AIDAMARYMAJOR"]
        self.member.names[_ORGANIZATION] = self.organization

    def _account(self, account: str) -> tuple[str, str]:
        command = [sys.executable, "-m", "trailwarden.cli", "account", "create", account, "--data"]
        done = subprocess.run([*command, str(self.server.data)], capture_output=True, text=True, check=True)
        told = dict(line.split("=", 1) for line in done.stdout.split())
        return told["aws_access_key_id"], told["aws_secret_access_key"]

    def _found(self) -> None:
        """The organization: its root, two units, and the member below them."""
        organizations = self.manager.admin("organizations")
        self.organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        (root,) = (each["Id"] for each in organizations.list_roots()["Roots"])
        for kind in _TYPES.values():
            if not self._enabled(organizations, kind):
                organizations.enable_policy_type(RootId=root, PolicyType=kind)
        asked = organizations.invite_account_to_organization(Target={"Id": MEMBER, "Type": "ACCOUNT"})
        self.member.admin("organizations").accept_handshake(HandshakeId=asked["Handshake"]["Id"])
        line = [root]
        for name in ("Workloads", "Teams"):
            unit = organizations.create_organizational_unit(ParentId=line[-1], Name=name)
            line.append(unit["OrganizationalUnit"]["Id"])
        organizations.move_account(AccountId=MEMBER, SourceParentId=root, DestinationParentId=line[-1])
        self.line = [*line, MEMBER]
        assert len(self.line) == _LEVELS

    @staticmethod
    def _enabled(organizations: Any, kind: str) -> bool:
        (root,) = organizations.list_roots()["Roots"]
        return any(each["Type"] == kind and each["Status"] == "ENABLED" for each in root["PolicyTypes"])

    def close(self) -> None:
        self.server.end()

    def home(self, case: Json) -> Home:
        """Whose the case's account 123456789012 is: the management account's, where the case speaks of that."""
        request = case["request"]
        managing = request["principal"] == "manager" or request.get("resource_in_management_account")
        return self.manager if managing else self.member

    def text(self, case: Json, written: Any) -> str:
        """A document of a case, with this server's ids."""
        return self.worded(case, json.dumps(document(written)))

    def worded(self, case: Json, found: str) -> str:
        """A text of a case, with this server's ids."""
        for old, new in (*self.home(case).names.items(), *_ADDRESSES):
            found = found.replace(old, new)
        return found

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Undo afterwards what was done meanwhile."""
        try:
            yield
        finally:
            while self.undo:
                self.undo.pop()()

    def later(self, function: Callable[..., object], **params: Any) -> None:
        self.undo.append(partial(function, **params))

    def hang(self, case: Json, tags: dict[str, str]) -> None:
        """Identity policies, tags and the boundary of the case's user or role."""
        principal = case["request"]["principal"]
        if principal in {"root", "outside_root", "anonymous"}:
            return
        home = self.stranger if principal == "outsider" else self.home(case)
        kind, name = ("role", ROLE) if principal == "role" else ("user", home.user)
        iam, whom = home.admin("iam"), {f"{kind.capitalize()}Name": name}
        if tags:
            getattr(iam, f"tag_{kind}")(**whom, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
            self.later(getattr(iam, f"untag_{kind}"), **whom, TagKeys=list(tags))
        for index, written in enumerate(case["policies"].get("identity", ())):
            named = {**whom, "PolicyName": f"Case{index}"}
            getattr(iam, f"put_{kind}_policy")(**named, PolicyDocument=self.text(case, written))
            self.later(getattr(iam, f"delete_{kind}_policy"), **named)
        for written in case["policies"].get("boundary", ()):
            arn = self.managed(home, "Boundary", self.text(case, written))
            getattr(iam, f"put_{kind}_permissions_boundary")(**whom, PermissionsBoundary=arn)
            self.later(getattr(iam, f"delete_{kind}_permissions_boundary"), **whom)

    def managed(self, home: Home, name: str, text: str) -> str:
        """A managed policy for the time of the case."""
        iam = home.admin("iam")
        arn: str = iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        self.later(iam.delete_policy, PolicyArn=arn)
        return arn

    def control(self, case: Json) -> None:
        """The organization's policies, level for level: last, for they bind those who set the case up."""
        organizations = self.manager.admin("organizations")
        for kind, type_name in _TYPES.items():
            for target, level in zip(self.line, case["policies"].get(kind, ()), strict=False):
                for index, written in enumerate(level):
                    self._attach(target, type_name, f"{kind}-{target}-{index}", self.text(case, written))
                if kind == "scps":
                    full = {"PolicyId": "p-FullAWSAccess", "TargetId": target}
                    organizations.detach_policy(**full)
                    self.later(organizations.attach_policy, **full)

    def _attach(self, target: str, type_name: str, name: str, text: str) -> None:
        organizations = self.manager.admin("organizations")
        made = organizations.create_policy(Name=name, Description="", Type=type_name, Content=text)
        identity = made["Policy"]["PolicySummary"]["Id"]
        self.later(organizations.delete_policy, PolicyId=identity)
        organizations.attach_policy(PolicyId=identity, TargetId=target)
        self.later(organizations.detach_policy, PolicyId=identity, TargetId=target)

    def keys(self, case: Json) -> Keys:
        """How the case's caller signs."""
        home, principal = self.home(case), case["request"]["principal"]
        if principal in _SESSIONS:
            made = self._keys_of(_SESSIONS[principal](self, home, case))
            return self._narrowed(home, case, made)
        return {
            "user": home.person,
            "manager": home.person,
            "root": home.root,
            "outsider": self.stranger.person,
            "outside_root": self.stranger.root,
            "anonymous": self.nobody,
        }[principal]

    def _keys_of(self, answer: Any) -> Keys:
        made = answer["Credentials"]
        return Keys(self.nobody.endpoint, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def _narrowed(self, home: Home, case: Json, keys: Keys) -> Keys:
        """The session narrowed by each scope down policy, for which the role has a permission meanwhile."""
        levels, iam = case["policies"].get("scoped", ()), home.admin("iam")
        if not levels:
            return keys
        named = {"RoleName": ROLE, "PolicyName": "Narrow"}
        iam.put_role_policy(**named, PolicyDocument=json.dumps(document([_NARROW])))
        try:
            for (written,) in levels:
                text = self.text(case, [*written, _NARROW])
                keys = self._keys_of(keys.client("sts").get_scoped_credentials(Policy=text))
        finally:
            iam.delete_role_policy(**named)
        return keys

    def _role_session(self, home: Home, case: Json) -> Any:
        """Of several session policies the first goes with the call, the others by ARN."""
        more = [_NARROW] if "scoped" in case["policies"] else []
        texts = [self.text(case, [*written, *more]) for written in case["policies"].get("session", ())]
        limits: Json = {"Policy": texts[0]} if texts else {}
        if texts[1:]:
            arns = [self.managed(home, f"Session{index}", text) for index, text in enumerate(texts[1:])]
            limits["PolicyArns"] = [{"arn": arn} for arn in arns]
        sts = self.helpers[home.account].client("sts")
        return sts.assume_role(RoleArn=home.role, RoleSessionName="session", **limits)

    def _federated(self, home: Home, case: Json) -> Any:
        iam, named = home.admin("iam"), {"UserName": home.user, "PolicyName": "Federate"}
        may = document([{"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"}])
        iam.put_user_policy(**named, PolicyDocument=json.dumps(may))
        try:
            session = case["policies"].get("session")
            more = {"Policy": self.text(case, session[0])} if session else {}
            return home.person.client("sts").get_federation_token(Name="guest", **more)
        finally:
            iam.delete_user_policy(**named)


_SESSIONS: dict[str, Callable[[World, Home, Json], Any]] = {"role": World._role_session, "federated": World._federated}
