"""Filter patterns as data: what matches, what is taken out, what cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from trailwarden.services.logs.pattern import compile_pattern
from trailwarden.services.logs.pattern_values import InvalidPattern

CASES = json.loads((Path(__file__).parents[3] / "cases" / "logs" / "patterns.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['pattern']}|{case.get('message', '')}")
def test_patterns(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(InvalidPattern) as told:
            compile_pattern(case["pattern"])
        assert (told.value.code, told.value.text) == ("InvalidParameterException", case["error"])
        return
    taken = compile_pattern(case["pattern"])(case["message"])
    assert (taken is not None) is case["matches"], case.get("reason", "")
    if "extracted" in case:
        assert taken == case["extracted"]


def test_deep_patterns_are_refused() -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern("{" + "(" * 5000 + "$.a = 1" + ")" * 5000 + "}")


def test_hostile_regular_expressions_end() -> None:
    match = compile_pattern("%(a+)+b%")
    assert match("a" * 5000) is None
