"""Where time and chance come into the program. Everywhere else they are arguments."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Chance", "Clock", "iso", "system_clock"]

Clock = Callable[[], float]
"""Seconds since the epoch, UTC."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAGE = 4096
_MOST_MILLISECONDS = (1 << 48) - 1
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def system_clock() -> float:
    """The machine's own time."""
    return time.time()


def iso(seconds: float) -> str:
    """ISO 8601 in UTC to the second, as in a CloudTrail record's eventTime."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Pool:
    """The operating system's randomness, fetched in pages: a system call a page, not one an id."""

    __slots__ = ("_at", "_lock", "_page")

    def __init__(self) -> None:
        self._page, self._at, self._lock = b"", 0, threading.Lock()

    def __call__(self, count: int) -> bytes:
        """`count` bytes that nobody else gets."""
        if count > _PAGE:
            return secrets.token_bytes(count)
        with self._lock:
            start = self._at
            if start + count > len(self._page):
                self._page, start = secrets.token_bytes(_PAGE), 0
            self._at = start + count
            return self._page[start : self._at]


@dataclass(frozen=True, slots=True)
class Chance:
    """Randomness for ids and secrets; a test passes its own source of bytes."""

    source: Callable[[int], bytes] = field(default_factory=_Pool)

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return self.source(count)

    def uuid(self) -> str:
        """A random UUID (version 4): request ids."""
        digits = self.source(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def timely_uuid(self, now: float) -> str:
        """A UUID that begins with its time (version 7), so that an index of them grows at its end: event ids.

        https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
        """
        time, digits = f"{int(now * 1000) & _MOST_MILLISECONDS:012x}", self.source(10).hex()
        variant = "89ab"[int(digits[3], 16) & 3]
        return f"{time[:8]}-{time[8:]}-7{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"

    def unique_id(self, prefix: str) -> str:
        """An IAM unique id of 21 characters: AIDA…, AROA…, AGPA…, ANPA….

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
        """
        return prefix + self.letters(21 - len(prefix))

    def letters(self, count: int) -> str:
        """`count` characters of base 32, upper case."""
        return "".join(_LETTERS[byte & 31] for byte in self.source(count))

    def base36(self, count: int) -> str:
        """`count` characters of base 36, lower case, as in authorization ids."""
        return "".join(_BASE36[byte % 36] for byte in self.source(count))
