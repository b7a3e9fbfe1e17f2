"""Insights events as records: those of trails, and the flat ones of event data stores.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-lake.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.clock import Chance, iso
from trailwarden.events.insights import DATA, MANAGEMENT, STORE, Happening
from trailwarden.storage.ports import Entry

__all__ = ["store_entry", "trail_entry"]

_VERSION = "1.11"
_TYPE = "AwsCloudTrailInsight"


def trail_entry(happening: Happening, *, trail: str = "", organization: str, chance: Chance) -> Entry:
    """The event for trails. With a trail's ARN it is one about that trail's data events, and for it alone."""
    event_id = chance.timely_uuid(happening.time)
    details = {
        "state": happening.state,
        "eventSource": happening.series.source,
        "eventName": happening.series.name,
        "insightType": happening.series.type,
        **_error(happening, "errorCode"),
        "insightContext": happening.context,
    }
    record = {**_head(happening, event_id), "insightDetails": details, "eventCategory": "Insight"}
    return _entry(
        happening,
        record,
        category=DATA if trail else MANAGEMENT,
        organization=organization,
        resources=(("AWS::CloudTrail::Trail", trail),) if trail else (),
    )


def store_entry(happening: Happening, *, source: str, destination: str, organization: str, chance: Chance) -> Entry:
    """The event for an event data store, `destination`; `source` is the store whose events were analysed. Both are ARNs."""
    event_id = chance.timely_uuid(happening.time)
    statistics = happening.context["statistics"]
    record = {
        **_head(happening, event_id),
        "eventCategory": "Insight",
        "insightSource": source,
        "insightState": happening.state,
        "insightEventSource": happening.series.source,
        "insightEventName": happening.series.name,
        **_error(happening, "insightErrorCode"),
        "insightType": happening.series.type,
        "insightContext": {
            "baselineAverage": statistics["baseline"]["average"],
            "insightAverage": statistics["insight"]["average"],
            "baselineDuration": happening.baseline_minutes,
            "insightDuration": happening.minutes,
            "attributions": list(happening.attributions),
        },
    }
    return _entry(
        happening,
        record,
        category=STORE,
        organization=organization,
        resources=(("AWS::CloudTrail::EventDataStore", destination),),
    )


def _head(happening: Happening, event_id: str) -> dict[str, Any]:
    return {
        "eventVersion": _VERSION,
        "eventTime": iso(happening.time),
        "awsRegion": happening.series.region,
        "eventID": event_id,
        "eventType": _TYPE,
        "recipientAccountId": happening.series.account,
        "sharedEventID": happening.shared_id,
    }


def _error(happening: Happening, member: str) -> dict[str, str]:
    """Only errors have a code."""
    return {member: happening.series.error} if happening.series.error else {}


def _entry(
    happening: Happening,
    record: Mapping[str, Any],
    *,
    category: str,
    organization: str,
    resources: tuple[tuple[str, str], ...],
) -> Entry:
    return Entry(
        event_id=record["eventID"],
        time=happening.time,
        account=happening.series.account,
        region=happening.series.region,
        category=category,
        source=happening.series.source,
        name=happening.series.name,
        read_only=False,
        record=msgspec.json.encode(record),
        organization=organization,
        resources=resources,
    )
