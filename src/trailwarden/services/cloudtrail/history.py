"""Event history: the last 90 days of management events, whether or not there is a trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailwarden.errors import AwsError
from trailwarden.lake.history import InvalidToken, Question, lookup_events
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.public_keys import InvalidTimeRangeException
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import LookupEventsRequestTypeDef

__all__ = [
    "InvalidEventCategoryException",
    "InvalidLookupAttributesException",
    "InvalidMaxResultsException",
    "InvalidNextTokenException",
    "lookup",
]

_DAY = 86_400.0
_KEPT = 90 * _DAY
_MOST = 50
_LONGEST_VALUE = 2_000
_INSIGHT_ATTRIBUTES = frozenset({"EventId", "EventName", "EventSource"})
_ATTRIBUTES = _INSIGHT_ATTRIBUTES | {"ReadOnly", "Username", "ResourceType", "ResourceName", "AccessKeyId"}


class InvalidLookupAttributesException(AwsError):
    """An invalid lookup attribute, or more than one.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """

    message = "{reason}"


class InvalidMaxResultsException(AwsError):
    """MaxResults is not between 1 and 50.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """

    message = "Max results must be between 1 and 50."


class InvalidNextTokenException(AwsError):
    """The token is not one of this question's.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """

    message = "Invalid token or the token was used with different parameters."


class InvalidEventCategoryException(AwsError):
    """The event category is not `insight`.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """

    message = "Event category is not valid: {category}"


@operation("cloudtrail:LookupEvents")
def lookup(call: Call, world: World) -> Mapping[str, Any]:
    """Management (or Insights) events of the Region and the last 90 days, newest first, by at most one attribute.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    asked: LookupEventsRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    limit = asked.get("MaxResults", _MOST)
    if not 1 <= limit <= _MOST:
        raise InvalidMaxResultsException
    category = _category(asked.get("EventCategory"))
    attribute, value = _attribute(asked.get("LookupAttributes", ()), category)
    start, end = _span(call)
    question = Question(
        account=call.account,
        region=call.region,
        start=start,
        end=end,
        category=category,
        attribute=attribute,
        value=value,
    )
    try:
        page = lookup_events(
            world.storage.journal, question, limit=limit, token=asked.get("NextToken", ""), now=call.now
        )
    except InvalidToken:
        raise InvalidNextTokenException from None
    return {"Events": page.events, **({"NextToken": page.next_token} if page.next_token else {})}


def _category(given: str | None) -> str:
    if given not in {None, "insight"}:
        raise InvalidEventCategoryException(category=str(given)[:50])
    return "Insight" if given else "Management"


def _attribute(given: Any, category: str) -> tuple[str, str]:
    if not given:
        return "", ""
    if len(given) > 1:
        raise InvalidLookupAttributesException(reason="Only one lookup attribute can be specified.")
    key, value = given[0]["AttributeKey"], given[0]["AttributeValue"]
    if key not in (_INSIGHT_ATTRIBUTES if category == "Insight" else _ATTRIBUTES):
        raise InvalidLookupAttributesException(reason=f"Lookup attribute key is not valid: {key[:50]}")
    if not 1 <= len(value) <= _LONGEST_VALUE:
        raise InvalidLookupAttributesException(reason="Lookup attribute values have 1 to 2000 characters.")
    return key, value


def _span(call: Call) -> tuple[float, float]:
    """The range of time asked for, within what is kept."""
    begin: datetime | None = call.params.get("StartTime")
    close: datetime | None = call.params.get("EndTime")
    oldest = call.now - _KEPT
    start = begin.timestamp() if begin else oldest
    end = close.timestamp() if close else call.now
    if start > end:
        raise InvalidTimeRangeException
    return max(start, oldest), end
