"""What one group of transactions writes: checked one by one, numbered, then inserted table by table."""

from typing import Any

import msgspec
from sqlalchemy import Table

from trailwarden.storage.committed import Change, Committed, Key, Slot, Span
from trailwarden.storage.database import Session
from trailwarden.storage.ports import Conflict, Decided, Document, Entry
from trailwarden.storage.statements import Statements
from trailwarden.storage.tables import BLOBS, DECISIONS, DOCUMENTS, HISTORY, JOURNAL
from trailwarden.storage.transaction import SqlTransaction, Write

__all__ = ["Batch"]

Rows = list[tuple[object, ...]]

_encode = msgspec.json.Encoder().encode


class Batch:
    """Rows to insert, in a database transaction that holds the counter."""

    def __init__(self, session: Session, committed: Committed, *, change: int, seq: int) -> None:
        self.base = self.change = change
        self.seq = seq
        self.changes: list[Change] = []
        self.slots: dict[Key, Slot] = {}
        self.dropped: list[str] = []
        self._session = session
        self._committed = committed
        self._documents: dict[Key, tuple[object, ...]] = {}
        self._rows: dict[Table, Rows] = {table: [] for table in (HISTORY, JOURNAL, DECISIONS, BLOBS)}

    def add(self, transaction: SqlTransaction, statements: Statements, now: float) -> None:
        """Take a transaction in. Raises Conflict if what it read has changed; then nothing of it was taken."""
        if transaction.writes:
            self._check(transaction)
            for key, write in transaction.writes.items():
                self._write(key, write, statements, now)
        for entry in transaction.entries:
            self._event(entry)
        for decided in transaction.decisions:
            self._rows[DECISIONS].append(_decision(decided))
        for reference, kept in transaction.stored.items():
            size, data = (kept, None) if isinstance(kept, int) else (len(kept), kept)
            self._rows[BLOBS].append((reference, size, data))
        self.dropped += transaction.discarded

    def insert(self, statements: Statements) -> None:
        """Write all rows."""
        session = self._session
        session.insert(DOCUMENTS, list(self._documents.values()))
        for table, rows in self._rows.items():
            session.insert(table, rows)
        for reference in self.dropped:
            session.run(statements.drop_blob, reference=reference)
        session.run(statements.count, change=self.change, seq=self.seq)

    def _check(self, transaction: SqlTransaction) -> None:
        numbers = [*transaction.reads.values(), *transaction.spans.values()]
        if not numbers:
            return
        recent = self._committed.since(min(numbers))
        if recent is None:
            raise Conflict
        reads, spans = transaction.reads, transaction.spans
        for changes in (recent, self.changes):
            for change in changes:
                if change.number > reads.get(change.key, change.number) or _touched(spans, change):
                    raise Conflict

    def _write(self, key: Key, write: Write, statements: Statements, now: float) -> None:
        standing = self._standing(key, statements)
        if write.encoded is None and isinstance(standing, int):
            return  # there is none
        version = (standing if isinstance(standing, int) else standing.version) + 1
        self.change += 1
        removed = write.encoded is None
        self.slots[key] = version if removed else _document(key, version, self.change, write.body)
        self.changes.append(Change(self.change, key))
        self._documents[key] = (*key, version, self.change, int(removed), write.encoded or b"")
        self._rows[HISTORY].append((self.change, *key, version, now, write.encoded))

    def _standing(self, key: Key, statements: Statements) -> Slot:
        """What the write replaces: written in this group, in memory, or in the database."""
        standing = self.slots.get(key)
        if standing is None:
            standing = self._committed.known(key)
        if standing is not None:
            return standing
        kind, account, region, name = key
        rows = self._session.rows(statements.document, kind=kind, account=account, region=region, name=name)
        if not rows:
            return 0
        version, change, deleted, _ = rows[0]
        return version if deleted else _document(key, version, change, None)

    def _event(self, entry: Entry) -> None:
        self.seq = seq = self.seq + 1
        resources = entry.resources
        self._rows[JOURNAL].append(
            (
                seq,
                entry.event_id,
                entry.time,
                entry.account,
                entry.region,
                entry.category,
                entry.source,
                entry.name,
                int(entry.read_only),
                entry.username,
                entry.access_key,
                entry.request_id,
                entry.organization,
                _encode(resources).decode() if resources else "",
                entry.record,
            )
        )


def _touched(spans: dict[Span, int], change: Change) -> bool:
    return any(change.number > applied and span.holds(change.key) for span, applied in spans.items())


def _document(key: Key, version: int, change: int, body: Any) -> Document[Any]:
    _, account, region, name = key
    return Document(account=account, region=region, name=name, version=version, change=change, body=body)


def _decision(decided: Decided) -> tuple[object, ...]:
    return (
        decided.authorization_id,
        decided.event_id,
        decided.request_id,
        decided.account,
        decided.region,
        decided.time,
        decided.body,
    )
