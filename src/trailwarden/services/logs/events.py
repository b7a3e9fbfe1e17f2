"""Log events: put, get, filter."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from trailwarden.errors import ServiceUnavailable
from trailwarden.services.call import Call
from trailwarden.services.logs.errors import InvalidParameterException
from trailwarden.services.logs.group import LogGroup, find_group, milliseconds
from trailwarden.services.logs.pattern import compile_pattern
from trailwarden.services.logs.stream import (
    EVENT_OVERHEAD,
    STREAM,
    Event,
    add_events,
    bounds,
    expiry,
    read_events,
)
from trailwarden.services.logs.streams import find_stream
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["MOST_EVENTS", "UPLOAD_MAX", "accepted", "filter_log_events", "get_log_events", "put_log_events"]

UPLOAD_MAX = 1_048_576
"""A batch counts its messages' bytes and 26 an event.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

MOST_EVENTS = 10_000
_EVENT_MAX = 1_048_576
_DAY = 86_400_000
_OLDEST = 14 * _DAY
_NEWEST = 2 * 3_600_000
_SPAN = _DAY

_ANSWER_MAX = 1_048_576
_SCANNED_EVENTS = 10_000
_SCANNED_BYTES = 8 * 1_048_576
_READS = 5
_TOKEN = re.compile(r"([fb])/(\d{1,60})(?:/s)?\Z")

Row = tuple[int, str, Event]


@operation("logs:PutLogEvents")
def put_log_events(call: Call, world: World) -> Mapping[str, Any]:
    """Add a batch of events to a stream; those too old, too new or expired are left out, and told.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    """
    group = find_group(call, world)
    stream = find_stream(world, group, call.params["logStreamName"])
    given = [(event["timestamp"], event["message"]) for event in call.params["logEvents"]]
    _check_batch(given)
    now = milliseconds(call.now)
    events, rejected = accepted(group, given, now)
    if events and events[-1][0] - events[0][0] > _SPAN:
        raise InvalidParameterException(
            reason="The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    if events:
        add_events(world.transaction, group, stream, events, fetch=world.storage.fetch, now=now)
    answer: dict[str, Any] = {"nextSequenceToken": f"{stream.sequence + len(events):056d}"}
    return answer | ({"rejectedLogEventsInfo": rejected} if rejected else {})


def accepted(
    group: LogGroup, given: Sequence[tuple[int, str]], now: int
) -> tuple[Sequence[tuple[int, str]], Mapping[str, int]]:
    """The events that a group takes now, of some that are in order, and the structure RejectedLogEventsInfo of the others."""
    old = sum(time < now - _OLDEST for time, _ in given)
    expired = sum(time < expiry(group, now) for time, _ in given)
    new = sum(time > now + _NEWEST for time, _ in given)
    told: dict[str, int] = {}
    if old:
        told["tooOldLogEventEndIndex"] = old
    if expired > old:
        told["expiredLogEventEndIndex"] = expired
    if new:
        told["tooNewLogEventStartIndex"] = len(given) - new
    return given[max(old, expired) : len(given) - new], told


@operation("logs:GetLogEvents")
def get_log_events(call: Call, world: World) -> Mapping[str, Any]:
    """Read a stream: the newest events, or from its head; the tokens lead on in both directions and never end.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    """
    asked = call.params
    group = find_group(call, world)
    find_stream(world, group, asked["logStreamName"])
    low, high = bounds(max(asked.get("startTime", 0), expiry(group, milliseconds(call.now))), asked.get("endTime"))
    backward, low, high = _resumed(asked, low, high)

    def page(here: World) -> list[Row]:
        rows = read_events(
            here.transaction,
            group,
            (asked["logStreamName"],),
            fetch=here.storage.fetch,
            between=(low, high),
            backward=backward,
        )
        return list(_fitting(rows, asked.get("limit") or MOST_EVENTS))

    rows = _steadily(world, page)
    if backward:
        rows.reverse()
    first, last = (rows[0][0], rows[-1][0]) if rows else _nowhere(asked, backward=backward, low=low, high=high)
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}
            for _, _, event in rows
        ],
        "nextForwardToken": f"f/{last:056d}/s",
        "nextBackwardToken": f"b/{first:056d}/s",
    }


@operation("logs:FilterLogEvents")
def filter_log_events(call: Call, world: World) -> Mapping[str, Any]:
    """Search a group's streams; an answer may be empty and still have a token, where more is to be searched.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    asked = call.params
    group = find_group(call, world)
    matches = compile_pattern(asked.get("filterPattern", ""))
    names = _searched(call, world, group)
    end = asked.get("endTime")
    low, high = bounds(
        max(asked.get("startTime", 0), expiry(group, milliseconds(call.now))), None if end is None else end + 1
    )
    backward, low, high = _resumed(asked, low, high, head=asked.get("startFromHead", True))

    def page(here: World) -> tuple[list[Row], int | None]:
        rows = read_events(
            here.transaction, group, names, fetch=here.storage.fetch, between=(low, high), backward=backward
        )
        return _matching(rows, matches, asked.get("limit") or MOST_EVENTS)

    rows, place = _steadily(world, page)
    answer: dict[str, Any] = {
        "events": [
            {
                "logStreamName": name,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": f"{number:056d}",
            }
            for number, name, event in rows
        ],
        "searchedLogStreams": [],
    }
    return answer | ({"nextToken": f"{'b' if backward else 'f'}/{place:056d}"} if place is not None else {})


def _check_batch(given: Sequence[tuple[int, str]]) -> None:
    """Order and sizes."""
    if any(later < earlier for (earlier, _), (later, _) in pairwise(given)):
        raise InvalidParameterException(
            reason="Log events in a single PutLogEvents request must be in chronological order."
        )
    sizes = [len(message.encode()) + EVENT_OVERHEAD for _, message in given]
    if max(sizes) > _EVENT_MAX:
        raise InvalidParameterException(reason=f"Log event too large: {max(sizes)} bytes exceeds limit of {_EVENT_MAX}")
    if sum(sizes) > UPLOAD_MAX:
        raise InvalidParameterException(reason=f"Upload too large: {sum(sizes)} bytes exceeds limit of {UPLOAD_MAX}")


def _resumed(asked: Mapping[str, Any], low: int, high: int, *, head: bool | None = None) -> tuple[bool, int, int]:
    """Direction and bounds, narrowed to what is left behind the call's token. InvalidParameterException."""
    given = asked.get("nextToken")
    if not given:
        return not (asked.get("startFromHead", False) if head is None else head), low, high
    match = _TOKEN.match(given)
    if match is None:
        raise InvalidParameterException(reason="The specified nextToken is invalid.")
    place = int(match[2])
    return (True, low, min(high, place)) if match[1] == "b" else (False, max(low, place), high)


def _nowhere(asked: Mapping[str, Any], *, backward: bool, low: int, high: int) -> tuple[int, int]:
    """Where the tokens of an empty page stand: at the end that was reached, so that what comes later is found."""
    if not asked.get("nextToken"):
        return max(low, 0), max(low, 0)
    return (high, high - 1) if backward else (low + 1, low)


def _fitting(rows: Iterator[Row], most: int) -> Iterator[Row]:
    """As many events as an answer holds."""
    size = 0
    for count, row in enumerate(rows):
        size += len(row[2].message.encode())
        if count == most or (count and size > _ANSWER_MAX):
            return
        yield row


def _matching(rows: Iterator[Row], matches: Callable[[str], Any], most: int) -> tuple[list[Row], int | None]:
    """Events of one answer, and the id up to which was searched where more is left."""
    found: list[Row] = []
    answered = scanned = 0
    place: int | None = None
    for count, row in enumerate(rows):
        size = len(row[2].message.encode())
        if count >= _SCANNED_EVENTS or scanned > _SCANNED_BYTES or len(found) == most or answered > _ANSWER_MAX:
            return found, place
        place, scanned = row[0], scanned + size
        if matches(row[2].message) is not None:
            found.append(row)
            answered += size
    return found, None


def _searched(call: Call, world: World, group: LogGroup) -> Sequence[str]:
    names, prefix = call.params.get("logStreamNames"), call.params.get("logStreamNamePrefix", "")
    if names and prefix:
        raise InvalidParameterException(
            reason="LogStream names and LogStream name prefix are mutually exclusive parameters."
        )
    if names:
        return [find_stream(world, group, name).name for name in dict.fromkeys(names)]
    found = world.list(STREAM, group.account, group.region, prefix=f"{group.name}:{prefix}")
    return [each.body.name for each in found]


def _steadily(world: World, read: Callable[[World], Any]) -> Any:
    """Read again where a put rewrote a chunk meanwhile."""
    for _ in range(_READS):
        try:
            return read(world)
        except LookupError:
            world = replace(world, transaction=world.storage.begin())
    raise ServiceUnavailable
