"""`trailwarden query --files`: SQL over a folder of log files, without a server."""

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow.parquet
import pytest
from tests.unit.lake.house import DAY, NOW, record
from typer.testing import CliRunner, Result

from trailwarden.cli import commands

STATEMENT = "SELECT eventName, count(*) AS n FROM logs GROUP BY eventName ORDER BY eventName"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs" / "AWSLogs"
    folder.mkdir(parents=True)
    first = {"Records": [record(number, NOW - number * DAY) for number in range(4)]}
    (folder / "first.json.gz").write_bytes(gzip.compress(json.dumps(first).encode()))
    (folder / "second.json").write_text(json.dumps({"Records": [record(9, NOW, eventName="DeleteUser\x1b[31m")]}))
    digests = folder / "CloudTrail-Digest"
    digests.mkdir()
    (digests / "digest.json.gz").write_bytes(gzip.compress(b'{"logFiles": []}'))
    return tmp_path / "logs"


def run(logs: Path, statement: str, *options: str) -> Result:
    return CliRunner().invoke(commands(["query"]), ["query", "--files", str(logs), *options, statement])


def test_as_csv(logs: Path) -> None:
    done = run(logs, STATEMENT, "--format", "csv")
    assert done.exit_code == 0
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["eventName", "n"],
        ["CreateUser", "4"],
        ["DeleteUser\x1b[31m", "1"],
    ]
    assert "2 rows from 2 files" in done.stderr


def test_as_json(logs: Path) -> None:
    done = run(logs, "SELECT element_at(requestParameters, 'userName') AS who, errorCode FROM events WHERE eventID = 'id-3'", "--format", "json")  # fmt: skip
    assert json.loads(done.stdout) == [{"who": "user-3", "errorCode": None}]


def test_a_table_commands_no_terminal(logs: Path) -> None:
    done = run(logs, STATEMENT)
    assert "CreateUser" in done.stdout
    assert "\x1b" not in done.stdout
    assert "DeleteUser\\x1b[31m" in done.stdout


def test_as_parquet(logs: Path, tmp_path: Path) -> None:
    assert run(logs, STATEMENT, "--format", "parquet").exit_code == 2
    done = run(logs, STATEMENT, "--format", "parquet", "--output", str(tmp_path / "found.parquet"))
    assert done.exit_code == 0
    found = pyarrow.parquet.read_table(tmp_path / "found.parquet")
    assert found.to_pylist()[0] == {"eventName": "CreateUser", "n": "4"}


@pytest.mark.parametrize(
    ("statement", "code", "told"),
    [
        ("SELECT nothing FROM logs", 1, "Column 'nothing' cannot be resolved"),
        ("SELECT 1 / 0 FROM logs", 1, "Division by zero"),
        ("SELECT * FROM read_csv('/etc/passwd')", 1, "does not exist"),
    ],
)
def test_what_cannot_be_asked(logs: Path, statement: str, code: int, told: str) -> None:
    done = run(logs, statement)
    assert (done.exit_code, told in done.stderr) == (code, True)


def test_without_log_files(tmp_path: Path) -> None:
    done = run(tmp_path, STATEMENT)
    assert (done.exit_code, "there are no log files" in done.stderr) == (2, True)
