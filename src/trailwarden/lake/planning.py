"""From a statement and what its stores hold to a job for the sandbox: the views, and the files that they read."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from trailwarden.lake.holding import View, naive
from trailwarden.lake.running import Job
from trailwarden.lake.schema import Family, projection
from trailwarden.lake.sql import Statement
from trailwarden.lake.sql.reading import store_id
from trailwarden.lake.sql.writing import VIEW
from trailwarden.lake.warehouse import Held

__all__ = ["Plan", "planned", "planned_files"]

_CHECKSUM = "to_base64(unhex(sha256(eventjson))) AS eventjsonchecksum"
_TRAILER = 4
_SMALLEST_OBJECT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What runs, and what it reads: bytes on disk and events."""

    job: Job
    bytes_scanned: int
    events_scanned: int


def planned(statement: Statement, views: Mapping[str, View], folder: Path, now: float) -> Plan:
    """The plan over stores, by the name that the statement gives each. `folder` takes what is not sealed yet.

    Files whose day lies outside of the times that the statement asks for are not read. Raises InvalidStatement.
    """
    statements, files, size, events = [], [], 0, 0
    low, high = statement.times
    for name in statement.stores:
        view = views[name]
        cold = [held for held in view.files if _within(held, low, high, view.oldest)]
        hot = _written(view.hot, folder / f"{store_id(name)}.parquet")
        paths = [held.path for held in cold]
        statements.append(_store(name, view.family, paths, hot, view.oldest))
        files += [*paths, *hot]
        uses = sum(1 for table in statement.tree.find_all(exp.Table) if table.name == name)
        size += uses * (sum(held.size for held in cold) + sum(map(len, view.hot)))
        events += uses * (sum(held.rows for held in cold) + len(view.hot))
    sql = statement.sql(now, [view.family for view in views.values()])
    return Plan(job=Job(sql=sql, statements=statements, files=files), bytes_scanned=size, events_scanned=events)


def planned_files(statement: Statement, paths: Sequence[Path], family: Family, now: float) -> Plan:
    """The plan over log files (`{"Records": […]}`, plain or gzipped); every store of the statement is all of them."""
    given = [str(path) for path in paths]
    read = f"read_json({_texts(given)}, columns = {{'Records': 'JSON[]'}}, maximum_object_size = {_largest(paths)})"
    source = f"(SELECT CAST(unnest(Records) AS VARCHAR) AS raw FROM {read})"  # noqa: S608 — quoted
    statements = [
        f"CREATE VIEW {_view(name)} AS SELECT *, {_CHECKSUM} FROM ({projection(family, source)})"  # noqa: S608 — ours
        for name in statement.stores
    ]
    size = sum(path.stat().st_size for path in paths)
    job = Job(sql=statement.sql(now, [family]), statements=statements, files=given)
    return Plan(job=job, bytes_scanned=size, events_scanned=0)


def _largest(paths: Sequence[Path]) -> int:
    """Room for the largest file: each is one JSON object. A gzip file ends with the size of its content.

    https://www.rfc-editor.org/rfc/rfc1952#page-8 (ISIZE)
    """
    return max([_SMALLEST_OBJECT, *map(_content, paths)]) + 1


def _content(path: Path) -> int:
    size = path.stat().st_size
    if path.suffix != ".gz" or size < _TRAILER:
        return size
    with path.open("rb") as file:
        file.seek(-_TRAILER, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def _store(name: str, family: Family, cold: Sequence[str], hot: Sequence[str], oldest: float) -> str:
    columns = ", ".join(f'"{column.name}"' for column in family.columns) + ", eventjson"
    nothing = "(SELECT CAST(NULL AS VARCHAR) AS raw WHERE false)"
    parts = [
        *([f"SELECT {columns} FROM read_parquet({_texts(cold)})"] if cold else []),  # noqa: S608 — quoted
        *([projection(family, f"read_parquet({_texts(hot)})")] if hot else []),
    ] or [projection(family, nothing)]
    since = naive(oldest).strftime("%Y-%m-%d %H:%M:%S.%f")
    everything = " UNION ALL ".join(parts)
    return (
        f"CREATE VIEW {_view(name)} AS SELECT *, {_CHECKSUM} FROM ({everything}) "  # noqa: S608 — our own names
        f"WHERE eventtime >= TIMESTAMP '{since}'"
    )


def _view(name: str) -> str:
    return f'"{VIEW}{store_id(name).replace("-", "_")}"'


def _texts(paths: Sequence[str]) -> str:
    return "[" + ", ".join(exp.Literal.string(path).sql(dialect="duckdb") for path in paths) + "]"


def _written(records: Sequence[bytes], path: Path) -> list[str]:
    """The unsealed records as a file, if there are any."""
    if not records:
        return []
    texts = pa.array([record.decode("utf-8", "replace") for record in records], pa.string())
    pq.write_table(pa.table({"raw": texts}), path, compression="none", use_dictionary=False)
    return [str(path)]


def _within(held: Held, low: str, high: str, oldest: float) -> bool:
    """Whether a file of a day can hold what is asked for."""
    start = datetime(held.day.year, held.day.month, held.day.day)  # noqa: DTZ001 — as the columns have it
    end = start + timedelta(days=1)
    if end <= naive(oldest):
        return False
    return (not low or end.isoformat(" ") > low) and (not high or start.isoformat(" ") <= high)
