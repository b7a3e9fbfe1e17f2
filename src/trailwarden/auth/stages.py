"""The stages of a call behind `Parsed`. Each can be made only from the one before, so that none is skipped."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.policy.decision import Decision
from trailwarden.policy.request import AccessRequest, PolicySet, Principal
from trailwarden.wire.parsed import Parsed

__all__ = ["Authenticated", "Authorized", "Caller", "Judged", "Resolved", "Session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What temporary credentials carry. Times are seconds since the epoch.

    `policies` are the inline session policies, `policy_arns` the managed ones; `scoped` are those that
    GetScopedCredentials narrowed the session by, the oldest first. `delegated`: a partner acts by
    GetDelegatedAccessToken. For GetSessionToken only `created` and `mfa` say anything.
    """

    created: float
    expires: float
    mfa: bool = False
    name: str = ""
    issuer_type: str = ""
    issuer_arn: str = ""
    issuer_id: str = ""
    issuer_name: str = ""
    issuer_account: str = ""
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    scoped: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    federated_provider: str = ""
    federated_attributes: Mapping[str, str] = field(default_factory=dict)
    chained: bool = False
    assumed_root: bool = False
    delegated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who signed. `access_key` is "" for unsigned calls; `tags` are the principal's tags as aws:PrincipalTag sees them.

    `invoked_by` is the service principal on whose behalf a service call is made, else "".
    `signing` is "header", "query" or "" (unsigned); `signed_at` the time the signature names.
    """

    principal: Principal
    access_key: str = ""
    user_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    invoked_by: str = ""
    signing: str = ""
    signed_at: float = 0.0
    signature_version: str = ""


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose caller is proved. `region` is the signature's; `body` is the payload with any chunk framing taken off and verified."""

    parsed: Parsed
    caller: Caller
    region: str
    account: str
    body: bytes
    now: float


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A call with the permissions it needs, in the order in which AWS asks for them."""

    authenticated: Authenticated
    checks: tuple[Check, ...]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One check, what was asked of the engine, by which policies, and its answer."""

    check: Check
    request: AccessRequest
    policies: PolicySet
    decision: Decision


class Authorized(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is allowed. Handlers are given nothing else.

    `refused` maps the items that it is not allowed for (`Check.item`) to why; the handler leaves them out and tells it.
    """

    resolved: Resolved
    judged: tuple[Judged, ...]
    refused: Mapping[int, AwsError] = {}
