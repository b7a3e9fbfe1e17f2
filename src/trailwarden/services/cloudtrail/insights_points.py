"""The numbers of calls and errors over time, for ListInsightsMetricData: kept for 90 days, an hour of a Region in one blob.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html
"""

import math
from collections.abc import Iterator, Mapping

import msgspec

from trailwarden.events.insights import Observed, Series
from trailwarden.storage.ports import Kind, Reader, Storage, Transaction

__all__ = ["KEPT", "POINTS", "Points", "add_points", "drop_points", "points"]

KEPT = 90 * 86_400.0
_HOUR = 3_600.0


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """Key: (account, Region, the hour since the epoch). `blob` holds by series and second how many there were."""

    blob: str


POINTS = Kind("cloudtrail.insights-points", Points)
_Hour = dict[str, dict[int, int]]
_hour = msgspec.msgpack.Decoder(_Hour)


def add_points(transaction: Transaction, storage: Storage, counted: Mapping[float, Mapping[Series, Observed]]) -> None:
    """Take slots in."""
    hours: dict[tuple[str, str, str], _Hour] = {}
    for slot, found in counted.items():
        for series, observed in found.items():
            hour = hours.setdefault((series.account, series.region, _name(slot)), {})
            hour.setdefault(_key(series), {})[int(slot)] = observed.count
    for key, more in hours.items():
        standing = transaction.get(POINTS, *key)
        merged = _merged(_hour.decode(storage.fetch(standing.body.blob)) if standing else {}, more)
        transaction.put(POINTS, *key, Points(blob=transaction.store(msgspec.msgpack.encode(merged))))
        if standing:
            transaction.discard(standing.body.blob)


def points(reader: Reader, storage: Storage, series: Series, start: float, end: float) -> Iterator[tuple[int, int]]:
    """Seconds and numbers of a series from `start` to `end` (exclusive), in order."""
    first, last = _name(start), _name(end)
    for document in reader.list(POINTS, series.account, series.region):
        if first <= document.name <= last:
            found = _hour.decode(storage.fetch(document.body.blob)).get(_key(series), {})
            yield from ((second, count) for second, count in sorted(found.items()) if start <= second < end)


def drop_points(transaction: Transaction, now: float) -> None:
    """Forget hours that are not kept any longer."""
    oldest = _name(now - KEPT)
    for document in transaction.list(POINTS):
        if document.name >= oldest:
            continue
        transaction.delete(POINTS, document.account, document.region, document.name)
        transaction.discard(document.body.blob)


def _name(time: float) -> str:
    return f"{math.floor(time / _HOUR):09d}"


def _key(series: Series) -> str:
    return "\n".join(series[2:])


def _merged(into: _Hour, more: _Hour) -> _Hour:
    for key, counts in more.items():
        standing = into.setdefault(key, {})
        for second, count in counts.items():
            standing[second] = standing.get(second, 0) + count
    return into
