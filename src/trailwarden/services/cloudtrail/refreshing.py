"""Refreshes dashboards by their schedules, on a thread beside the calls.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard-refresh-schedule.html
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from trailwarden.clock import Clock
from trailwarden.delivery.progress import settled
from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail.dashboard import DASHBOARD, Dashboard, RefreshSchedule
from trailwarden.services.cloudtrail.dashboard_refresh import refresh
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["Refresher", "latest_slot"]

_log = logging.getLogger(__name__)

_TICK = 5.0
_FAREWELL = 10.0
_HOUR, _DAY = 3_600.0, 86_400.0
_LONGEST = 1_000


def latest_slot(schedule: RefreshSchedule, now: float) -> float | None:
    """The last time until now at which the schedule has the dashboard refreshed; None where it never does.

    For every hour, the time of day tells the minute; for several hours, the hour too from which they are counted.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RefreshSchedule.html
    """
    if schedule.status != "ENABLED" or not schedule.unit or not schedule.value:
        return None
    every = schedule.value * (_HOUR if schedule.unit == "HOURS" else _DAY)
    hours, _, minutes = (schedule.time_of_day or "00:00").partition(":")
    offset = (int(hours) * _HOUR + int(minutes) * 60.0) % every
    return (now - offset) // every * every + offset


@dataclass(slots=True)
class Refresher:
    """Looks for dashboards that are due. Where several servers do, the transactions decide who refreshes."""

    storage: Storage
    world: Callable[[Transaction], World]
    clock: Clock
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("dashboards", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is due is refreshed after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """Refresh what is due; a failure is the dashboard's own, and told by GetDashboard."""
        for document in self.storage.begin().list(DASHBOARD):
            if _is_due(document.body, now):
                self._refresh(document, now)

    def _refresh(self, document: Document[Dashboard], now: float) -> None:
        try:
            settled(self.storage, lambda transaction: self._tried(transaction, document, now))
        except AwsError as error:
            reason = error.text
            settled(self.storage, lambda transaction: _note(transaction, document, reason, now))
        except Exception:  # noqa: BLE001 — the next run tries again
            _log.exception("the refresh of the dashboard %s failed", document.name)

    def _tried(self, transaction: Transaction, document: Document[Dashboard], now: float) -> None:
        """Refresh it, or note why it cannot be; nothing where somebody else did. Raises AwsError."""
        found = transaction.get(DASHBOARD, document.account, document.region, document.name)
        if found is None or not _is_due(found.body, now):
            return
        dashboard, world = found.body, self.world(transaction)
        context = {"aws:SourceArn": dashboard.arn, "aws:SourceAccount": dashboard.account}
        if not world.service_may(SERVICE, "cloudtrail:StartDashboardRefresh", dashboard.arn, context):
            reason = f"The policy of the dashboard does not let {SERVICE} run cloudtrail:StartDashboardRefresh."
            _note(transaction, document, reason, now)
            return
        refresh(world, dashboard, {}, now=now)
        _note(transaction, document, "", now)


def _is_due(dashboard: Dashboard, now: float) -> bool:
    """A schedule begins with what follows the dashboard's last change."""
    slot = latest_slot(dashboard.schedule, now) if dashboard.schedule is not None else None
    return slot is not None and slot > max(dashboard.scheduled, dashboard.updated)


def _note(transaction: Transaction, document: Document[Dashboard], reason: str, now: float) -> None:
    found = transaction.get(DASHBOARD, document.account, document.region, document.name)
    if found is not None:
        changed = msgspec.structs.replace(found.body, scheduled=now, failure=reason[:_LONGEST])
        transaction.put(DASHBOARD, document.account, document.region, document.name, changed)
