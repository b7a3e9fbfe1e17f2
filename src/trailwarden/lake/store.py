"""An event data store as it is stored: its settings, and which part of the journal it takes in under which of them."""

from collections.abc import Sequence

import msgspec

from trailwarden.arn import Arn
from trailwarden.delivery.trail import InsightSelector
from trailwarden.events.selectors import AdvancedSelector
from trailwarden.storage.ports import Kind

__all__ = ["STORE", "EventDataStore", "Window", "closed", "is_gone", "reopened", "windows"]

_MOST_WINDOWS = 200


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the journal, behind `after` and up to `until`, and the settings under which a store took it in."""

    after: int
    until: int
    selectors: tuple[AdvancedSelector, ...]
    multi_region: bool
    organization: str


class EventDataStore(msgspec.Struct, frozen=True, kw_only=True):
    """An event data store. Key: (account, region, id). Times are seconds since the epoch; "" stands for a setting not made.

    `organization` is the organization's id for one of an organization, else ""; its management account owns it.
    `deletion` is when a store pending deletion goes. `policy` is its resource-based policy. `position` is the journal's
    newest position when ingestion began under the present settings: what was committed behind it is taken in. `earlier`
    are the parts before, each under the settings of its time. `insights_destination` is the ARN of the store that holds
    the Insights events about this one's management events.
    """

    account: str
    region: str
    id: str
    name: str
    created: float
    updated: float
    selectors: tuple[AdvancedSelector, ...]
    multi_region: bool = True
    organization: str = ""
    retention_days: int = 366
    protected: bool = True
    kms_key_id: str = ""
    billing: str = "EXTENDABLE_RETENTION_PRICING"
    status: str = "ENABLED"
    deletion: float | None = None
    tags: dict[str, str] = {}
    policy: str = ""
    position: int = 0
    earlier: tuple[Window, ...] = ()
    insight_selectors: tuple[InsightSelector, ...] = ()
    insights_destination: str = ""

    @property
    def arn(self) -> str:
        """`arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/EXAMPLE-…`."""
        resource = f"eventdatastore/{self.id}"
        return str(Arn(service="cloudtrail", region=self.region, account=self.account, resource=resource))

    @property
    def categories(self) -> frozenset[str]:
        """The categories of the events that it takes."""
        return frozenset(
            value
            for selector in self.selectors
            for field in selector.field_selectors
            if field.field == "eventCategory"
            for value in field.equals
        )


STORE = Kind("cloudtrail.store", EventDataStore)

_TAKING = "ENABLED"


def is_gone(store: EventDataStore, now: float) -> bool:
    """Whether a store that was to be deleted is."""
    return store.deletion is not None and store.deletion <= now


def windows(store: EventDataStore, newest: int) -> Sequence[Window]:
    """The parts of the journal that the store takes in, up to its position `newest`."""
    if store.status != _TAKING:
        return store.earlier
    return (*store.earlier, _open(store, newest))


def closed(store: EventDataStore, newest: int) -> EventDataStore:
    """The store with its present part of the journal ended at `newest`; what follows is taken in under what it is given next."""
    if store.status != _TAKING:
        return store
    earlier = (*store.earlier, _open(store, newest))[-_MOST_WINDOWS:]
    return msgspec.structs.replace(store, earlier=earlier, position=newest)


def reopened(store: EventDataStore, newest: int) -> EventDataStore:
    """The store taking in again, from behind `newest`."""
    return msgspec.structs.replace(store, status=_TAKING, position=newest)


def _open(store: EventDataStore, newest: int) -> Window:
    return Window(
        after=store.position,
        until=max(newest, store.position),
        selectors=store.selectors,
        multi_region=store.multi_region,
        organization=store.organization,
    )
