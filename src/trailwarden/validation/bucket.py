"""Delivered files in their buckets.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore

from trailwarden.validation.naming import DIGESTS, ROOT
from trailwarden.validation.place import Spot, Stored

__all__ = ["Bucket"]

_KINDS = (DIGESTS, "CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated")


class Bucket:
    """The bucket of a trail; digests may name others. `opened` makes the store of a bucket, once each."""

    def __init__(self, name: str, prefix: str, opened: Callable[[str], ObjectStore]) -> None:
        self._name, self._prefix, self._opened = name, prefix.strip("/"), opened
        self._stores: dict[str, ObjectStore] = {}
        self._lock = threading.Lock()

    def spots(self, since: float, until: float) -> Iterator[Spot]:
        """As Place.spots. Only the days in question are listed. Raises OSError."""
        store = self._store(self._name)
        last = _day(until)
        try:
            for folder in self._regions(store):
                behind = f"{folder}/{_day(since)}"
                for batch in obstore.list(store, prefix=folder, offset=behind, chunk_size=1_000):
                    keys = [meta["path"] for meta in batch]
                    inside = [key for key in keys if key[len(folder) + 1 :][: len(last)] <= last]
                    yield from (Spot(self._name, key) for key in inside)
                    if len(inside) < len(keys):
                        break
        except BaseError as error:
            raise OSError(f"bucket {self._name} cannot be listed: {_brief(error)}") from error

    def _regions(self, store: ObjectStore) -> Iterator[str]:
        """The folders that hold one kind of file of one account and Region."""
        root = f"{self._prefix}/{ROOT}" if self._prefix else ROOT
        for first in _below(store, root.rstrip("/")):
            accounts = _below(store, first) if first.rpartition("/")[2].startswith("o-") else [first]
            for account in accounts:
                for kind in _KINDS:
                    yield from _below(store, f"{account}/{kind}")

    def read(self, spot: Spot) -> Stored | None:
        """As Place.read."""
        try:
            found = obstore.get(self._store(spot.bucket), spot.key)
            metadata = {str(key).lower(): str(value) for key, value in found.attributes.items()}
            modified = found.meta["last_modified"].timestamp()
            return Stored(bytes(found.bytes()), metadata, modified)
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise OSError(f"s3://{spot.bucket}/{spot.key} cannot be read: {_brief(error)}") from error

    def spot(self, bucket: str, key: str) -> Spot:
        """As Place.spot."""
        return Spot(bucket, key)

    def shown(self, spot: Spot) -> str:
        """As Place.shown."""
        return f"s3://{spot.bucket}/{spot.key}"

    def _store(self, bucket: str) -> ObjectStore:
        with self._lock:
            if bucket not in self._stores:
                self._stores[bucket] = self._opened(bucket)
            return self._stores[bucket]


def _below(store: ObjectStore, folder: str) -> list[str]:
    return [str(each) for each in obstore.list_with_delimiter(store, folder)["common_prefixes"]]


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(min(max(seconds, 0.0), _LATEST), UTC).strftime("%Y/%m/%d")


_LATEST = 253_402_300_799.0
"""The end of the year 9999."""


def _brief(error: BaseError) -> str:
    return str(error).splitlines()[0][:300]
