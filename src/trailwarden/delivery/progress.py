"""What delivery remembers between its runs, so that a crash neither loses nor repeats a file.

A file is first *prepared*: its name and its bytes are stored in the transaction that moves the trail's position. Then
it is put, under that name, as often as it takes; at last it is noted as delivered, for the digest to come.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from trailwarden.storage.ports import Conflict, Kind, Storage, Transaction

__all__ = [
    "AGGREGATED",
    "DELIVERED",
    "PREPARED",
    "PROGRESS",
    "STREAMED",
    "Delivered",
    "Prepared",
    "Progress",
    "settled",
]

T = TypeVar("T")

_ATTEMPTS = 20


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a trail has read the journal. Key: (account, home region, the trail's handle).

    `late_end` is the end of the last backfill digest, in whole seconds.
    """

    position: int
    late_end: int = 0


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is to be put. Key: (account and region of its events, `handle/number`).

    `name` is the key behind the trail's bucket and prefix for a log file (which follow the trail where it is changed), the
    whole key for a digest, whose `bucket` is signed. `blob` refers to the bytes, `hash` is the SHA-256 of the content
    before gzip; `newest` and `oldest` are event times. `validated`: whether a digest is to list it.
    """

    type: Literal["log", "digest"]
    name: str
    bucket: str = ""
    blob: str
    hash: str
    created: float
    newest: float | None = None
    oldest: float | None = None
    metadata: dict[str, str] = {}
    validated: bool = False
    attempts: int = 0
    due: float = 0.0


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """A log file that waits for its digest. Key: (account, region, `handle/key`)."""

    bucket: str
    key: str
    hash: str
    newest: float
    oldest: float
    time: float


PROGRESS = Kind("cloudtrail.trail-progress", Progress)
STREAMED = Kind("cloudtrail.trail-streamed", Progress)
"""How far a trail's events are written into its log group."""
AGGREGATED = Kind("cloudtrail.trail-aggregated", Progress)
"""How far a trail's data events are summed up in aggregated events."""
PREPARED = Kind("cloudtrail.trail-prepared", Prepared)
DELIVERED = Kind("cloudtrail.trail-delivered", Delivered)


def settled(storage: Storage, work: Callable[[Transaction], T]) -> T:
    """Do the work on a transaction and make it durable, anew where it lost a race. Raises Conflict, StorageUnavailable."""
    for _ in range(_ATTEMPTS - 1):
        transaction = storage.begin()
        result = work(transaction)
        try:
            storage.commit(transaction).result()
        except Conflict:
            continue
        return result
    transaction = storage.begin()
    result = work(transaction)
    storage.commit(transaction).result()
    return result
