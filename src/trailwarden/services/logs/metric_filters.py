"""Metric filters, and trying their patterns.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from trailwarden.services.logs.group import GROUP, LogGroup, MetricFilter, find_group, keep_group, milliseconds
from trailwarden.services.logs.paging import page
from trailwarden.services.logs.pattern import compile_pattern
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["delete_metric_filter", "describe_metric_filters", "put_metric_filter", "test_metric_filter"]

_MOST = 100
_EXTRA = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")


@operation("logs:PutMetricFilter")
def put_metric_filter(call: Call, world: World) -> None:
    """Make or replace a filter; a group has up to 100.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    """
    asked, group = call.params, find_group(call, world)
    compile_pattern(asked["filterPattern"])
    transformations = tuple(map(dict, asked["metricTransformations"]))
    if any("defaultValue" in each and each.get("dimensions") for each in transformations):
        raise InvalidParameterException(
            reason="Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        )
    made = MetricFilter(
        name=asked["filterName"],
        pattern=asked["filterPattern"],
        created=call.now,
        transformations=transformations,
        extra={member: asked[member] for member in _EXTRA if member in asked},
    )
    others = tuple(each for each in group.filters if each.name != made.name)
    if len(others) >= _MOST:
        raise LimitExceededException
    keep_group(world, group, filters=(*others, made))


@operation("logs:DescribeMetricFilters")
def describe_metric_filters(call: Call, world: World) -> Mapping[str, Any]:
    """Show filters by name: of a log group, with a prefix, or of a metric.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeMetricFilters.html
    """
    asked = call.params
    if bool(asked.get("metricName")) != bool(asked.get("metricNamespace")):
        raise InvalidParameterException(reason="Both metricName and metricNamespace must be specified together.")
    if asked.get("logGroupName"):
        groups = [find_group(call, world)]
    else:
        groups = [document.body for document in world.list(GROUP, call.account, call.region)]
    metric = (asked.get("metricName"), asked.get("metricNamespace"))
    found = [
        (group, each)
        for group in groups
        for each in group.filters
        if each.name.startswith(asked.get("filterNamePrefix", "")) and (metric[0] is None or metric in _metrics(each))
    ]
    return page(
        call,
        "metricFilters",
        found,
        key=lambda pair: f"{pair[1].name}:{pair[0].name}",
        shown=lambda pair: _shown(*pair),
    )


@operation("logs:DeleteMetricFilter")
def delete_metric_filter(call: Call, world: World) -> None:
    """Delete a filter.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteMetricFilter.html
    """
    group = find_group(call, world)
    rest = tuple(each for each in group.filters if each.name != call.params["filterName"])
    if len(rest) == len(group.filters):
        raise ResourceNotFoundException(reason="The specified metric filter does not exist.")
    keep_group(world, group, filters=rest)


@operation("logs:TestMetricFilter")
def test_metric_filter(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — every handler is given the world
    """Which of some messages a pattern matches, and what it takes from them.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html
    """
    matches = compile_pattern(call.params["filterPattern"])
    tried = ((number, text, matches(text)) for number, text in enumerate(call.params["logEventMessages"], 1))
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": text, "extractedValues": dict(taken)}
            for number, text, taken in tried
            if taken is not None
        ]
    }


def _metrics(filter_: MetricFilter) -> list[tuple[str | None, str | None]]:
    return [(each.get("metricName"), each.get("metricNamespace")) for each in filter_.transformations]


def _shown(group: LogGroup, filter_: MetricFilter) -> Mapping[str, Any]:
    return {
        "applyOnTransformedLogs": False,
        **filter_.extra,
        "filterName": filter_.name,
        "filterPattern": filter_.pattern,
        "metricTransformations": list(filter_.transformations),
        "creationTime": milliseconds(filter_.created),
        "logGroupName": group.name,
    }
