"""CloudTrail: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html."""

import re
from collections.abc import Iterable, Iterator, Mapping

from trailwarden.catalog.asking import Ask, Target, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay
from trailwarden.catalog.passing import pass_role

__all__ = ["TABLES"]

_PRINCIPAL = "cloudtrail.amazonaws.com"
_QUERIED = re.compile(
    r"(?i)'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/"
    r"|(?:arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:(?P<owner>\d{12}):eventdatastore/)?"
    r"(?P<store>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.DOTALL,
)
"""Ids and ARNs of event data stores in a statement, wherever they stand outside of texts and comments."""
_ARN_MEMBERS = ("ResourceId", "ResourceIdList", "ResourceArn")


def _given(kind: str, ask: Ask) -> Iterator[Target]:
    """Resources of a type that tag and policy operations name by ARN."""
    for member in _ARN_MEMBERS:
        for given in ask.texts(member):
            if given.partition(":cloudtrail:")[2].split(":")[-1].startswith(f"{kind}/"):
                yield Target(given)


def _trails(ask: Ask) -> Iterator[Target]:
    yield from _given("trail", ask)
    for member in ("Name", "TrailName", "InsightSource"):
        yield from ask.named(member, "trail/{}")


def _stores(ask: Ask) -> Iterator[Target]:
    yield from _given("eventdatastore", ask)
    owner = ask.text("EventDataStoreOwnerAccountId") or None
    for member in ("EventDataStore", "EventDataStores", "Destinations[].Location", "InsightsDestination"):
        for given in ask.texts(member):
            yield Target(given if given.startswith("arn:") else ask.arn(f"eventdatastore/{given}", account=owner))


def _queried(ask: Ask) -> Iterable[Target]:
    """Stores a query statement reads, or those of a query that is named by its id."""
    owner = ask.text("EventDataStoreOwnerAccountId") or None
    statement = ask.text("QueryStatement")
    if statement:
        found = dict.fromkeys(
            ask.arn(f"eventdatastore/{each['store'].lower()}", account=each["owner"] or owner)
            for each in _QUERIED.finditer(statement)
            if each["store"]
        )
        return tuple(map(Target, found)) or _any_store(ask)
    named = tuple(_stores(ask))
    if named:
        return named
    known = ask.lookup("cloudtrail.query", ask.text("QueryId") or ask.text("QueryAlias"))
    return (Target(known),) if known else _any_store(ask)


def _any_store(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn("eventdatastore/*")),)


def _new_store(ask: Ask) -> tuple[Target, ...]:
    return _any_store(ask)


def _channels(ask: Ask) -> Iterator[Target]:
    yield from _given("channel", ask)
    yield from ask.named("Channel", "channel/{}", service="cloudtrail")
    yield from ask.named("channelArn", "channel/{}", service="cloudtrail")


def _new_channel(ask: Ask) -> Iterator[Target]:
    yield Target(ask.arn("channel/*"))
    yield from _stores(ask)


def _dashboards(ask: Ask) -> Iterator[Target]:
    yield from _given("dashboard", ask)
    yield from ask.named("DashboardId", "dashboard/{}")


def _new_dashboard(ask: Ask) -> tuple[Target, ...]:
    return ask.named("Name", "dashboard/{}")


def _store_or_trail(ask: Ask) -> Iterator[Target]:
    yield from _trails(ask)
    yield from _stores(ask)


def _nothing(_ask: Ask) -> tuple[Target, ...]:
    return ()


def _role(ask: Ask, path: str) -> Iterator[Check]:
    for given in ask.texts(path):
        yield pass_role(given, _PRINCIPAL)


def _tagged(ask: Ask, resource: str, member: str = "TagsList") -> Iterator[Check]:
    tags = tag_context(ask.params.get(member))
    if tags:
        yield Check(action="cloudtrail:AddTags", resource=resource, context=tags)


def _after_create_trail(ask: Ask) -> Iterator[Check]:
    yield from _role(ask, "CloudWatchLogsRoleArn")
    for trail in _trails(ask):
        yield from _tagged(ask, trail.resource)


def _metrics(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html: it has no action of its own."""
    yield Check(action="cloudtrail:LookupEvents", resource="*", named=None)
    for trail in ask.named("TrailName", "trail/{}"):
        yield Check(action="cloudtrail:ListInsightsData", resource=trail.resource)


def _removed_tags(ask: Ask) -> tuple[str, ...] | None:
    return tuple(str(key) for key in ask.texts("TagsList[].Key")) or None


_CLOUDTRAIL = Overlay(
    types={"trail": _trails, "eventdatastore": _stores, "channel": _channels, "dashboard": _dashboards},
    targets={
        "CreateEventDataStore": _new_store,
        "CreateChannel": _new_channel,
        "CreateDashboard": _new_dashboard,
        "UpdateChannel": _channels,
        "StartQuery": _queried,
        "CancelQuery": _queried,
        "DescribeQuery": _queried,
        "GetQueryResults": _queried,
        "PutInsightSelectors": _store_or_trail,
        "StartImport": _nothing,
    },
    keys={"aws:TagKeys": _removed_tags},
    more={
        "CreateTrail": _after_create_trail,
        "UpdateTrail": lambda ask: _role(ask, "CloudWatchLogsRoleArn"),
        "CreateEventDataStore": lambda ask: _tagged(ask, ask.arn("eventdatastore/*")),
        "CreateChannel": lambda ask: _tagged(ask, ask.arn("channel/*"), "Tags"),
        "CreateDashboard": lambda ask: _tagged(ask, ask.arn(f"dashboard/{ask.text('Name')}")),
        "StartImport": lambda ask: _role(ask, "ImportSource.S3.S3BucketAccessRoleArn"),
        "EnableFederation": lambda ask: (
            pass_role(role, "lakeformation.amazonaws.com") for role in ask.texts("FederationRoleArn")
        ),
    },
    whole={"ListInsightsMetricData": _metrics},
    unnamed=None,
)


def _external(ask: Ask) -> str | None:
    return ask.text("externalId") or None


TABLES: Mapping[str, Overlay] = {
    "cloudtrail": _CLOUDTRAIL,
    "cloudtrail-data": Overlay(
        types={"channel": _channels},
        context=lambda ask: {"cloudtrail:ExternalId": external} if (external := _external(ask)) else {},
    ),
}
