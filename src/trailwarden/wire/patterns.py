r"""Patterns of the models, which are Java's, as Python's: `\p{L}`, `\x{10FFFF}`, ASCII classes, whole match.

https://smithy.io/2.0/spec/constraint-traits.html#pattern-trait
"""

import re
import sys
import unicodedata
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from trailwarden.wire.automaton import Automaton, TooComplex, hazard

__all__ = ["Matcher", "compiled"]

_SHORT = 128

_PROPERTY = re.compile(r"\\p\{(?:Is)?(\w+)\}|\\p([LNZPSMC])")
_CODE_POINT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_PAIR = re.compile(r"\\u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})")
_LOOSE_DASH = re.compile(r"(\\[wdsWDS])-")
_POSIX = {
    "Alpha": "a-zA-Z",
    "Alnum": "a-zA-Z0-9",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "Graph": r"\x21-\x7e",
    "Print": r"\x20-\x7e",
    "Blank": r"\x20\t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Space": r"\x20\t\n\x0b\f\r",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
}


class Matcher(Protocol):
    """What matches whole texts."""

    def fullmatch(self, text: str, /) -> object | None:
        """Something where all of the text matches, None where not."""


@dataclass(frozen=True, slots=True)
class _Careful:
    """`re` for short texts, an automaton for those on which `re` could take long."""

    quick: re.Pattern[str]
    steady: Automaton

    def fullmatch(self, text: str, /) -> object | None:
        return (self.quick if len(text) <= _SHORT else self.steady).fullmatch(text)


@cache
def compiled(pattern: str) -> Matcher | None:
    """What matches the pattern; None where nothing here can safely: then nothing is checked."""
    try:
        translated = _translated(pattern)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            quick = re.compile(translated, re.ASCII)
            danger = hazard(translated)
        if not danger:
            return quick
        steady = Automaton(translated)
    except TooComplex:
        return quick if danger == 1 else None
    except (re.error, FutureWarning, KeyError, OverflowError):
        return None
    return steady if danger > 1 else _Careful(quick, steady)


def _translated(pattern: str) -> str:
    points = _CODE_POINT.sub(lambda match: f"\\U{int(match[1], 16):08x}", _expanded(pattern))
    return _LOOSE_DASH.sub(r"\1\\-", _PAIR.sub(_joined, points))


def _joined(pair: re.Match[str]) -> str:
    """The one code point that a pair of surrogates stands for."""
    point = 0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + int(pair[2], 16) - 0xDC00
    return f"\\U{point:08x}"


def _expanded(pattern: str) -> str:
    r"""The pattern with each \p{…} written as ranges, in brackets where it stands outside of a set."""
    pieces, place = [], 0
    for match in _PROPERTY.finditer(pattern):
        ranges = _ranges(match[1] or match[2])
        pieces.append(pattern[place : match.start()])
        pieces.append(ranges if _in_set(pattern, match.start()) else f"[{ranges}]")
        place = match.end()
    return "".join(pieces) + pattern[place:]


def _in_set(pattern: str, place: int) -> bool:
    inside = escaped = False
    for char in pattern[:place]:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            inside = True
        elif char == "]":
            inside = False
    return inside


def _ranges(name: str) -> str:
    if name in _POSIX:
        return _POSIX[name]
    table = _categories()
    found = [spans for category, spans in table.items() if category.startswith(name)]
    if not found:
        raise KeyError(name)
    return "".join(found)


@cache
def _categories() -> dict[str, str]:
    """Unicode's general categories as ranges; one walk over all code points, at the first pattern that needs it."""
    found: dict[str, list[str]] = {}
    start, category = 0, unicodedata.category("\0")
    for point in range(1, sys.maxunicode + 2):
        here = unicodedata.category(chr(point)) if point <= sys.maxunicode else ""
        if here != category:
            found.setdefault(category, []).append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start, category = point, here
    return {name: "".join(spans) for name, spans in found.items()}
