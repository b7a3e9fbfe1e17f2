"""Patterns for JSON messages: `{ ($.errorCode = "AccessDenied*") || ($.userIdentity.invokedBy NOT EXISTS) }`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.services.logs.pattern_values import InvalidPattern
from trailwarden.services.logs.pattern_words import Words, compared

__all__ = ["compile_json"]

_KEY = re.compile(r"\.?(?:\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d{1,9}|\*)\])|\.([\w@-]+)")
_VALUE = re.compile(r"[^\s&|(){}=<>!\"]+")
_STATE = re.compile(r"(NOT\s+EXISTS|EXISTS|IS\s+NULL|IS\s+TRUE|IS\s+FALSE)\b", re.IGNORECASE)
_DEEPEST = 32

Path = Sequence[str | int]
Test = Callable[[Any], bool]

_STATES: Mapping[str, Callable[[list[Any]], bool]] = {
    "NOT EXISTS": lambda found: not found,
    "EXISTS": bool,
    "IS NULL": lambda found: any(value is None for value in found),
    "IS TRUE": lambda found: any(value is True for value in found),
    "IS FALSE": lambda found: any(value is False for value in found),
}


def compile_json(text: str) -> Callable[[str], Mapping[str, str] | None]:
    """The pattern as a function; messages that are no JSON objects do not match. InvalidPattern."""
    words = Words(text)
    selectors: dict[str, Path] = {}
    words.expect("{")
    test = _either(words, selectors, 0)
    words.expect("}")
    if not words.ended:
        raise InvalidPattern(reason="Invalid filter pattern: something follows the closing brace")

    def matches(message: str) -> Mapping[str, str] | None:
        try:
            document = msgspec.json.decode(message)
        except (msgspec.DecodeError, RecursionError):
            return None
        if not isinstance(document, dict) or not test(document):
            return None
        taken = {name: next(_values(document, path), None) for name, path in selectors.items()}
        return {name: _text(value) for name, value in taken.items() if value is not None}

    return matches


def _either(words: Words, selectors: dict[str, Path], depth: int) -> Test:
    tests = [_both(words, selectors, depth)]
    while words.take("||"):
        tests.append(_both(words, selectors, depth))
    return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)


def _both(words: Words, selectors: dict[str, Path], depth: int) -> Test:
    tests = [_one(words, selectors, depth)]
    while words.take("&&"):
        tests.append(_one(words, selectors, depth))
    return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)


def _one(words: Words, selectors: dict[str, Path], depth: int) -> Test:
    if depth > _DEEPEST:
        raise InvalidPattern(reason="Invalid filter pattern: nested too deeply")
    if words.take("("):
        test = _either(words, selectors, depth + 1)
        words.expect(")")
        return test
    path = _selector(words, selectors)
    state = words.match(_STATE)
    if state is not None:
        holds = _STATES[" ".join(state[1].upper().split())]
        return lambda document: holds(list(_values(document, path)))
    compare = compared(words, _VALUE)
    return lambda document: any(_scalar(value) and compare(_text(value)) for value in _values(document, path))


def _selector(words: Words, selectors: dict[str, Path]) -> Path:
    """`$.a.b[0]['c']`, noted under its own text."""
    start = words.at
    if not words.text.startswith("$", start):
        raise InvalidPattern(reason=f"Invalid filter pattern: no property selector at position {start}")
    at, path = start + 1, list[str | int]()
    while (key := _KEY.match(words.text, at)) is not None:
        name = key[1] or key[2] or key[4]
        path.append(name if name is not None else -1 if key[3] == "*" else int(key[3]))
        at = key.end()
    if not path or path.count(-1) > 1:
        raise InvalidPattern(reason=f"Invalid filter pattern: no property selector at position {start}")
    words.at = at
    words.skip()
    selectors[words.text[start:at]] = path
    return path


def _values(value: Any, path: Path) -> Iterator[Any]:
    """What a selector finds; several values where it has `[*]`."""
    for place, key in enumerate(path):
        if key == -1:
            if isinstance(value, list):
                for item in value:
                    yield from _values(item, path[place + 1 :])
            return
        if isinstance(key, str):
            if not isinstance(value, dict) or key not in value:
                return
            value = value[key]
        elif not isinstance(value, list) or key >= len(value):
            return
        else:
            value = value[key]
    yield value


def _scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
