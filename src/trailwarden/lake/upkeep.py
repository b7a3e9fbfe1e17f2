"""What the lake does by itself: seals, compacts, drops what is past its retention, expires snapshots, sweeps orphans.

Each step leaves the table whole: it is one Iceberg commit, or removes what no table mentions. A crash between two steps
leaves files that the next sweep finds.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trailwarden.clock import Clock
from trailwarden.lake.opening import Lake
from trailwarden.lake.store import STORE, EventDataStore, is_gone
from trailwarden.storage.ports import Conflict
from trailwarden.ticking import Ticking

if TYPE_CHECKING:
    from trailwarden.lake.holding import Holding
    from trailwarden.lake.warehouse import Held

__all__ = ["LONGEST_QUERY", "Keeper"]

_log = logging.getLogger(__name__)

LONGEST_QUERY = 3_600.0
"""Seconds after which a query times out.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-run-query.html
"""

_TICK = 1.0
_FAREWELL = 30.0
_SMALL = 128 * 1024 * 1024
_WHOLE = 512 * 1024 * 1024
_MOST_SMALL_TODAY = 24
_KEPT_SNAPSHOTS = timedelta(hours=2)
_DAY = 86_400.0


@dataclass(slots=True)
class Keeper:
    """Looks after all stores, on a thread of its own: seals every `seal_interval` seconds, tidies every `tidy_interval`.

    A file that nothing mentions is removed once it has been seen so for `spared` seconds: longer than any query reads.
    """

    lake: Lake
    clock: Clock
    seal_interval: float = 60.0
    tidy_interval: float = 900.0
    spared: float = 2 * LONGEST_QUERY
    _sealed: float = field(init=False, default=0.0, repr=False)
    _tidied: float = field(init=False, default=0.0, repr=False)
    _orphans: dict[Path, float] = field(init=False, default_factory=dict, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sealed = self.clock()  # the hot tail serves queries meanwhile
        self._ticking = Ticking("lake", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not sealed yet is safe in the journal."""
        self._ticking.stop()
        self.lake.close()

    def run_once(self, now: float) -> None:
        """Do what is due."""
        if now - self._sealed >= self.seal_interval:
            self._sealed = now
            self._each(self.seal)
        if now - self._tidied >= self.tidy_interval:
            self._tidied = now
            self._each(self.tidy)
            self.bury(now)

    def seal(self, store: EventDataStore) -> None:
        """Take in what was recorded."""
        sealed = self.lake.holding.seal(store)
        _log.debug("%d events sealed into %s", sealed, store.id)

    def tidy(self, store: EventDataStore) -> None:
        """Retention, compaction, expiry, sweep, in this order."""
        now = self.clock()
        holding = self.lake.holding
        with holding.warehouse.lock(store.id):
            self.retain(store, now)
            self.compact(store, now)
            holding.warehouse.expire(store.id, datetime.fromtimestamp(now, UTC) - _KEPT_SNAPSHOTS)
            self.sweep(store.id, now)

    def retain(self, store: EventDataStore, now: float) -> int:
        """Drop the days that are wholly past the retention; gives the number of files."""
        oldest = datetime.fromtimestamp(now - store.retention_days * _DAY, UTC).date()
        warehouse = self.lake.holding.warehouse

        def once() -> int:
            pinned = warehouse.pin(store.id)
            past = [held for held in pinned.files if held.day < oldest] if pinned else []
            if pinned and past:
                warehouse.commit(pinned, remove=past)
            return len(past)

        return warehouse.again(once)

    def compact(self, store: EventDataStore, now: float) -> int:
        """Merge the small files of finished days, and today's where they are many; gives the number of merged ones."""
        today = datetime.fromtimestamp(now, UTC).date()
        holding, count = self.lake.holding, 0
        pinned = holding.warehouse.pin(store.id)
        for day, group in _groups(pinned.files if pinned else (), today):
            count += holding.warehouse.again(lambda day=day, group=group: _merge(holding, store.id, day, group))  # type: ignore[misc]  # bound now
        return count

    def sweep(self, store: str, now: float) -> int:
        """Remove files that nothing has mentioned for long; gives their number."""
        orphans = self.lake.holding.warehouse.unreferenced(store)
        folder = self.lake.folder / store
        for path in [path for path in self._orphans if path.is_relative_to(folder) and path not in orphans]:
            del self._orphans[path]
        removed = 0
        for path in orphans:
            if now - self._orphans.setdefault(path, now) >= self.spared:
                path.unlink(missing_ok=True)
                del self._orphans[path]
                removed += 1
        return removed

    def bury(self, now: float) -> None:
        """Remove for good the stores whose seven days after deletion are over."""
        for document in self.lake.storage.begin().list(STORE):
            if is_gone(document.body, now):
                self._guarded(lambda store: self.lake.holding.forget(store.id), document.body)
                transaction = self.lake.storage.begin()
                transaction.delete(STORE, document.account, document.region, document.name)
                with suppress(Conflict):  # somebody else did
                    self.lake.storage.commit(transaction).result()

    def _each(self, work: Callable[[EventDataStore], None]) -> None:
        """Where there is no store, nothing is loaded."""
        now = self.clock()
        for document in self.lake.storage.begin().list(STORE):
            if not is_gone(document.body, now) and not self._ticking.ended:
                self._guarded(work, document.body)

    def _guarded(self, work: Callable[[EventDataStore], object], store: EventDataStore) -> None:
        try:
            work(store)
        except Exception:  # noqa: BLE001 — one store's trouble is not the others'; the next run tries again
            _log.exception("the upkeep of event data store %s failed", store.id)


def _groups(files: Iterable["Held"], today: date) -> Iterable[tuple[date, list["Held"]]]:
    """Small files of one day that together make a whole one."""
    days: dict[date, list[Held]] = defaultdict(list)
    for held in files:
        if held.size < _SMALL:
            days[held.day].append(held)
    for day, small in sorted(days.items()):
        if day >= today and len(small) <= _MOST_SMALL_TODAY:
            continue
        group: list[Held] = []
        for held in sorted(small, key=lambda each: each.path):
            if group and sum(each.size for each in group) + held.size > _WHOLE:
                yield day, group
                group = []
            group.append(held)
        if len(group) > 1:
            yield day, group


def _merge(holding: "Holding", store: str, day: date, group: "list[Held]") -> int:
    """One file for several, in one commit; nothing where they have been replaced meanwhile."""
    pinned = holding.warehouse.pin(store)
    standing = {held.path: held for held in pinned.files} if pinned else {}
    present = [standing[held.path] for held in group if held.path in standing]
    if pinned is None or len(present) < len(group):
        return 0
    written = holding.merged([held.path for held in present], store, day)
    try:
        holding.warehouse.commit(pinned, add=[written], remove=present)
    except BaseException:
        written.discard()
        raise
    return len(present)
