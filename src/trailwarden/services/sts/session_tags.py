"""Session tags, and those that pass on along a chain of roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from collections.abc import Iterable, Mapping, Sequence

from trailwarden.auth.stages import Session
from trailwarden.services.sts.errors import InvalidParameterValue

__all__ = ["passed_on", "session_tags"]


def session_tags(given: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """The tags given; InvalidParameterValue for a key given twice, in whatever case."""
    tags: dict[str, str] = {}
    seen: set[str] = set()
    for tag in given:
        key = str(tag["Key"])
        if key.lower() in seen:
            raise InvalidParameterValue(
                reason="Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        if key.lower().startswith("aws:"):
            raise InvalidParameterValue(reason="Tag keys beginning with aws: are reserved for system use.")
        seen.add(key.lower())
        tags[key] = str(tag.get("Value", ""))
    return tags


def passed_on(
    session: Session | None, tags: Mapping[str, str], transitive: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags of the new session and the keys that pass on from it, with what the calling session hands down.

    InvalidParameterValue where a transitive key is not among the tags, or a tag would replace one handed down.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    folded = {key.lower(): key for key in tags}
    if any(key.lower() not in folded for key in transitive):
        raise InvalidParameterValue(reason="The specified transitive tag key must be included in the requested tags.")
    down = {key: session.tags[key] for key in session.transitive if key in session.tags} if session else {}
    if any(key.lower() in folded for key in down):
        raise InvalidParameterValue(
            reason="One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session."
        )
    return {**down, **tags}, (*down, *(folded[key.lower()] for key in transitive))
