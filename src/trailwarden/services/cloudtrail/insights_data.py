"""Insights events of trails that log data events, and the numbers behind Insights.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-insights-events.html
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailwarden.delivery.trail import Trail
from trailwarden.events.insights import DATA, Series
from trailwarden.lake.history import InvalidToken, Question, lookup_events
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidParameterException, OperationNotPermittedException
from trailwarden.services.cloudtrail.finding import operated_trail
from trailwarden.services.cloudtrail.insights_points import KEPT, points
from trailwarden.services.paging import NotOurs, place_of, token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import ListInsightsMetricDataRequestTypeDef

__all__ = ["list_insights_data", "list_insights_metric_data"]

_DAY = 86_400.0
_MOST_EVENTS = 50
_MOST_POINTS = 21_600
_AVAILABLE: Mapping[int, float] = {60: 15 * _DAY, 300: 63 * _DAY, 3_600: 90 * _DAY}
"""How long points are available, by period in seconds.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html
"""

_ERRORS = "ApiErrorRateInsight"


@operation("cloudtrail:ListInsightsData")
def list_insights_data(call: Call, world: World) -> Mapping[str, Any]:
    """Insights events on a trail's data events, of this Region and the last 90 days, newest first, by at most one dimension.

    A page may be shorter than asked for though more follow.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsData.html
    """
    trail = _own_trail(call, world, call.params["InsightSource"])
    start, end = _span(call, KEPT)
    attribute, value = next(iter(call.params.get("Dimensions", {}).items()), ("ResourceName", trail.arn))
    question = Question(
        account=call.account,
        region=call.region,
        start=start,
        end=end,
        category=DATA,
        attribute=attribute,
        value=value,
    )
    try:
        page = lookup_events(
            world.storage.journal,
            question,
            limit=call.params.get("MaxResults", _MOST_EVENTS),
            token=call.params.get("NextToken", ""),
            now=call.now,
        )
    except InvalidToken:
        raise InvalidParameterException(reason=_FOREIGN) from None
    about = {"ResourceType": "AWS::CloudTrail::Trail", "ResourceName": trail.arn}
    events = [event for event in page.events if about in event["Resources"]]
    return {"Events": events, **({"NextToken": page.next_token} if page.next_token else {})}


@operation("cloudtrail:ListInsightsMetricData")
def list_insights_metric_data(call: Call, world: World) -> Mapping[str, Any]:
    """How many calls or errors there were in each period. Points begin with whole periods, and are the period's count.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html
    """
    asked: ListInsightsMetricDataRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    trail = _own_trail(call, world, asked["TrailName"]) if "TrailName" in asked else None
    period = asked.get("Period", 3_600)
    if period not in _AVAILABLE:
        raise InvalidParameterException(reason="Valid values for Period are 60, 300, and 3600.")
    series = _series(call, trail)
    start, end = _span(call, _AVAILABLE[period])
    start = max(start, _behind(call))
    found = _points(world, series, period, start, end)
    if asked.get("DataType") == "FillWithZeros":
        found = _filled(dict(found), period, start, end)
    limit = asked.get("MaxResults", _MOST_POINTS)
    page, rest = _cut(found, limit)
    return {
        **({"TrailARN": trail.arn} if trail else {}),
        "EventSource": series.source,
        "EventName": series.name,
        "InsightType": series.type,
        **({"ErrorCode": series.error} if series.error else {}),
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time, _ in page],
        "Values": [float(count) for _, count in page],
        **({"NextToken": token_of(str(rest))} if rest is not None else {}),
    }


_FOREIGN = "Invalid token or the token was used with different parameters."


def _own_trail(call: Call, world: World, given: str) -> Trail:
    """The trail; of an organization's trail only the administrators see Insights, and only those of their own account."""
    refusal = OperationNotPermittedException(
        reason="Member accounts cannot call this operation on organization trails."
    )
    return operated_trail(call, world, given, refusal)


def _series(call: Call, trail: Trail | None) -> Series:
    error = call.params.get("ErrorCode", "") if call.params["InsightType"] == _ERRORS else ""
    if call.params["InsightType"] == _ERRORS and not error:
        raise InvalidParameterException(reason=f"ErrorCode is required where InsightType is {_ERRORS}.")
    return Series(
        account=call.account,
        region=call.region,
        trail=trail.handle if trail else "",
        type=call.params["InsightType"],
        source=call.params["EventSource"],
        name=call.params["EventName"],
        error=error,
    )


def _span(call: Call, kept: float) -> tuple[float, float]:
    """The range of time asked for, within what is kept. InvalidParameterException."""
    begin: datetime | None = call.params.get("StartTime")
    close: datetime | None = call.params.get("EndTime")
    oldest = call.now - kept
    start = begin.timestamp() if begin else oldest
    end = close.timestamp() if close else call.now
    if start > end:
        raise InvalidParameterException(reason="The specified start time is after the specified end time.")
    return max(start, oldest), end


def _behind(call: Call) -> float:
    """Where the page begins."""
    try:
        return float(place_of(call.params.get("NextToken", "")) or 0)
    except (NotOurs, ValueError):
        raise InvalidParameterException(reason=_FOREIGN) from None


def _points(world: World, series: Series, period: int, start: float, end: float) -> Iterator[tuple[int, int]]:
    """What there is, by period."""
    current, total = None, 0
    first = math.ceil(start / period) * period
    for second, count in points(world.transaction, world.storage, series, first, end):
        time = second // period * period
        if current is not None and time != current:
            yield current, total
            total = 0
        current, total = time, total + count
    if current is not None:
        yield current, total


def _filled(found: Mapping[int, int], period: int, start: float, end: float) -> Iterator[tuple[int, int]]:
    for time in range(math.ceil(start / period) * period, math.ceil(end), period):
        yield time, found.get(time, 0)


def _cut(found: Iterable[tuple[int, int]], limit: int) -> tuple[list[tuple[int, int]], int | None]:
    """The first points, and the time of the next one where there is one."""
    page: list[tuple[int, int]] = []
    for point in found:
        if len(page) == limit:
            return page, point[0]
        page.append(point)
    return page, None
