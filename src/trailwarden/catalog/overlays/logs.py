"""CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html.

A log group is asked for with `:log-stream:` behind its name, and without only where it is tagged: hence policies need `:*`.
"""

from collections.abc import Iterator, Mapping

from trailwarden.catalog.asking import Ask, Resolver, Target, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_GROUP_MEMBERS = (
    "logGroupName", "logGroupIdentifier", "logGroupNames", "logGroupIdentifiers", "logGroupArnList", "resourceIdentifier",
)  # fmt: skip


def _group(ask: Ask, given: str) -> str:
    """The bare ARN of a log group given by name or ARN."""
    return given.removesuffix(":*") if given.startswith("arn:") else ask.arn(f"log-group:{given}")


def _groups(ask: Ask) -> tuple[Target, ...]:
    given = dict.fromkeys(given for member in _GROUP_MEMBERS for given in ask.texts(member))
    return tuple(Target(f"{_group(ask, name)}:log-stream:") for name in given)


def _streams(ask: Ask) -> tuple[Target, ...]:
    return tuple(Target(f"{target.resource}{ask.text('logStreamName') or '*'}") for target in _groups(ask)[:1])


def _named(kind: str, *members: str) -> Resolver:
    return lambda ask: tuple(target for member in members for target in ask.named(member, f"{kind}:{{}}"))


def _arn(member: str) -> Resolver:
    return lambda ask: tuple(Target(given) for given in ask.texts(member))


def _every_group(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn("log-group::log-stream:")),)


def _subscribed(ask: Ask) -> Iterator[Target]:
    yield from _groups(ask)
    yield from (Target(given) for given in ask.texts("destinationArn") if ":destination:" in given)


def _tagged(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html (tags)."""
    context = tag_context(ask.params.get("tags"))
    if context:
        yield Check(action="logs:TagResource", resource=_group(ask, ask.text("logGroupName")), context=context)


def _unmasked(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html."""
    if ask.params.get("unmask") is True:
        for target in _groups(ask) or (Target(ask.arn("log-group:*")),):
            yield Check(action="logs:Unmask", resource=target.resource)


_delivery_destinations = _named("delivery-destination", "deliveryDestinationName", "name", "deliveryDestinationArn")
_delivery_sources = _named("delivery-source", "deliverySourceName", "name")

TABLES: Mapping[str, Overlay] = {
    "logs": Overlay(
        types={
            "log-group": _groups,
            "log-stream": _streams,
            "destination": _named("destination", "destinationName"),
            "delivery": _named("delivery", "id"),
            "delivery-destination": _delivery_destinations,
            "delivery-source": _delivery_sources,
            "anomaly-detector": _named("anomaly-detector", "anomalyDetectorArn"),
            "lookup-table": _named("lookup-table", "lookupTableArn", "lookupTableName"),
            "scheduled-query": _named("scheduled-query", "identifier"),
        },
        targets={
            "DescribeLogGroups": _every_group,
            "DeleteDeliverySource": _delivery_sources,
            "CreateDelivery": lambda ask: (
                Target(ask.arn("delivery:*")),
                *ask.named("deliveryDestinationArn", "delivery-destination:{}"),
                *ask.named("deliverySourceName", "delivery-source:{}"),
            ),
            "PutSubscriptionFilter": _subscribed,
            "TagResource": _arn("resourceArn"),
            "UntagResource": _arn("resourceArn"),
            "ListTagsForResource": _arn("resourceArn"),
        },
        keys={
            "logs:LogGeneratingResourceArns": lambda ask: ask.texts("resourceArn") or None,
            "logs:DeliveryDestinationResourceArn": lambda ask: ask.value(
                "deliveryDestinationConfiguration.destinationResourceArn"
            ),
        },
        more={
            "CreateLogGroup": _tagged,
            "GetLogEvents": _unmasked,
            "FilterLogEvents": _unmasked,
            "GetLogRecord": _unmasked,
        },
    )
}
