"""One unit of work over the committed documents: an overlay of writes, and what was read at which change number."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from trailwarden.storage.blobs import Blobs
from trailwarden.storage.committed import Committed, Key, Span
from trailwarden.storage.ports import Decided, Document, Entry, Kind

__all__ = ["SqlTransaction", "Write"]

T = TypeVar("T", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


class Write:
    """A document to write, or without `encoded` to remove. `shown` is what this transaction reads of it."""

    __slots__ = ("body", "encoded", "shown")

    def __init__(self, body: Any, encoded: bytes | None) -> None:
        self.body = body
        self.encoded = encoded
        self.shown: Document[Any] | None = None


class SqlTransaction:
    """See `ports.Transaction`."""

    __slots__ = ("_blobs", "_committed", "decisions", "discarded", "entries", "reads", "spans", "stored", "writes")

    def __init__(self, committed: Committed, blobs: Blobs) -> None:
        self._committed = committed
        self._blobs = blobs
        self.reads: dict[Key, int] = {}
        self.spans: dict[Span, int] = {}
        self.writes: dict[Key, Write] = {}
        self.entries: list[Entry] = []
        self.decisions: list[Decided] = []
        self.stored: dict[str, bytes | int] = {}
        self.discarded: list[str] = []

    def get(self, kind: Kind[T], account: str, region: str, name: str) -> Document[T] | None:
        """See `Reader.get`."""
        key = (kind.name, account, region, name)
        if self.writes and key in self.writes:
            return self._shown(kind, key)
        if key not in self.reads:
            self.reads[key] = self._committed.applied
        found = self._committed.slot(kind, key)
        return None if type(found) is int else cast("Document[T]", found)

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
        """See `Reader.list`."""
        span = Span(kind.name, account, region, prefix, after, limit)
        own = [key for key in self.writes if span.holds(key)] if self.writes else []
        asked = span if not own or limit is None else span._replace(limit=limit + len(own))
        applied = self._committed.applied
        found = self._committed.documents(kind, asked)
        self.spans.setdefault(span._replace(limit=None), applied)
        return self._merged(kind, found, own, limit) if own else found

    def put(self, kind: Kind[T], account: str, region: str, name: str, body: T) -> None:
        """See `Transaction.put`. Raises msgspec.ValidationError where the body could not be read again."""
        encoded = _encode(body)
        self.writes[kind.name, account, region, name] = Write(self._committed.decode(kind.struct, encoded), encoded)

    def delete(self, kind: Kind[T], account: str, region: str, name: str) -> None:
        """See `Transaction.delete`."""
        self.writes[kind.name, account, region, name] = Write(None, None)

    def append(self, entry: Entry) -> None:
        """See `Transaction.append`."""
        self.entries.append(entry)

    def keep(self, decided: Decided) -> None:
        """See `Transaction.keep`."""
        self.decisions.append(decided)

    def store(self, data: bytes) -> str:
        """See `Transaction.store`. Raises StorageUnavailable."""
        reference, kept = self._blobs.take(data)
        self.stored[reference] = kept
        return reference

    def discard(self, reference: str) -> None:
        """See `Transaction.discard`."""
        self.discarded.append(reference)

    def revert(self) -> None:
        """See `Transaction.revert`."""
        self.writes.clear()
        self.discarded.clear()
        self.sweep()

    def sweep(self) -> None:
        """Give up the bytes stored by this transaction, which will not commit."""
        for reference in self.stored:
            self._blobs.sweep(reference)
        self.stored.clear()

    def _shown(self, kind: Kind[T], key: Key) -> Document[T] | None:
        """A document as this transaction has written it; its change is the one it replaces until it commits."""
        write = self.writes[key]
        if write.encoded is None:
            return None
        if write.shown is None:
            standing = self._committed.slot(kind, key)
            version, change = (standing, 0) if isinstance(standing, int) else (standing.version, standing.change)
            _, account, region, name = key
            write.shown = Document(
                account=account, region=region, name=name, version=version + 1, change=change, body=write.body
            )
        return write.shown

    def _merged(
        self, kind: Kind[T], found: Sequence[Document[T]], own: Sequence[Key], limit: int | None
    ) -> Sequence[Document[T]]:
        """Committed documents with this transaction's writes laid over."""
        merged = {(document.account, document.region, document.name): document for document in found}
        # Behind the last document of a full page nothing is known, but a page never reaches that far:
        # it was asked for with as many more documents as there are writes.
        for key in own:
            shown = self._shown(kind, key)
            merged.pop(key[1:], None)
            if shown is not None:
                merged[key[1:]] = shown
        ordered = [merged[place] for place in sorted(merged)]
        return ordered if limit is None else ordered[:limit]
