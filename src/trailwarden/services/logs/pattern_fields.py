"""Patterns for space-delimited messages: `[ip, user, ..., status = 4*, bytes > 1000]`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-space-delimited-log-events
"""

import re
from collections.abc import Callable, Mapping, Sequence

from trailwarden.services.logs.pattern_values import InvalidPattern
from trailwarden.services.logs.pattern_words import Words, compared

__all__ = ["compile_fields"]

_NAME = re.compile(r"[\w$.-]+")
_VALUE = re.compile(r"[^\s,&|\])]+")
_FIELD = re.compile(r'"[^"]*"|\[[^\]]*\]|\S+')
_REST = "..."
_DEEPEST = 32

Test = Callable[[str], bool]
Field = tuple[str, Test]


def compile_fields(text: str) -> Callable[[str], Mapping[str, str] | None]:
    """The pattern as a function. InvalidPattern."""
    words = Words(text)
    words.expect("[")
    fields: list[Field] = []
    while not words.take("]"):
        fields.append((_REST, _any) if words.take(_REST) else _field(words, len(fields)))
        if not words.take(",") and not words.text.startswith("]", words.at):
            raise InvalidPattern(reason="Invalid filter pattern: fields are separated by commas")
    if not words.ended or sum(name == _REST for name, _ in fields) > 1:
        raise InvalidPattern(reason="Invalid filter pattern")

    def matches(message: str) -> Mapping[str, str] | None:
        values = [_bare(value) for value in _FIELD.findall(message)]
        spread = _spread(fields, len(values))
        if spread is None or not all(test(value) for (_, test), value in zip(spread, values, strict=True)):
            return None
        return {
            f"${name or position}": value
            for position, ((name, _), value) in enumerate(zip(spread, values, strict=True), 1)
        }

    return matches


def _spread(fields: Sequence[Field], count: int) -> Sequence[Field] | None:
    """The fields with `...` standing for as many as are left; None where the count is another one."""
    for at, (name, _) in enumerate(fields):
        if name == _REST:
            left = count - len(fields) + 1
            return None if left < 0 else [*fields[:at], *([("", _any)] * left), *fields[at + 1 :]]
    return fields if count == len(fields) else None


def _field(words: Words, position: int) -> Field:
    """A name, or conditions on it."""
    start, named = words.at, words.match(_NAME)
    if named is None and not words.text.startswith(("(", ",", "]"), words.at):
        raise InvalidPattern(reason=f"Invalid filter pattern: no field name at position {position}")
    if named is None and words.text.startswith((",", "]"), words.at):
        return "", _any
    name = named[0] if named else ""
    if words.text.startswith((",", "]"), words.at):
        return name, _any
    words.at = start
    return name, _either(words, 0)


def _either(words: Words, depth: int) -> Test:
    tests = [_both(words, depth)]
    while words.take("||"):
        tests.append(_both(words, depth))
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _both(words: Words, depth: int) -> Test:
    tests = [_one(words, depth)]
    while words.take("&&"):
        tests.append(_one(words, depth))
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _one(words: Words, depth: int) -> Test:
    if depth > _DEEPEST:
        raise InvalidPattern(reason="Invalid filter pattern: nested too deeply")
    if words.take("("):
        test = _either(words, depth + 1)
        words.expect(")")
        return test
    words.match(_NAME)
    return compared(words, _VALUE)


def _bare(value: str) -> str:
    return value[1:-1] if value[:1] + value[-1:] in {'""', "[]"} and len(value) > 1 else value


def _any(_: str) -> bool:
    return True
