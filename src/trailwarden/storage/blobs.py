"""Stored bytes: small ones in a table beside the documents, large ones as objects of a folder or an object store."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from trailwarden.clock import Chance, Clock
from trailwarden.storage.database import Database
from trailwarden.storage.ports import StorageUnavailable

__all__ = ["Blobs", "is_object"]

_log = logging.getLogger(__name__)

_SMALL = 64 * 1024
_PIECE = 1024 * 1024
_OBJECT = "object-"
_ROW = "row-"
_FOLDER = "blobs"
_ABANDONED = 86_400.0
"""An object without a row that is older than this belongs to no running transaction of any node."""


def is_object(reference: str) -> bool:
    """Whether the bytes are in the object store rather than in the table."""
    return reference.startswith(_OBJECT)


class Blobs:
    """Where stored bytes are. Errors of the store are StorageUnavailable, an unknown reference a LookupError."""

    def __init__(self, database: Database, place: str, *, clock: Clock, chance: Chance) -> None:
        self._database = database
        self._folder = _folder(place)
        self._store = _open(place, self._folder)
        self._clock = clock
        self._chance = chance
        self._sweeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-sweeper")
        self._closed = False

    def take(self, data: bytes) -> tuple[str, bytes | int]:
        """Take bytes in: gives their reference, and what the transaction must commit: the bytes, or of an object its size."""
        if len(data) <= _SMALL:
            return _ROW + self._chance.timely_uuid(self._clock()), bytes(data)
        reference = _OBJECT + self._chance.uuid()
        try:
            obstore.put(self._store, _path(reference), data, mode="create")
            self._sync(reference)
        except (BaseError, OSError) as error:
            raise StorageUnavailable from error
        return reference, len(data)

    def sweep(self, reference: str) -> None:
        """Delete an object that nothing refers to, soon; of a row nothing is there."""
        if is_object(reference) and not self._closed:
            self._sweeper.submit(self._delete, reference)

    def fetch(self, reference: str, start: int, end: int | None) -> bytes:
        """Bytes from `start` to `end` (exclusive)."""
        size, data = self._row(reference)
        stop = size if end is None else min(end, size)
        if stop <= start:
            return b""
        if data is not None:
            return bytes(data[start:stop])
        try:
            return bytes(obstore.get_range(self._store, _path(reference), start=start, end=stop))
        except NotFoundError as error:
            raise LookupError(reference) from error
        except BaseError as error:
            raise StorageUnavailable from error

    def chunks(self, reference: str) -> Iterator[bytes]:
        """All bytes in pieces of about a mebibyte."""
        size, _ = self._row(reference)
        for start in range(0, size, _PIECE):
            yield self.fetch(reference, start, start + _PIECE)

    def sweep_abandoned(self) -> None:
        """Delete, in the background, the objects of transactions that a crash cut off."""
        self._sweeper.submit(self._sweep_abandoned)

    def close(self) -> None:
        """Finish the deletions handed over."""
        self._closed = True
        self._sweeper.shutdown(wait=True)

    def _row(self, reference: str) -> tuple[int, bytes | None]:
        rows = self._database.rows(self._database.statements.blob, reference=reference)
        if not rows:
            raise LookupError(reference)
        return rows[0][0], rows[0][1]

    def _sync(self, reference: str) -> None:
        """An object of a local folder outlives a power cut, as the row that refers to it does."""
        if self._folder is None:
            return
        path = self._folder / _path(reference)
        for part in (path, path.parent, path.parent.parent):
            descriptor = os.open(part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _delete(self, reference: str) -> None:
        try:
            obstore.delete(self._store, _path(reference))
        except NotFoundError:
            return
        except (BaseError, OSError) as error:
            _log.warning("an object could not be deleted, the next start tries again: %s", error)

    def _sweep_abandoned(self) -> None:
        oldest = datetime.fromtimestamp(self._clock() - _ABANDONED, UTC)
        try:
            for batch in obstore.list(self._store, prefix=_FOLDER):
                if self._closed:
                    return
                self._sweep_batch([meta["path"] for meta in batch if meta["last_modified"] < oldest])
        except (BaseError, OSError, StorageUnavailable) as error:
            _log.warning("abandoned objects could not be looked for: %s", error)

    def _sweep_batch(self, paths: list[str]) -> None:
        for path in paths:
            reference = path.rsplit("/", 1)[-1]
            if not self._database.rows(self._database.statements.blob, reference=reference):
                self._delete(reference)


def _path(reference: str) -> str:
    return f"{_FOLDER}/{reference[-2:]}/{reference}"


def _folder(place: str) -> Path | None:
    if place.startswith("file://"):
        return Path(place.removeprefix("file://"))
    return None if "://" in place else Path(place).absolute()


def _open(place: str, folder: Path | None) -> ObjectStore:
    try:
        if folder is not None:
            return LocalStore(folder, mkdir=True)
        options: dict[str, Any] = {}
        return from_url(place, **options)
    except (BaseError, OSError) as error:
        raise StorageUnavailable(f"the blob store cannot be opened: {error}") from error
