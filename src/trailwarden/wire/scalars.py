"""Scalars in both directions: numbers, switches and times as text and as values."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from trailwarden.wire.errors import SerializationException

__all__ = [
    "BOUNDS",
    "LONGEST_NUMBER",
    "blob_of_text",
    "epoch",
    "float_of_text",
    "int_of_text",
    "switch_of_text",
    "time_of_number",
    "time_of_text",
    "time_text",
    "unpolluted",
]

BOUNDS = {"integer": 2**31, "long": 2**63}
LONGEST_NUMBER = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def int_of_text(text: str) -> int:
    """A whole number of 64 bits; SerializationException for anything else."""
    try:
        number = int(text) if len(text) <= LONGEST_NUMBER else 2**64
    except ValueError:
        raise SerializationException(reason=f"{_short(text)} can not be converted to an Integer") from None
    if not -(2**63) <= number < 2**63:
        raise SerializationException(reason=f"{_short(text)} can not be converted to a Long")
    return number


def float_of_text(text: str) -> float:
    """A number; also NaN, Infinity, -Infinity as Smithy spells them."""
    try:
        return float(text[:LONGEST_NUMBER])
    except ValueError:
        raise SerializationException(reason=f"{_short(text)} can not be converted to a Double") from None


_SWITCHES = {"true": True, "false": False, "1": True, "0": False}


def switch_of_text(text: str) -> bool:
    """True or false, in any case; 1 and 0 as XML allows."""
    found = _SWITCHES.get(text.strip().lower())
    if found is None:
        raise SerializationException(reason=f"{_short(text)} can not be converted to a Boolean")
    return found


def blob_of_text(text: str) -> bytes:
    """The bytes behind base 64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SerializationException(reason="The blob is not valid base 64") from None


def time_of_number(seconds: float) -> datetime:
    """The instant so many seconds after the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise SerializationException(reason=f"{seconds!r:.40} can not be converted to a Timestamp") from None


def time_of_text(text: str) -> datetime:
    """The instant written in ISO 8601, as an HTTP date, or as seconds since the epoch."""
    text = text.strip()
    for reader in (datetime.fromisoformat, _epoch_text, parsedate_to_datetime):
        try:
            found = reader(text[:64])
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    raise SerializationException(reason=f"{_short(text)} can not be converted to a Timestamp")


def _epoch_text(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)


def epoch(value: datetime | float) -> int | float:
    """Seconds since the epoch, whole where nothing is lost, else to the millisecond as AWS sends them."""
    if isinstance(value, datetime):
        value = ((value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
    return int(value) if value == int(value) else round(value, 3)


def time_text(form: str) -> Callable[[Any], str]:
    """The writer of times in "iso8601" (fraction only where there is one), "seconds" or "milliseconds" of it, "rfc822" or "unixtimestamp"."""
    return _WRITERS[form]


def _instant(value: datetime | float) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value, UTC)


def _seconds(value: datetime | float) -> str:
    return _instant(value).isoformat(timespec="seconds")[:-6] + "Z"


def _milliseconds(value: datetime | float) -> str:
    return _instant(value).isoformat(timespec="milliseconds")[:-6] + "Z"


def _iso8601(value: datetime | float) -> str:
    return _milliseconds(value) if _instant(value).microsecond else _seconds(value)


def _rfc822(value: datetime | float) -> str:
    return format_datetime(_instant(value), usegmt=True)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "iso8601": _iso8601,
    "seconds": _seconds,
    "milliseconds": _milliseconds,
    "rfc822": _rfc822,
    "unixtimestamp": lambda value: str(epoch(value)),
}


def unpolluted(text: str) -> str:
    """The text as a header may carry it: no line breaks, no other control characters."""
    return text if text.isprintable() else "".join(char for char in text if char.isprintable())


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")  # noqa: PLR2004 — enough to be recognized by
