"""Committed events: read on by position, found by id, looked up by attribute."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trailwarden.storage.database import Database, Session
from trailwarden.storage.ports import Entry, Lookup
from trailwarden.storage.statements import Question, Statement
from trailwarden.storage.writer import Chore, Writer

__all__ = ["SqlJournal"]

_STEP = 1_000
"""Events removed in one transaction, so that calls need not wait long behind it."""

_pairs = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


class SqlJournal:
    """See `ports.Journal`."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._statements = database.statements
        self._writer = writer

    def read(self, after: int, limit: int) -> Sequence[tuple[int, Entry]]:
        """See `Journal.read`."""
        return [_entry(row) for row in self._database.rows(self._statements.events, after=after, limit=limit)]

    def find(self, event_id: str) -> Entry | None:
        """See `Journal.find`."""
        rows = self._database.rows(self._statements.event, event_id=event_id)
        return _entry(rows[0])[1] if rows else None

    def lookup(self, question: Lookup) -> Sequence[tuple[int, Entry]]:
        """See `Journal.lookup`. Raises ValueError for an attribute that there is not."""
        value: str | int = question.value
        if question.attribute == "ReadOnly":
            value = int(question.value.lower() == "true")
        before = question.before or (question.end, 0)
        rows = self._database.rows(
            self._statements.lookup(Question(question.attribute, question.before is not None)),
            account=question.account,
            region=question.region,
            category=question.category,
            start=float(question.start),
            end=min(float(question.end), float(before[0])),  # where the index is entered
            value=value,
            before_time=float(before[0]),
            before_seq=before[1],
            limit=question.limit,
        )
        return [_entry(row) for row in rows]

    def newest(self) -> int:
        """See `Journal.newest`."""
        return int(self._database.rows(self._statements.counter)[0][1])

    def drop(self, before: float) -> int:
        """See `Journal.drop`; decisions as old go too."""
        dropped = 0
        while rows := self._database.rows(self._statements.old, before=float(before), limit=_STEP):
            dropped += self._writer.do(Chore(lambda session, rows=rows: _drop(session, rows)))  # type: ignore[misc]  # bound now
        self._writer.do(Chore(lambda session: session.run(self._statements.drop_decisions, before=float(before))))
        return dropped


def _drop(session: Session, rows: Sequence[Sequence[Any]]) -> int:
    """Remove events by position; one statement a table, as calls wait meanwhile."""
    positions = ", ".join(str(int(seq)) for (seq,) in rows)
    session.run(Statement(f"DELETE FROM resources WHERE seq IN ({positions})", (), {}))  # noqa: S608 — whole numbers
    return session.run(Statement(f"DELETE FROM journal WHERE seq IN ({positions})", (), {}))  # noqa: S608 — likewise


def _entry(row: Sequence[Any]) -> tuple[int, Entry]:
    resources = row[13]
    return row[0], Entry(
        event_id=row[1],
        time=row[2],
        account=row[3],
        region=row[4],
        category=row[5],
        source=row[6],
        name=row[7],
        read_only=bool(row[8]),
        username=row[9],
        access_key=row[10],
        request_id=row[11],
        organization=row[12],
        resources=_pairs(resources) if resources else (),
        record=bytes(row[14]),
    )
