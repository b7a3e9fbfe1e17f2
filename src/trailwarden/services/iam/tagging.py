"""Tags of IAM entities: the rules, for every operation that takes some.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from collections.abc import Iterable, Mapping

from trailwarden.services.iam.errors import InvalidInput, LimitExceeded
from trailwarden.services.iam.quotas import TAGS

__all__ = ["TooManyTags", "checked_tags", "without_tags"]


class TooManyTags(LimitExceeded):
    """An entity has at most 50 tags.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """

    message = "The number of tags has reached the maximum limit."


def checked_tags(standing: Mapping[str, str], given: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """The tags after adding the given ones; keys are compared without case, and the newest spelling stays.

    InvalidInput for a key given twice or reserved, TooManyTags past 50.
    """
    folded = {key.lower(): (key, value) for key, value in standing.items()}
    seen: set[str] = set()
    for tag in given:
        key = str(tag["Key"])
        if key.lower() in seen:
            raise InvalidInput(reason="Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if key.lower().startswith("aws:"):
            raise InvalidInput(reason="Caller is an end user and not allowed to mutate system tags")
        seen.add(key.lower())
        folded[key.lower()] = (key, str(tag.get("Value", "")))
    if len(folded) > TAGS:
        raise TooManyTags
    return dict(folded.values())


def without_tags(standing: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """The tags without those of the given keys; keys that are not there are no error."""
    gone = {key.lower() for key in keys}
    return {key: value for key, value in standing.items() if key.lower() not in gone}
