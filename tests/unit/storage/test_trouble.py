"""Crashes, full disks, lost connections, a second process, several nodes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.postgres import run_on_server
from tests.unit.storage.conftest import Opener
from tests.unit.storage.samples import ACCOUNT, USER, User, commit, entry, get, names, put

from trailwarden.storage import Conflict, Storage, StorageUnavailable, open_storage
from trailwarden.storage.store import SqlStorage
from trailwarden.storage.writer import Chore

CHILD = """
import sys
from tests.unit.storage.samples import ACCOUNT, USER, User, entry
from trailwarden.storage import open_storage

storage = open_storage(sys.argv[1], blobs=sys.argv[2])
waiting = []
for number in range(1_000_000):
    transaction = storage.begin()
    transaction.put(USER, ACCOUNT, "", f"{number}", User(f"{number}"))
    transaction.append(entry(event_id=f"{number}"))
    reference = transaction.store(b"x" * 100)
    waiting.append((number, reference, storage.commit(transaction)))
    if len(waiting) == 7:
        for done, reference, commit in waiting:
            commit.result()
            print(done, reference, flush=True)
        waiting.clear()
"""


def test_a_kill_loses_nothing_acknowledged_and_splits_no_call(url: str, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(tmp_path / "blobs")], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout
    acknowledged = [child.stdout.readline().split() for _ in range(100)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.split() for line in child.stdout.read().splitlines() if len(line.split()) == 2]
    child.stdout.close()
    child.wait()
    storage = open_storage(url, blobs=str(tmp_path / "blobs"))
    documents = {document.name for document in storage.begin().list(USER, ACCOUNT, "")}
    events = {event.event_id for _, event in storage.journal.read(0, 1_000_000)}
    assert documents == events
    assert {number for number, _ in acknowledged} <= events
    assert len(acknowledged) >= 100
    for _, reference in acknowledged:
        assert storage.fetch(reference) == b"x" * 100
    storage.close()


def test_a_full_disk_fails_the_calls_and_passes(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "a.db"), blobs=str(tmp_path / "blobs"))
    assert isinstance(storage, SqlStorage)
    put(storage, "before")
    limit_pages(storage, 1)
    commits = []
    for number in range(5):
        transaction = storage.begin()
        transaction.get(USER, ACCOUNT, "", "before")
        transaction.put(USER, ACCOUNT, "", f"{number}", User("x" * 500_000))
        transaction.append(entry())
        transaction.store(b"x" * 100_000)
        commits.append(storage.commit(transaction))
    assert [type(each.exception(timeout=20)) for each in commits] == [StorageUnavailable] * 5
    assert get(storage, "before") is not None
    assert get(storage, "0") is None
    assert storage.journal.newest() == 0
    limit_pages(storage, 1_000_000)
    put(storage, "after")
    assert names(storage.begin().list(USER)) == ["after", "before"]
    storage.close()
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def limit_pages(storage: SqlStorage, pages: int) -> None:
    """A limit is the writer's connection's own; SQLite rounds it up to the pages there are."""

    def limit(session: object) -> int:
        session._cursor.execute(f"PRAGMA max_page_count={pages}").fetchall()  # type: ignore[attr-defined]  # the point
        return 0

    storage._writer.do(Chore(limit))


def test_a_second_process_is_refused_until_the_first_has_closed(tmp_path: Path) -> None:
    url, blobs = str(tmp_path / "a.db"), str(tmp_path / "blobs")
    storage = open_storage(url, blobs=blobs)
    program = "import sys; from trailwarden.storage import open_storage; open_storage(sys.argv[1], blobs=sys.argv[2])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ended = subprocess.run(
        [sys.executable, "-c", program, url, blobs], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 1
    assert re.search("StorageUnavailable: another process has a.db open", ended.stderr)
    with pytest.raises(StorageUnavailable):
        open_storage(url, blobs=blobs)
    put(storage, "a")
    storage.close()
    open_storage(url, blobs=blobs).close()


@pytest.mark.parametrize("url", ["{folder}/file/a.db", "postgresql+pg8000://nobody@127.0.0.1:1/none"])
def test_a_store_that_cannot_be_reached_is_unavailable(tmp_path: Path, url: str) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    with pytest.raises(StorageUnavailable):
        open_storage(url.format(folder=tmp_path), blobs="memory://")


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database at all, but long enough for a header" * 100)
    with pytest.raises(StorageUnavailable):
        open_storage(str(tmp_path / "a.db"), blobs="memory://")


def test_closing_keeps_what_was_handed_over_and_takes_no_more(opened: Opener) -> None:
    storage = opened()
    transactions = [storage.begin() for _ in range(50)]
    for number, transaction in enumerate(transactions):
        transaction.put(USER, ACCOUNT, "", f"{number:02}", User("x"))
    commits = [storage.commit(transaction) for transaction in transactions]
    storage.close()
    assert all(each.exception(timeout=1) is None for each in commits)
    with pytest.raises(StorageUnavailable):
        put(storage, "late")
    assert len(opened().begin().list(USER)) == 50


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.postgres
def test_a_lost_connection_fails_the_calls_and_passes(postgres_url: str) -> None:
    storage = open_storage(postgres_url, blobs="memory://")
    put(storage, "before")
    run_on_server(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{make_url(postgres_url).database}' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(StorageUnavailable):
        put(storage, "lost")
    put(storage, "after")
    assert names(storage.begin().list(USER)) == ["after", "before"]
    storage.close()


@pytest.mark.postgres
def test_nodes_see_each_other_and_number_changes_together(postgres_url: str) -> None:
    one, two = (open_storage(postgres_url, blobs="memory://") for _ in range(2))
    assert get(two, "a") is None
    assert names(two.begin().list(USER)) == []
    put(one, "a")
    assert until(lambda: get(two, "a") is not None)
    assert names(two.begin().list(USER)) == ["a"]
    put(two, "a")
    put(one, "b")
    assert until(lambda: one.change() == two.change() == 3)
    found = get(one, "a")
    assert found is not None
    assert (found.version, found.change) == (2, 2)
    for storage in (one, two, one):
        transaction = storage.begin()
        transaction.append(entry())
        commit(storage, transaction)
    assert [seq for seq, _ in two.journal.read(0, 10)] == [1, 2, 3]
    assert one.journal.newest() == 3
    one.close()
    two.close()


@pytest.mark.postgres
def test_nodes_that_change_the_same_document_at_once_lose_no_change(postgres_url: str) -> None:
    one, two = (open_storage(postgres_url, blobs="memory://") for _ in range(2))
    put(one, "counter")
    conflicts = 0
    for number in range(40):
        conflicts += count_up(one if number % 2 else two)
    found = get(one, "counter")
    assert found is not None
    assert len(found.body.tags) + conflicts == 40
    assert until(lambda: one.change() == two.change())
    assert get(two, "counter") == found
    one.close()
    two.close()


def count_up(storage: Storage) -> int:
    """Adds one; gives 1 where another node was quicker."""
    transaction = storage.begin()
    found = transaction.get(USER, ACCOUNT, "", "counter")
    assert found is not None
    tags = (*found.body.tags, ("x", "y"))
    transaction.put(USER, ACCOUNT, "", "counter", User("counter", tags))
    try:
        commit(storage, transaction)
    except Conflict:
        return 1
    return 0
