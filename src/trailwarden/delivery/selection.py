"""Which events of the journal belong to a trail, and into which kind of log file.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/receive-cloudtrail-log-files-from-multiple-regions.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
"""

from collections.abc import Callable

import msgspec

from trailwarden import catalog
from trailwarden.delivery.trail import Trail
from trailwarden.events.insights import DATA, MANAGEMENT
from trailwarden.events.selecting import compile_selectors
from trailwarden.storage.ports import Entry

__all__ = ["Selection", "selection"]

Selection = Callable[[int, Entry], str | None]
"""The kind of log file (`CloudTrail`, `CloudTrail-Insight` …) that takes the event at a position; None for none."""

_KINDS = {
    "Management": "CloudTrail",
    "Data": "CloudTrail",
    "NetworkActivity": "CloudTrail-NetworkActivity",
    MANAGEMENT: "CloudTrail-Insight",
    DATA: "CloudTrail-Insight",
    "Aggregated": "CloudTrail-Aggregated",
}
_INSIGHTS = {MANAGEMENT: "Management", DATA: "Data"}
_ENDING = frozenset({"StopLogging", "DeleteTrail"})
_MOMENT = 60.0
_STS, _STS_REGION = "sts.amazonaws.com", "us-east-1"
_STS_REGIONAL = b'"clientProvidedHostHeader":"sts.us-east-1.'
_OWN_WRITE = b'"invokedBy":"cloudtrail.amazonaws.com"'


def selection(trail: Trail) -> Selection:
    """What the trail takes, as it is set up now."""
    chosen = _chosen(trail)

    def select(position: int, entry: Entry) -> str | None:
        if not (_concerns(trail, entry) and _while_logging(trail, position, entry) and chosen(entry)):
            return None
        return _KINDS.get(entry.category)

    return select


def _concerns(trail: Trail, entry: Entry) -> bool:
    """Account and Region. Events of global services are those of us-east-1, which a trail there may leave out."""
    if entry.account != trail.account and not (trail.organization and entry.organization == trail.organization):
        return False
    if trail.multi_region:
        return True
    if entry.region != trail.home_region:
        return False
    return trail.include_global_service_events or not _is_global(entry)


def _is_global(entry: Entry) -> bool:
    """Events of global services, and those of STS's global endpoint, which are of us-east-1 too.

    Only a host that names the Region is STS's Regional endpoint there; the one address of this server names none.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_signin-tempcreds
    """
    if entry.source == _STS:
        return entry.region == _STS_REGION and _STS_REGIONAL not in entry.record
    return catalog.is_global(entry.source.partition(".")[0])


def _while_logging(trail: Trail, position: int, entry: Entry) -> bool:
    """Logging began behind `trail.position`; what stands before it is owed from the time before the last stop."""
    if trail.logging and position > trail.position:
        return True
    if trail.stopped is None:
        return False
    return entry.time <= trail.stopped or _ends_logging(trail, entry, trail.stopped)


def _ends_logging(trail: Trail, entry: Entry, stopped: float) -> bool:
    """The call that ended logging is recorded a moment after it did so; it is the last event of the trail."""
    return (
        entry.name in _ENDING
        and entry.time - stopped <= _MOMENT
        and any(name in {trail.name, trail.arn} for _, name in entry.resources)
    )


def _chosen(trail: Trail) -> Callable[[Entry], bool]:
    """The selectors. Records are decoded only where a selector looks into them."""
    takes = compile_selectors(trail.event_selectors, trail.advanced_selectors)
    default = not trail.has_custom_event_selectors

    def chosen(entry: Entry) -> bool:
        if entry.category in _INSIGHTS:
            return _wants_insight(trail, entry)
        if entry.category == "Aggregated":
            return _about(trail, entry)
        if default:
            return entry.category == "Management"
        if not trail.recursive_logging and _of_delivery(trail, entry):
            return False
        return takes(msgspec.json.decode(entry.record))

    return chosen


class _Details(msgspec.Struct, frozen=True):
    insightType: str = ""  # noqa: N815 — as in the record


class _Insight(msgspec.Struct, frozen=True):
    insightDetails: _Details = _Details()  # noqa: N815 — likewise


_insight = msgspec.json.Decoder(_Insight)


def _wants_insight(trail: Trail, entry: Entry) -> bool:
    """Insights of the selected type: on management events of the account, on data events of the trail itself.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_InsightSelector.html
    """
    category = _INSIGHTS[entry.category]
    wanted = {each.type for each in trail.insight_selectors if category in each.event_categories}
    if not wanted or (category == "Data" and not _about(trail, entry)):
        return False
    return _insight.decode(entry.record).insightDetails.insightType in wanted


def _about(trail: Trail, entry: Entry) -> bool:
    """Whether the event was made of this trail's own events, and for it."""
    return any(name == trail.arn for _, name in entry.resources)


def _of_delivery(trail: Trail, entry: Entry) -> bool:
    """CloudTrail's own write into the trail's bucket.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (RecursiveLogging)
    """
    bucket = f"arn:aws:s3:::{trail.bucket}"
    return (
        entry.category == "Data" and _OWN_WRITE in entry.record and any(name == bucket for _, name in entry.resources)
    )
