"""Answers a query: reads its statement, pins its stores, runs it in the sandbox; whatever happens is an answer."""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trailwarden.lake.holding import Holding
from trailwarden.lake.planning import planned
from trailwarden.lake.query import Row, Status
from trailwarden.lake.running import QueryCancelled, QueryFailed, QueryTimedOut, Sandbox
from trailwarden.lake.sql import InvalidStatement, read
from trailwarden.lake.store import EventDataStore

__all__ = ["Answer", "Answering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a query ended, and what it read. `columns` name the results."""

    status: Status
    error: str = ""
    columns: tuple[str, ...] = ()
    bytes_scanned: int = 0
    events_scanned: int = 0
    events_matched: int = 0


@dataclass(frozen=True, slots=True)
class Answering:
    """Queries over event data stores."""

    holding: Holding
    sandbox: Sandbox = field(default_factory=Sandbox)

    def answer(
        self,
        statement: str,
        parameters: Sequence[str],
        stores: Mapping[str, EventDataStore],
        *,
        now: float,
        rows: Callable[[Sequence[Row]], None],
        stop: threading.Event,
    ) -> Answer:
        """The answer; `stores` are by the names in the statement, `now` is what it takes for the present."""
        try:
            return self._answer(statement, parameters, stores, now, rows, stop)
        except QueryTimedOut as error:
            return Answer(status="TIMED_OUT", error=str(error))
        except QueryCancelled:
            return Answer(status="CANCELLED")
        except (QueryFailed, InvalidStatement) as error:
            return Answer(status="FAILED", error=str(error))

    def close(self) -> None:
        """End the process that stands ready."""
        self.sandbox.close()

    def _answer(
        self,
        statement: str,
        parameters: Sequence[str],
        stores: Mapping[str, EventDataStore],
        now: float,
        rows: Callable[[Sequence[Row]], None],
        stop: threading.Event,
    ) -> Answer:
        asked = read(statement, parameters)
        views = {name: self.holding.view(store) for name, store in stores.items()}
        with tempfile.TemporaryDirectory(prefix="trailwarden-tail-") as folder:
            plan = planned(asked, views, Path(folder), now)
            done = self.sandbox.run(plan.job, rows, stop=stop)
        self.sandbox.warm()
        return Answer(
            status="FINISHED",
            columns=asked.columns or done.columns,
            bytes_scanned=plan.bytes_scanned,
            events_scanned=plan.events_scanned,
            events_matched=done.matched,
        )
