"""What the lake does by itself, and that nothing is lost or doubled wherever it is cut off."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from tests.unit.lake.house import DAY, ID, NOW, House, house

from trailwarden.lake import STORE


def files(made: House) -> list[Path]:
    return sorted((made.lake.folder / ID / "data").glob("*.parquet"))


def test_sealing_waits_for_its_time(made: House) -> None:
    made.store()
    ids = sorted(made.record(2))
    made.keeper.run_once(NOW)
    assert made.held() == []
    made.keeper.run_once(NOW + 60)
    assert made.held() == ids


def test_finished_days_are_compacted(made: House) -> None:
    store = made.store()
    for _ in range(3):
        made.record(2)
        made.lake.holding.seal(store)
    ids = made.held()
    assert made.keeper.compact(store, NOW) == 0
    assert made.keeper.compact(store, NOW + DAY) == 3
    pinned = made.lake.holding.warehouse.pin(ID)
    assert pinned is not None
    assert [held.rows for held in pinned.files] == [6]
    assert made.held() == ids
    assert made.keeper.compact(store, NOW + DAY) == 0


def test_today_is_compacted_where_its_files_are_many(made: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trailwarden.lake.upkeep._MOST_SMALL_TODAY", 3)
    store = made.store()
    for _ in range(4):
        made.record(1)
        made.lake.holding.seal(store)
    assert made.keeper.compact(store, NOW) == 4
    assert len(made.held()) == 4


def test_replaced_files_outlive_the_longest_query(made: House) -> None:
    store = made.store()
    for _ in range(3):
        made.record(2)
        made.lake.holding.seal(store)
    ids, later = made.held(), NOW + DAY
    made.keeper.compact(store, later)
    made.lake.holding.warehouse.expire(ID, _moment(later + 10 * DAY))
    made.keeper.sweep(ID, later)
    assert len(files(made)) == 4
    assert made.keeper.sweep(ID, later + 7_199) == 0
    assert made.keeper.sweep(ID, later + 7_200) > 3
    assert (len(files(made)), made.held()) == (1, ids)


def test_retention_drops_whole_days_by_event_time(made: House) -> None:
    store = made.store(retention_days=7)
    old = made.record(1, ago=6 * DAY)
    new = made.record(1)
    made.lake.holding.seal(store)
    assert made.keeper.retain(store, NOW) == 0
    assert made.keeper.retain(store, NOW + 2 * DAY) == 1
    assert (made.held(), old != new) == (new, True)


def test_a_store_past_its_seven_days_is_buried(made: House) -> None:
    store = made.store()
    made.record(1)
    made.lake.holding.seal(store)
    made.keep(msgspec.structs.replace(store, status="PENDING_DELETION", deletion=NOW + 7 * DAY))
    made.keeper.bury(NOW)
    assert made.held() == ["id-0"]
    made.keeper.bury(NOW + 7 * DAY)
    assert not (made.lake.folder / ID).exists()
    assert made.storage.begin().get(STORE, store.account, store.region, store.id) is None
    assert made.lake.holding.warehouse.pin(ID) is None


STEPS = (
    "trailwarden.lake.holding.write",
    "trailwarden.lake.warehouse.Warehouse.commit",
    "trailwarden.lake.warehouse.Warehouse.expire",
    "trailwarden.lake.warehouse.parquet_file_to_data_file",
    "trailwarden.lake.holding.merged",
    "pathlib.Path.unlink",
)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps(tmp_path: Path, step: str, when: str) -> None:
    with house(tmp_path) as made:
        store = made.store()
        for _ in range(2):
            made.record(3)
            made.lake.holding.seal(store)
        made.record(3)
        ids = made.seen(store)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.lake.killed", str(tmp_path), step, when], check=False, cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    table = SqlCatalog("trailwarden", uri=f"sqlite:///{tmp_path}/lake/catalog.db").load_table(("cloudtrail", ID))
    stock = sorted(table.scan(selected_fields=("eventid",)).to_arrow().column("eventid").to_pylist())
    assert len(stock) == len(set(stock))
    with house(tmp_path) as made:
        assert made.seen(store) == ids
        made.lake.holding.seal(store)
        made.keeper.tidy(store)
        assert made.held() == ids
        assert made.lake.holding.seal(store) == 0


def _moment(seconds: float):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)
