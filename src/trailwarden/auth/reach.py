"""What credentials of GetSessionToken and GetFederationToken may not call at all, whatever policies say.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

from trailwarden.auth.errors import InvalidToken, SessionMayNot
from trailwarden.auth.stages import Caller
from trailwarden.policy.request import PrincipalKind
from trailwarden.wire.parsed import Route

__all__ = ["check_reach"]

_OWN = frozenset({PrincipalKind.USER, PrincipalKind.ROOT, PrincipalKind.FEDERATED_USER})
"""Whose sessions they are: the user's or root's own, or the guest's. A role's session has no such bounds."""

_OPEN = frozenset({"AssumeRole", "GetCallerIdentity"})
"""A guest's AssumeRole is refused in its own words by the operation itself."""


def check_reach(caller: Caller, route: Route) -> None:
    """Raises InvalidToken for IAM without MFA, SessionMayNot for most of STS."""
    session = caller.session
    if session is None or session.assumed_root or session.delegated or caller.principal.kind not in _OWN:
        return
    if route.service == "iam" and not session.mfa:
        raise InvalidToken(route.family)
    if route.service == "sts" and route.operation not in _OPEN:
        raise SessionMayNot(operation=route.operation)
