"""Documents, journal and blobs: the ports, and the adapters that `open_storage` puts together."""

from trailwarden.storage.ports import (
    Conflict,
    Decided,
    Document,
    Ended,
    Entry,
    Journal,
    Kind,
    Lookup,
    Past,
    Reader,
    Storage,
    StorageUnavailable,
    Transaction,
)
from trailwarden.storage.store import open_storage

__all__ = [
    "Conflict",
    "Decided",
    "Document",
    "Ended",
    "Entry",
    "Journal",
    "Kind",
    "Lookup",
    "Past",
    "Reader",
    "Storage",
    "StorageUnavailable",
    "Transaction",
    "open_storage",
]
