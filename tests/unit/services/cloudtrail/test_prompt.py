"""Statements from prompts: what is understood as a whole, and nothing for what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from trailwarden.lake import sql
from trailwarden.services.cloudtrail.prompt import statement_for

STORE = "00000000-0000-4000-8000-000000000000"
CASES = json.loads((Path(__file__).parents[3] / "cases" / "lake" / "prompts.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["prompt"][:40])
def test_a_prompt_is_understood_as_a_whole_or_not_at_all(case: dict[str, Any]) -> None:
    found = statement_for(case["prompt"], STORE)
    if case["has"] is None:
        assert not found
        return
    assert sql.read(found).stores == (STORE,)
    assert [part for part in case["has"] if part not in found] == []
    assert statement_for(case["prompt"], STORE) == found
