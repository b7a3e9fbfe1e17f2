"""Where delivered files lie: a bucket, or a copy of it in a folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Place", "Spot", "Stored"]


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """One file: its bucket and key; in a folder the bucket is "", and the key begins with AWSLogs/."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's bytes. `metadata` is the object's own, None where the place keeps none; `modified` in seconds, None likewise."""

    data: bytes
    metadata: Mapping[str, str] | None = None
    modified: float | None = None


class Place(Protocol):
    """Finds and reads files; safe for use by several threads."""

    def spots(self, since: float, until: float) -> Iterator[Spot]:
        """The digest and log files whose names fall into these days or later, in no order; bounds in seconds."""

    def read(self, spot: Spot) -> Stored | None:
        """The file, None where there is none. Raises OSError where that cannot be told."""

    def spot(self, bucket: str, key: str) -> Spot:
        """The spot of a file that a digest names."""

    def shown(self, spot: Spot) -> str:
        """The spot as people read it."""
