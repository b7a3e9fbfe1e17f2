"""One query in a process of its own: `python -I sandbox.py`. Standard library and DuckDB alone, nothing of this package.

It reads two lines of JSON: what to be ready with, and the job; then it gives up every right it does not need and answers in
lines of JSON: columns, rows, at last what was done or the error. It sees the files that the job lists and no others, has no
network, no environment and no more memory, time and disk than it is given; the parent kills it when its time is over.
"""

import importlib.util
import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

_PAGE = 1_000
_MILLION, _THOUSANDTH = 1e7, 1e-3
_KEPT = frozenset({"FILTER", "PROJECTION"})


def main() -> None:
    """Prepare, wait for the job, do it."""
    ready = json.loads(sys.stdin.readline() or "null")
    if ready is None:
        return
    _bound(ready)
    connection = duckdb.connect(":memory:", config=ready["settings"])
    for statement in ready["statements"]:
        connection.execute(statement)
    job = json.loads(sys.stdin.readline() or "null")
    if job is None:
        return
    try:
        _run(connection, ready, job)
    except MemoryError:
        _say({"error": "Query exceeded the memory limit", "kind": "OutOfMemory"})
    except Exception as error:  # noqa: BLE001 — whatever DuckDB raises is the query's end
        _say({"error": str(error), "kind": type(error).__name__})


def _bound(ready: dict[str, Any]) -> None:
    """The operating system's own limits; lower than which nobody can raise them again."""
    for name, limit in ready["limits"].items():
        number = getattr(resource, name)
        _, hard = resource.getrlimit(number)
        bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(number, (bounded, bounded))


def _end_with_parent() -> None:
    """The pipe from the parent ends with it, however that ends; nothing else comes through it any more."""
    sys.stdin.read()
    os._exit(1)


def _run(connection: duckdb.DuckDBPyConnection, ready: dict[str, Any], job: dict[str, Any]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if any(prefix in job["sql"] for prefix in ready["python"]):
        _python(connection, ready["python"], job["sql"])
    for statement in job["statements"]:
        connection.execute(statement)
    connection.execute("SET allowed_paths = ?", [job["files"]])
    for statement in ready["locks"]:
        connection.execute(statement)
    result = connection.execute(job["sql"])
    described = result.description or []
    _say({"columns": [column[0] for column in described], "types": [str(column[1]) for column in described]})
    count = 0
    while rows := result.fetchmany(_PAGE):
        count += len(rows)
        _say({"rows": [[None if value is None else text(value) for value in row] for row in rows]})
        if count > job["most_rows"]:
            raise ValueError(f"Query has more than {job['most_rows']} rows of results")
    _say({"done": {"rows": count, "matched": _matched(connection)}})


def _python(connection: duckdb.DuckDBPyConnection, prefixes: list[str], sql: str) -> None:
    """The functions beside this file, loaded only where they are used."""
    place = Path(__file__).with_name("python_functions.py")
    spec = importlib.util.spec_from_file_location("python_functions", place)
    if spec is None or spec.loader is None:
        raise ImportError(str(place))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register(connection, prefixes, sql)


def _matched(connection: duckdb.DuckDBPyConnection) -> int:
    """How many rows of the stores were left by the conditions on them, as DuckDB counted while it ran."""
    told = json.loads(connection.get_profiling_information(format="json"))
    return sum(_left(operator) for operator in told.get("operator") or ())


def _left(operator: dict[str, Any]) -> int:
    below = operator.get("children") or []
    if not below:
        return int(operator.get("intermediate_rows") or 0) if "SCAN" in operator["type"] else 0
    if operator["type"] in _KEPT and len(below) == 1 and _is_chain(below[0]):
        return int(operator.get("intermediate_rows") or 0)
    return sum(map(_left, below))


def _is_chain(operator: dict[str, Any]) -> bool:
    below = operator.get("children") or []
    if not below:
        return "SCAN" in operator["type"]
    return operator["type"] in _KEPT and len(below) == 1 and _is_chain(below[0])


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def text(value: Any) -> str:
    """https://trino.io/docs/current/language/types.html."""
    for kinds, tell in _TEXTS:
        if isinstance(value, kinds):
            return tell(value)
    return str(value)


def _inner(value: Any) -> str:
    return "null" if value is None else text(value)


def _double(value: float) -> str:
    """As Java writes a double."""
    if value != value:  # noqa: PLR0124 — NaN alone is not itself
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _THOUSANDTH <= abs(value) < _MILLION:
        whole = repr(value)
        return whole if "e" not in whole else f"{value:f}"
    mantissa, _, exponent = f"{Decimal(repr(value)):e}".lower().partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _moment(value: datetime) -> str:
    shown = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    return f"{shown} UTC" if value.tzinfo is not None else shown


def _span(value: timedelta) -> str:
    seconds, sign = value.total_seconds(), ""
    if seconds < 0:
        seconds, sign = -seconds, "-"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    return f"{sign}{int(days)} {int(hours):02d}:{int(minutes):02d}:{rest:06.3f}"


def _members(value: dict[Any, Any]) -> str:
    return "{" + ", ".join(f"{_inner(key)}={_inner(each)}" for key, each in value.items()) + "}"


def _items(value: Any) -> str:
    return "[" + ", ".join(map(_inner, value)) + "]"


_TEXTS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    (float, _double),
    (datetime, _moment),
    (date, date.isoformat),
    (time, time.isoformat),
    (timedelta, _span),
    (dict, _members),
    (list, _items),
    (tuple, lambda value: _members({f"field{place}": each for place, each in enumerate(value)})),
    (bytes, lambda value: value.hex(" ")),
)


if __name__ == "__main__":
    main()
