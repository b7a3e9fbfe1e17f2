"""Aggregated events: what a trail's data events of five minutes amount to, by one of three templates.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/aggregating-data-events.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from trailwarden.clock import Chance, iso
from trailwarden.storage.ports import Entry

__all__ = ["CATEGORY", "DIMENSIONS", "WINDOW", "Summaries", "window_of"]

CATEGORY = "Aggregated"
WINDOW = 300.0

DIMENSIONS: Mapping[str, str] = {
    "API_ACTIVITY": "eventName",
    "RESOURCE_ACCESS": "resourceARN",
    "USER_ACTIONS": "userIdentity",
}
"""The primary dimension of each template."""

_DETAILS = ("eventName", "resourceARN", "userIdentity", "userAgent", "sourceIpAddress", "errorCode")
_MOST_VALUES = 1_000
_MOST_SHOWN = 100


class _Identity(msgspec.Struct, frozen=True):
    arn: str = ""
    invokedBy: str = ""  # noqa: N815 — as in the record


class _Resource(msgspec.Struct, frozen=True):
    ARN: str = ""
    ARNPrefix: str = ""


class _Seen(msgspec.Struct, frozen=True):
    """What is read of a record."""

    errorCode: str = ""  # noqa: N815 — likewise
    userAgent: str = ""  # noqa: N815 — likewise
    sourceIPAddress: str = ""  # noqa: N815 — likewise
    userIdentity: _Identity | None = None  # noqa: N815 — likewise
    resources: tuple[_Resource, ...] = ()


_seen = msgspec.json.Decoder(_Seen)
_Place = tuple[str, str, str]
"""Account, Region and source."""


@dataclass(slots=True)
class _Summary:
    count: int = 0
    details: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, values: Mapping[str, tuple[str, ...]], leave_out: str) -> None:
        self.count += 1
        for dimension in _DETAILS:
            for value in values[dimension] if dimension != leave_out else ():
                counts = self.details.setdefault(dimension, {})
                if value in counts or len(counts) < _MOST_VALUES:
                    counts[value] = counts.get(value, 0) + 1


def window_of(time: float) -> float:
    """The beginning of the window of a time."""
    return math.floor(time / WINDOW) * WINDOW


@dataclass(slots=True)
class Summaries:
    """Data events of a trail, summed by window, place, template and the primary dimension's value."""

    templates: tuple[str, ...]
    _found: dict[tuple[float, _Place, str], dict[str, _Summary]] = field(default_factory=dict, repr=False)

    def add(self, entry: Entry) -> None:
        """Count a data event."""
        values = _values(entry)
        place = (entry.account, entry.region, entry.source)
        for template in self.templates:
            primary = DIMENSIONS[template]
            found = self._found.setdefault((window_of(entry.time), place, template), {})
            for value in values[primary]:
                if value in found or len(found) < _MOST_VALUES:
                    found.setdefault(value, _Summary()).add(values, leave_out=primary)

    def entries(self, trail: str, *, organization: str, chance: Chance) -> Iterable[Entry]:
        """One event for each value of each primary dimension; `trail` is the ARN of the trail for which they are."""
        for (start, place, template), found in self._found.items():
            for value, summary in sorted(found.items()):
                yield _entry(trail, organization, start, place, _told(DIMENSIONS[template], value, summary), chance)


def _values(entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """The values of each dimension; what a record does not tell has none."""
    seen = _seen.decode(entry.record)
    identity = seen.userIdentity or _Identity()
    single = {
        "eventName": entry.name,
        "userIdentity": identity.arn or identity.invokedBy,
        "userAgent": seen.userAgent,
        "sourceIpAddress": seen.sourceIPAddress,
        "errorCode": seen.errorCode,
    }
    resources = dict.fromkeys(each.ARN or each.ARNPrefix for each in seen.resources)
    return {
        **{dimension: (value,) if value else () for dimension, value in single.items()},
        "resourceARN": tuple(arn for arn in resources if arn),
    }


def _told(primary: str, value: str, summary: _Summary) -> dict[str, Any]:
    """The summary."""
    return {
        "primaryDimension": _dimension(primary, {value: summary.count}),
        "details": [_dimension(name, counts) for name, counts in summary.details.items()],
    }


def _dimension(name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
    return {
        "dimension": name,
        "statistics": [{"name": value, "value": count} for value, count in most],
        "aggregationType": "Count",
    }


def _entry(
    trail: str, organization: str, start: float, place: _Place, summary: Mapping[str, Any], chance: Chance
) -> Entry:
    account, region, source = place
    event_id = chance.timely_uuid(start + WINDOW)
    record = {
        "eventVersion": "1.0",
        "accountId": account,
        "eventId": event_id,
        "eventCategory": CATEGORY,
        "eventType": "AwsAggregatedEvent",
        "awsRegion": region,
        "eventSource": source,
        "timeWindow": {"windowStart": iso(start), "windowEnd": iso(start + WINDOW), "windowSize": "PT5M"},
        "summary": summary,
    }
    return Entry(
        event_id=event_id,
        time=start,
        account=account,
        region=region,
        category=CATEGORY,
        source=source,
        name="",
        read_only=True,
        record=msgspec.json.encode(record),
        organization=organization,
        resources=(("AWS::CloudTrail::Trail", trail),),
    )
