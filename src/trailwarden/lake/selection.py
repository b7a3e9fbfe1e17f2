"""Which events of the journal belong to an event data store.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-concepts.html
"""

from collections.abc import Callable

import msgspec

from trailwarden.events.insights import STORE as _INSIGHT
from trailwarden.events.selecting import compile_selectors
from trailwarden.lake.store import EventDataStore, Window, windows
from trailwarden.storage.ports import Entry

__all__ = ["Selection", "selection"]

Selection = Callable[[int, Entry], bool]
"""Whether the store takes the event at a position."""

_ADDRESSED = frozenset({"ActivityAuditLog", "Insight"})
"""Events that were made for one store, which they name; those of trails are other records."""


def selection(store: EventDataStore, newest: int) -> Selection:
    """What the store takes of the journal up to `newest`, each part under the settings of its time."""
    parts = [(window.after, window.until, _chosen(store, window)) for window in windows(store, newest)]

    def select(position: int, entry: Entry) -> bool:
        return any(after < position <= until and chosen(entry) for after, until, chosen in parts)

    return select


def _chosen(store: EventDataStore, window: Window) -> Callable[[Entry], bool]:
    """Own account or organization, own Region or all, and the selectors; a record is decoded only where they look into it."""
    takes = compile_selectors((), window.selectors)
    plain = all(
        len(selector.field_selectors) == 1 and selector.field_selectors[0].field == "eventCategory"
        for selector in window.selectors
    )
    categories = frozenset(
        value
        for selector in window.selectors
        for field in selector.field_selectors
        if field.field == "eventCategory"
        for value in field.equals
    )

    def chosen(entry: Entry) -> bool:
        category = "Insight" if entry.category == _INSIGHT else entry.category
        if category not in categories or entry.category == "Insight":
            return False
        if category in _ADDRESSED:
            return any(name == store.arn for _, name in entry.resources)
        own = entry.account == store.account or (window.organization and entry.organization == window.organization)
        if not own or not (window.multi_region or entry.region == store.region):
            return False
        return plain or takes(msgspec.json.decode(entry.record))

    return chosen
