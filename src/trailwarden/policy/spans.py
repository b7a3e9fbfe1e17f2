"""JSON read with care: bounded in size and depth, without duplicate keys, and with the place of each statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Never

from trailwarden.policy.value import dataclass

__all__ = ["DEPTH_MAX", "SIZE_MAX", "NotJson", "Position", "Span", "read_json", "statement_spans"]

SIZE_MAX = 393_216
"""Characters of a document. The largest of AWS's own policies, indented, has 230,794."""

DEPTH_MAX = 16
"""Nesting of a document. The grammar needs six."""

_NUMBER_LENGTH_MAX = 64
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)|[{}\[\]:,]', re.DOTALL)
"""A string that is never closed reaches to the end, so that it is read but once."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class NotJson(ValueError):
    """The text is no JSON, or more than a policy may be."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a document; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document, from its first character to its last."""

    start: Position
    end: Position


def read_json(text: str) -> Any:
    """The value that `text` holds.

    Raises NotJson for bad syntax, duplicate keys, deep nesting, too many characters, numbers of absurd length and halves of
    surrogate pairs, which no answer could repeat. https://www.rfc-editor.org/rfc/rfc7493#section-2.1
    """
    if len(text) > SIZE_MAX:
        raise NotJson("the document is too large")
    if _depth(text) > DEPTH_MAX:
        raise NotJson("the document is nested too deeply")
    try:
        found = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_int=_text, parse_float=_text, parse_constant=_refuse
        )
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except ValueError as error:
        raise NotJson(str(error)) from None
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("a key stands twice in one object")
    return found


def _text(digits: str) -> str:
    """Numbers stay as they were written: policies compare them as text or exact decimals."""
    if len(digits) > _NUMBER_LENGTH_MAX:
        raise NotJson("a number has too many digits")
    return digits


def _refuse(word: str) -> Never:
    raise NotJson(f"{word} is no JSON")


def _depth(text: str) -> int:
    """The deepest nesting, found without recursion; stops one beyond what is allowed."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in "{[":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH_MAX:
                return deepest
        elif mark in "}]":
            depth -= 1
    return deepest


def statement_spans(text: str) -> tuple[Span, ...]:
    """Where each object of the document's Statement stands. `text` is known to be a policy."""
    tokens = _TOKEN.finditer(text)
    key = mark = ""
    while mark != ":" or key != "Statement":
        if mark.startswith('"'):
            key = json.loads(mark)
        mark = next(tokens).group()
    lines = _Lines(text)
    return tuple(Span(lines.position(first), lines.position(last)) for first, last in _spans(tokens))


def _spans(tokens: Iterator["re.Match[str]"]) -> Iterator[tuple[int, int]]:
    """The outermost objects of the value that follows, which is one object or a list of them: first and last offset."""
    depth, start, listed = 0, 0, False
    while True:
        match = next(tokens)
        mark = match.group()
        if mark == "{":
            depth += 1
            start = match.start() if depth == 1 else start
        elif mark == "}":
            depth -= 1
            if depth == 0:
                yield start, match.end() - 1
        elif mark == "[" and depth == 0:
            listed = True
            continue
        if depth == 0 and (mark == "]" or not listed):
            return


class _Lines:
    """Where the lines of a text begin, found once."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)
