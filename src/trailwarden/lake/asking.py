"""Runs the queries that were asked, a few at a time, on threads beside the calls; what is open stands in the store.

A query that a crash cut off is run again by whichever node finds it: its lease is over then.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.clock import Clock
from trailwarden.delivery.destination import Destination
from trailwarden.delivery.keys import Keyring
from trailwarden.delivery.progress import settled
from trailwarden.lake.delivering import deliver
from trailwarden.lake.opening import Lake
from trailwarden.lake.query import BLOCK, ENDED, OPEN, QUERY, Open, Query, Row, Status, forget, past
from trailwarden.lake.store import STORE, EventDataStore
from trailwarden.storage.ports import Conflict, Document, Storage, StorageUnavailable, Transaction
from trailwarden.ticking import Ticking

if TYPE_CHECKING:
    from trailwarden.lake.answering import Answering
    from trailwarden.lake.running import Limits

__all__ = ["Asking"]

_log = logging.getLogger(__name__)

_TICK = 0.02
_FAREWELL = 10.0
_AT_ONCE = 2
_LEASE = 120.0
_RENEWED = 30.0
_SWEPT = 3_600.0
_DELIVERIES: Mapping[Status, str] = {"FINISHED": "PENDING", "CANCELLED": "CANCELLED"}


@dataclass(slots=True)
class Asking:
    """Looks for open queries and runs them. `destination` is where results go that are to be delivered."""

    lake: Lake
    clock: Clock
    node: str
    keyring: Keyring
    destination: Destination
    limits: "Limits | None" = None
    _answering: "Answering | None" = field(default=None, init=False, repr=False)
    _pool: ThreadPoolExecutor | None = field(default=None, init=False, repr=False)
    _running: dict[str, threading.Event] = field(default_factory=dict, init=False, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _seen: int = field(default=-1, init=False, repr=False)
    _renewed: float = field(default=0.0, init=False, repr=False)
    _swept: float = field(default=0.0, init=False, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("queries", self._look, _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin to look for queries."""
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="query")
        self._ticking.start()

    def stop(self) -> None:
        """End; queries that run are run again after the next start."""
        self._ticking.stop()
        for stop in list(self._running.values()):
            stop.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._answering is not None:
            self._answering.close()

    @property
    def storage(self) -> Storage:
        """The store of queries."""
        return self.lake.storage

    def _look(self) -> None:
        """What changed since the last look: queries to begin, queries to end; leases to renew."""
        now, change = self.clock(), self.storage.change()
        if now - self._renewed >= _RENEWED:
            self._renewed = now
            self._seen = -1
            self._renew(now)
        if now - self._swept >= _SWEPT:
            self._swept = now
            self._sweep(now)
        if change == self._seen:
            return
        self._seen = change
        for document in self.storage.begin().list(OPEN):
            self._consider(document, now)

    def _consider(self, document: Document[Open], now: float) -> None:
        stop = self._running.get(document.name)
        if stop is not None:
            query = self.storage.begin().get(QUERY, document.account, document.region, document.name)
            if query is None or query.body.status == "CANCELLED":
                stop.set()
            return
        if len(self._running) >= _AT_ONCE or self._is_held(document.body, now):
            return
        if self._claimed(document, now) and self._pool is not None:
            stop = self._running[document.name] = threading.Event()
            self._pool.submit(self._work, document.account, document.region, document.name, stop)

    def _is_held(self, lease: Open, now: float) -> bool:
        """Whether somebody works on the query. Alone on a database, a node takes what a crash of its own has left at once."""
        return lease.until > now and bool(lease.node) and (lease.node == self.node or not self.lake.alone)

    def _claimed(self, document: Document[Open], now: float) -> bool:
        """Whether the query is this node's now."""
        transaction = self.storage.begin()
        if transaction.get(OPEN, document.account, document.region, document.name) is None:
            return False
        lease = Open(node=self.node, until=now + _LEASE)
        transaction.put(OPEN, document.account, document.region, document.name, lease)
        try:
            self.storage.commit(transaction).result()
        except (Conflict, StorageUnavailable):
            return False
        return True

    def _renew(self, now: float) -> None:
        for document in self.storage.begin().list(OPEN):
            if document.name in self._running:
                self._claimed(document, now)

    def _sweep(self, now: float) -> None:
        for query in list(past(self.storage.begin(), now)):
            settled(self.storage, lambda transaction, query=query: forget(transaction, query))  # type: ignore[misc]  # bound now

    def _work(self, account: str, region: str, name: str, stop: threading.Event) -> None:
        """Run the query, then deliver it: each step is remembered, so that it is not lost."""
        try:
            query = self._query(account, region, name)
            if query is not None and query.status not in ENDED:
                query = self._run(query, stop)
            if query is not None and query.status == "FINISHED" and query.delivery_status == "PENDING":
                status = deliver(self.storage, self.destination, self.keyring, query)
                self._change(query, delivery_status=status)
            if query is not None and query.status in ENDED and not self._ticking.ended:
                settled(self.storage, lambda transaction: transaction.delete(OPEN, account, region, name))
        except Exception:  # noqa: BLE001 — it stays open; whoever has the next lease tries again
            _log.exception("query %s could not be brought to its end", name)
        finally:
            self._running.pop(name, None)
            self._seen = -1

    def _query(self, account: str, region: str, name: str) -> Query | None:
        document = self.storage.begin().get(QUERY, account, region, name)
        return document.body if document else None

    def _run(self, query: Query, stop: threading.Event) -> Query | None:
        """The query after its end; None where it is to be run again, since this node ends."""
        self._change(query, status="RUNNING")
        began, results = self.clock(), _Results()
        stores = self._stores(query)
        answer = self._ready().answer(
            query.statement, query.parameters, stores, now=query.created, rows=results.take, stop=stop
        )
        if self._ticking.ended and answer.status == "CANCELLED":
            return None
        now = self.clock()
        return self._change(
            query,
            results=results if answer.status == "FINISHED" else None,
            status=answer.status,
            error=answer.error,
            columns=answer.columns,
            rows=results.count if answer.status == "FINISHED" else 0,
            bytes_scanned=answer.bytes_scanned,
            events_scanned=answer.events_scanned,
            events_matched=answer.events_matched,
            ended=now,
            milliseconds=max(1, round((now - began) * 1000)),
            delivery_status=_DELIVERIES.get(answer.status, "FAILED") if query.delivery else "",
        )

    def _stores(self, query: Query) -> dict[str, EventDataStore]:
        """The stores by the names in the statement; of one that is gone nothing is left to be read."""
        reader, found = self.storage.begin(), {}
        for name, arn in query.stores.items():
            parts = Arn.parse(arn)
            document = reader.get(STORE, parts.account, parts.region, parts.name) if parts else None
            if document is not None:
                found[name] = document.body
        return found

    def _change(self, query: Query, *, results: "_Results | None" = None, **changes: Any) -> Query | None:
        """The query with changes kept, unless it was cancelled or forgotten meanwhile."""

        def work(transaction: Transaction) -> Query | None:
            standing = transaction.get(QUERY, query.account, query.region, query.id)
            if standing is None or (standing.body.status == "CANCELLED" and changes.get("status") != "CANCELLED"):
                return standing.body if standing else None
            blocks = results.kept(transaction) if results is not None else standing.body.blocks
            changed = msgspec.structs.replace(standing.body, blocks=blocks, **changes)
            transaction.put(QUERY, query.account, query.region, query.id, changed)
            return changed

        return settled(self.storage, work)

    def _ready(self) -> "Answering":
        with self._guard:
            if self._answering is None:
                answering, running = (import_module(f"trailwarden.lake.{name}") for name in ("answering", "running"))
                limits = self.limits or running.Limits()
                self._answering = answering.Answering(self.lake.holding, running.Sandbox(limits))
            return self._answering


class _Results:
    """Rows as they come, in blocks."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._rows: list[Row] = []
        self.count = 0

    def take(self, rows: Sequence[Row]) -> None:
        """More rows."""
        self._rows += rows
        self.count += len(rows)
        while len(self._rows) >= BLOCK:
            self._blocks.append(msgspec.json.encode(self._rows[:BLOCK]))
            self._rows = self._rows[BLOCK:]

    def kept(self, transaction: Transaction) -> tuple[str, ...]:
        """References to all of them."""
        rest = [msgspec.json.encode(self._rows)] if self._rows else []
        return tuple(transaction.store(block) for block in [*self._blocks, *rest])
