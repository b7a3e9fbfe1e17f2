"""Who stands behind AssumeRoleWithSAML and AssumeRoleWithWebIdentity: whom the token named, once it was verified.

https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.stages import Authenticated, Caller
from trailwarden.events.outcome import Outcome
from trailwarden.policy.request import Principal, PrincipalKind

__all__ = ["with_bearer"]

_KINDS = {
    ("sts", "AssumeRoleWithSAML"): PrincipalKind.SAML,
    ("sts", "AssumeRoleWithWebIdentity"): PrincipalKind.WEB_IDENTITY,
}


def with_bearer(authenticated: Authenticated, outcome: Outcome) -> Authenticated:
    """The call with its bearer as the caller, in the role's account; as it is where no token was verified."""
    route = authenticated.parsed.route
    kind = _KINDS.get((route.service, route.operation))
    if kind is None:
        return authenticated
    caller = _caller(kind, outcome)
    role = Arn.parse(authenticated.parsed.params["RoleArn"])
    if caller is None or role is None:
        return authenticated
    return msgspec.structs.replace(authenticated, caller=caller, account=role.account)


def _caller(kind: PrincipalKind, outcome: Outcome) -> Caller | None:
    if isinstance(outcome.error, AccessDenied):
        request = outcome.error.judged.request
        subjects = (value for key, value in request.context.items() if key.endswith(":sub"))
        return _bearer(kind, request.principal.arn, request.principal.unique_id, next(iter(subjects), ""))
    return None if outcome.error is not None else _named(kind, outcome.result)


def _named(kind: PrincipalKind, result: Mapping[str, Any]) -> Caller:
    if kind is PrincipalKind.SAML:
        subject = result["Subject"]
        return _bearer(kind, "", f"{result['NameQualifier']}:{subject}", subject)
    provider, subject = result["Provider"], result["SubjectFromWebIdentityToken"]
    return _bearer(kind, provider, f"{provider}:{result['Audience']}:{subject}", subject)


def _bearer(kind: PrincipalKind, provider: str, unique_id: str, subject: object) -> Caller:
    """A SAML provider goes by its qualifier, which the id begins with."""
    named = unique_id.partition(":")[0] if kind is PrincipalKind.SAML else provider
    principal = Principal(kind=kind, account="", arn=named, unique_id=unique_id)
    return Caller(principal=principal, user_name=str(subject))
