"""What a call costs in the store, beside plain SQLite inserts of the same rows in the same run.

python bench/storage.py [url]
"""

import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from concurrent.futures import Future
from pathlib import Path

import msgspec

from trailwarden.storage import Entry, Kind, Storage, open_storage
from trailwarden.storage.database import Database
from trailwarden.storage.migrations import bring_up
from trailwarden.storage.tables import JOURNAL

COUNT = 20_000
RECORD = b'{"eventVersion":"1.11"}' * 40


class User(msgspec.Struct, frozen=True):
    name: str


USER = Kind("bench.user", User)


def entry() -> Entry:
    return Entry(
        event_id=str(uuid.uuid4()),
        time=time.time(),
        account="123456789012",
        region="us-east-1",
        category="Management",
        source="iam.amazonaws.com",
        name="GetUser",
        read_only=True,
        record=RECORD,
        username="mateojackson",
        access_key="AKIAIOSFODNN7EXAMPLE",
    )


def floor(folder: Path, group: int) -> tuple[float, float]:
    """Rows a second and processor time a row of raw inserts into the same table, `group` a commit."""
    database = Database(str(folder / f"floor-{group}.db"))
    bring_up(database)
    database.close()
    connection = sqlite3.connect(folder / f"floor-{group}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    sql = f"INSERT INTO journal VALUES ({','.join('?' * len(JOURNAL.c))})"
    place = ("123456789012", "us-east-1", "Management")
    rest = ("iam.amazonaws.com", "GetUser", 1, "mateojackson", "AKIAIOSFODNN7EXAMPLE", "", "", "", RECORD)
    count = COUNT if group > 1 else COUNT // 10
    rows = [(seq, str(uuid.uuid4()), time.time(), *place, *rest) for seq in range(count)]
    begun, spent = time.perf_counter(), time.process_time()
    for start in range(0, count, group):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows[start : start + group])
        connection.execute("COMMIT")
    return count / (time.perf_counter() - begun), (time.process_time() - spent) / count


def calls(storage: Storage, waiters: int) -> tuple[float, float]:
    """Calls a second and processor time a call: begin, a cached read, an event, commit; `waiters` at once."""
    count = COUNT if waiters > 1 else COUNT // 10
    entries = [entry() for _ in range(count)]
    begun, spent = time.perf_counter(), time.process_time()
    waiting: list[Future[None]] = []
    for event in entries:
        transaction = storage.begin()
        transaction.get(USER, "123456789012", "", "mateojackson")
        transaction.append(event)
        waiting.append(storage.commit(transaction))
        if len(waiting) == waiters:
            for commit in waiting:
                commit.result()
            waiting.clear()
    for commit in waiting:
        commit.result()
    return count / (time.perf_counter() - begun), (time.process_time() - spent) / count


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = sys.argv[1] if len(sys.argv) > 1 else str(folder / "bench.db")
        storage = open_storage(url, blobs=str(folder / "blobs"))
        first = storage.begin()
        first.put(USER, "123456789012", "", "mateojackson", User("mateojackson"))
        storage.commit(first).result()
        for waiters in (1, 64):
            bare = [floor(folder / ".", waiters)]
            ours = [calls(storage, waiters) for _ in range(3)]
            rate, cost = (statistics.median(values) for values in zip(*ours, strict=True))
            print(
                f"{waiters:3} waiting: {rate:8.0f} calls/s, {cost * 1e6:5.1f} us CPU a call;"
                f" raw inserts {bare[0][0]:8.0f}/s, {bare[0][1] * 1e6:5.1f} us CPU; rate ratio {rate / bare[0][0]:.2f}"
            )
        storage.close()


if __name__ == "__main__":
    main()
