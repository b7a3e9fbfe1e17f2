"""From records as JSON to Parquet files of one day each, written durably before any commit names them."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trailwarden.lake.files import synced
from trailwarden.lake.schema import Family, projection

__all__ = ["Batch", "Written", "merged", "opened", "write"]

_ROWS = 65_536
_MEMORY = "1GB"
_THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A Parquet file that no table mentions yet."""

    path: Path
    day: date
    rows: int

    @property
    def url(self) -> str:
        """As Iceberg names it."""
        return self.path.as_uri()

    def discard(self) -> None:
        """Remove it: the commit that was to name it did not happen."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records opened into columns, in a DuckDB table `batch` of their own, each event id once.

    `refused` are the places of those without an eventID or a readable eventTime; `repeated` counts those whose id the
    batch has already.
    """

    connection: duckdb.DuckDBPyConnection
    refused: tuple[int, ...]
    repeated: int

    @property
    def days(self) -> Sequence[date]:
        """The days of the events, oldest first."""
        rows = self.connection.execute("SELECT DISTINCT eventtime::DATE FROM batch ORDER BY 1").fetchall()
        return [row[0] for row in rows]

    @property
    def count(self) -> int:
        """The number of events."""
        return _number(self.connection, "SELECT count(*) FROM batch")

    def drop_before(self, oldest: datetime) -> int:
        """Leave out what is older than a time (naive, UTC); gives its count."""
        before = self.count
        self.connection.execute("DELETE FROM batch WHERE eventtime < ?", [oldest])
        return before - self.count

    def drop_held(self, paths: Sequence[str]) -> int:
        """Leave out events whose id one of the Parquet files has; gives their count."""
        if not paths:
            return 0
        before = self.count
        held = "SELECT eventid FROM read_parquet(?) WHERE eventid IN (SELECT eventid FROM batch)"
        self.connection.execute(f"DELETE FROM batch WHERE eventid IN ({held})", [list(paths)])  # noqa: S608 — our own text
        return before - self.count


@contextmanager
def opened(records: Sequence[bytes], family: Family) -> Iterator[Batch]:
    """The records as columns."""
    with _engine() as connection:
        raw = pa.table({"place": pa.array(range(len(records)), pa.int64()), "raw": _texts(records)})
        connection.register("given", raw)
        connection.execute(f"CREATE TABLE batch AS {projection(family, 'given', keep='place')}")
        lost = "eventtime IS NULL OR coalesce(eventid, '') = ''"
        refused = connection.execute(f"SELECT place FROM batch WHERE {lost} ORDER BY place").fetchall()  # noqa: S608 — our own text
        if refused:
            connection.execute(f"DELETE FROM batch WHERE {lost}")  # noqa: S608 — likewise
        repeated = _number(connection, "SELECT count(*) - count(DISTINCT eventid) FROM batch")
        if repeated:
            first = "SELECT min(place) FROM batch GROUP BY eventid"
            connection.execute(f"DELETE FROM batch WHERE place NOT IN ({first})")  # noqa: S608 — likewise
        yield Batch(connection, tuple(row[0] for row in refused), repeated)


def write(batch: Batch, folder: Path, name: str) -> list[Written]:
    """A file for each day of the batch, `<day>-<name>.parquet`, in order of eventTime."""
    written = []
    for day in batch.days:
        asked = "SELECT * EXCLUDE (place) FROM batch WHERE eventtime::DATE = ? ORDER BY eventtime, eventid"
        rows = batch.connection.sql(asked, params=[day]).to_arrow_reader(_ROWS)
        written.append(_write(rows, folder, day, name))
    return written


def merged(paths: Sequence[str], folder: Path, day: date, name: str) -> Written:
    """One file from several of the same day, in order of eventTime; what does not fit into memory waits beside it."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="merging-") as spill, _engine(spill) as connection:
        asked = "SELECT * FROM read_parquet(?) ORDER BY eventtime, eventid"
        return _write(connection.sql(asked, params=[list(paths)]).to_arrow_reader(_ROWS), folder, day, name)


def _write(rows: pa.RecordBatchReader, folder: Path, day: date, name: str) -> Written:
    path = folder / f"{day.isoformat()}-{name}.parquet"
    count = 0
    bloom = {"eventid": {"ndv": _ROWS, "fpp": 0.01}}
    with pq.ParquetWriter(
        path, rows.schema, compression="zstd", compression_level=3, bloom_filter_options=bloom
    ) as writer:
        for batch in rows:
            writer.write_batch(batch, row_group_size=_ROWS)
            count += batch.num_rows
    synced(path)
    return Written(path=path, day=day, rows=count)


@contextmanager
def _engine(spill: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "threads": _THREADS,
        "temp_directory": spill,
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def _texts(records: Sequence[bytes]) -> pa.Array:
    return pa.array([record.decode("utf-8", "replace") for record in records], pa.string())


def _number(connection: duckdb.DuckDBPyConnection, asked: str) -> int:
    row = connection.execute(asked).fetchone()
    return int(row[0]) if row else 0
