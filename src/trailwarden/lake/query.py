"""A query as it is stored: asked, running, ended; its results in blocks of a thousand rows, kept for seven days.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-run-query.html
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from trailwarden.storage.ports import Kind, Reader, Storage, Transaction

__all__ = [
    "BLOCK",
    "ENDED",
    "KEPT",
    "OPEN",
    "QUERY",
    "TEMPLATE",
    "Open",
    "Query",
    "Status",
    "Template",
    "forget",
    "result_rows",
]

Status = Literal["QUEUED", "RUNNING", "FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"]

ENDED: frozenset[Status] = frozenset({"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"})

KEPT = 7 * 86_400.0
"""Seconds that a query and its results are kept."""

BLOCK = 1_000
"""Rows in a stored block; also the most that one page may have."""

Row = Sequence[str | None]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query. Key: (account that owns its stores, Region, id). Times are seconds since the epoch; "" stands for what is not there.

    `statement` is what was asked, `parameters` the values for its placeholders. `stores` are the ARNs of the event data
    stores by the name that the statement gives each. `blocks` refer to the results. `delivery` is the S3 URI to deliver to.
    """

    account: str
    region: str
    id: str
    statement: str
    parameters: tuple[str, ...] = ()
    stores: dict[str, str]
    created: float
    status: Status = "QUEUED"
    ended: float | None = None
    error: str = ""
    columns: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    rows: int = 0
    bytes_scanned: int = 0
    events_scanned: int = 0
    events_matched: int = 0
    milliseconds: int = 0
    delivery: str = ""
    delivery_status: str = ""
    alias: str = ""
    refresh_id: str = ""
    prompt: str = ""


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """A query that is not done with: to be run, or to be delivered. Key as the query's. `node` works on it until `until`."""

    node: str = ""
    until: float = 0.0


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that a QueryAlias stands for. Key: (account, Region, alias)."""

    statement: str


QUERY = Kind("cloudtrail.query", Query)
OPEN = Kind("cloudtrail.query-open", Open)
TEMPLATE = Kind("cloudtrail.query-template", Template)


def result_rows(storage: Storage, query: Query, start: int, count: int) -> list[Row]:
    """Rows of the results from a place on. Raises StorageUnavailable."""
    rows: list[Row] = []
    for number in range(start // BLOCK, (min(start + count, query.rows) + BLOCK - 1) // BLOCK):
        block = msgspec.json.decode(storage.fetch(query.blocks[number]), type=list[list[str | None]])
        first = number * BLOCK
        rows += block[max(0, start - first) : start + count - first]
    return rows


def forget(transaction: Transaction, query: Query) -> None:
    """Drop a query with its results."""
    for block in query.blocks:
        transaction.discard(block)
    transaction.delete(QUERY, query.account, query.region, query.id)
    transaction.delete(OPEN, query.account, query.region, query.id)


def past(reader: Reader, now: float) -> Iterator[Query]:
    """Queries that have been kept long enough."""
    for document in reader.list(QUERY):
        if document.body.created < now - KEPT:
            yield document.body
