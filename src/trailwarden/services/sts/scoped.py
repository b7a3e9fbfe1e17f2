"""GetScopedCredentials: the caller's own session, narrowed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trailwarden.auth.stages import Session
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import NotAllowed, PackedPolicyTooLarge
from trailwarden.services.sts.session_policies import session_policies
from trailwarden.services.sts.shape import credentials_shown
from trailwarden.services.world import World

__all__ = ["InsufficientSessionLifetimeException", "InvalidSubjectCredentialsException", "get_scoped_credentials"]

_MOST = 3
_LARGEST_TOKEN = 4_096


class InsufficientSessionLifetimeException(AwsError):
    """A narrowed session does not outlive the one that it comes from.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
    """

    code = "InsufficientSessionLifetime"
    message = "The requested DurationSeconds is greater than the remaining lifetime of the calling session."


class InvalidSubjectCredentialsException(AwsError):
    """The caller has no session to narrow: long-term keys of a user or of the root user.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
    """

    code = "InvalidSubjectCredentials"
    message = "GetScopedCredentials must be called with temporary security credentials."


@operation("sts:GetScopedCredentials")
def get_scoped_credentials(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of the caller's own session with fewer permissions, less time, or both; at most three times over.

    Issue time, tags, source identity and second factor stay the session's, so that a revoked session's narrowed ones
    are revoked with it.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getscopedcredentials.html
    """
    asked = call.params
    standing = call.caller.session
    if standing is None:
        raise InvalidSubjectCredentialsException
    if "Policy" not in asked and "DurationSeconds" not in asked:
        raise ValidationException(reason="At least one of Policy or DurationSeconds must be provided.")
    principal = call.caller.principal
    session = _narrowed(call, world, standing)
    credentials = world.vault.issue(
        principal,
        session,
        expires=session.expires,
        chance=world.chance,
        user_name=call.caller.user_name,
        least=asked.get("MinimumSessionTokenSize", 0),
    )
    size = len(credentials.session_token)
    if size > _LARGEST_TOKEN:
        raise PackedPolicyTooLarge
    answer = {
        "Credentials": credentials_shown(credentials),
        "SessionInfo": {"ScopedSessionId": principal.unique_id, "Arn": principal.arn},
        "SessionTokenUtilization": -(-size * 100 // _LARGEST_TOKEN),
        "SessionTokenSize": size,
        "ScopedPoliciesCount": len(session.scoped),
    }
    return answer | ({"SourceIdentity": session.source_identity} if session.source_identity else {})


def _narrowed(call: Call, world: World, standing: Session) -> Session:
    """The session with the policy laid over it and its end brought forward."""
    duration = call.params.get("DurationSeconds")
    expires = standing.expires if duration is None else call.now + duration
    if expires > standing.expires:
        raise InsufficientSessionLifetimeException
    limits = session_policies(world, call.account, {"Policy": call.params.get("Policy", "")}, standing.tags)
    if limits.policies and len(standing.scoped) >= _MOST:
        raise NotAllowed(reason=f"A session can have at most {_MOST} scope down policies.")
    return replace(standing, expires=expires, scoped=(*standing.scoped, *limits.policies))
