"""Automata match what `re` matches, and take no longer for it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwarden.wire.automaton import Automaton, TooComplex, hazard
from trailwarden.wire.patterns import compiled

PATTERNS = [
    r"[a-z]+",
    r"^[ab]*b{2,3}$",
    r"(a|b|)*c?",
    r"([ab]+[.-])*[ab]+",
    r"[^a-c]\w\d?\s*",
    r"(?:a{0,2}b){1,3}.",
    r"\S\W\D",
    r"(a*)*b",
    r"x??y",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_matches_what_re_matches(pattern: str) -> None:
    automaton, quick = Automaton(pattern), re.compile(pattern, re.ASCII)

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.text("abcxy.-_ 1\té", max_size=9))
    def holds(text: str) -> None:
        assert (automaton.fullmatch(text) is None) == (quick.fullmatch(text) is None)

    holds()


@pytest.mark.parametrize(
    ("pattern", "danger"),
    [
        ("[a-z]+", 0),
        ("a{1,9}b{1,9}", 0),
        ("[a-z]+[a-z0-9]*", 1),
        ("([a-z]+)*", 2),
        ("(a|b{1,512}){0,512}", 2),
        ("(a+|b)+", 2),
    ],
)
def test_hazards_are_seen(pattern: str, danger: int) -> None:
    assert hazard(pattern) == danger


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", r"a\b", r"(a{1,1000}){1,1000}"])
def test_what_an_automaton_cannot_have_is_told(pattern: str) -> None:
    with pytest.raises(TooComplex):
        Automaton(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$", " " * 20_000 + "\x00"),
        (r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$", "a" * 20_000 + "\x00"),
        (r"(a*)*b", "a" * 20_000),
    ],
)
def test_patterns_of_awss_that_explode_do_not(pattern: str, text: str) -> None:
    """With `re` this test would not end."""
    found = compiled(pattern)
    assert found is not None
    assert found.fullmatch(text) is None
