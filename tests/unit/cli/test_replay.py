"""`trailwarden replay` and `trailwarden policy generate` over files."""

import json
from pathlib import Path

import pytest
from tests.unit.diagnose import recorded
from tests.unit.diagnose.recorded import SPARED, USER, event, guardrail
from typer.testing import CliRunner

from trailwarden.cli import commands

app = commands()

CALL = event("s3:GetObject", {"bucketName": "amzn-s3-demo-bucket", "key": "a"})
GLOBAL = event("cloudfront:ListDistributions", None, 2, awsRegion="us-east-1")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    account, organization = tmp_path / "account.json", tmp_path / "organization.json"
    account.write_text(json.dumps(recorded.export()))
    organization.write_text(json.dumps(recorded.organization(guardrail(*SPARED))))
    recorded.write(tmp_path / "logs" / "a.json.gz", [CALL, GLOBAL])
    return ["--logs", str(tmp_path / "logs"), "--account", str(account), "--organization", str(organization)]


def change(folder: Path, *spared: str) -> str:
    path = folder / "change.json"
    path.write_text(json.dumps([{"place": {"kind": "scp", "holder": "p-guardrail"}, "document": guardrail(*spared)}]))
    return str(path)


def test_what_would_be_denied_is_told_and_ends_with_1(tmp_path: Path, files: list[str]) -> None:
    done = CliRunner().invoke(app, ["replay", "--change", change(tmp_path, "iam:*"), *files])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "Of 2 recorded calls, 1 would be denied.",
        "",
        "Would be denied: 1",
        "         1  user mateojackson  cloudfront:ListDistributions",
        "            statement Elsewhere of p-guardrail denies it",
        "            for instance event 00000002-0000-4000-8000-000000000000 of 2026-01-01T00:00:02Z",
        "            on *",
    ]


def test_no_change_ends_with_0(tmp_path: Path, files: list[str]) -> None:
    done = CliRunner().invoke(app, ["replay", "--change", change(tmp_path, *SPARED), *files, "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["totals"] == {"denied": 0, "allowed": 0, "unknown": 0, "contradicted": 0}


def test_what_cannot_be_read_ends_with_2(tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "change.json").write_text("{")
    done = CliRunner().invoke(app, ["replay", "--change", str(tmp_path / "change.json"), *files])
    assert done.exit_code == 2
    assert "no list of changes" in done.stderr
    done = CliRunner().invoke(app, ["replay", "--change", change(tmp_path), "--data", str(tmp_path / "none")])
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("report", "2 actions cover 2 recorded calls of user mateojackson"),
        ("policy", '"s3:GetObject"'),
        ("aws", "aws iam put-user-policy --user-name mateojackson"),
        ("terraform", 'resource "aws_iam_user_policy"'),
        ("json", '"unused"'),
    ],
)
def test_a_policy_is_generated(files: list[str], output: str, told: str) -> None:
    options = ["policy", "generate", "--principal", USER, *files[:4], "--output", output]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 0
    assert told in done.stdout


def test_nothing_recorded_ends_with_1(files: list[str]) -> None:
    done = CliRunner().invoke(app, ["policy", "generate", "--principal", recorded.ROLE, *files[:4]])
    assert done.exit_code == 1
    assert "no call of" in done.stderr
