"""userIdentity: who made the call, as the record of one account tells it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from trailwarden.auth.stages import Caller, Session
from trailwarden.clock import iso
from trailwarden.policy.request import PrincipalKind

__all__ = ["foreign_identity", "user_identity", "user_name"]

_TYPES: Mapping[PrincipalKind, str] = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.WEB_IDENTITY: "WebIdentityUser",
    PrincipalKind.SAML: "SAMLUser",
}


def user_identity(caller: Caller, *, alias: str = "") -> dict[str, Any]:
    """The identity in the caller's own account; `alias` is that account's, shown for its root."""
    identity = _SHAPES.get(caller.principal.kind, _within_account)(caller)
    if caller.principal.kind is PrincipalKind.ROOT and alias:
        identity["userName"] = alias
    if caller.session is not None and caller.principal.kind in _WITH_SESSION:
        identity["sessionContext"] = _session(caller.session)
    if caller.invoked_by:
        identity["invokedBy"] = caller.invoked_by
    return identity


def foreign_identity(caller: Caller) -> dict[str, Any]:
    """The identity as the owner of a resource sees a caller of another account: no ARN, no name, no key."""
    principal = caller.principal
    if principal.kind in {PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS}:
        return user_identity(caller)
    return {"type": "AWSAccount", "principalId": principal.unique_id, "accountId": principal.account}


def user_name(caller: Caller) -> str:
    """What LookupEvents finds the event under as Username: the user, the session's name, or `root`."""
    kind = caller.principal.kind
    if kind is PrincipalKind.ROOT:
        return "root"
    if kind in {PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER}:
        return caller.principal.arn.rpartition("/")[2]
    return caller.user_name


_WITH_SESSION = frozenset(
    {PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER}
)


def _within_account(caller: Caller) -> dict[str, Any]:
    principal = caller.principal
    identity: dict[str, Any] = {
        "type": _TYPES.get(principal.kind, "Unknown"),
        "principalId": principal.unique_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": caller.access_key,
    }
    if principal.kind is PrincipalKind.USER:
        identity["userName"] = caller.user_name
    return identity


def _provided(caller: Caller) -> dict[str, Any]:
    """Who calls AssumeRoleWithSAML or AssumeRoleWithWebIdentity: known to the provider alone."""
    principal = caller.principal
    return {
        "type": _TYPES[principal.kind],
        "principalId": principal.unique_id,
        "userName": caller.user_name,
        "identityProvider": principal.arn,
    }


def _service(caller: Caller) -> dict[str, Any]:
    return {"type": "AWSService", "invokedBy": caller.principal.arn}


def _anonymous(_: Caller) -> dict[str, Any]:
    return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}


_SHAPES: Mapping[PrincipalKind, Callable[[Caller], dict[str, Any]]] = {
    PrincipalKind.WEB_IDENTITY: _provided,
    PrincipalKind.SAML: _provided,
    PrincipalKind.SERVICE: _service,
    PrincipalKind.ANONYMOUS: _anonymous,
}


def _session(session: Session) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html (sessionContext)."""
    context: dict[str, Any] = {}
    if session.issuer_type:
        context["sessionIssuer"] = {
            "type": session.issuer_type,
            "principalId": session.issuer_id,
            "arn": session.issuer_arn,
            "accountId": session.issuer_account,
            "userName": session.issuer_name,
        }
    if session.federated_provider:
        context["webIdFederationData"] = {
            "federatedProvider": session.federated_provider,
            "attributes": dict(session.federated_attributes),
        }
    context["attributes"] = {
        "creationDate": iso(session.created),
        "mfaAuthenticated": "true" if session.mfa else "false",
    }
    if session.source_identity:
        context["sourceIdentity"] = session.source_identity
    if session.assumed_root:
        context["assumedRoot"] = "true"
    return context
