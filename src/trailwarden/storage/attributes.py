"""What an event is looked up by: LookupEvents' attribute keys, told of an entry and of the journal's rows alike.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Delete, Dialect, Insert, Select, Text, case, cast, delete, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from trailwarden.storage.ports import Entry
from trailwarden.storage.tables import ATTRIBUTES, JOURNAL

__all__ = ["attributes_of", "check", "filed", "holds", "removed"]

_TRUTH = {False: "false", True: "true"}

_ROWS: Mapping[str, ColumnElement[Any]] = {
    "EventName": JOURNAL.c.name,
    "EventSource": JOURNAL.c.source,
    "ReadOnly": case((JOURNAL.c.read_only == 1, _TRUTH[True]), else_=_TRUTH[False]),
    "Username": JOURNAL.c.username,
    "AccessKeyId": JOURNAL.c.access_key,
}
_PAIRS: Mapping[str, int] = {"ResourceType": 0, "ResourceName": 1}
"""Places in the pairs of an event's resources."""

_ENTRIES: Mapping[str, Callable[[Entry], Iterable[str]]] = {
    "EventName": lambda entry: (entry.name,),
    "EventSource": lambda entry: (entry.source,),
    "ReadOnly": lambda entry: (_TRUTH[entry.read_only],),
    "Username": lambda entry: (entry.username,),
    "AccessKeyId": lambda entry: (entry.access_key,),
    "ResourceType": lambda entry: [kind for kind, _ in entry.resources],
    "ResourceName": lambda entry: [name for _, name in entry.resources],
}


def check(attribute: str) -> None:
    """ValueError for an attribute that there is not."""
    if attribute not in _ENTRIES:
        raise ValueError(attribute)


def holds(entry: Entry, attribute: str, value: str) -> bool:
    """Whether an event is found by that value of an attribute; nothing is found by an empty one."""
    return bool(value) and value in _ENTRIES[attribute](entry)


def attributes_of(dialect: Dialect) -> Iterator[Select[Any]]:
    """Selects of the journal that give the rows of `attributes`, each event's in the order of its position."""
    for attribute, column in _ROWS.items():
        yield _rows(attribute, column)
    for attribute, place in _PAIRS.items():
        text = func.nullif(JOURNAL.c.resources, "")
        if dialect.name == "sqlite":
            pair = func.json_each(text).table_valued("value").c.value
            yield _rows(attribute, func.json_extract(pair, literal(f"$[{place}]"))).distinct()
        else:
            pair = func.jsonb_array_elements(cast(text, JSONB)).table_valued("value").c.value
            yield _rows(attribute, func.jsonb_extract_path_text(cast(pair, JSONB), literal(str(place)))).distinct()


def _rows(attribute: str, value: ColumnElement[Any]) -> Select[Any]:
    columns = JOURNAL.c
    place = (columns.account, columns.region, columns.category)
    return select(*place, cast(literal(attribute), Text), value, columns.time, columns.seq).where(value != "")


def filed(rows: Select[Any]) -> Insert:
    """Files rows that `attributes_of` gives."""
    return insert(ATTRIBUTES).from_select(list(ATTRIBUTES.c.keys()), rows)


def removed(rows: Select[Any]) -> Delete:
    """Removes them."""
    return delete(ATTRIBUTES).where(tuple_(*ATTRIBUTES.c).in_(rows))
