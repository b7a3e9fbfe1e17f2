"""Each text in `messages/`: what must be read from it; fields that a case does not name are not looked at."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.diagnose import read_message, read_messages

CASES = json.loads((Path(__file__).parents[2] / "cases/diagnose/messages/messages.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_message(case: dict[str, Any]) -> None:
    read = read_message(case["text"])
    assert {name: getattr(read, name) for name in case["expect"]} == case["expect"]


def test_several_in_one_text() -> None:
    one = "AccessDenied: User: arn:aws:iam::123456789012:user/mateojackson is not authorized to perform: {}\n"
    text = one.format("s3:ListAllMyBuckets") + one.format("iam:ListUsers")
    assert [each.action for each in read_messages(text)] == ["s3:ListAllMyBuckets", "iam:ListUsers"]


@given(st.sampled_from([case["text"] for case in CASES]), st.integers(0, 400), st.integers(1, 60), st.text(max_size=8))
def test_no_damage_crashes_the_reader(text: str, start: int, length: int, put: str) -> None:
    damaged = text[:start] + put + text[start + length :]
    for read in read_messages(damaged):
        assert isinstance(read.text, str)
