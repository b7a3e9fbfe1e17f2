"""Subscription filters and their destinations: streams of Kinesis and Firehose, and functions. None of them is here.

So a filter is refused as AWS refuses one whose destination does not take its test message, and there are none to show.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from trailwarden.services.logs.group import find_group
from trailwarden.services.logs.pattern import compile_pattern
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "delete_subscription_filter",
    "describe_destinations",
    "describe_subscription_filters",
    "put_subscription_filter",
]

_CROSS_ACCOUNT = (
    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account "
    "lambda triggers."
)
_UNREACHED: Mapping[str, str] = {
    "lambda": "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
    "your function.",
    "kinesis": "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in "
    "ACTIVE state.",
    "firehose": "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in "
    "ACTIVE state.",
}
_WITH_ROLE = frozenset({"kinesis", "firehose"})


@operation("logs:PutSubscriptionFilter")
def put_subscription_filter(call: Call, world: World) -> None:
    """Refused: whatever the destination is, no test message reaches it.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
    """
    text = call.params["destinationArn"]
    arn = Arn.parse(text)
    vendor = arn.service if arn else ""
    if arn is not None and vendor == "lambda" and arn.account != call.account:
        raise AccessDeniedException(reason=_CROSS_ACCOUNT)
    if vendor in _WITH_ROLE and not call.params.get("roleArn"):
        raise InvalidParameterException(reason=f"destinationArn for vendor {vendor} cannot be used without roleArn")
    find_group(call, world)
    compile_pattern(call.params["filterPattern"])
    if vendor == "logs":
        raise ResourceNotFoundException(reason="The specified destination does not exist.")
    raise InvalidParameterException(reason=_UNREACHED.get(vendor, f"Invalid destinationArn: {text[:256]}"))


@operation("logs:DescribeSubscriptionFilters")
def describe_subscription_filters(call: Call, world: World) -> Mapping[str, Any]:
    """No log group has any.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeSubscriptionFilters.html
    """
    find_group(call, world)
    return {"subscriptionFilters": []}


@operation("logs:DeleteSubscriptionFilter")
def delete_subscription_filter(call: Call, world: World) -> None:
    """ResourceNotFoundException: no log group has any.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteSubscriptionFilter.html
    """
    find_group(call, world)
    raise ResourceNotFoundException(reason="The specified subscription filter does not exist.")


@operation("logs:DescribeDestinations")
def describe_destinations(_call: Call, _world: World) -> Mapping[str, Any]:
    """There are none: a destination leads to a stream of Kinesis or Firehose.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDestinations.html
    """
    return {"destinations": []}
