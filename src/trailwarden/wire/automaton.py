"""A pattern as an automaton: slower than `re`, but its time grows with the text and nothing else.

Some of AWS's patterns let `re` try exponentially many ways; a stranger's text must not find them.
"""

import re
import re._constants as sre  # type: ignore[import-not-found]  # re's own parser; the public name of it is deprecated
import re._parser as sre_parse  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Automaton", "TooComplex", "hazard"]

_MOST_STATES = 20_000
_MOST_STEPS_KEPT = 4_096
_FLAGS = int(re.ASCII)
_MANY = 16
"""Repeats beyond this count are as good as unbounded."""

Test = Callable[[int], bool]
Tree = Iterable[tuple[Any, Any]]


class TooComplex(Exception):
    """The pattern has parts that an automaton cannot have (look-around, back-references), or too many."""


_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)


def hazard(pattern: str) -> int:
    """How the time of `re` may grow with the text: 0 in proportion, 1 with a power of it, 2 exponentially."""
    tree = sre_parse.parse(pattern, _FLAGS)
    if _ambiguous(tree):
        return 2
    return int(sum(_wide(operator, argument) for operator, argument in _walk(tree)) > 1)


def _wide(operator: Any, argument: Any) -> bool:
    return operator in _REPEATS and (argument[1] is sre.MAXREPEAT or argument[1] > _MANY)


def _ambiguous(tree: Tree) -> bool:
    """Whether something that may be read in several ways is repeated, so that the ways multiply."""
    for operator, argument in _walk(tree):
        if operator not in _REPEATS or (argument[1] is not sre.MAXREPEAT and argument[1] <= 1):
            continue
        inner = list(_walk(argument[2]))
        if any(_wide(*part) for part in inner) or (_wide(operator, argument) and any(_varies(*part) for part in inner)):
            return True
    return False


def _varies(operator: Any, argument: Any) -> bool:
    if operator is sre.BRANCH:
        return _overlap([list(part) for part in argument[1]])
    return operator in _REPEATS and bool(argument[0] != argument[1])


def _overlap(alternatives: list[list[tuple[Any, Any]]]) -> bool:
    """Whether two alternatives may begin with the same character; one that begins with no plain character may."""
    if any(not part or part[0][0] not in (sre.LITERAL, sre.IN) for part in alternatives):
        return True
    tests = [_test(*part[0]) for part in alternatives]
    return any(sum(test(code) for test in tests) > 1 for code in range(256))


def _walk(tree: Tree) -> Iterator[tuple[Any, Any]]:
    for operator, argument in tree:
        yield operator, argument
        for part in _parts(operator, argument):
            yield from _walk(part)


def _parts(operator: Any, argument: Any) -> list[Tree]:
    if operator in _REPEATS or operator is sre.POSSESSIVE_REPEAT:
        return [argument[2]]
    if operator is sre.BRANCH:
        return list(argument[1])
    if operator is sre.SUBPATTERN:
        return [argument[-1]]
    return []


@dataclass(slots=True)
class Automaton:
    """Matches whole texts, as `re.Pattern.fullmatch` does. TooComplex where the pattern cannot be had so."""

    pattern: str
    _tests: list[Test | None] = field(init=False, default_factory=lambda: [None])
    _next: list[tuple[int, ...]] = field(init=False, default_factory=lambda: [()])
    _steps: dict[tuple[frozenset[int], str], frozenset[int]] = field(init=False, default_factory=dict)
    _start: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self._start = self._closed({self._sequence(sre_parse.parse(self.pattern, _FLAGS), 0)})

    def fullmatch(self, text: str) -> bool | None:
        """True where all of the text matches, else None."""
        here, steps = self._start, self._steps
        for char in text:
            following = steps.get((here, char))
            here = self._step(here, char) if following is None else following
            if not here:
                return None
        return True if 0 in here else None

    def _step(self, here: frozenset[int], char: str) -> frozenset[int]:
        code = ord(char)
        reached = {self._next[state][0] for state in here if (test := self._tests[state]) is not None and test(code)}
        following = self._closed(reached)
        if len(self._steps) < _MOST_STEPS_KEPT:
            self._steps[here, char] = following
        return following

    def _closed(self, states: set[int]) -> frozenset[int]:
        """The states, and all that are reached from them without a character."""
        waiting, found = list(states), set(states)
        while waiting:
            state = waiting.pop()
            if self._tests[state] is None:
                fresh = set(self._next[state]) - found
                found |= fresh
                waiting.extend(fresh)
        return frozenset(state for state in found if state == 0 or self._tests[state] is not None)

    def _state(self, test: Test | None, following: tuple[int, ...]) -> int:
        if len(self._tests) >= _MOST_STATES:
            raise TooComplex
        self._tests.append(test)
        self._next.append(following)
        return len(self._tests) - 1

    def _sequence(self, tree: Tree, following: int) -> int:
        for operator, argument in reversed(list(tree)):
            following = self._part(operator, argument, following)
        return following

    def _part(self, operator: Any, argument: Any, following: int) -> int:
        if operator in _REPEATS:
            least, most, tree = argument
            return self._repeat(least, most, tree, following)
        if operator is sre.BRANCH:
            return self._state(None, tuple(self._sequence(part, following) for part in argument[1]))
        if operator is sre.SUBPATTERN:
            return self._sequence(argument[-1], following)
        if operator is sre.AT:
            return self._anchor(argument, following)
        return self._state(_test(operator, argument), (following,))

    def _anchor(self, argument: Any, following: int) -> int:
        """An anchor at either end says nothing to a whole match; one between makes the pattern match nothing, which no model means."""
        if argument in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING, sre.AT_END, sre.AT_END_STRING):
            return following
        raise TooComplex

    def _repeat(self, least: int, most: Any, tree: Tree, following: int) -> int:
        if most is sre.MAXREPEAT:
            loop = self._state(None, ())
            self._next[loop] = (self._sequence(tree, loop), following)
            following = loop
        else:
            for _ in range(most - least):
                following = self._state(None, (self._sequence(tree, following), following))
        for _ in range(least):
            following = self._sequence(tree, following)
        return following


def _test(operator: Any, argument: Any) -> Test:
    if operator is sre.LITERAL:
        return lambda code: code == argument
    if operator is sre.NOT_LITERAL:
        return lambda code: code != argument
    if operator is sre.ANY:
        return lambda code: code != ord("\n")
    if operator is sre.IN:
        negated = argument[0][0] is sre.NEGATE
        tests = [_item(*item) for item in argument[negated:]]
        return lambda code: any(test(code) for test in tests) is not negated
    raise TooComplex


def _item(operator: Any, argument: Any) -> Test:
    if operator is sre.RANGE:
        low, high = argument
        return lambda code: low <= code <= high
    if operator is sre.CATEGORY:
        return _CATEGORIES[argument]
    return _test(operator, argument)


def _word(code: int) -> bool:
    return code < 128 and (chr(code).isalnum() or code == ord("_"))  # noqa: PLR2004 — ASCII


def _digit(code: int) -> bool:
    return ord("0") <= code <= ord("9")


def _space(code: int) -> bool:
    return code == ord(" ") or ord("\t") <= code <= ord("\r")


_CATEGORIES: dict[Any, Test] = {
    sre.CATEGORY_WORD: _word,
    sre.CATEGORY_NOT_WORD: lambda code: not _word(code),
    sre.CATEGORY_DIGIT: _digit,
    sre.CATEGORY_NOT_DIGIT: lambda code: not _digit(code),
    sre.CATEGORY_SPACE: _space,
    sre.CATEGORY_NOT_SPACE: lambda code: not _space(code),
}
