import os
from pathlib import Path

import pytest
from tests.unit.storage.conftest import Opener
from tests.unit.storage.samples import ACCOUNT, USER, User, commit, get, put

from trailwarden.storage import Conflict, Storage, open_storage

SMALL = bytes(range(256)) * 4
LARGE = bytes(range(256)) * 10_000


def objects(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
def test_bytes_are_fetched_whole_in_part_and_in_pieces(opened: Opener, data: bytes) -> None:
    storage = opened()
    transaction = storage.begin()
    reference = transaction.store(data)
    commit(storage, transaction)
    storage.close()
    again = opened()
    assert again.fetch(reference) == data
    assert again.fetch(reference, 10, 300) == data[10:300]
    assert again.fetch(reference, len(data) - 1 if data else 0) == data[-1:]
    assert again.fetch(reference, len(data), len(data) + 10) == b""
    assert again.fetch(reference, 0, len(data) + 10) == data
    assert b"".join(again.chunks(reference)) == data


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_discarded_bytes_are_gone_with_the_commit(opened: Opener, tmp_path: Path, data: bytes) -> None:
    storage = opened()
    transaction = storage.begin()
    reference = transaction.store(data)
    commit(storage, transaction)
    forgotten = storage.begin()
    forgotten.discard(reference)
    forgotten.revert()
    commit(storage, forgotten)
    assert storage.fetch(reference) == data
    transaction = storage.begin()
    transaction.discard(reference)
    assert storage.fetch(reference) == data
    commit(storage, transaction)
    with pytest.raises(LookupError):
        storage.fetch(reference)
    storage.close()
    assert objects(tmp_path / "blobs") == []


def test_bytes_of_a_reverted_call_are_swept(opened: Opener, tmp_path: Path) -> None:
    storage = opened()
    transaction = storage.begin()
    references = [transaction.store(SMALL), transaction.store(LARGE)]
    assert len(objects(tmp_path / "blobs")) == 1
    transaction.revert()
    commit(storage, transaction)
    for reference in references:
        with pytest.raises(LookupError):
            storage.fetch(reference)
    storage.close()
    assert objects(tmp_path / "blobs") == []


def test_bytes_of_a_call_that_lost_a_race_are_swept(opened: Opener, tmp_path: Path) -> None:
    storage = opened()
    transaction = storage.begin()
    transaction.get(USER, ACCOUNT, "", "a")
    transaction.put(USER, ACCOUNT, "", "a", User("other"))
    transaction.store(LARGE)
    put(storage, "a")
    with pytest.raises(Conflict):
        commit(storage, transaction)
    assert get(storage, "a") is not None
    storage.close()
    assert objects(tmp_path / "blobs") == []


def test_an_object_of_a_crash_is_swept_at_the_next_start_but_not_before_a_day(tmp_path: Path) -> None:
    def opened(ahead: float) -> Storage:
        now = path.stat().st_mtime if path else 0.0
        return open_storage(str(tmp_path / "a.db"), blobs=str(tmp_path / "blobs"), clock=lambda: now + ahead)

    path: Path | None = None
    storage = opened(0.0)
    kept = storage.begin()
    reference = kept.store(LARGE)
    commit(storage, kept)
    path = objects(tmp_path / "blobs")[0]
    crashed = storage.begin()
    crashed.store(LARGE)
    storage.close()
    assert len(objects(tmp_path / "blobs")) == 2
    opened(3600.0).close()
    assert len(objects(tmp_path / "blobs")) == 2
    storage = opened(90_000.0)
    storage.close()
    assert objects(tmp_path / "blobs") == [path]
    again = opened(90_000.0)
    assert again.fetch(reference) == LARGE
    again.close()


@pytest.mark.parametrize("place", ["memory://", "file://{folder}/objects", "{folder}/objects"])
def test_the_blob_store_is_named_by_url_or_folder(tmp_path: Path, place: str) -> None:
    storage = open_storage(str(tmp_path / "a.db"), blobs=place.format(folder=tmp_path))
    transaction = storage.begin()
    reference = transaction.store(LARGE)
    commit(storage, transaction)
    assert storage.fetch(reference) == LARGE
    assert os.path.isdir(tmp_path / "objects") == ("objects" in place)  # noqa: PTH112 — short
    storage.close()
