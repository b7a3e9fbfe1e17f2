"""What somebody who means harm may send: it is refused, or it stays within its bounds, and nothing else is touched."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp
from tests.unit.lake.house import ID, NOW, raw

from trailwarden.lake.holding import View
from trailwarden.lake.planning import planned
from trailwarden.lake.running import Job, Limits, QueryCancelled, QueryFailed, QueryTimedOut, Sandbox, _Process
from trailwarden.lake.schema import FAMILIES
from trailwarden.lake.sql import InvalidStatement, read

OTHER = "99999999-2222-4333-8444-555555555555"
CASES = (Path(__file__).parents[2] / "cases" / "lake" / "hostile.txt").read_text(encoding="utf-8")
SECONDS = 4.0
MEGABYTE = 1024 * 1024


def cases(section: str) -> list[str]:
    part = CASES.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [line.replace("ID", ID).replace("OTHER", OTHER) for line in part.splitlines() if line]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    limits = Limits(
        seconds=SECONDS, memory=256 * MEGABYTE, address_space=2_048 * MEGABYTE, spill=128 * MEGABYTE, rows=50_000
    )
    made = Sandbox(limits)
    yield made
    made.close()


def view(count: int = 20) -> View:
    return View(family=FAMILIES[0], files=(), hot=tuple(raw(number, NOW) for number in range(count)), oldest=0.0)


def test_there_are_enough() -> None:
    assert len(cases("refused")) + len(cases("bounded")) >= 60


@pytest.mark.parametrize("statement", cases("refused"))
def test_refused(statement: str) -> None:
    with pytest.raises(InvalidStatement):
        read(statement)


@pytest.mark.parametrize("statement", cases("bounded"))
def test_bounded(sandbox: Sandbox, statement: str, tmp_path: Path) -> None:
    """It ends in time, with an answer or with an error that tells nothing of ours."""
    began = time.monotonic()
    rows: list[object] = []
    plan = planned(read(statement), {ID: view()}, tmp_path, NOW)
    told = "done"
    try:
        sandbox.run(plan.job, rows.extend)
    except QueryFailed as error:
        told = str(error)
    assert told
    assert "trino_" not in told
    assert str(tmp_path) not in told
    assert time.monotonic() - began < SECONDS + 10


ENDLESS = "SELECT count(*) FROM range(1000000000000) a(x) WHERE x % 7 = 3"
LOCKED = {
    "COPY (SELECT 1) TO '{folder}/x.csv'": "file system operations are disabled",
    "ATTACH '{folder}/x.db'": "file system operations are disabled",
    "SELECT * FROM read_text('{folder}/secret')": "file system operations are disabled",
    "SELECT * FROM read_csv('/etc/passwd')": "file system operations are disabled",
    "SELECT * FROM glob('/*')": "disabled",
    "INSTALL httpfs": "disabled",
    "LOAD httpfs": "disabled",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x')": "",
    "SET enable_external_access = true": "locked",
    "SET memory_limit = '100GB'": "locked",
    "SET allowed_paths = ['/etc/passwd']": "locked",
    "RESET lock_configuration": "",
    "SELECT getenv('HOME')": "",
    "SELECT * FROM python_variable": "",
}


@pytest.mark.parametrize("sql", LOCKED)
def test_the_sandbox_holds_even_behind_the_gate(sandbox: Sandbox, sql: str, tmp_path: Path) -> None:
    """What the gate would never let in is sent to DuckDB itself: the lock alone keeps it out."""
    (tmp_path / "secret").write_text("secret")
    job = Job(sql=sql.replace("{folder}", str(tmp_path)), statements=[], files=[])
    with pytest.raises(QueryFailed, match=f"(?i){LOCKED[sql]}"):
        sandbox.run(job, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_only_the_listed_files_are_read(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("own")
    (tmp_path / "other").write_text("other")
    rows: list[list[str | None]] = []
    own = f"SELECT content FROM read_text({exp.Literal.string(str(tmp_path / 'own')).sql()})"
    sandbox.run(Job(sql=own, statements=[], files=[str(tmp_path / "own")]), rows.extend)  # type: ignore[arg-type]
    assert rows == [["own"]]
    with pytest.raises(QueryFailed):
        sandbox.run(Job(sql=own.replace("own", "other"), statements=[], files=[str(tmp_path / "own")]), lambda _: None)


def test_a_query_that_is_told_to_end_ends() -> None:
    stop, sandbox = threading.Event(), Sandbox(Limits(seconds=60))
    threading.Timer(1.0, stop.set).start()
    with pytest.raises(QueryCancelled):
        sandbox.run(Job(sql=ENDLESS, statements=[], files=[]), lambda _: None, stop=stop)
    with pytest.raises(QueryTimedOut):
        Sandbox(Limits(seconds=2)).run(Job(sql=ENDLESS, statements=[], files=[]), lambda _: None)


def test_a_query_ends_with_the_server_that_asked() -> None:
    """However that ends: its end of the pipe is closed."""
    process = _Process(Limits(seconds=600))
    process.send({"sql": ENDLESS, "statements": [], "files": [], "most_rows": 1})
    child = process._process
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(60) != 0
    process.end()


def test_results_are_bounded(sandbox: Sandbox) -> None:
    with pytest.raises(QueryFailed, match="rows of results"):
        sandbox.run(Job(sql="SELECT * FROM range(200000)", statements=[], files=[]), lambda _: None)
    small = Sandbox(Limits(seconds=20, size=MEGABYTE))
    with pytest.raises(QueryFailed, match="too large"):
        small.run(Job(sql="SELECT repeat('a', 1000) FROM range(5000)", statements=[], files=[]), lambda _: None)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandbox = Sandbox(Limits(seconds=20))
    sandbox.run(Job(sql="SELECT 1", statements=[], files=[]), lambda _: None)
    sandbox.warm()
    sandbox.close()
    assert list(tmp_path.iterdir()) == []
