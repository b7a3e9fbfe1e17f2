"""Committed events: read on by position, found by id, looked up by attribute.

Attributes are filed behind the commits, many events at a time; a lookup reads the few events behind the last filed one
itself. So an event is found as soon as it is committed, and a commit pays for no attribute.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from trailwarden.storage.attributes import check, holds
from trailwarden.storage.database import Database, Session
from trailwarden.storage.ports import Entry, Lookup
from trailwarden.storage.statements import Question
from trailwarden.storage.writer import Chore, Writer

__all__ = ["SqlJournal"]

_STEP = 1_000
"""Events filed or removed in one transaction, so that calls need not wait long behind it."""

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
        if question.attribute in ("", "EventId"):
            return self._page(question, "event_id" if question.attribute else "", question.value)
        value = question.value.lower() if question.attribute == "ReadOnly" else question.value
        latest = self._behind(question, value)
        found = dict(self._page(question, "attribute", value))
        found.update(latest)
        newest = sorted(found.items(), key=_moment, reverse=True)
        return newest[: question.limit]

    def _page(self, question: Lookup, by: str, value: str) -> list[tuple[int, Entry]]:
        """One page of the events that have a value."""
        before = question.before or (question.end, 0)
        rows = self._database.rows(
            self._statements.lookup(Question(by, question.before is not None)),
            account=question.account,
            region=question.region,
            category=question.category,
            start=float(question.start),
            end=min(float(question.end), float(before[0])),  # where the index is entered
            attribute=question.attribute,
            value=value,
            event_id=value,
            before_time=float(before[0]),
            before_seq=before[1],
            limit=question.limit,
        )
        return [_entry(row) for row in rows]

    def _behind(self, question: Lookup, value: str) -> list[tuple[int, Entry]]:
        """The events of a question that no attribute is filed of yet."""
        check(question.attribute)
        ((indexed, _),) = self._database.rows(self._statements.indexed)
        rows = self._database.rows(
            self._statements.tail,
            after=indexed,
            account=question.account,
            region=question.region,
            category=question.category,
            start=float(question.start),
            end=float(question.end),
        )
        events = [_entry(row) for row in rows]
        return [
            (seq, entry)
            for seq, entry in events
            if holds(entry, question.attribute, value)
            and (question.before is None or (entry.time, seq) < question.before)
        ]

    def file(self) -> None:
        """File the attributes of all events that are committed."""
        while self._writer.do(Chore(self._file)) == _STEP:
            continue

    def _file(self, session: Session) -> int:
        statements = self._statements
        ((indexed, newest),) = session.rows(statements.indexed)
        last = min(newest, indexed + _STEP)
        if last > indexed:
            for statement in statements.file_attributes:
                session.run(statement, first=indexed + 1, last=last)
            session.run(statements.count_indexed, indexed=last)
        return int(last - indexed)

    def newest(self) -> int:
        """See `Journal.newest`."""
        return int(self._database.rows(self._statements.counter)[0][1])

    def drop(self, before: float) -> int:
        """See `Journal.drop`; decisions as old go too."""
        moment, statements = float(before), self._statements
        dropped = 0
        while rows := self._database.rows(statements.old, before=moment, limit=_STEP):
            dropped += self._writer.do(Chore(partial(self._drop, before=moment, first=rows[0][0], last=rows[-1][0])))
        self._writer.do(Chore(lambda session: session.run(statements.drop_decisions, before=moment)))
        return dropped

    def _drop(self, session: Session, **which: float) -> int:
        """Remove the old ones of a stretch of events; one statement a kind of row, as calls wait meanwhile."""
        for statement in self._statements.drop_attributes:
            session.run(statement, **which)
        return session.run(self._statements.drop_events, **which)


def _moment(found: tuple[int, Entry]) -> tuple[float, int]:
    """What events are ordered by."""
    return found[1].time, found[0]


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
