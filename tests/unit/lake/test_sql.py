"""CloudTrail Lake's SQL: what Trino's documentation says it gives, and what is never let in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from tests.unit.lake.house import ID, NOW, raw

from trailwarden.lake import python_functions
from trailwarden.lake.planning import _store
from trailwarden.lake.running import Limits, _ready
from trailwarden.lake.sandbox import text
from trailwarden.lake.schema import FAMILIES, projection
from trailwarden.lake.sql import InvalidStatement, read
from trailwarden.lake.sql.macros import PYTHON

CASES = Path(__file__).parents[2] / "cases" / "lake"


class Probe(NamedTuple):
    expression: str
    array: str
    result: str
    fails: bool


def probes() -> Iterator[Probe]:
    for line in (CASES / "trino.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        expression, sign, result = re.split(r" (=>|!!) ?", line, maxsplit=1)
        asked, _, array = expression.partition(" @ ")
        yield Probe(asked, array, result, sign == "!!")


PROBES = list(probes())


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB as the sandbox makes it ready, over one event."""
    ready: dict[str, Any] = _ready(Limits(), "/nowhere")
    connection = duckdb.connect(":memory:")
    for statement in ready["statements"][:-1]:
        connection.execute(statement)
    connection.execute("CREATE TABLE given(raw VARCHAR)")
    connection.execute("INSERT INTO given VALUES (?)", [raw(0, NOW).decode()])
    view = _store(ID, FAMILIES[0], [], [], 0.0)
    source = projection(FAMILIES[0], "(SELECT CAST(NULL AS VARCHAR) AS raw WHERE false)")
    assert source in view
    connection.execute(view.replace(source, projection(FAMILIES[0], "given")))
    every = " ".join(f"{prefix}{name}(" for prefix in PYTHON for name in python_functions.FUNCTIONS)
    python_functions.register(connection, PYTHON, every)
    yield connection
    connection.close()


def ask(engine: duckdb.DuckDBPyConnection, statement: str) -> list[Any]:
    return engine.execute(read(statement).sql(NOW)).fetchall()


def test_there_are_enough_probes() -> None:
    assert len(PROBES) >= 250
    assert len({(probe.expression, probe.array) for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize(
    "probe", PROBES, ids=lambda probe: f"{probe.expression}{' @ ' if probe.array else ''}{probe.array}"
)
def test_as_trino_documents_it(engine: duckdb.DuckDBPyConnection, probe: Probe) -> None:
    unnest = f" CROSS JOIN UNNEST({probe.array}) AS t(x)" if probe.array else ""
    statement = f"SELECT {probe.expression} FROM {ID}{unnest}"
    if probe.fails:
        with pytest.raises((InvalidStatement, duckdb.Error), match=re.escape(probe.result)):
            ask(engine, statement)
        return
    ((value,),) = ask(engine, statement)
    assert ("NULL" if value is None else text(value)) == probe.result


STATEMENTS = {
    f"SELECT DISTINCT eventName FROM {ID} GROUP BY eventName HAVING count(*) > 0 ORDER BY 1 LIMIT 5": [("CreateUser",)],
    f"SELECT eventName FROM arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/{ID}": [("CreateUser",)],
    f'SELECT eventName FROM "{ID}"': [("CreateUser",)],
    f"SELECT e.eventName FROM {ID} AS e": [("CreateUser",)],
    f"SELECT eventName FROM {ID} UNION ALL SELECT eventSource FROM {ID}": [("CreateUser",), ("iam.amazonaws.com",)],
    f"SELECT eventName FROM {ID} EXCEPT SELECT eventName FROM {ID}": [],
    f"SELECT eventName FROM {ID} INTERSECT SELECT eventName FROM {ID}": [("CreateUser",)],
    f"SELECT a.eventName FROM {ID} a LEFT JOIN {ID} b ON a.eventID = b.eventID": [("CreateUser",)],
    f"WITH t AS (SELECT eventName AS n FROM {ID}) SELECT n FROM t": [("CreateUser",)],
    f"SELECT n FROM (SELECT count(*) AS n FROM {ID})": [(1,)],
    f"SELECT (SELECT max(eventName) FROM {ID}) FROM {ID}": [("CreateUser",)],
    f"SELECT eventName FROM {ID} WHERE eventName IN (SELECT eventName FROM {ID})": [("CreateUser",)],
    f"SELECT eventName FROM {ID} WHERE EXISTS (SELECT 1 FROM {ID})": [("CreateUser",)],
    f"SELECT k, v FROM {ID} CROSS JOIN UNNEST(requestParameters) AS t(k, v) ORDER BY k": [
        ("path", '{"of": [0]}'),
        ("userName", "user-0"),
    ],
    f"SELECT x, n FROM {ID} CROSS JOIN UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, n)": [("a", 1), ("b", 2)],
    f"SELECT x, y FROM {ID} CROSS JOIN UNNEST(ARRAY[1, 2], ARRAY[3]) AS t(x, y)": [(1, 3), (2, None)],
    f"SELECT eventSource, count(*) FROM {ID} GROUP BY ROLLUP (eventSource) ORDER BY 1": [
        ("iam.amazonaws.com", 1),
        (None, 1),
    ],
    f"SELECT x FROM {ID} CROSS JOIN UNNEST(ARRAY[2, NULL, 1]) AS t(x) ORDER BY x": [(1,), (2,), (None,)],
    f"SELECT x FROM {ID} CROSS JOIN UNNEST(ARRAY[2, NULL, 1]) AS t(x) ORDER BY x DESC": [(2,), (1,), (None,)],
    f"SELECT x FROM {ID} CROSS JOIN UNNEST(ARRAY[1, 2, 3]) AS t(x) ORDER BY x OFFSET 1 ROWS FETCH FIRST 1 ROW ONLY": [
        (2,)
    ],
    f"SELECT eventName FROM {ID} -- a comment\nWHERE /* another */ eventName = 'it''s; --' OR true;": [("CreateUser",)],
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements(engine: duckdb.DuckDBPyConnection, statement: str) -> None:
    found = [tuple(re.sub(r'":\[', '": [', each) if isinstance(each, str) else each for each in row) for row in ask(engine, statement)]  # fmt: skip
    assert found == STATEMENTS[statement]


def test_columns_are_named_as_trino_names_them() -> None:
    statement = read(
        f"SELECT eventName, userIdentity.arn, count(*), 1 AS One, upper(eventName) FROM {ID} GROUP BY 1, 2"
    )
    assert statement.columns == ("eventName", "arn", "_col2", "One", "_col4")


def test_placeholders_take_texts_and_stores() -> None:
    statement = read("SELECT eventName FROM ? WHERE eventTime > ? AND eventName <> ?", [ID, "2026-01-01", "it's"])
    assert statement.stores == (ID,)
    assert "'it''s'" in statement.sql(0.0)
    for parameters in ([ID], [ID, "a", "b", "c"], ["users", "a", "b"]):
        with pytest.raises(InvalidStatement):
            read("SELECT eventName FROM ? WHERE eventTime > ? AND eventName <> ?", parameters)


@pytest.mark.parametrize(
    ("where", "times"),
    [
        ("eventTime > '2026-01-01 00:00:00'", ("2026-01-01 00:00:00", "")),
        ("eventTime >= timestamp '2026-01-01 00:00:00' AND (eventTime < '2026-01-02')", ("2026-01-01 00:00:00", "2026-01-02 00:00:00")),
        ("eventTime BETWEEN '2026-01-01' AND '2026-01-02' AND eventName = 'x'", ("2026-01-01 00:00:00", "2026-01-02 00:00:00")),
        ("eventTime > '2026-01-01' OR eventName = 'x'", ("", "")),
        ("NOT eventTime > '2026-01-01'", ("", "")),
        ("eventTime > '2026-01-01' AND eventTime > '2026-01-03'", ("2026-01-03 00:00:00", "")),
    ],
)  # fmt: skip
def test_times_that_can_matter(where: str, times: tuple[str, str]) -> None:
    assert read(f"SELECT eventName FROM {ID} WHERE {where}").times == times
    assert read(f"SELECT a.eventName FROM {ID} a, {ID} b WHERE {where.replace('eventTime', 'a.eventTime')}").times == (
        "",
        "",
    )
