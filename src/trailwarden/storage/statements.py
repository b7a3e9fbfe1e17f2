"""The statements of this room, written once in SQLAlchemy Core and compiled once per dialect to what the driver takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Integer, Select, Table, bindparam, delete, select, tuple_, update
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement

from trailwarden.storage.attributes import attributes_of, filed, removed
from trailwarden.storage.tables import ATTRIBUTES, BLOBS, COUNTER, DECISIONS, DOCUMENTS, HISTORY, JOURNAL

__all__ = ["Question", "Shape", "Statement", "Statements"]

_KEY = ("kind", "account", "region", "name")
_PLACE = ("account", "region", "category")
_LIMIT = bindparam("limit", type_=Integer)


class Shape(NamedTuple):
    """Which bounds a list of documents has."""

    account: bool
    region: bool
    lowest: bool
    beyond: bool
    after: bool
    limit: bool


class Question(NamedTuple):
    """Which parts a lookup has. `by` is "attribute", "event_id" or ""."""

    by: str
    paged: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as the driver takes it, the names of its parameters in order, and the values of those that are fixed."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]

    def bind(self, values: Mapping[str, object]) -> tuple[object, ...]:
        """The parameters in order."""
        fixed = self.fixed
        return tuple([values[name] if name in values else fixed[name] for name in self.names])


class Statements:
    """All statements in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._lists: dict[Shape, Statement] = {}
        self._lookups: dict[Question, Statement] = {}
        self._inserts: dict[tuple[str, int], str] = {}
        position = select(COUNTER.c.change, COUNTER.c.seq)
        self.counter = self._compile(position)
        self.lock = self._compile(position.with_for_update())
        self.count = self._compile(update(COUNTER).values(change=bindparam("change"), seq=bindparam("seq")))
        self.document = self._compile(_of(_document(), DOCUMENTS, *_KEY))
        self.version = self._compile(_of(select(DOCUMENTS.c.version), DOCUMENTS, *_KEY))
        self.learn = self._compile(
            select(*[HISTORY.c[name] for name in ("change", *_KEY)])
            .where(HISTORY.c.change > bindparam("change"))
            .order_by(HISTORY.c.change)
            .limit(_LIMIT)
        )
        past = select(*[HISTORY.c[name] for name in ("name", "version", "time", "body")]).order_by(HISTORY.c.change)
        self.history = {
            named: self._compile(_of(past, HISTORY, *(_KEY if named else _KEY[:-1]))) for named in (True, False)
        }
        self.events = self._compile(
            select(JOURNAL).where(JOURNAL.c.seq > bindparam("after")).order_by(JOURNAL.c.seq).limit(_LIMIT)
        )
        self.event = self._compile(_of(select(JOURNAL), JOURNAL, "event_id"))
        self.indexed = self._compile(select(COUNTER.c.indexed, COUNTER.c.seq))
        self.count_indexed = self._compile(update(COUNTER).values(indexed=bindparam("indexed")))
        between = JOURNAL.c.seq.between(bindparam("first"), bindparam("last"))
        attributes = [rows.where(between) for rows in attributes_of(dialect)]
        self.file_attributes = [self._compile(filed(rows)) for rows in attributes]
        old = JOURNAL.c.time < bindparam("before")
        self.drop_attributes = [self._compile(removed(rows.where(old))) for rows in attributes]
        self.drop_events = self._compile(delete(JOURNAL).where(between, old))
        self.tail = self._compile(
            _within(select(JOURNAL), JOURNAL).where(JOURNAL.c.seq > bindparam("after")).order_by(JOURNAL.c.seq)
        )
        self.old = self._compile(select(JOURNAL.c.seq).where(old).order_by(JOURNAL.c.seq).limit(_LIMIT))
        self.drop_decisions = self._compile(delete(DECISIONS).where(DECISIONS.c.time < bindparam("before")))
        self.decisions = {
            by: self._compile(_of(select(DECISIONS), DECISIONS, by).limit(1))
            for by in ("authorization_id", "event_id", "request_id")
        }
        self.blob = self._compile(_of(select(BLOBS.c.size, BLOBS.c.data), BLOBS, "reference"))
        self.drop_blob = self._compile(_of(delete(BLOBS), BLOBS, "reference"))

    def list(self, shape: Shape) -> Statement:
        """Documents of a kind within bounds, in order."""
        found = self._lists.get(shape)
        if found is None:
            found = self._lists[shape] = self._compile(_list(shape))
        return found

    def lookup(self, question: Question) -> Statement:
        """Events of a place that have an attribute, newest first."""
        found = self._lookups.get(question)
        if found is None:
            found = self._lookups[question] = self._compile(_lookup(question))
        return found

    def insert(self, table: Table, count: int = 0) -> str:
        """An insert of `count` rows given value by value, or for 0 (PostgreSQL) of any number given as one array a column."""
        found = self._inserts.get((table.name, count))
        if found is None:
            rows = _rows(table, count) if count else self._arrays(table)
            sql = f"INSERT INTO {table.name} ({', '.join(_names(table))}) {rows}{_upsert(table)}"
            found = self._inserts[table.name, count] = sql
        return found

    def _arrays(self, table: Table) -> str:
        types = [column.type.compile(self._dialect).split(" COLLATE")[0] for column in table.c]
        return f"SELECT * FROM unnest({', '.join(f'%s::{name}[]' for name in types)})"  # noqa: S608 — likewise

    def _compile(self, statement: Executable) -> Statement:
        compiled: Any = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]  # ClauseElement has it
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return Statement(compiled.string, tuple(compiled.positiontup), fixed)


def _upsert(table: Table) -> str:
    """Documents replace their version before; every other row is new."""
    if table is not DOCUMENTS:
        return ""
    changed = ", ".join(f"{name} = excluded.{name}" for name in _names(DOCUMENTS) if name not in _KEY)
    return f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {changed}"


def _rows(table: Table, count: int) -> str:
    row = f"({', '.join('?' * len(table.c))})"
    return f"VALUES {', '.join([row] * count)}"


def _names(table: Table) -> list[str]:
    return [column.name for column in table.c]


def _of(statement: Any, table: Table, *names: str) -> Any:
    """The statement for rows whose columns equal the parameters of the same names."""
    return statement.where(*[table.c[name] == bindparam(name) for name in names])


def _document() -> Select[Any]:
    return select(DOCUMENTS.c.version, DOCUMENTS.c.change, DOCUMENTS.c.deleted, DOCUMENTS.c.body)


def _list(shape: Shape) -> Select[Any]:
    table = DOCUMENTS.c
    bounds: list[tuple[bool, ColumnElement[bool]]] = [
        (shape.account, table.account == bindparam("account")),
        (shape.region, table.region == bindparam("region")),
        (shape.lowest, table.name >= bindparam("lowest")),
        (shape.beyond, table.name < bindparam("beyond")),
        (shape.after, table.name > bindparam("after")),
    ]
    statement = (
        select(table.account, table.region, table.name, table.version, table.change, table.body)
        .where(table.kind == bindparam("kind"), table.deleted == 0, *[bound for wanted, bound in bounds if wanted])
        .order_by(table.account, table.region, table.name)
    )
    return statement.limit(_LIMIT) if shape.limit else statement


def _lookup(question: Question) -> Select[Any]:
    if question.by != "attribute":
        return _page(_of(select(JOURNAL), JOURNAL, *filter(None, (question.by,))), JOURNAL, question)
    filed = _of(select(ATTRIBUTES.c.seq), ATTRIBUTES, "attribute", "value")
    wanted = _page(filed, ATTRIBUTES, question).subquery()
    joined = select(JOURNAL).join(wanted, wanted.c.seq == JOURNAL.c.seq)
    return joined.order_by(JOURNAL.c.time.desc(), JOURNAL.c.seq.desc())


def _within(statement: Select[Any], table: Table) -> Select[Any]:
    """The rows of a place and time."""
    statement = _of(statement, table, *_PLACE)
    return statement.where(table.c.time >= bindparam("start"), table.c.time <= bindparam("end"))


def _page(statement: Select[Any], table: Table, question: Question) -> Select[Any]:
    """One page of the rows of a place and time, newest first."""
    statement = _within(statement, table)
    if question.paged:
        last = tuple_(
            bindparam("before_time", type_=table.c.time.type), bindparam("before_seq", type_=table.c.seq.type)
        )
        statement = statement.where(tuple_(table.c.time, table.c.seq) < last)
    return statement.order_by(table.c.time.desc(), table.c.seq.desc()).limit(_LIMIT)
