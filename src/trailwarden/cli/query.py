"""`trailwarden query`: SQL over an event data store of a server, or over a folder of AWS log files without any server."""

import csv
import io
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from trailwarden.clock import system_clock
from trailwarden.lake.schema import FAMILIES

__all__ = ["query"]

_POLL = 0.05
_ENDED = frozenset({"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"})
_FILES_ID = "00000000-0000-4000-8000-000000000000"
_FILES_NAMES = ("logs", "events", "cloudtrail")
_MEMORY = 4 * 1024**3
_FAILED, _UNREADABLE = 1, 2


class _Shape(StrEnum):
    """How the results are given."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The results; None stands for NULL where that is known. `told` says what was read."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    told: str


class _Refused(Exception):
    """The query did not end well; the text says why."""


def query(
    statement: Annotated[
        str, typer.Argument(help="One SELECT; FROM takes a store's id, ARN or name, or `logs` with --files.")
    ],
    files: Annotated[
        list[Path] | None, typer.Option(help="A folder of CloudTrail log files, or one, instead of a server.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The folder of the server to ask.")] = Path("data"),
    shape: Annotated[_Shape, typer.Option("--format", help="How the results are given.")] = _Shape.TABLE,
    output: Annotated[Path | None, typer.Option(help="A file for the results; Parquet needs one.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long the query may take.")] = 3_600.0,
) -> None:
    """Ask events in SQL (CloudTrail Lake's, which is Trino's). Exit 1: the query failed; 2: it cannot be run."""
    if shape is _Shape.PARQUET and output is None:
        typer.echo("Parquet goes into a file: name one with --output", err=True)
        raise typer.Exit(_UNREADABLE)
    try:
        with _running() as tell:
            result = _of_files(statement, files, seconds, tell) if files else _of_server(statement, data, seconds, tell)
    except _Refused as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(_FAILED) from None
    except (OSError, KeyError, ValueError) as error:
        typer.echo(f"the query cannot be run: {error}", err=True)
        raise typer.Exit(_UNREADABLE) from None
    _WRITERS[shape](result, output)
    typer.echo(result.told, err=True)


def _of_files(statement: str, files: Sequence[Path], seconds: float, tell: Callable[[str], None]) -> _Result:
    """Over log files, in the sandbox."""
    sql, planning, running = (import_module(f"trailwarden.lake.{name}") for name in ("sql", "planning", "running"))
    paths = _log_files(files)
    if not paths:
        raise ValueError(f"there are no log files in {', '.join(map(str, files))}")
    rows: list[Sequence[str | None]] = []

    def take(more: Sequence[Sequence[str | None]]) -> None:
        rows.extend(more)
        tell(f"{len(rows):,} rows")

    try:
        read = sql.read(statement, families=FAMILIES[:1], names=dict.fromkeys(_FILES_NAMES, _FILES_ID))
        plan = planning.planned_files(read, paths, FAMILIES[0], system_clock())
        tell(f"reading {len(paths):,} files")
        began = time.monotonic()
        sandbox = running.Sandbox(running.Limits(seconds=seconds, memory=_MEMORY, address_space=4 * _MEMORY))
        done = sandbox.run(plan.job, take, stop=threading.Event())
    except (sql.InvalidStatement, running.QueryFailed) as error:
        raise _Refused(str(error)) from None
    told = f"{len(rows):,} rows from {len(paths):,} files ({plan.bytes_scanned:,} bytes) in {time.monotonic() - began:.2f} s"
    return _Result(columns=read.columns or done.columns, rows=rows, told=told)


def _of_server(statement: str, data: Path, seconds: float, tell: Callable[[str], None]) -> _Result:
    """As a client of the server."""
    connecting, botocore = import_module("trailwarden.cli.connection"), import_module("botocore.exceptions")
    client = connecting.server_connection(data).client("cloudtrail")
    try:
        asked = client.start_query(QueryStatement=_with_ids(statement, client))["QueryId"]
        described = _ended(client, asked, seconds, tell)
        columns, rows = _pages(client, asked, tell)
    except botocore.ClientError as error:
        raise _Refused(error.response["Error"]["Message"]) from None
    except botocore.BotoCoreError as error:
        raise ValueError(str(error)) from None
    read = described["QueryStatistics"]
    told = (
        f"{len(rows):,} rows; {read['EventsMatched']:,} of {read['EventsScanned']:,} events, {read['BytesScanned']:,} bytes"
        f" in {read['ExecutionTimeInMillis'] / 1000:.2f} s"
    )
    return _Result(columns=columns, rows=rows, told=told)


def _ended(client: Any, asked: str, seconds: float, tell: Callable[[str], None]) -> Mapping[str, Any]:
    deadline = time.monotonic() + seconds
    while (described := client.describe_query(QueryId=asked))["QueryStatus"] not in _ENDED:
        tell(described["QueryStatus"].lower())
        if time.monotonic() > deadline:
            client.cancel_query(QueryId=asked)
            raise _Refused("The query timed out.")
        time.sleep(_POLL)
    if described["QueryStatus"] != "FINISHED":
        raise _Refused(described.get("ErrorMessage") or f"The query ended as {described['QueryStatus']}.")
    found: Mapping[str, Any] = described
    return found


def _pages(client: Any, asked: str, tell: Callable[[str], None]) -> tuple[list[str], list[list[str | None]]]:
    columns: list[str] = []
    rows: list[list[str | None]] = []
    more: dict[str, str] = {}
    while True:
        page = client.get_query_results(QueryId=asked, MaxQueryResults=1_000, **more)
        for row in page["QueryResultRows"]:
            columns = columns or [next(iter(cell)) for cell in row]
            rows.append([next(iter(cell.values())) for cell in row])
        tell(f"{len(rows):,} of {page['QueryStatistics']['TotalResultsCount']:,} rows")
        if "NextToken" not in page:
            return columns, rows
        more = {"NextToken": page["NextToken"]}


def _with_ids(statement: str, client: Any) -> str:
    """The statement with the names of stores behind FROM and JOIN made ids."""
    stores: dict[str, str] = {}
    more: dict[str, str] | None = {}
    while more is not None:
        page = client.list_event_data_stores(**more)
        stores |= {each["Name"]: each["EventDataStoreArn"].rpartition("/")[2] for each in page["EventDataStores"]}
        more = {"NextToken": page["NextToken"]} if page.get("NextToken") else None

    def known(found: re.Match[str]) -> str:
        return f"{found[1]}{stores[found[2]]}" if found[2] in stores else found[0]

    return re.sub(r"(?i)(\b(?:from|join)\s+)\"?([\w.-]+)\"?", known, statement)


def _log_files(given: Sequence[Path]) -> list[Path]:
    found = []
    for path in given:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist")
        inner = sorted([*path.rglob("*.json"), *path.rglob("*.json.gz")]) if path.is_dir() else [path]
        found += [each.resolve() for each in inner if "CloudTrail-Digest" not in each.parts]
    return found


@contextmanager
def _running() -> Iterator[Callable[[str], None]]:
    """What is going on, on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting")
        yield lambda text: progress.update(task, description=text)


def _as_table(result: _Result, output: Path | None) -> None:
    table = Table(show_lines=False)
    for column in result.columns:
        table.add_column(_plain(column), overflow="fold")
    for row in result.rows:
        table.add_row(*("" if value is None else _plain(value) for value in row))
    text = io.StringIO()
    wide = None if output is None and sys.stdout.isatty() else 10_000
    Console(file=text, markup=False, highlight=False, width=wide).print(table)
    _give("\n".join(line.rstrip() for line in text.getvalue().splitlines()), output)


def _plain(text: str) -> str:
    """Without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def _as_csv(result: _Result, output: Path | None) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows(result.rows)
    _give(text.getvalue().rstrip("\n"), output)


def _as_json(result: _Result, output: Path | None) -> None:
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    _give(json.dumps(rows, indent=2, ensure_ascii=False), output)


def _as_parquet(result: _Result, output: Path | None) -> None:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    columns = [arrow.array([row[place] for row in result.rows], arrow.string()) for place in range(len(result.columns))]
    parquet.write_table(arrow.Table.from_arrays(columns, names=list(result.columns)), output, compression="zstd")


def _give(text: str, output: Path | None) -> None:
    if output is None:
        print(text)  # as it is: typer would take colours out of data
    else:
        output.write_text(text + "\n", encoding="utf-8")


_WRITERS: Mapping[_Shape, Callable[[_Result, Path | None], None]] = {
    _Shape.TABLE: _as_table,
    _Shape.CSV: _as_csv,
    _Shape.JSON: _as_json,
    _Shape.PARQUET: _as_parquet,
}
