"""Patterns over JSON: what they take, and AWS's words where a text is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from trailwarden.services.patterns import EVENTS, MESSAGES, JsonFault, PatternFault, check_json, read_pattern

_CASES = Path(__file__).parents[3] / "cases" / "patterns"
_DIALECTS = {"events": EVENTS, "messages": MESSAGES}


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_CASES / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("case", cases("takes"), ids=lambda case: case["why"])
def test_a_pattern_takes_what_it_says(case: dict[str, Any]) -> None:
    if "fault" in case:
        with pytest.raises(PatternFault, match="at least 2 Objects"):
            read_pattern(json.dumps(case["pattern"]), EVENTS)
        return
    pattern = read_pattern(json.dumps(case["pattern"]), EVENTS)
    assert [event for event in case["takes"] if not pattern.takes(event)] == []
    assert [event for event in case["leaves"] if pattern.takes(event)] == []


@pytest.mark.parametrize("case", cases("faults"), ids=lambda case: case["text"])
def test_a_fault_is_told_in_the_words_of_aws(case: dict[str, Any]) -> None:
    with pytest.raises(PatternFault) as told:
        read_pattern(case["text"], _DIALECTS[case["dialect"]])
    place = f'\n at [Source: (String)"{case["text"]}"; line: 1, column: {case.get("column")}]'
    assert told.value.text == case["fault"] + (place if "column" in case else "")


def test_the_place_counts_lines() -> None:
    with pytest.raises(PatternFault) as told:
        read_pattern('{\n  "a": [\n]}', EVENTS)
    assert told.value.text.endswith("line: 3, column: 2]")


def test_a_fault_in_a_list_of_anything_but_is_told_twice() -> None:
    with pytest.raises(PatternFault) as told:
        read_pattern('{"a": [{"anything-but": ["x", null]}]}', EVENTS)
    assert told.value.text.count(" at [Source") == 2


def test_depth_is_bounded() -> None:
    with pytest.raises(PatternFault):
        read_pattern('{"a":' * 5_000, EVENTS)


@pytest.mark.parametrize("text", ["{", '{"a" 1}', "[1 2]", "{a: 1}", '{"a": tru}', "]", '{"a": 1}}'])
def test_what_is_no_json_is_told_without_the_text(text: str) -> None:
    with pytest.raises(JsonFault) as told:
        check_json(text)
    assert "REDACTED" in told.value.redacted
    assert "(String)" not in told.value.redacted


def test_json_is_json() -> None:
    check_json('{"a": [1, -2.5e3, true, null, "x\\u00e9"], "b": {}}')


def test_wildcards_take_no_longer_than_the_text() -> None:
    pattern = read_pattern('{"a": [{"wildcard": "*a*a*a*a*b"}]}', EVENTS)
    assert not pattern.takes({"a": "a" * 200_000})


def test_combinations_multiply_and_choices_add() -> None:
    text = '{"a": [1, 2], "b": {"c": [1, 2, 3]}, "$or": [{"d": [1]}, {"e": [1, 2]}]}'
    pattern = read_pattern(text, MESSAGES)
    assert (pattern.keys(), pattern.combinations(), pattern.depth()) == (4, 2 * (3 * 2) * 3, 2)
