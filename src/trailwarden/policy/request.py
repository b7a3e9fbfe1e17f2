"""What is asked of the engine: who wants to do what to which resource, under which circumstances and policies."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from trailwarden.policy.value import dataclass, field

if TYPE_CHECKING:
    from trailwarden.policy.statement import Policy

__all__ = [
    "UNKNOWN",
    "AccessRequest",
    "Context",
    "ContextValue",
    "Layer",
    "PolicySet",
    "Principal",
    "PrincipalKind",
    "Source",
    "Unknown",
]


class Unknown(Enum):
    """The value of a context key that exists but cannot be known here (offline inputs)."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

ContextValue = str | tuple[str, ...] | Unknown
"""One value, several values of a multivalued key, or not known. Booleans are "true"/"false", dates ISO 8601."""


class Layer(StrEnum):
    """A kind of policy, spelt as in AWS's access-denied messages.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"
    TRUST = "role trust policy"


class PrincipalKind(StrEnum):
    """Who can make a request."""

    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "role-session"
    FEDERATED_USER = "federated-user"
    WEB_IDENTITY = "web-identity"
    SAML = "saml"
    SERVICE = "service"
    ANONYMOUS = "anonymous"

    __hash__ = str.__hash__  # as good as the enumeration's own, without a call


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The one who asks.

    `arn` is the ARN of the session or user as aws:userid's owner is named on the wire
    (`arn:aws:sts::A:assumed-role/R/S`, `arn:aws:iam::A:user/U`, `arn:aws:iam::A:root`, "" for anonymous); `issuer_arn`
    the role of a session
    (`arn:aws:iam::A:role/path/R`) or the user of a federated user, else as `arn`. For a service, `arn` is its principal
    (`cloudtrail.amazonaws.com`), for web identities and SAML the provider. `unique_id` is AIDA…, AROA…:session or the
    account id; `issuer_id` AROA… of the role; `canonical_id` the account's canonical user id as S3 knows it.
    """

    kind: PrincipalKind
    account: str
    arn: str
    issuer_arn: str = ""
    unique_id: str = ""
    issuer_id: str = ""
    canonical_id: str = ""
    service_linked: bool = False
    management_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a policy document hangs.

    `id` is its ARN for managed policies, SCPs and RCPs, its name for inline ones, the resource's ARN for resource-based
    ones.
    `attached_to` is the ARN of the user, group, role, root, organizational unit, account or resource.
    """

    layer: Layer
    id: str
    name: str = ""
    attached_to: str = ""
    inline: bool = False
    aws_managed: bool = False


class Context(Mapping[str, ContextValue]):
    """A context made ready: keys in lower case, each with its value or with a function that finds the value out.

        Context({"aws:sourceip": "203.0.113.7", "aws:currenttime": lambda: iso(now)})

    A function is called when a policy first asks for its key, and at most once; None means that the key is absent. So
    a request that meets no conditions costs nothing for its fifty keys. Look-up disregards case.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, "ContextValue | Callable[[], ContextValue | None]"]) -> None:
        self._entries: dict[str, ContextValue | Callable[[], ContextValue | None] | None] = dict(entries)

    def value(self, key: str) -> ContextValue | None:
        """The value of a key given in lower case; None where it is absent."""
        entry = self._entries.get(key)
        if callable(entry):
            entry = self._entries[key] = entry()
        return entry

    def __getitem__(self, key: str) -> ContextValue:
        found = self.value(key.lower())
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._entries if self.value(key) is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One check: a principal, one action (`service:Action`), one resource ARN (or "*"), and the request context.

    `resource_account` is the owner's account id ("" where the resource has none: `*`). `context` maps condition keys in
    any case to values; a key that is not there is absent, one whose value is UNKNOWN may be either. Keys that the
    principal or the resource account itself tells (aws:PrincipalArn, aws:userid, aws:ResourceAccount …) need not be
    given. A `Context` is looked up as it is; any other mapping is folded to lower case for each request.
    `resource_in_management_account` and `resource_aws_managed` (an AWS managed key) keep resource control
    policies off it.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str = ""
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_in_management_account: bool = False
    resource_aws_managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """All policies that bear on one request, compiled (`policy.compile_policy`), by layer.

    `boundary`, `endpoint`: None where there is none (nothing is capped), an empty tuple caps everything.
    `session`: all session policies of the caller's session, None for a session without one. `scoped`: the policies that
    GetScopedCredentials narrowed the session by, one tuple a call, the oldest first; each must allow. `scps`, `rcps`: one tuple a
    level, root first and the account last; empty where the account is in no organization. `trust` is the trust policy of
    the role that an sts:AssumeRole* request names; `resource` is every other resource-based policy of the resource.
    """

    identity: "tuple[Policy, ...]" = ()
    boundary: "tuple[Policy, ...] | None" = None
    session: "tuple[Policy, ...] | None" = None
    scoped: "tuple[tuple[Policy, ...], ...]" = ()
    scps: "tuple[tuple[Policy, ...], ...]" = ()
    rcps: "tuple[tuple[Policy, ...], ...]" = ()
    endpoint: "tuple[Policy, ...] | None" = None
    resource: "tuple[Policy, ...]" = ()
    trust: "tuple[Policy, ...]" = ()
