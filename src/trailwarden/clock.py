"""Where time and chance come into the program. Everywhere else they are arguments."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Chance", "Clock", "iso", "system_clock"]

Clock = Callable[[], float]
"""Seconds since the epoch, UTC."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def system_clock() -> float:
    """The machine's own time."""
    return time.time()


def iso(seconds: float) -> str:
    """ISO 8601 in UTC to the second, as in a CloudTrail record's eventTime."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Chance:
    """Randomness for ids and secrets; a test passes its own source of bytes."""

    source: Callable[[int], bytes] = field(default=secrets.token_bytes)

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return self.source(count)

    def uuid(self) -> str:
        """A random UUID (version 4): event ids, request ids."""
        return str(uuid.UUID(bytes=self.source(16), version=4))

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
