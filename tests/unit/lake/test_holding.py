"""What event data stores take in, exactly once, and what a query sees of them."""

import json
from pathlib import Path

import msgspec
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from tests.postgres import postgres_database
from tests.unit.lake.house import DAY, ID, NOW, House, house, of_category, raw

from trailwarden.events.selectors import AdvancedSelector, FieldSelector
from trailwarden.lake.store import closed, reopened
from trailwarden.lake.warehouse import Changed, Warehouse


def test_what_is_recorded_is_seen_at_once_and_sealed_once(made: House) -> None:
    store = made.store()
    ids = sorted(made.record(3))
    assert made.seen(store) == ids
    assert made.held() == []
    assert made.lake.holding.seal(store) == 3
    assert made.held() == ids == made.seen(store)
    assert made.lake.holding.seal(store) == 0
    assert made.held() == ids


def test_a_store_begins_with_what_follows_its_creation(made: House) -> None:
    made.record(2)
    store = made.store()
    ids = sorted(made.record(2))
    made.lake.holding.seal(store)
    assert made.held() == ids


def test_stock_pyiceberg_opens_the_table_with_awss_columns(made: House, tmp_path: Path) -> None:
    store = made.store()
    made.record(2)
    made.lake.holding.seal(store)
    catalog = SqlCatalog("trailwarden", uri=f"sqlite:///{tmp_path}/lake/catalog.db")
    table = catalog.load_table(("cloudtrail", ID))
    rows = table.scan(selected_fields=("eventid", "useridentity", "requestparameters", "eventjson")).to_arrow()
    assert rows.column("eventid").to_pylist() == ["id-0", "id-1"]
    assert rows.column("useridentity")[0].as_py()["username"] == "mateojackson"
    assert dict(rows.column("requestparameters")[1].as_py()) == {"userName": "user-1", "path": '{"of":[1]}'}
    assert json.loads(rows.column("eventjson")[0].as_py())["eventID"] == "id-0"
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary["trailwarden.position"] == str(made.storage.journal.newest())


def test_each_day_has_its_own_files(made: House) -> None:
    store = made.store()
    made.record(2)
    made.record(2, ago=DAY)
    made.lake.holding.seal(store)
    pinned = made.lake.holding.warehouse.pin(ID)
    assert pinned is not None
    assert [(held.day.isoformat(), held.rows) for held in sorted(pinned.files, key=lambda held: held.day)] == [
        ("2026-11-19", 2),
        ("2026-11-20", 2),
    ]


def test_only_own_account_and_region_unless_told_otherwise(made: House) -> None:
    own = made.store(multi_region=False)
    every = made.store(id=ID.replace("1", "9"))
    organization = made.store(id=ID.replace("1", "8"), organization="o-exampleorgid")
    (here,) = made.record()
    (there,) = made.record(region="eu-west-1")
    made.record(account="111122223333")
    (member,) = made.record(account="111122223333", organization="o-exampleorgid")
    assert made.seen(own) == [here]
    assert made.seen(every) == sorted([here, there])
    assert made.seen(organization) == sorted([here, there, member])


def test_selectors_are_applied(made: House) -> None:
    selector = AdvancedSelector(
        field_selectors=(
            FieldSelector(field="eventCategory", equals=("Management",)),
            FieldSelector(field="eventSource", not_equals=("kms.amazonaws.com",)),
        )
    )
    store = made.store(selectors=(selector,))
    (taken,) = made.record()
    made.record(eventSource="kms.amazonaws.com")
    made.record(category="Data")
    assert made.seen(store) == [taken]
    made.lake.holding.seal(store)
    assert made.held() == [taken]


def test_activity_goes_to_the_stores_that_it_names(made: House) -> None:
    store = made.store(selectors=(of_category("ActivityAuditLog"),))
    other = made.store(id=ID.replace("1", "9"), selectors=(of_category("ActivityAuditLog"),))
    (named,) = made.record(category="ActivityAuditLog", resources=(("AWS::CloudTrail::EventDataStore", store.arn),))
    assert (made.seen(store), made.seen(other)) == ([named], [])


def test_settings_hold_for_what_is_recorded_under_them(made: House) -> None:
    store = made.store()
    before = made.record(2)
    stopped = msgspec.structs.replace(closed(store, made.storage.journal.newest()), status="STOPPED_INGESTION")
    made.record(2)
    again = reopened(stopped, made.storage.journal.newest())
    after = made.record(1)
    data = msgspec.structs.replace(closed(again, made.storage.journal.newest()), selectors=(of_category("Data"),))
    made.record(1)
    last = made.record(1, category="Data")
    assert made.seen(data) == sorted([*before, *after, *last])
    made.lake.holding.seal(data)
    assert made.held() == sorted([*before, *after, *last])


def test_what_is_appended_is_there_once(made: House) -> None:
    store = made.store()
    (recorded,) = made.record()
    own = made.lake.holding.view(store).hot[0]
    given = [
        raw(100, NOW),
        raw(101, NOW),
        raw(100, NOW),
        own,
        b"no record",
        b'{"eventID": "x"}',
        raw(102, NOW - 400 * DAY),
    ]
    appended = made.lake.holding.append(store, given)
    assert (appended.stored, appended.duplicates, appended.expired, appended.refused) == (2, 2, 1, (4, 5))
    again = made.lake.holding.append(store, given)
    assert (again.stored, again.duplicates, again.expired, again.refused) == (0, 4, 1, (4, 5))
    assert made.held() == sorted([recorded, "id-100", "id-101"]) == made.seen(store)


def test_many_are_sealed_in_several_commits(made: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trailwarden.lake.holding._MOST_SEALED", 10)
    store = made.store()
    ids = sorted(made.record(35))
    assert made.lake.holding.seal(store) == 35
    pinned = made.lake.holding.warehouse.pin(ID)
    assert pinned is not None
    assert (made.held(), len(pinned.files)) == (ids, 4)


def test_a_commit_that_lost_keeps_nothing(made: House) -> None:
    store = made.store()
    made.record(2)
    made.lake.holding.seal(store)
    warehouse = made.lake.holding.warehouse
    pinned = warehouse.pin(ID)
    assert pinned is not None
    other = Warehouse(warehouse.catalog, warehouse.folder)
    theirs = other.pin(ID)
    assert theirs is not None
    other.commit(theirs, remove=theirs.files[:0], position=theirs.position)
    other.close()
    with pytest.raises(Changed):
        warehouse.commit(pinned, remove=pinned.files)
    assert len(made.held()) == 2


@pytest.mark.postgres
def test_two_nodes_on_postgresql_seal_each_event_once(tmp_path: Path) -> None:
    with postgres_database() as url, house(tmp_path, url) as one, house(tmp_path, url) as two:
        store = one.store()
        ids = sorted(one.record(5))
        pinned = two.lake.holding._pinned(store, two.lake.holding.view(store).family)
        found, position = two.lake.holding._found(store, store.position, two.storage.journal.newest())
        assert one.lake.holding.seal(store) == 5
        with pytest.raises(Changed):
            two.lake.holding._take(store, pinned, found, position)
        assert two.lake.holding.seal(store) == 0
        assert two.held() == ids == one.held()
        assert {path.suffix for path in two.lake.holding.warehouse.unreferenced(ID)} <= {".avro", ".json"}
