"""CloudTrail Insights: what is normal for a call, and when it is not.

Counts come slot by slot (a minute each). What the slots of the last seven days held is the baseline; a slot far above
it starts an insight, which ends with the first quiet stretch. AWS does not publish its own measure of "unusual"; ours is
in `Rules`.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import msgspec

__all__ = [
    "ATTRIBUTES",
    "DATA",
    "MANAGEMENT",
    "STORE",
    "Happening",
    "Normal",
    "Observed",
    "Rules",
    "Series",
    "Slot",
    "observe",
]

MANAGEMENT, DATA, STORE = "Insight", "Insight/Data", "Insight/Store"
"""Categories of the journal's entries: Insights on management events, on a trail's data events, and for an event data store.

The records say `Insight` in all of them; event history and trails take the first, a trail the second, a store the third.
"""

ATTRIBUTES = ("userIdentityArn", "userAgent", "errorCode")

_SEGMENTS = 168
_SEGMENTS_OF_SPAN = 24
_MOST_VALUES = 1_000
_KEPT_VALUES = 25
_SHOWN = 5
_MINUTE = 60.0


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a rate is unusual. Times are in seconds.

    `slot` is what calls are counted by, `baseline` how far back normal activity is measured, and `learning` how much of that
    there must be before anything is called unusual (AWS: up to 36 hours). A slot is unusual with at least `least` calls, and
    more than `deviations` standard deviations above the average (for rare calls: those of a Poisson process). `quiet` slots
    that are not unusual end an insight. `lag` is how long a slot waits for calls that are recorded late.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
    """

    slot: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    baseline: Annotated[float, msgspec.Meta(gt=0)] = 7 * 86_400.0
    learning: float = 36 * 3_600.0
    least: Annotated[int, msgspec.Meta(ge=1)] = 5
    deviations: float = 4.0
    quiet: int = 5
    lag: float = 5.0

    def begins(self, time: float) -> float:
        """The beginning of the slot of a time."""
        return math.floor(time / self.slot) * self.slot

    @property
    def settled(self) -> float:
        """How long a slot waits for calls that are recorded late: never longer than it lasts itself."""
        return min(self.lag, self.slot)

    @property
    def segment(self) -> float:
        """The parts in which the baseline moves on, whole slots each."""
        return max(1, round(self.baseline / _SEGMENTS / self.slot)) * self.slot

    @property
    def span(self) -> float:
        """The longer parts in which the baseline's attributes move on: a day each."""
        return self.segment * _SEGMENTS_OF_SPAN

    def per_minute(self, count: float) -> float:
        """A count of one slot as a rate."""
        return count * _MINUTE / self.slot


class Series(NamedTuple):
    """What is counted: calls of one name in an account and Region, or their errors of one code.

    `trail` is the handle of the trail whose data events these are, "" for management events.
    """

    account: str
    region: str
    trail: str
    type: str
    source: str
    name: str
    error: str


@dataclass(slots=True)
class Observed:
    """One slot of a series: how many, and by whom, with what, with which outcome."""

    count: int = 0
    by: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, values: Mapping[str, str]) -> None:
        """Count one call with its attributes."""
        self.count += 1
        for attribute, value in values.items():
            counts = self.by.setdefault(attribute, {})
            if value in counts or len(counts) < _MOST_VALUES:
                counts[value] = counts.get(value, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What a slot held. `since` is when counting began, `judged` whether it may start an insight, whose id `fresh` is."""

    time: float
    observed: Observed
    since: float = 0.0
    judged: bool = True
    fresh: str = ""


class Segment(msgspec.Struct, array_like=True):
    """A part of the baseline: sum and sum of squares of its slots' counts."""

    total: int = 0
    squares: int = 0


class Open(msgspec.Struct, kw_only=True):
    """An insight that has started: the baseline at its start, its calls up to the last unusual slot, and those `since`."""

    shared_id: str
    started: float
    last: float
    limit: float
    average: float
    minutes: int
    usual: dict[str, dict[str, float]]
    total: int
    by: dict[str, dict[str, int]]
    total_since: int = 0
    by_since: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An insight starts or ends. Averages are per minute; `minutes` is its duration, `baseline_minutes` the baseline's."""

    series: Series
    shared_id: str
    state: str
    time: float
    baseline: float
    insight: float
    minutes: int
    baseline_minutes: int
    attributions: tuple[dict[str, Any], ...]

    @property
    def context(self) -> dict[str, Any]:
        """Its insightContext."""
        return {
            "statistics": {
                "baseline": {"average": round(self.baseline, 10)},
                "insight": {"average": round(self.insight, 10)},
                "insightDuration": self.minutes,
                "baselineDuration": self.baseline_minutes,
            },
            "attributions": list(self.attributions),
        }


class Normal(msgspec.Struct, kw_only=True):
    """What is known of a series: the counts of its baseline by segment, those by attribute by span, and the open insight."""

    segments: dict[int, Segment] = msgspec.field(default_factory=dict)
    spans: dict[int, dict[str, dict[str, int]]] = msgspec.field(default_factory=dict)
    open: Open | None = None

    def add(self, time: float, observed: Observed, rules: Rules) -> None:
        """Take a slot in."""
        segment = self.segments.setdefault(math.floor(time / rules.segment), Segment())
        segment.total += observed.count
        segment.squares += observed.count**2
        _merge(self.spans.setdefault(math.floor(time / rules.span), {}), observed.by)

    def drop_before(self, time: float, rules: Rules) -> None:
        """Forget what ended before a time."""
        segment, span = math.floor(time / rules.segment), math.floor(time / rules.span)
        self.segments = {number: kept for number, kept in self.segments.items() if number >= segment}
        self.spans = {number: kept for number, kept in self.spans.items() if number >= span}


def observe(normal: Normal, series: Series, slot: Slot, rules: Rules) -> list[Happening]:
    """Judge a slot by the slots before it, then take it in. Slots of a series come in order.

    A slot without calls may be given, too: it ends what has been quiet for long enough.
    """
    happened = list(_ended(normal, series, slot.time, rules))
    if normal.open is not None:
        _go_on(normal.open, slot)
    elif slot.judged and slot.observed.count:
        happened += _started(normal, series, slot, rules)
    if slot.observed.count:
        normal.add(slot.time, slot.observed, rules)
    return happened


def _ended(normal: Normal, series: Series, time: float, rules: Rules) -> Iterable[Happening]:
    standing = normal.open
    if standing is None or time - standing.last <= rules.quiet * rules.slot:
        return
    normal.open = None
    end = standing.last + rules.slot
    slots = max(1, round((end - standing.started) / rules.slot))
    yield Happening(
        series=series,
        shared_id=standing.shared_id,
        state="End",
        time=end,
        baseline=standing.average,
        insight=rules.per_minute(standing.total / slots),
        minutes=_minutes(end - standing.started),
        baseline_minutes=standing.minutes,
        attributions=_attributions(standing.by, standing.usual, slots, rules),
    )


def _go_on(standing: Open, slot: Slot) -> None:
    """What is unusual still prolongs the insight; all calls until then are part of it."""
    standing.total_since += slot.observed.count
    _merge(standing.by_since, slot.observed.by)
    if slot.observed.count > standing.limit:
        standing.last = slot.time
        standing.total += standing.total_since
        _merge(standing.by, standing.by_since)
        standing.total_since, standing.by_since = 0, {}


def _started(normal: Normal, series: Series, slot: Slot, rules: Rules) -> Iterable[Happening]:
    start = max(slot.since, slot.time - rules.baseline)
    if slot.time - start < rules.learning:
        return
    normal.drop_before(start, rules)
    slots = max(1.0, (slot.time - start) / rules.slot)
    average, limit = _measure(normal.segments.values(), slots, rules)
    if slot.observed.count <= limit:
        return
    told = max(slot.since, math.floor(start / rules.span) * rules.span)
    usual = _usual(normal.spans.values(), max(1.0, (slot.time - told) / rules.slot), rules)
    normal.open = Open(
        shared_id=slot.fresh,
        started=slot.time,
        last=slot.time,
        limit=limit,
        average=rules.per_minute(average),
        minutes=_minutes(slot.time - start),
        usual=usual,
        total=slot.observed.count,
        by={attribute: dict(values) for attribute, values in slot.observed.by.items()},
    )
    yield Happening(
        series=series,
        shared_id=slot.fresh,
        state="Start",
        time=slot.time,
        baseline=rules.per_minute(average),
        insight=rules.per_minute(slot.observed.count),
        minutes=_minutes(rules.slot),
        baseline_minutes=_minutes(slot.time - start),
        attributions=_attributions(slot.observed.by, usual, 1, rules),
    )


def _measure(segments: Iterable[Segment], slots: float, rules: Rules) -> tuple[float, float]:
    """The average count of a slot, and the count above which one is unusual."""
    parts = list(segments)
    average = sum(part.total for part in parts) / slots
    variance = max(0.0, sum(part.squares for part in parts) / slots - average**2)
    deviation = math.sqrt(max(variance, average))
    return average, max(rules.least - 1, average + rules.deviations * deviation)


def _usual(spans: Iterable[Mapping[str, Mapping[str, int]]], slots: float, rules: Rules) -> dict[str, dict[str, float]]:
    """The averages of the baseline, by attribute and value."""
    merged: dict[str, dict[str, int]] = {}
    for span in spans:
        _merge(merged, span)
    return {
        attribute: {value: rules.per_minute(count / slots) for value, count in _most(values)}
        for attribute, values in merged.items()
    }


def _attributions(
    by: Mapping[str, Mapping[str, int]], usual: Mapping[str, Mapping[str, float]], slots: int, rules: Rules
) -> tuple[dict[str, Any], ...]:
    """Up to five values of each attribute, those with the most calls first, in the insight and in the baseline.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html (attributions)
    """
    return tuple(
        {
            "attribute": attribute,
            "insight": [
                {"value": value, "average": round(rules.per_minute(count / slots), 10)}
                for value, count in _most(by.get(attribute, {}))
            ],
            "baseline": [
                {"value": value, "average": round(average, 10)} for value, average in usual.get(attribute, {}).items()
            ],
        }
        for attribute in ATTRIBUTES
    )


def _most(values: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]


def _merge(into: dict[str, dict[str, int]], more: Mapping[str, Mapping[str, int]]) -> None:
    """Add counts up. Of very many values those that count most are kept."""
    for attribute, values in more.items():
        counts = into.setdefault(attribute, {})
        for value, count in values.items():
            counts[value] = counts.get(value, 0) + count
        if len(counts) > 2 * _KEPT_VALUES:
            into[attribute] = dict(sorted(counts.items(), key=lambda item: -item[1])[:_KEPT_VALUES])


def _minutes(seconds: float) -> int:
    return max(1, round(seconds / _MINUTE))
