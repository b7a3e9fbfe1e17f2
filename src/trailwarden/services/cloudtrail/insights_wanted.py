"""Whose Insights are on: which calls are counted, and who is told of what is unusual.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from trailwarden.clock import Chance
from trailwarden.delivery.selection import Selection, selection
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.events.insights import Happening, Series
from trailwarden.events.insights_record import store_entry, trail_entry
from trailwarden.lake.store import STORE, EventDataStore
from trailwarden.storage.ports import Entry, Reader

__all__ = ["Counted", "Wanted", "wanted_by"]

_CALLS, _ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"
_API_CALL = "AwsApiCall"
_ERROR_CODE = b'"errorCode"'
_NO_ERROR = "null"


@dataclass(frozen=True, slots=True)
class Counted:
    """One call in a series: `owner` is the account, organization or trail for which it is counted."""

    owner: str
    series: Series
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The trails that log, and stores that take events in, with Insights selectors."""

    trails: tuple[Trail, ...]
    stores: tuple[EventDataStore, ...]
    _data: tuple[tuple[Trail, Selection], ...] = field(repr=False)
    _owners: frozenset[str] = field(repr=False)

    @property
    def owners(self) -> frozenset[str]:
        """For whom calls are counted: accounts and organizations for management events, trails' handles for data events."""
        return self._owners | {trail.handle for trail, _ in self._data}

    def owner(self, account: str, organization: str) -> str:
        """For whom an account's management events are counted, "" where for nobody."""
        if account in self._owners:
            return account
        return organization if organization in self._owners else ""

    def counted(self, position: int, entry: Entry) -> Iterator[Counted]:
        """The series in which an event counts. Write management calls count as calls, and those with an error code as errors."""
        if entry.category == "Management":
            owner = self.owner(entry.account, entry.organization)
            if owner and not (entry.read_only and _ERROR_CODE not in entry.record):
                yield from _counted(owner, "", entry, calls=not entry.read_only)
        elif entry.category == "Data":
            for trail, select in self._data:
                if select(position, entry) is not None:
                    yield from _counted(trail.handle, trail.handle, entry, calls=True)

    def told(self, happening: Happening, organization: str, chance: Chance) -> Iterator[Entry]:
        """The events for whoever collects Insights of this kind there."""
        series = happening.series
        if series.trail:
            for trail, _ in self._data:
                if trail.handle == series.trail and _selects(trail, series.type, "Data"):
                    yield trail_entry(happening, trail=trail.arn, organization=organization, chance=chance)
            return
        if any(
            _selects(trail, series.type, "Management") and _covers(trail, trail.home_region, series, organization)
            for trail in self.trails
        ):
            yield trail_entry(happening, organization=organization, chance=chance)
        for store in self.stores:
            if any(each.type == series.type for each in store.insight_selectors) and _covers(
                store, store.region, series, organization
            ):
                yield store_entry(
                    happening,
                    source=store.arn,
                    destination=store.insights_destination,
                    organization=organization,
                    chance=chance,
                )


def wanted_by(reader: Reader) -> Wanted:
    """What all trails and stores want now."""
    trails = tuple(
        document.body for document in reader.list(TRAIL) if document.body.logging and document.body.insight_selectors
    )
    stores = tuple(
        document.body
        for document in reader.list(STORE)
        if document.body.insight_selectors and document.body.status == "ENABLED"
    )
    managed = [trail for trail in trails if _collects(trail, "Management")]
    return Wanted(
        trails=trails,
        stores=stores,
        _data=tuple((trail, selection(trail)) for trail in trails if _collects(trail, "Data")),
        _owners=frozenset(owner for trail in managed for owner in _owners(trail))
        | frozenset(owner for store in stores for owner in _owners(store)),
    )


def _owners(each: Trail | EventDataStore) -> Sequence[str]:
    return (each.account, each.organization) if each.organization else (each.account,)


def _collects(trail: Trail, category: str) -> bool:
    return any(category in selector.event_categories for selector in trail.insight_selectors)


def _selects(trail: Trail, type_: str, category: str) -> bool:
    return any(each.type == type_ and category in each.event_categories for each in trail.insight_selectors)


def _covers(each: Trail | EventDataStore, home: str, series: Series, organization: str) -> bool:
    """Own account or organization, own Region or all."""
    own = series.account == each.account or (bool(each.organization) and organization == each.organization)
    return own and (each.multi_region or series.region == home)


class _Identity(msgspec.Struct, frozen=True):
    arn: str = ""
    invokedBy: str = ""  # noqa: N815 — as in the record


class _Seen(msgspec.Struct, frozen=True):
    """What is read of a record."""

    eventType: str = ""  # noqa: N815 — likewise
    errorCode: str = ""  # noqa: N815 — likewise
    userAgent: str = ""  # noqa: N815 — likewise
    userIdentity: _Identity | None = None  # noqa: N815 — likewise


_seen = msgspec.json.Decoder(_Seen)


def _counted(owner: str, trail: str, entry: Entry, *, calls: bool) -> Iterator[Counted]:
    seen = _seen.decode(entry.record)
    if seen.eventType != _API_CALL:
        return
    identity = seen.userIdentity or _Identity()
    told = {
        "userIdentityArn": identity.arn or identity.invokedBy,
        "userAgent": seen.userAgent,
        "errorCode": seen.errorCode or _NO_ERROR,
    }
    values = {attribute: value for attribute, value in told.items() if value}
    if calls:
        yield Counted(owner, _series(entry, trail, _CALLS, ""), values)
    if seen.errorCode:
        yield Counted(owner, _series(entry, trail, _ERRORS, seen.errorCode), values)


def _series(entry: Entry, trail: str, type_: str, error: str) -> Series:
    return Series(
        account=entry.account,
        region=entry.region,
        trail=trail,
        type=type_,
        source=entry.source,
        name=entry.name,
        error=error,
    )
