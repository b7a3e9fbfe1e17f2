"""Every kind of input becomes refusals: pasted texts, CloudTrail events, log files, ids.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trailwarden.diagnose.calls import action_of_event
from trailwarden.diagnose.message import MAX_TEXT, read_message, read_messages
from trailwarden.diagnose.refusal import Refusal

__all__ = ["read_event", "read_input"]

_UNPACKED_MAX = 256 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_AUTHORIZATION_ID = re.compile(r"[0-9a-z]{20,40}\Z")
_EVENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_REFUSED = re.compile(
    r"AccessDenied|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError|Forbidden|NotAuthorized|AuthFailure"
)


def read_input(data: bytes) -> tuple[Refusal, ...]:
    """The refusals in an input of any kind; empty where a file of events holds none.

    One that is neither JSON nor an id is read as text. ValueError for what cannot be unpacked or is no text.
    """
    data = _unpacked(data) if data.startswith(_GZIP) else data
    text = data.decode()
    bare = text.strip()
    if _AUTHORIZATION_ID.match(bare):
        return (Refusal(text="", authorization_id=bare),)
    if _EVENT_ID.match(bare):
        return (Refusal(text="", event_id=bare),)
    records = _records(bare)
    if records is not None:
        return tuple(refusal for record in records for refusal in _of_record(record))
    return tuple(read_messages(text))


def read_event(record: Mapping[str, Any]) -> Refusal:
    """The refusal of one CloudTrail event: its message where that tells, else what the event itself says."""
    message, code = _text(record.get("errorMessage")), _text(record.get("errorCode"))
    refusal = read_message(message) if message else Refusal(text="")
    identity = _mapping(record.get("userIdentity"))
    operation = _text(record.get("eventName"))
    action = refusal.action or action_of_event(record)
    return replace(
        refusal,
        text=refusal.text or code,
        code=code or refusal.code,
        operation=operation,
        principal=refusal.principal or _text(identity.get("arn")),
        action=action,
        performed=refusal.performed or action,
        request_id=_text(record.get("requestID") or record.get("requestId")),
        event_id=_text(record.get("eventID") or record.get("eventId")),
        event=dict(record),
    )


def _of_record(record: Mapping[str, Any]) -> Iterator[Refusal]:
    if _is_refused(record):
        yield read_event(record)


def _is_refused(record: Mapping[str, Any]) -> bool:
    code, message = _text(record.get("errorCode")), _text(record.get("errorMessage"))
    return bool(_REFUSED.search(code)) or "not authorized" in message or (bool(code) and bool(message))


def _records(text: str) -> list[Mapping[str, Any]] | None:
    """The events in a JSON text, whatever holds them; None where it holds none.

    A Records file, one event, a list, JSON lines, EventBridge's `detail`, LookupEvents' `CloudTrailEvent`.
    """
    if not text.startswith(("{", "[")):
        return None
    try:
        return list(_events(json.loads(text))) or None
    except RecursionError:
        return None
    except ValueError:
        return _lines(text)


def _lines(text: str) -> list[Mapping[str, Any]] | None:
    found: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        if line.strip():
            try:
                found.extend(_events(json.loads(line)))
            except (ValueError, RecursionError):
                return None
    return found or None


def _events(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _events(each)
    elif isinstance(value, Mapping):
        inner = next((value[name] for name in ("Records", "Events", "detail") if value.get(name)), None)
        if inner is not None:
            yield from _events(inner)
        elif isinstance(value.get("CloudTrailEvent"), str):
            yield from _events(json.loads(value["CloudTrailEvent"]))
        elif "eventName" in value and "eventSource" in value:
            yield value


def _unpacked(data: bytes) -> bytes:
    opener = zlib.decompressobj(wbits=31)
    try:
        unpacked = opener.decompress(data, _UNPACKED_MAX)
    except zlib.error as error:
        raise ValueError(f"the input is not a gzip file: {error}") from error
    if opener.unconsumed_tail:
        raise ValueError(f"the input unpacks to more than {_UNPACKED_MAX >> 20} MiB")
    return unpacked


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
