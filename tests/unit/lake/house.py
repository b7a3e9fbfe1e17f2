"""A lake over a real journal, with a clock that stands where it is put."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from trailwarden.clock import Chance, iso
from trailwarden.events.selectors import AdvancedSelector, FieldSelector
from trailwarden.lake import STORE, EventDataStore, Lake
from trailwarden.lake.upkeep import Keeper
from trailwarden.storage import Entry, Storage, open_storage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
ACCOUNT = "123456789012"
ID = "11111111-2222-4333-8444-555555555555"


def of_category(category: str) -> AdvancedSelector:
    return AdvancedSelector(field_selectors=(FieldSelector(field="eventCategory", equals=(category,)),))


def record(number: int, time: float, **changed: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "mateojackson", "accountId": ACCOUNT},
        "eventTime": iso(time),
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "requestParameters": {"userName": f"user-{number}", "path": {"of": [number]}},
        "eventID": f"id-{number}",
        "readOnly": False,
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
        **changed,
    }


def raw(number: int, time: float, **changed: Any) -> bytes:
    return json.dumps(record(number, time, **changed)).encode()


@dataclass
class House:
    """One store's world."""

    storage: Storage
    lake: Lake
    keeper: Keeper
    now: list[float]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def store(self, **changed: Any) -> EventDataStore:
        """An event data store, as its creation keeps it."""
        store = EventDataStore(
            **{
                "account": ACCOUNT,
                "region": "us-east-1",
                "id": ID,
                "name": "events",
                "created": NOW,
                "updated": NOW,
                "selectors": (of_category("Management"),),
                "position": self.storage.journal.newest(),
                **changed,
            }
        )
        self.keep(store)
        return store

    def keep(self, store: EventDataStore) -> None:
        transaction = self.storage.begin()
        transaction.put(STORE, store.account, store.region, store.id, store)
        self.storage.commit(transaction).result()

    def record(self, count: int = 1, *, ago: float = 0.0, **changed: Any) -> list[str]:
        """Record calls; gives their event ids."""
        transaction, ids = self.storage.begin(), []
        for number in itertools.islice(self._numbers, count):
            time = self.now[0] - ago
            fields = {"account": ACCOUNT, "region": "us-east-1", "category": "Management", "organization": ""}
            fields |= {name: changed[name] for name in fields if name in changed}
            members = {name: value for name, value in changed.items() if name not in fields and name != "resources"}
            body = record(number, time, eventCategory=fields["category"], **members)
            ids.append(body["eventID"])
            entry = Entry(
                event_id=body["eventID"],
                time=time,
                source=body["eventSource"],
                name=body["eventName"],
                read_only=False,
                record=json.dumps(body).encode(),
                resources=changed.get("resources", ()),
                **fields,
            )
            transaction.append(entry)
        self.storage.commit(transaction).result()
        return ids

    def held(self, store: str = ID) -> list[str]:
        """The event ids in the table, read with DuckDB alone."""
        pinned = self.lake.holding.warehouse.pin(store)
        paths = [file.path for file in pinned.files] if pinned else []
        if not paths:
            return []
        with duckdb.connect() as connection:
            found = connection.execute("SELECT eventid FROM read_parquet(?)", [paths]).fetchall()
        return sorted(row[0] for row in found)

    def seen(self, store: EventDataStore) -> list[str]:
        """The event ids that a query sees."""
        hot = [json.loads(each)["eventID"] for each in self.lake.holding.view(store).hot]
        return sorted([*self.held(store.id), *hot])


@contextmanager
def house(folder: Path, url: str = "") -> Iterator[House]:
    """Everything below a folder; the database is SQLite unless a URL is given."""
    now = [NOW]
    storage = open_storage(url or str(folder / "store.db"), blobs=str(folder / "blobs"))
    try:
        catalog = url or f"sqlite:///{folder}/lake/catalog.db"
        lake = Lake(storage, folder / "lake", catalog, lambda: now[0], Chance())
        try:
            yield House(storage, lake, Keeper(lake, lambda: now[0]), now)
        finally:
            lake.close()
    finally:
        storage.close()
