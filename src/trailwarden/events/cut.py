"""Sizes: fields and records are bounded, and what is too large is left out in a fixed order.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["LARGEST", "bounded", "shortened"]

LARGEST = 256 * 1024
"""The largest record, in bytes."""

_LONGEST_TEXT = 1024
_FIELDS: Mapping[str, int] = {
    "requestParameters": 100 * 1024,
    "responseElements": 100 * 1024,
    "serviceEventDetails": 100 * 1024,
    "additionalEventData": 28 * 1024,
}
_SMALLEST = min(_FIELDS.values())
_NULLABLE = frozenset({"requestParameters", "responseElements"})
_ORDER = (
    "annotation",
    "requestID",
    "additionalEventData",
    "serviceEventDetails",
    "userAgent",
    "errorCode",
    "eventContext",
    "responseElements",
    "requestParameters",
    "errorMessage",
)
"""What is cut first from a record that is too large as a whole."""

_LAST = ("resources", "tlsDetails", "userIdentity")
_TRUNCATED = 256


def shortened(text: str) -> str:
    """A text of at most 1 KB in UTF-8; a longer one ends in `...`."""
    data = text.encode()
    if len(data) <= _LONGEST_TEXT:
        return text
    return data[: _LONGEST_TEXT - 3].decode(errors="ignore") + "..."


def bounded(record: dict[str, Any]) -> bytes:
    """The record as JSON of at most 256 KB. Fields over their own bound go first, then whole fields in AWS's order."""
    data = _encoded(record)
    if len(data) <= _SMALLEST:
        return data
    kept = dict(record)
    for name, most in _FIELDS.items():
        if kept.get(name) is not None and len(_encoded(kept[name])) > most:
            _drop(kept, name)
    for name in (*_ORDER, *_LAST):
        data = _encoded(kept)
        if len(data) <= LARGEST:
            return data
        if name in kept:
            _drop(kept, name)
    data = _encoded(kept)
    return data if len(data) <= LARGEST else _encoded({name: _stub(value) for name, value in kept.items()})


def _drop(record: dict[str, Any], name: str) -> None:
    """Null where the field is always there, gone where it is not; the identity keeps its short members."""
    if name in _NULLABLE:
        record[name] = None
    elif name == "userIdentity":
        identity = record[name]
        record[name] = {key: _stub(value) for key, value in identity.items()} if isinstance(identity, dict) else {}
    else:
        del record[name]


def _stub(value: object) -> object:
    """A value that is short whatever it was."""
    if isinstance(value, str):
        return value[:_TRUNCATED]
    if isinstance(value, dict):
        return {key[:_TRUNCATED]: each[:_TRUNCATED] for key, each in list(value.items())[:16] if isinstance(each, str)}
    return value if isinstance(value, bool | int | float) or value is None else []


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value)
