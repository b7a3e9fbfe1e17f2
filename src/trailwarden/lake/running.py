"""Runs queries, each in a process of its own that has been made ready before; see `trailwarden.lake.sandbox`."""

import json
import os
import re
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trailwarden.lake.sql.macros import MACROS, PYTHON

__all__ = ["Done", "Job", "Limits", "QueryCancelled", "QueryFailed", "QueryTimedOut", "Sandbox"]

_SCRIPT = Path(__file__).with_name("sandbox.py")
_MIB = 1024 * 1024
_PIECE = 65_536
_LOOK = 0.1
_PATH = re.compile(r"(?:file://)?/[^\s'\",)\]]+")

Rows = Callable[[Sequence[Sequence[str | None]]], None]
"""Takes rows as they come; NULL is None."""


class QueryFailed(Exception):
    """The query ended with an error; the text is for whoever asked."""


class QueryTimedOut(QueryFailed):
    """The query took longer than it may."""


class QueryCancelled(QueryFailed):
    """The query was told to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may take: seconds, bytes of memory for DuckDB and for the whole process, bytes on disk, rows, bytes of rows."""

    seconds: float = 3_600.0
    memory: int = 1_024 * _MIB
    address_space: int = 4_096 * _MIB
    spill: int = 4_096 * _MIB
    rows: int = 1_000_000
    size: int = 512 * _MIB
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A statement of DuckDB's, what makes its tables, and every file that it may open."""

    sql: str
    statements: Sequence[str]
    files: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a query did: the columns' names and DuckDB's types, rows given, rows of the stores that met the conditions on them."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    matched: int


@dataclass(slots=True)
class Sandbox:
    """Processes for queries; one stands ready for the next query."""

    limits: Limits = field(default_factory=Limits)
    _spare: "_Process | None" = field(default=None, init=False, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def run(self, job: Job, rows: Rows, *, stop: threading.Event | None = None) -> Done:
        """Run it to its end. Raises QueryFailed, QueryTimedOut, QueryCancelled."""
        process = self._take()
        try:
            return _watched(process, job, rows, self.limits, stop or threading.Event())
        finally:
            process.end()

    def warm(self) -> None:
        """Have a process stand ready."""
        with self._guard:
            if self._spare is None:
                self._spare = _Process(self.limits)

    def close(self) -> None:
        """End the process that stands ready."""
        with self._guard:
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.end()

    def _take(self) -> "_Process":
        with self._guard:
            process, self._spare = self._spare, None
        if process is not None and process.alive:
            return process
        if process is not None:
            process.end()
        return _Process(self.limits)


class _Process:
    """One sandbox: a process, its pipes, its folder for what does not fit into memory."""

    def __init__(self, limits: Limits) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="trailwarden-query-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter and script
            [sys.executable, "-I", "-B", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
            close_fds=True,
        )
        self.send(_ready(limits, self._folder.name))

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def output(self) -> int:
        """The pipe that it answers into."""
        if self._process.stdout is None:
            raise ValueError("no pipe")
        return self._process.stdout.fileno()

    def send(self, told: Mapping[str, Any]) -> None:
        """A line of JSON; one that is gone already says so when it is listened to."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(told).encode() + b"\n")
                self._process.stdin.flush()

    def end(self) -> None:
        """Kill it and everything it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._folder.cleanup()


def _ready(limits: Limits, folder: str) -> dict[str, Any]:
    return {
        "settings": {
            "memory_limit": f"{limits.memory // _MIB}MiB",
            "threads": limits.threads,
            "temp_directory": f"{folder}/spill",
            "max_temp_directory_size": f"{limits.spill // _MIB}MiB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": False,
        },
        "statements": [
            "SET TimeZone = 'UTC'",
            "SET ieee_floating_point_ops = true",
            *(f"CREATE MACRO {macro}" for macro in MACROS),
            "SET enable_profiling = 'no_output'",
        ],
        "locks": ["SET enable_external_access = false", "SET lock_configuration = true"],
        "python": list(PYTHON),
        "limits": {
            "RLIMIT_AS": limits.address_space,
            "RLIMIT_CPU": int(limits.seconds * limits.threads) + 60,
            "RLIMIT_FSIZE": limits.spill,
            "RLIMIT_CORE": 0,
        },
    }


def _watched(process: _Process, job: Job, rows: Rows, limits: Limits, stop: threading.Event) -> Done:
    process.send(
        {"sql": job.sql, "statements": list(job.statements), "files": list(job.files), "most_rows": limits.rows}
    )
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    for line in _lines(process, limits, stop):
        told = json.loads(line)
        if "error" in told:
            raise QueryFailed(_told(told))
        if "columns" in told:
            columns, types = tuple(told["columns"]), tuple(told["types"])
        elif "rows" in told:
            rows(told["rows"])
        else:
            return Done(columns=columns, types=types, **told["done"])
    raise QueryFailed("Query exceeded the resources that a query may take.")


def _lines(process: _Process, limits: Limits, stop: threading.Event) -> Iterator[bytes]:
    """What the process says, line by line, until it is silent, too loud, too late or told to end."""
    deadline, size, kept = time.monotonic() + limits.seconds, 0, bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.output, selectors.EVENT_READ)
        while True:
            if stop.is_set():
                raise QueryCancelled("The query was cancelled.")
            left = deadline - time.monotonic()
            if left <= 0:
                raise QueryTimedOut("The query timed out.")
            if not selector.select(min(left, _LOOK)):
                continue
            piece = os.read(process.output, _PIECE)
            if not piece:
                return
            size += len(piece)
            if size > limits.size:
                raise QueryFailed("The query's results are too large.")
            kept += piece
            *lines, rest = bytes(kept).split(b"\n")
            yield from lines
            kept = bytearray(rest)


def _told(told: Mapping[str, Any]) -> str:
    """The error without our own names: no path, no SQL of DuckDB's."""
    text = str(told["error"]).split("\nLINE ")[0].split("\n\n")[0].split("\nCandidate")[0]
    if told.get("kind") == "OutOfMemoryException" or "Out of Memory" in text:
        return "Query exceeded the memory that a query may take."
    text = text.partition(" Error: ")[2] or text
    if text.startswith("Division by zero"):
        return "Division by zero"
    text = (
        _PATH.sub("…", text)
        .replace("trino_py_", "")
        .replace("tryno_py_", "")
        .replace("trino_", "")
        .replace("tryno_", "")
    )
    return text.split("\n")[0].strip()[:1_000]
