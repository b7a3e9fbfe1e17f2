"""The deliveries of all trails, on a thread of their own.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance, Clock
from trailwarden.delivery.aggregating import Aggregator
from trailwarden.delivery.chaining import Chains
from trailwarden.delivery.collecting import Collector
from trailwarden.delivery.destination import Destination
from trailwarden.delivery.handing import Handing
from trailwarden.delivery.integrations import LogGroups, Notices
from trailwarden.delivery.keys import Keyring
from trailwarden.delivery.progress import AGGREGATED, DELIVERED, PROGRESS, STREAMED, settled
from trailwarden.delivery.streaming import Streaming
from trailwarden.delivery.trail import RETIRED, STATUS, TRAIL, Trail
from trailwarden.storage.ports import Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["Deliverer"]

_log = logging.getLogger(__name__)

_SHORTEST_TICK = 0.05
_LONGEST_TICK = 1.0
_TICKS = 4
_FAREWELL = 30.0


@dataclass(slots=True)
class Deliverer:
    """Brings recorded events to their trails' buckets, and digests of what was brought.

    Log files go out every `delivery_interval` seconds, digests every `digest_interval`, even when empty.
    """

    storage: Storage
    destination: Destination
    vault: Vault = field(kw_only=True, repr=False)
    clock: Clock = field(kw_only=True)
    chance: Chance = field(kw_only=True)
    delivery_interval: float = field(kw_only=True)
    digest_interval: float = field(kw_only=True)
    log_groups: LogGroups | None = field(kw_only=True, default=None)
    notices: Notices | None = field(kw_only=True, default=None)
    _streaming: Streaming | None = field(init=False, default=None, repr=False)
    _aggregator: Aggregator = field(init=False, repr=False)
    _collector: Collector = field(init=False, repr=False)
    _chains: Chains = field(init=False, repr=False)
    _handing: Handing = field(init=False, repr=False)
    _next: dict[str, float] = field(init=False, default_factory=dict, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._aggregator = Aggregator(self.storage, self.chance)
        self._collector = Collector(self.storage, self.chance)
        self._chains = Chains(self.storage, Keyring(self.vault), self.digest_interval)
        self._handing = Handing(
            self.storage, self.destination, self.delivery_interval, self.digest_interval, self.notices
        )
        if self.log_groups is not None:
            self._streaming = Streaming(self.storage, self.log_groups)
        tick = min(self.delivery_interval, self.digest_interval) / _TICKS
        self._ticking = Ticking(
            "delivery",
            lambda: self.run_once(self.clock()),
            max(_SHORTEST_TICK, min(tick, _LONGEST_TICK)),
            _FAREWELL,
            last=lambda: self.run_once(self.clock(), drain=True),
        )

    def start(self) -> None:
        """Begin to deliver. Once stopped, a deliverer may be started again."""
        self._ticking.start()

    def stop(self) -> None:
        """Deliver what is recorded so far, then end."""
        self._ticking.stop()

    def run_once(self, now: float, *, drain: bool = False) -> None:
        """Do all that is due at `now`; `drain` brings log files that are not due yet, too.

        A trail whose delivery fails for a reason of ours is logged and left for the next run.
        """
        for trail, retired in self._trails():
            try:
                self._serve(trail, now, retired=retired, drain=drain)
            except Exception:  # noqa: BLE001 — one trail's trouble is not the others'
                _log.exception("delivery for %s failed", trail.arn)

    def _serve(self, trail: Trail, now: float, *, retired: bool, drain: bool) -> None:
        wanted = trail.logging and trail.log_file_validation and not retired
        if drain or retired or self._due(trail, now):
            self._aggregator.aggregate(trail, now)
            self._stream(trail, now)
            self._collector.collect(trail, now)
        self._handing.hand_over(trail, now, wanted=wanted, every=drain)
        self._chains.advance(trail, now, wanted=wanted)
        left = self._handing.hand_over(trail, now, wanted=wanted)
        if retired and not left:
            settled(self.storage, lambda transaction: _forget(transaction, trail))
            self._next.pop(trail.handle, None)

    def _stream(self, trail: Trail, now: float) -> None:
        """Into the log group; no trouble there holds up the files."""
        if self._streaming is None:
            return
        try:
            self._streaming.stream(trail, now)
        except Exception:  # noqa: BLE001 — the files go out all the same; the next run tries again
            _log.exception("delivery for %s into its log group failed", trail.arn)

    def _due(self, trail: Trail, now: float) -> bool:
        """Whether log files are due: at first sight, so that nothing waits through a restart, and once logging ends."""
        due = self._next.get(trail.handle, 0.0)
        just_stopped = not trail.logging and (trail.stopped or 0.0) > due - self.delivery_interval
        if now < due and not just_stopped:
            return False
        self._next[trail.handle] = now + self.delivery_interval
        return True

    def _trails(self) -> Iterator[tuple[Trail, bool]]:
        reader = self.storage.begin()
        for document in reader.list(TRAIL):
            if document.body.started is not None:
                yield document.body, False
        for document in reader.list(RETIRED):
            yield document.body, True


def _forget(transaction: Transaction, trail: Trail) -> None:
    """Drop a deleted trail that owes nothing any more, no digest of late files either."""
    if transaction.list(DELIVERED, prefix=f"{trail.handle}/"):
        return
    transaction.delete(RETIRED, trail.account, trail.home_region, trail.handle)
    transaction.delete(PROGRESS, trail.account, trail.home_region, trail.handle)
    transaction.delete(AGGREGATED, trail.account, trail.home_region, trail.handle)
    transaction.delete(STREAMED, trail.account, trail.home_region, trail.handle)
    for status in transaction.list(STATUS, prefix=trail.handle):
        if status.name == trail.handle:
            transaction.delete(STATUS, status.account, status.region, status.name)
