"""A log stream and its events, which lie in chunks.

A chunk is a small document beside the bytes of up to some hundred events; a put to a stream with a small last chunk
writes that chunk anew, so that many small puts do not become many chunks.
"""

import heapq
import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from trailwarden.services.logs.group import LogGroup
from trailwarden.storage.ports import Document, Kind, Reader, Transaction

__all__ = [
    "CHUNK",
    "EVENT_OVERHEAD",
    "STREAM",
    "Chunk",
    "Event",
    "LogStream",
    "add_events",
    "bounds",
    "drop_stream",
    "event_id",
    "expiry",
    "new_stream",
    "read_events",
]

_CHUNK_EVENTS = 512
_CHUNK_BYTES = 128 * 1024
_LEVEL = 1
_EXPIRED_AT_ONCE = 16

_TIME_SHIFT = 145
_STREAM_SHIFT = 64
_SEQUENCE = (1 << _STREAM_SHIFT) - 1

EVENT_OVERHEAD = 26
"""What an event counts beyond its message's bytes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""


class Event(msgspec.Struct, frozen=True, array_like=True):
    """A log event; times in milliseconds. Streams are read in order of (timestamp, sequence)."""

    timestamp: int
    sequence: int
    ingested: int
    message: str


class LogStream(msgspec.Struct, frozen=True, kw_only=True):
    """A log stream. Key: (account, region, `group:stream`). `sequence` counts its events, `chunks` its chunks.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html
    """

    name: str
    created: float
    first: int | None = None
    last: int | None = None
    ingested: int | None = None
    size: int = 0
    sequence: int = 0
    chunks: int = 0


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Some events of a stream. Key: (account, region, `group:stream:number`). `first` and `last` bound their timestamps."""

    blob: str
    first: int
    last: int
    count: int
    size: int


STREAM = Kind("logs.stream", LogStream)
CHUNK = Kind("logs.chunk", Chunk)

_decode = msgspec.msgpack.Decoder(tuple[Event, ...]).decode
_encode = msgspec.msgpack.Encoder().encode


class Opener(Protocol):
    """Reads stored bytes, as `Storage.fetch` does."""

    def __call__(self, reference: str) -> bytes:
        """The bytes; LookupError where they are gone."""


def new_stream(into: Transaction, group: LogGroup, name: str, *, now: float) -> LogStream:
    """A stream without events."""
    stream = LogStream(name=name, created=now)
    into.put(STREAM, group.account, group.region, f"{group.name}:{name}", stream)
    return stream


def add_events(
    into: Transaction,
    group: LogGroup,
    stream: LogStream,
    events: Sequence[tuple[int, str]],
    *,
    fetch: Opener,
    now: int,
) -> None:
    """Append (timestamp, message) pairs, which are in order, and drop chunks that the group's retention has ended."""
    _drop_expired(into, group, stream, now)
    added = tuple(Event(time, stream.sequence + at, now, message) for at, (time, message) in enumerate(events))
    size = sum(map(_size, added))
    number, standing = stream.chunks, _open_chunk(into, group, stream)
    if standing is not None:
        try:
            added = tuple(sorted((*_opened(fetch(standing.body.blob)), *added), key=_order))
            into.discard(standing.body.blob)
            number -= 1
        except LookupError:
            # Another call has written the chunk anew: this transaction will not commit, and is run again.
            number = stream.chunks
    chunk = Chunk(
        blob=into.store(zlib.compress(_encode(added), _LEVEL)),
        first=added[0].timestamp,
        last=added[-1].timestamp,
        count=len(added),
        size=sum(map(_size, added)),
    )
    into.put(CHUNK, group.account, group.region, f"{group.name}:{stream.name}:{number:012d}", chunk)
    times = [time for time, _ in events]
    into.put(
        STREAM,
        group.account,
        group.region,
        f"{group.name}:{stream.name}",
        msgspec.structs.replace(
            stream,
            first=min(times[0], times[0] if stream.first is None else stream.first),
            last=max(times[-1], times[-1] if stream.last is None else stream.last),
            ingested=now,
            size=stream.size + size,
            sequence=stream.sequence + len(events),
            chunks=number + 1,
        ),
    )


def drop_stream(into: Transaction, group: LogGroup, stream: LogStream) -> None:
    """Delete a stream with its events."""
    prefix = f"{group.name}:{stream.name}:"
    for chunk in into.list(CHUNK, group.account, group.region, prefix=prefix):
        _drop(into, chunk)
    into.delete(STREAM, group.account, group.region, f"{group.name}:{stream.name}")


def read_events(
    reader: Reader,
    group: LogGroup,
    names: Sequence[str],
    *,
    fetch: Opener,
    between: tuple[int, int],
    backward: bool = False,
) -> Iterator[tuple[int, str, Event]]:
    """Events of streams with ids between two (exclusive) in order: (id, stream, event). LookupError where bytes are gone.

    Chunks are opened only when their turn comes.
    """
    low, high = between
    parts = [part for name in names for part in _parts(reader, group, name, low >> _TIME_SHIFT, high >> _TIME_SHIFT)]
    sign = -1 if backward else 1
    parts.sort(key=lambda part: -part[0].last if backward else part[0].first)
    waiting: list[tuple[int, str, Event]] = []
    for chunk, name in parts:
        edge = (((chunk.last + 1) if backward else chunk.first) << _TIME_SHIFT) * sign
        while waiting and waiting[0][0] < edge:
            number, stream, event = heapq.heappop(waiting)
            yield number * sign, stream, event
        salt = _salt(group, name)
        for event in _opened(fetch(chunk.blob)):
            number = event_id(event, salt)
            if low < number < high:
                heapq.heappush(waiting, (number * sign, name, event))
    while waiting:
        number, stream, event = heapq.heappop(waiting)
        yield number * sign, stream, event


def event_id(event: Event, salt: int) -> int:
    """A number of 56 digits by which events sort: time, stream, sequence."""
    return event.timestamp << _TIME_SHIFT | salt << _STREAM_SHIFT | event.sequence & _SEQUENCE


def bounds(first: int | None, end: int | None) -> tuple[int, int]:
    """Ids between which events of [first, end) in milliseconds lie; None is unbounded."""
    low = ((first or 0) << _TIME_SHIFT) - 1
    return low, (end << _TIME_SHIFT) if end is not None else 1 << 256


def expiry(group: LogGroup, now: int) -> int:
    """Events before this time (milliseconds) are gone."""
    return now - group.retention * 86_400_000 if group.retention else 0


def _parts(reader: Reader, group: LogGroup, name: str, first: int, last: int) -> Iterator[tuple[Chunk, str]]:
    prefix = f"{group.name}:{name}:"
    for document in reader.list(CHUNK, group.account, group.region, prefix=prefix):
        if document.body.last >= first and document.body.first <= last:
            yield document.body, name


def _open_chunk(into: Transaction, group: LogGroup, stream: LogStream) -> Document[Chunk] | None:
    """The last chunk where it has room."""
    name = f"{group.name}:{stream.name}:{stream.chunks - 1:012d}"
    found = into.get(CHUNK, group.account, group.region, name) if stream.chunks else None
    if found is None or found.body.count >= _CHUNK_EVENTS or found.body.size >= _CHUNK_BYTES:
        return None
    return found


def _drop_expired(into: Transaction, group: LogGroup, stream: LogStream, now: int) -> None:
    """Forget the oldest chunks, a few a put. The last one stays, for its number."""
    if not group.retention:
        return
    prefix, gone = f"{group.name}:{stream.name}:", expiry(group, now)
    for chunk in into.list(CHUNK, group.account, group.region, prefix=prefix, limit=_EXPIRED_AT_ONCE):
        if chunk.body.last < gone and not chunk.name.endswith(f":{stream.chunks - 1:012d}"):
            _drop(into, chunk)


def _drop(into: Transaction, chunk: Document[Chunk]) -> None:
    into.discard(chunk.body.blob)
    into.delete(CHUNK, chunk.account, chunk.region, chunk.name)


def _opened(data: bytes) -> tuple[Event, ...]:
    return _decode(zlib.decompress(data))


def _size(event: Event) -> int:
    return len(event.message.encode()) + EVENT_OVERHEAD


def _salt(group: LogGroup, name: str) -> int:
    """64 bits and some that tell streams apart."""
    text = f"{group.name}:{name}".encode()
    return zlib.crc32(text) << 32 | zlib.adler32(text)


def _order(event: Event) -> tuple[int, int]:
    return event.timestamp, event.sequence
