"""How long sessions last.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
"""

from trailwarden.errors import ValidationException

__all__ = ["CHAINED", "HOUR", "federation_duration", "role_duration"]

HOUR = 3600
CHAINED = HOUR
_SHORTEST = 900
_LONGEST = 129_600


def role_duration(asked: int | None, longest: int, *, chained: bool) -> int:
    """Seconds of a role session; ValidationException past the role's maximum, or past an hour for a chained role.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (DurationSeconds)
    """
    if asked is None:
        return HOUR
    if asked < _SHORTEST:
        raise ValidationException(
            reason=f"1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must have value greater than or equal to {_SHORTEST}"
        )
    if chained and asked > CHAINED:
        raise ValidationException(
            reason="The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if asked > longest:
        raise ValidationException(
            reason="The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return asked


def federation_duration(asked: int | None, *, root: bool) -> int:
    """Seconds of a GetSessionToken or GetFederationToken session: 12 hours by default, an hour at most for root.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html (DurationSeconds)
    """
    longest = HOUR if root else _LONGEST
    if asked is None:
        return min(12 * HOUR, longest)
    if asked < _SHORTEST:
        raise ValidationException(
            reason=f"1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must have value greater than or equal to {_SHORTEST}"
        )
    return min(asked, longest)
