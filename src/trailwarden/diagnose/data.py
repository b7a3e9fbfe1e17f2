"""Where account data comes from: a running server or AWS itself, asked with read-only calls, or files."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account, policy_text, read_account
from trailwarden.diagnose.collected import read_store

__all__ = ["AccountData", "Evaluated", "FileData", "Levels", "LiveData", "Unreadable"]

T = TypeVar("T")

Levels = tuple[tuple[tuple[str, str], ...], ...]
"""Organization policies as (ARN, document), one tuple a level: root first, the account last."""

_NO_ORGANIZATION = frozenset({"AWSOrganizationsNotInUseException", "UnknownOperationException"})
_NO_POLICY = frozenset({"NoSuchBucketPolicy", "NoSuchBucket", "NotFoundException", "ResourceNotFoundException"})
_FILE_MAX = 256 * 1024 * 1024


class Unreadable(Exception):
    """The data cannot be read; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What a kept decision tells of its request. `principal` is the caller's ARN, "" where it is not told."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]]


class AccountData(Protocol):
    """What diagnosis may ask. None means: not known, which is never taken for "there is none"."""

    @property
    def region(self) -> str:
        """The Region that bare names are completed with."""

    def account(self, account: str) -> Account | None:
        """The identities and policies of an account ("" for the one at hand)."""

    def resource_policies(self, arn: Arn) -> tuple[tuple[str, str], ...] | None:
        """The resource-based policies that bear on a resource, with the ARN each hangs on."""

    def seen(self, arn: Arn) -> bool:
        """Whether the resource's own policy, or that it has none, was really looked up: only then may it be written anew."""

    def levels(self, account: str, kind: str) -> Levels | None:
        """The service or resource control policies over an account; empty where it is in no organization."""

    def alike(self, arn: Arn) -> tuple[str, ...] | None:
        """The ARNs of all resources of that kind in its account and Region."""

    def named(self, text: str) -> tuple[str, ...]:
        """Known resources whose name, without its account and Region, stands in a text; empty where there is none."""

    def session(self, principal: str) -> tuple[str, ...] | None:
        """The session policies of a session, by its ARN; empty where it has none."""

    def organization_id(self) -> str:
        """The organization of the account at hand; "" where it is in none or that is not known."""

    def evaluated(self, authorization_id: str) -> Evaluated | None:
        """What was evaluated under an authorization id."""

    def decode(self, encoded: str) -> Mapping[str, Any] | None:
        """The decoded form of an encoded authorization message."""


class Clients(Protocol):
    """Makes boto3 clients."""

    def client(self, service_name: str) -> Any:
        """A client of that service."""


@dataclass(slots=True, kw_only=True)
class LiveData:
    """Data of the account that the clients' credentials belong to. Every call is a read.

    What was read once is kept: one diagnosis asks for the same policies again and again. After a change, take a new one.
    """

    clients: Clients
    region: str = "us-east-1"
    _kept: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    def _once(self, key: tuple[str, ...], read: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = read()
        found: T = self._kept[key]
        return found

    def account(self, account: str) -> Account | None:
        """All pages of get-account-authorization-details; None for another account than the credentials' own."""
        own = self._once(("account",), self._read)
        return own if account in {"", own.id} else None

    def _read(self) -> Account:
        try:
            own = self.clients.client("sts").get_caller_identity()["Account"]
            pages = self.clients.client("iam").get_paginator("get_account_authorization_details").paginate()
            details: dict[str, list[Any]] = {}
            for page in pages:
                for member, value in page.items():
                    if isinstance(value, list):
                        details.setdefault(member, []).extend(value)
        except (ClientError, BotoCoreError) as error:
            raise Unreadable(f"the account's identities cannot be read: {error}") from error
        return read_account(details, own)

    def resource_policies(self, arn: Arn) -> tuple[tuple[str, str], ...] | None:
        """The policy of a bucket, key, topic or queue; other services have none that is read yet."""
        reader = _READERS.get(arn.service)
        if reader is None:
            return ()
        holder = str(arn).partition("/")[0] if arn.service == "s3" else str(arn)
        return self._once(("policies", holder), lambda: _asked(reader, self.clients, arn))

    def seen(self, arn: Arn) -> bool:
        """Where its service has a reader and the resource could be read."""
        return arn.service in _READERS and self.resource_policies(arn) is not None

    def levels(self, account: str, kind: str) -> Levels | None:
        """Walks from the account to the root and lists what is attached on the way."""
        return self._once(("levels", account, kind), lambda: self._levels(account, kind))

    def _levels(self, account: str, kind: str) -> Levels | None:
        try:
            return _levels(self.clients.client("organizations"), account, kind)
        except ClientError as error:
            return () if error.response["Error"]["Code"] in _NO_ORGANIZATION else None
        except BotoCoreError:
            return None

    def alike(self, arn: Arn) -> tuple[str, ...] | None:
        """The tables or buckets, whose names people mistype most; the account's identities are known already."""
        lister = _LISTERS.get((arn.service, arn.type))
        if lister is None:
            return None
        kind = (arn.service, arn.region, arn.account, arn.type)
        return self._once(("alike", *kind), lambda: _listed(lister, self.clients, arn))

    def named(self, text: str) -> tuple[str, ...]:
        """The trails: an organization's goes by its name in accounts that do not own it."""
        if "trail" not in text:
            return ()
        try:
            trails = self.clients.client("cloudtrail").describe_trails()["trailList"]
        except (ClientError, BotoCoreError):
            return ()
        return tuple(trail["TrailARN"] for trail in trails if _stands_in(text, trail["TrailARN"]))

    def session(self, principal: str) -> tuple[str, ...] | None:  # noqa: ARG002 — AWS tells nobody a session's policies
        """Not known: they stand in the request that made the session."""
        return None

    def organization_id(self) -> str:
        """Asks Organizations."""
        try:
            found: str = self.clients.client("organizations").describe_organization()["Organization"]["Id"]
        except (ClientError, BotoCoreError):
            return ""
        return found

    def evaluated(self, authorization_id: str) -> Evaluated | None:
        """The kept decision, through GetRequestAuthorizationDetails; this server takes event ids there, too."""
        try:
            details = self.clients.client("iam-toolbox").get_request_authorization_details(
                authorizationId=authorization_id.replace("-", "")
            )
        except (ClientError, BotoCoreError):
            return None
        denied = next((each for each in details["evaluations"] if each["evaluatedEffect"] != "ALLOW"), None)
        if denied is None:
            return None
        context = {**details.get("requestContext", {}), **denied.get("context", {})}
        principal = str(context.get("aws:PrincipalArn", ""))
        return Evaluated(
            principal=principal, action=denied["action"], resource=denied["resource"], context=_context(context)
        )

    def decode(self, encoded: str) -> Mapping[str, Any] | None:
        """The message through DecodeAuthorizationMessage."""
        try:
            answer = self.clients.client("sts").decode_authorization_message(EncodedMessage=encoded)
        except (ClientError, BotoCoreError):
            return None
        decoded: Mapping[str, Any] = json.loads(answer["DecodedMessage"])
        return decoded


def _asked(reader: "_Reader", clients: Clients, arn: Arn) -> tuple[tuple[str, str], ...] | None:
    try:
        return reader(clients, arn)
    except ClientError as error:
        return () if error.response["Error"]["Code"] in _NO_POLICY else None
    except BotoCoreError:
        return None


def _listed(lister: "_Lister", clients: Clients, arn: Arn) -> tuple[str, ...] | None:
    try:
        return lister(clients, arn)
    except (ClientError, BotoCoreError):
        return None


def _stands_in(text: str, arn: str) -> bool:
    name = arn.replace(":", "/").rpartition("/")[2]
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _context(given: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    return {key: tuple(value) if isinstance(value, list) else str(value) for key, value in given.items()}


def _bucket(clients: Clients, arn: Arn) -> tuple[tuple[str, str], ...]:
    bucket = arn.resource.partition("/")[0]
    policy = clients.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
    return ((f"arn:{arn.partition}:s3:::{bucket}", policy),)


def _key(clients: Clients, arn: Arn) -> tuple[tuple[str, str], ...]:
    policy = clients.client("kms").get_key_policy(KeyId=str(arn), PolicyName="default")["Policy"]
    return ((str(arn), policy),)


def _topic(clients: Clients, arn: Arn) -> tuple[tuple[str, str], ...]:
    policy = clients.client("sns").get_topic_attributes(TopicArn=str(arn))["Attributes"].get("Policy", "")
    return ((str(arn), policy),) if policy else ()


def _store(clients: Clients, arn: Arn) -> tuple[tuple[str, str], ...]:
    if arn.type not in {"eventdatastore", "dashboard", "channel"}:
        return ()
    policy = clients.client("cloudtrail").get_resource_policy(ResourceArn=str(arn)).get("ResourcePolicy", "")
    return ((str(arn), policy),) if policy else ()


def _tables(clients: Clients, arn: Arn) -> tuple[str, ...]:
    pages = clients.client("dynamodb").get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    return tuple(f"arn:{arn.partition}:dynamodb:{arn.region}:{arn.account}:table/{name}" for name in names)


_Lister = Callable[[Clients, Arn], tuple[str, ...]]
_Reader = Callable[[Clients, Arn], tuple[tuple[str, str], ...]]
_LISTERS: Mapping[tuple[str, str], _Lister] = {("dynamodb", "table"): _tables}
_READERS: Mapping[str, _Reader] = {"s3": _bucket, "kms": _key, "sns": _topic, "cloudtrail": _store}


def _levels(organizations: Any, account: str, kind: str) -> Levels:
    """Nothing where the root has that type of policy switched off.

    https://docs.aws.amazon.com/organizations/latest/userguide/enable-policy-type.html
    """
    types = organizations.list_roots()["Roots"][0]["PolicyTypes"]
    if {"Type": kind, "Status": "ENABLED"} not in types:
        return ()
    targets = [account]
    while not targets[-1].startswith("r-"):
        targets.append(organizations.list_parents(ChildId=targets[-1])["Parents"][0]["Id"])
    return tuple(_attached(organizations, target, kind) for target in reversed(targets))


def _attached(organizations: Any, target: str, kind: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for page in organizations.get_paginator("list_policies_for_target").paginate(TargetId=target, Filter=kind):
        for summary in page["Policies"]:
            policy = organizations.describe_policy(PolicyId=summary["Id"])["Policy"]
            found.append((summary["Arn"], policy["Content"]))
    return tuple(found)


_POLICIED = frozenset(
    {"backup", "dynamodb", "ecr", "elasticfilesystem", "es", "events", "glue", "kinesis", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"}
)  # fmt: skip
"""Services whose resources have policies that iam-collect reads.

https://github.com/cloud-copilot/iam-collect/blob/main/src/syncs/syncMap.ts
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileData:
    """Data exported beforehand.

    `details` is the account export, `policies` maps resource ARNs to documents, `organization` holds the exported
    levels: {"scps": [[{"arn", "document"}…], …], "rcps": […]}, root first. `existing` lists ARNs of resources, all of each
    kind that it lists at all; `sessions` maps ARNs of sessions to their session policy. `collected` are the resources of which
    it is known whether they have a policy; None where that is so of all of the account's, keys apart.
    """

    details: Account
    region: str = "us-east-1"
    policies: Mapping[str, str] = field(default_factory=dict)
    organization: Mapping[str, Levels] | None = None
    existing: tuple[str, ...] | None = None
    sessions: Mapping[str, str] = field(default_factory=dict)
    organization_named: str = ""
    collected: frozenset[str] | None = None

    def account(self, account: str) -> Account | None:
        """The exported account, where it is the one asked for."""
        return self.details if account in {"", self.details.id} else None

    def resource_policies(self, arn: Arn) -> tuple[tuple[str, str], ...] | None:
        """The exported policy of the resource, or of its bucket."""
        text = str(arn)
        holder = text.partition("/")[0] if arn.service == "s3" else text
        if holder in self.policies:
            return ((holder, self.policies[holder]),)
        foreign = bool(arn.account) and arn.account != self.details.id
        if self.collected is not None and arn.service in _POLICIED:
            return () if holder in self.collected else None
        return None if foreign or arn.service == "kms" else ()

    def seen(self, arn: Arn) -> bool:
        """Where the files hold its policy, or list it as collected."""
        text = str(arn)
        holder = text.partition("/")[0] if arn.service == "s3" else text
        return holder in self.policies or holder in (self.collected or ())

    def levels(self, account: str, kind: str) -> Levels | None:  # noqa: ARG002 — the export is of one account
        """The exported levels; not known where no organization was given."""
        return None if self.organization is None else self.organization.get(kind, ())

    def alike(self, arn: Arn) -> tuple[str, ...] | None:
        """The listed resources of that kind; None where none of it is listed."""
        parsed = ((text, Arn.parse(text)) for text in self.existing or ())
        return (
            tuple(text for text, found in parsed if found and (found.service, found.type) == (arn.service, arn.type))
            or None
        )

    def named(self, text: str) -> tuple[str, ...]:
        """Of the listed resources."""
        return tuple(arn for arn in self.existing or () if _stands_in(text, arn))

    def session(self, principal: str) -> tuple[str, ...] | None:
        """The exported policy of a session."""
        return (self.sessions[principal],) if principal in self.sessions else None

    def organization_id(self) -> str:
        """As it was told."""
        return self.organization_named

    def evaluated(self, authorization_id: str) -> Evaluated | None:  # noqa: ARG002 — decisions are kept by servers
        """No file holds decisions."""
        return None

    def decode(self, encoded: str) -> Mapping[str, Any] | None:  # noqa: ARG002 — only the sealing account can open it
        """No file can open a message."""
        return None


def read_files(
    account: Path,
    organization: Path | None = None,
    policies: Mapping[str, Path] | None = None,
    region: str = "us-east-1",
    *,
    resources: Path | None = None,
    sessions: Mapping[str, Path] | None = None,
) -> FileData:
    """The data of exported files; `resources` lists ARNs of what exists, one a line, `sessions` the policies of sessions.

    Raises Unreadable.

    `account` is an export of get-account-authorization-details, or a folder: iam-collect's store.
    """
    try:
        found = _stored(account) if account.is_dir() else FileData(details=read_account(_json(account)))
        given = {arn: policy_text(_json(path)) for arn, path in (policies or {}).items()}
        told = None if organization is None else _json(organization)
        return replace(
            found,
            region=region,
            sessions={arn: policy_text(_json(path)) for arn, path in (sessions or {}).items()},
            organization_named=found.organization_named if told is None else told.get("id", ""),
            policies={**found.policies, **given},
            organization=found.organization if told is None else _organization(told),
            existing=None if resources is None else tuple(resources.read_text().split()),
        )
    except OSError as error:
        raise Unreadable(f"{error.filename or account} cannot be read: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = "a store of iam-collect" if account.is_dir() else "an export of get-account-authorization-details"
        raise Unreadable(f"{account} is not {what}: {error}") from error


def _stored(folder: Path) -> FileData:
    found = read_store(folder)
    return FileData(
        details=found.details,
        policies=found.policies,
        organization=found.levels,
        organization_named=found.organization,
        collected=found.resources,
    )


def _organization(given: Mapping[str, Any]) -> dict[str, Levels]:
    return {
        kind: tuple(
            tuple((policy["arn"], policy_text(policy["document"])) for policy in level) for level in given.get(name, ())
        )
        for kind, name in (("SERVICE_CONTROL_POLICY", "scps"), ("RESOURCE_CONTROL_POLICY", "rcps"))
    }


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _FILE_MAX:
            raise Unreadable(f"{path} is larger than {_FILE_MAX >> 20} MiB")
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
