"""Recorded history: CloudTrail events of log files, of event history and of a running server, read fast and in portions.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import UNSET, Raw, UnsetType

from trailwarden.diagnose.data import Clients, Unreadable
from trailwarden.diagnose.logs import LogFile, LogFiles
from trailwarden.diagnose.unpacking import UNPACKED_MAX, parts_of

__all__ = ["Event", "Identity", "Portion", "events_of", "portions_of_files", "portions_of_server"]

_LOOKED_UP = 2_000
_LINES = 4 * 1024 * 1024


class _Issuer(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Who issued the credentials of a session."""

    arn: str = ""


class _Session(msgspec.Struct, rename="camel", frozen=True):
    """What is told of a session."""

    session_issuer: _Issuer = _Issuer()
    attributes: dict[str, str] = {}
    source_identity: str = ""


class Identity(msgspec.Struct, rename="camel", frozen=True):
    """userIdentity, as far as a decision depends on it."""

    type: str = ""
    arn: str = ""
    account_id: str = ""
    access_key_id: str = ""
    invoked_by: str = ""
    session_context: _Session = _Session()


class Event(msgspec.Struct, rename="camel", frozen=True):
    """One event, as far as a decision depends on it. `request_parameters` and `resources` stay JSON until they are needed."""

    event_source: str
    event_name: str
    user_identity: Identity = Identity()
    event_id: str = msgspec.field(default="", name="eventID")
    event_time: str = ""
    event_type: str = ""
    event_category: str = ""
    aws_region: str = ""
    source_ip_address: str = msgspec.field(default="", name="sourceIPAddress")
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    vpc_endpoint_id: str = ""
    request_parameters: Raw = Raw(b"null")
    resources: Raw = Raw(b"null")
    tls_details: Raw | UnsetType = UNSET


class _LookedUp(msgspec.Struct, frozen=True):
    event: str = msgspec.field(default="", name="CloudTrailEvent")


class _File(msgspec.Struct, frozen=True):
    """What holds events: a log file, or the output of `aws cloudtrail lookup-events`."""

    records: list[Raw] = msgspec.field(default_factory=list, name="Records")
    events: list[_LookedUp] = msgspec.field(default_factory=list, name="Events")


class _Log(msgspec.Struct, frozen=True):
    """A log file, all of whose events have the expected shape."""

    records: list[Event] = msgspec.field(name="Records")


class Portion(msgspec.Struct, frozen=True):
    """A piece of history for one worker: a file, or events as JSON.

    Of a file, its name (from `start` to `end`, where it is one of lines) and, where it is fetched already, its content.
    """

    path: str = ""
    start: int = 0
    end: int = 0
    events: tuple[str, ...] = ()
    content: bytes | None = None


_LOG: msgspec.json.Decoder[_Log] = msgspec.json.Decoder(_Log)
_FILE: msgspec.json.Decoder[_File] = msgspec.json.Decoder(_File)
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_LIST: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])


def portions_of_files(files: LogFiles) -> Iterator[Portion]:
    """One portion a file; a large file of lines is cut into several. Raises Unreadable."""
    if files.total is None:
        yield from (_fetched(file, content) for file, content in files.contents())
        return
    for file in files:
        if file.name.endswith((".jsonl", ".ndjson")) and file.size > _LINES:
            yield from (Portion(file.name, at, min(at + _LINES, file.size)) for at in range(0, file.size, _LINES))
        else:
            yield Portion(file.name)


def _fetched(file: LogFile, content: bytes | str) -> Portion:
    if isinstance(content, str):
        raise Unreadable(f"{file.name} cannot be read: {content}")
    return Portion(file.name, content=content)


def portions_of_server(regions: Iterable[tuple[str, Clients]]) -> Iterator[Portion]:
    """The event history of management events, through LookupEvents, which answers for one Region at a time.

    A Region that is closed to the account has none. Raises Unreadable.
    """
    waiting: list[str] = []
    refused: ClientError | None = None
    answered = False
    for region, clients in regions:
        try:
            for page in clients.client("cloudtrail").get_paginator("lookup_events").paginate():
                answered = True
                waiting.extend(each["CloudTrailEvent"] for each in page["Events"])
                if len(waiting) >= _LOOKED_UP:
                    yield Portion(events=tuple(waiting))
                    waiting = []
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in _CLOSED:
                refused = error
                continue
            raise Unreadable(f"the event history of {region} cannot be read: {error}") from error
    if refused is not None and not answered:
        raise Unreadable(f"the event history cannot be read in any Region: {refused}") from refused
    if waiting:
        yield Portion(events=tuple(waiting))


_CLOSED = frozenset({"UnrecognizedClientException", "AuthFailure", "OptInRequired", "InvalidClientTokenId"})
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


def events_of(portion: Portion) -> tuple[list[Event], int]:
    """The events of a portion, and how many of its records are none. Raises Unreadable for a file that is no log file."""
    if not portion.path:
        return _each(map(str.encode, portion.events))
    path = Path(portion.path)
    try:
        if portion.end:
            return _each(_lines_between(path, portion.start, portion.end))
        content = _read(path) if portion.content is None else portion.content
        parts = [_decoded(part) for part in parts_of(content)]
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise Unreadable(f"{portion.path} is no log file: {error}") from error
    return parts[0] if len(parts) == 1 else ([event for found, _ in parts for event in found], sum(n for _, n in parts))


def _read(path: Path) -> bytes:
    if path.stat().st_size > UNPACKED_MAX:
        raise ValueError(f"it is larger than {UNPACKED_MAX >> 20} MiB")
    return path.read_bytes()


def _decoded(data: bytes) -> tuple[list[Event], int]:
    try:
        return _LOG.decode(data).records, 0
    except msgspec.DecodeError:
        return _each(_records(data))


def _records(data: bytes) -> Iterator[bytes]:
    """The events one by one, whatever holds them. Raises msgspec.DecodeError."""
    if data.lstrip().startswith(b"["):
        yield from map(bytes, _LIST.decode(data))
        return
    try:
        file = _FILE.decode(data)
    except msgspec.DecodeError:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 — one line alone is no file of lines
            raise
        yield from lines
        return
    yield from map(bytes, file.records)
    yield from (each.event.encode() for each in file.events)
    if not file.records and not file.events and b'"eventName"' in data:
        yield data


def _each(records: Iterable[bytes]) -> tuple[list[Event], int]:
    found: list[Event] = []
    wrong = 0
    for record in records:
        try:
            found.append(_EVENT.decode(record))
        except msgspec.DecodeError:
            mended = _mended(record)
            wrong += mended is None
            found.extend(() if mended is None else (mended,))
    return found, wrong


def _mended(record: bytes) -> Event | None:
    """An event in which members that do not matter are null, or that stands within EventBridge's envelope."""
    try:
        given = msgspec.json.decode(record)
        given = given.get("detail", given)
        return msgspec.convert(_without_nulls(given), Event, strict=False) if isinstance(given, dict) else None
    except (msgspec.DecodeError, AttributeError, TypeError, RecursionError):
        return None


_RAW = frozenset({"requestParameters", "resources", "tlsDetails"})


def _without_nulls(given: dict[str, Any]) -> dict[str, Any]:
    """The event without nulls, and with those members as JSON that are kept so."""
    return {
        key: Raw(msgspec.json.encode(value)) if key in _RAW else _told(value)
        for key, value in given.items()
        if value is not None
    }


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items() if each is not None}
    return value


def _lines_between(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The lines that begin in this range of a file."""
    with path.open("rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()
        while file.tell() < end:
            line = file.readline()
            if line.strip():
                yield line
