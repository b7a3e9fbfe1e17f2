"""What the other rooms may ask of storage. Adapters: SQLite and PostgreSQL for documents and journal, obstore for blobs.

A call works on a `Transaction`: it reads the committed state, writes into its own overlay, and nothing of it exists
for others until `Storage.commit` has made all of it durable together: documents, events, decisions, small blobs.
What the transaction read is checked again at commit (point reads by version, lists by the newest change number of
their range), so that transactions are serializable; one that lost raises `Conflict` and is simply run again.
A read-only transaction (no document written) is never checked and never conflicts.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

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
]

T = TypeVar("T", bound=msgspec.Struct)


class Conflict(Exception):
    """What the transaction read has changed before it could commit."""


class StorageUnavailable(Exception):
    """The store cannot be reached, or is full; nothing of the transaction was kept."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of document: its name in the table (`iam.user`) and the frozen msgspec struct of its body."""

    name: str
    struct: type[T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Generic[T]):
    """A stored document. `version` counts its own writes from 1, `change` is the store's change number of the last one."""

    account: str
    region: str
    name: str
    version: int
    change: int
    body: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Generic[T]):
    """A version that a document had, and the time (seconds since the epoch) since when; `body` is None for a deletion."""

    name: str
    version: int
    time: float
    body: T | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event for the journal: the record as JSON bytes, and what it is looked up by.

    `account` is the recipient account; `time` is eventTime in seconds since the epoch; `category` as in the record's eventCategory.
    `resources` are (type, name) pairs, names also being ARNs. `organization` is the id of the account's organization or "".
    """

    event_id: str
    time: float
    account: str
    region: str
    category: str
    source: str
    name: str
    read_only: bool
    record: bytes
    username: str = ""
    access_key: str = ""
    request_id: str = ""
    organization: str = ""
    resources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was evaluated for a denied call, kept for diagnosis: a JSON body under an authorization id."""

    authorization_id: str
    event_id: str
    request_id: str
    account: str
    region: str
    time: float
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A question to the journal's management (or insight) events of an account and region, newest first.

    `attribute` is one of LookupEvents' attribute keys or "", `value` what it must equal.
    `before` is the (time, seq) of the last event of the page before, or None.
    """

    account: str
    region: str
    start: float
    end: float
    limit: int
    category: str = "Management"
    attribute: str = ""
    value: str = ""
    before: tuple[float, int] | None = None


class Reader(Protocol):
    """Reads of documents. A document of a global service has region ""."""

    def get(self, kind: Kind[T], account: str, region: str, name: str) -> Document[T] | None:
        """The document of that key, or None."""

    def list(
        self,
        kind: Kind[T],
        account: str | None = None,
        region: str | None = None,
        *,
        prefix: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Document[T]]:
        """Documents of a kind in order of (account, region, name); None means every account or region.

        `after` (with account and region given) starts behind that name; `prefix` narrows names.
        """


class Transaction(Reader, Protocol):
    """One unit of work; see the module's docstring. Not for use by two threads at once."""

    def put(self, kind: Kind[T], account: str, region: str, name: str, body: T) -> None:
        """Write a document."""

    def delete(self, kind: Kind[T], account: str, region: str, name: str) -> None:
        """Remove a document; no error where there is none."""

    def append(self, entry: Entry) -> None:
        """Add an event to the journal."""

    def keep(self, decided: Decided) -> None:
        """Keep a decision."""

    def store(self, data: bytes) -> str:
        """Keep bytes and give their reference. Small ones commit with the transaction; large ones are in the blob store at once and swept if the transaction fails."""

    def discard(self, reference: str) -> None:
        """Drop stored bytes when the transaction commits."""

    def revert(self) -> None:
        """Forget all document writes and blobs of this transaction (events and decisions stay): the call failed."""


class Journal(Protocol):
    """Committed events, in commit order by `seq`."""

    def read(self, after: int, limit: int) -> Sequence[tuple[int, Entry]]:
        """Events behind a position, in order."""

    def find(self, event_id: str) -> Entry | None:
        """The event of that id."""

    def lookup(self, question: Lookup) -> Sequence[tuple[int, Entry]]:
        """Events that answer the question, newest first."""

    def newest(self) -> int:
        """The last position, 0 where empty."""

    def drop(self, before: float) -> int:
        """Remove events older than a time; gives their count."""


Ended = Callable[[BaseException | None], None]
"""Told how a commit ended: with nothing, with Conflict or with StorageUnavailable."""


class Storage(Protocol):
    """The store."""

    journal: Journal

    def begin(self) -> Transaction:
        """A new transaction over the committed state."""

    def commit(self, transaction: Transaction) -> "Future[None]":
        """Make it durable with others in one group; the future ends when it is, or raises Conflict or StorageUnavailable."""

    def commit_all(self, commits: "Sequence[tuple[Transaction, Ended]]") -> None:
        """`commit` for several at once. How each ends is told from another thread, which must not be kept waiting."""

    def fetch(self, reference: str, start: int = 0, end: int | None = None) -> bytes:
        """Stored bytes from `start` to `end` (exclusive)."""

    def chunks(self, reference: str) -> Iterator[bytes]:
        """Stored bytes in pieces."""

    def decision(self, key: str, *, by: str = "authorization_id") -> Decided | None:
        """A kept decision by authorization_id, event_id or request_id."""

    def history(self, kind: Kind[T], account: str, region: str, name: str | None = None) -> Sequence[Past[T]]:
        """Every committed version of a document, or of all of that kind in an account and Region, oldest first."""

    def change(self) -> int:
        """The newest change number this process has seen."""

    def close(self) -> None:
        """Finish what was handed over, then release everything."""
