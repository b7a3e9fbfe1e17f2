"""The global condition keys of a request, and those of S3 that the signature fills.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html

Keys that the call's members fill (aws:RequestTag, aws:TagKeys, sts:ExternalId …) come with the check; those of the
resource with its facts.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.organization import Membership
from trailwarden.auth.stages import Authenticated, Caller, Session
from trailwarden.clock import iso
from trailwarden.policy import ContextValue, PrincipalKind

__all__ = ["Deferred", "caller_context", "request_context", "resource_context", "service_context"]

_S3_SIGNING = {"header": "REST-HEADER", "query": "REST-QUERY-STRING"}

_TYPES: Mapping[PrincipalKind, str] = {
    PrincipalKind.ROOT: "Account",
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}

_CAPITALS = {False: "false", True: "true"}


class Deferred(Mapping[str, ContextValue]):
    """A context made when somebody first looks into it, which a call that meets no conditions never does."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Mapping[str, ContextValue]]) -> None:
        self._make = make
        self._made: Mapping[str, ContextValue] | None = None

    def _whole(self) -> Mapping[str, ContextValue]:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made

    def __getitem__(self, key: str) -> ContextValue:
        return self._whole()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __repr__(self) -> str:
        return f"Deferred({dict(self._whole())!r})"


@lru_cache(maxsize=16)
def _moment(now: int) -> Mapping[str, ContextValue]:
    """The same for all calls of a second."""
    return {"aws:CurrentTime": iso(now), "aws:EpochTime": str(now)}


def caller_context(caller: Caller, *, now: float, region: str, place: Membership | None) -> dict[str, ContextValue]:
    """What the principal, its session, its organization and the moment tell. `place` is the caller's in its organization."""
    principal = caller.principal
    context: dict[str, ContextValue] = {
        **_moment(int(now)),
        "aws:PrincipalIsAWSService": _CAPITALS[principal.kind is PrincipalKind.SERVICE],
        "aws:ViaAWSService": _CAPITALS[bool(caller.invoked_by)],
    }
    if region:
        context["aws:RequestedRegion"] = region
    if principal.kind is PrincipalKind.SERVICE:
        context["aws:PrincipalServiceName"] = principal.arn
        context["aws:PrincipalServiceNamesList"] = (principal.arn,)
        return context
    _add_principal(context, caller)
    if place is not None:
        context["aws:PrincipalOrgID"] = place.organization.id
        context["aws:PrincipalOrgPaths"] = (place.path,)
        context["aws:PrincipalOrgMasterAccountId"] = place.organization.management_account
    if caller.session is not None:
        _add_session(context, caller.session, now)
    if caller.invoked_by:
        context["aws:CalledVia"] = (caller.invoked_by,)
        context["aws:CalledViaFirst"] = context["aws:CalledViaLast"] = caller.invoked_by
    return context


def _add_principal(context: dict[str, ContextValue], caller: Caller) -> None:
    """aws:PrincipalArn is the role's for a session; aws:username is there for IAM users alone.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
    """
    principal = caller.principal
    kind = _TYPES.get(principal.kind)
    if kind is not None:
        context["aws:PrincipalType"] = kind
    if principal.account:
        context["aws:PrincipalAccount"] = principal.account
    if principal.unique_id:
        context["aws:userid"] = principal.unique_id
    arn = principal.issuer_arn if principal.kind is PrincipalKind.ROLE_SESSION else principal.arn
    if arn and kind is not None:
        context["aws:PrincipalArn"] = arn
    if principal.kind is PrincipalKind.USER:
        context["aws:username"] = caller.user_name
    for key, value in caller.tags.items():
        context[f"aws:PrincipalTag/{key}"] = value


def _add_session(context: dict[str, ContextValue], session: Session, now: float) -> None:
    """Only temporary credentials say whether MFA was used and when they were issued.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    context["aws:MultiFactorAuthPresent"] = _CAPITALS[session.mfa]
    context["aws:TokenIssueTime"] = iso(session.created)
    if session.mfa:
        context["aws:MultiFactorAuthAge"] = str(int(max(0.0, now - session.created)))
    if session.source_identity:
        context["aws:SourceIdentity"] = session.source_identity
    if session.federated_provider:
        context["aws:FederatedProvider"] = session.federated_provider
    if session.assumed_root:
        context["aws:AssumedRoot"] = "true"
    context.update(session.federated_attributes)


def request_context(authenticated: Authenticated) -> dict[str, ContextValue]:
    """What the HTTP request itself tells. Empty headers count as absent."""
    request = authenticated.parsed.request
    context: dict[str, ContextValue] = {"aws:SecureTransport": _CAPITALS[request.scheme == "https"]}
    if request.client:
        context["aws:SourceIp"] = request.client
    agent, referer = request.header("user-agent"), request.header("referer")
    if agent:
        context["aws:UserAgent"] = agent
    if referer:
        context["aws:referer"] = referer
    if authenticated.parsed.route.service == "s3":
        _add_s3(context, authenticated)
    return context


def _add_s3(context: dict[str, ContextValue], authenticated: Authenticated) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html."""
    caller = authenticated.caller
    if not caller.signing:
        return
    context["s3:authType"] = _S3_SIGNING[caller.signing]
    context["s3:signatureversion"] = caller.signature_version
    if caller.signed_at:
        context["s3:signatureAge"] = str(int(max(0.0, authenticated.now - caller.signed_at) * 1000))
    content_hash = authenticated.parsed.request.header("x-amz-content-sha256")
    if content_hash or caller.signing == "query":
        context["s3:x-amz-content-sha256"] = content_hash or "UNSIGNED-PAYLOAD"


def resource_context(
    facts: ResourceFacts | None, *, service: str, account: str, owner: Membership | None
) -> dict[str, ContextValue]:
    """What the resource tells: its account, its organization, its tags, and its own keys. `owner` is its account's place."""
    context: dict[str, ContextValue] = {}
    if account:
        context["aws:ResourceAccount"] = account
    if owner is not None:
        context["aws:ResourceOrgID"] = owner.organization.id
        context["aws:ResourceOrgPaths"] = (owner.path,)
    if facts is not None:
        for key, value in facts.tags.items():
            context[f"aws:ResourceTag/{key}"] = context[f"{service}:ResourceTag/{key}"] = value
        context.update(facts.context)
    return context


def service_context(source: Membership | None) -> dict[str, ContextValue]:
    """What a service's call tells of the organization of the account it acts for.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceorgid
    """
    if source is None:
        return {}
    return {"aws:SourceOrgID": source.organization.id, "aws:SourceOrgPaths": (source.path,)}
