"""Options of `trailwarden serve` that are refused before anything is opened."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from trailwarden.cli import commands


@pytest.mark.parametrize("rules", ["nonsense=1", "slot", "slot=0", "least=many", "baseline=-1"])
def test_rules_of_insights_that_make_no_sense_are_refused(tmp_path: Path, rules: str) -> None:
    data = tmp_path / "data"
    given = ["serve", "--data", str(data), "--port", "0", "--insights", rules]
    result = CliRunner().invoke(commands(["serve"]), given)
    assert (result.exit_code, "--insights" in result.output) == (2, True)
    assert not data.exists()
