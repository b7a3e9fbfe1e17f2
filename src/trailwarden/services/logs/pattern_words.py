"""The words of a filter pattern."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trailwarden.services.logs.pattern_values import OPERATORS, InvalidPattern, comparison

__all__ = ["Words", "compared"]

_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_REGEX = re.compile(r"%((?:[^%\\]|\\.)+)%")
_TERM = re.compile(r"[\w]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class Words:
    """A place in a pattern."""

    text: str
    at: int = 0

    def __post_init__(self) -> None:
        self.skip()

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def skip(self) -> None:
        """Go on to what is no space."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, *marks: str) -> str:
        """The first of some marks that stands here, "" where none does."""
        for mark in marks:
            if self.text.startswith(mark, self.at):
                self.at += len(mark)
                self.skip()
                return mark
        return ""

    def expect(self, mark: str) -> None:
        """Go on behind a mark. InvalidPattern where it does not stand here."""
        if not self.take(mark):
            raise InvalidPattern(reason=f"Invalid filter pattern: expected {mark!r} at position {self.at}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What matches here, and go on behind it."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            self.skip()
        return found

    def quoted(self) -> str | None:
        """The text between quotes, if one stands here."""
        found = self.match(_QUOTED)
        return None if found is None else _ESCAPE.sub(r"\1", found[1])

    def regex(self) -> str | None:
        """The regular expression between percent signs, if one stands here."""
        found = self.match(_REGEX)
        return None if found is None else found[1]

    def term(self) -> tuple[Literal["text", "regex"], str]:
        """A term of an unstructured pattern: quoted, a regular expression, or letters, digits and underscores."""
        expression = self.regex()
        if expression is not None:
            return "regex", expression
        text = self.quoted()
        if text is not None:
            return "text", text
        start, found = self.at, self.match(_TERM)
        if found is None or self._goes_on(start + len(found[0])):
            rest = self.text[start:].split(maxsplit=1)[0]
            raise InvalidPattern(reason=f"Invalid character(s) in term '{rest[:64]}'")
        return "text", found[0]

    def _goes_on(self, end: int) -> bool:
        return end < len(self.text) and not self.text[end].isspace()


def compared(words: Words, bare: re.Pattern[str]) -> Callable[[str], bool]:
    """An operator and what it compares with: a regular expression, a quoted text, or a bare value. InvalidPattern."""
    sign = words.take(*OPERATORS)
    if not sign:
        raise InvalidPattern(reason=f"Invalid filter pattern: no operator at position {words.at}")
    expression = words.regex()
    if expression is not None:
        return comparison(sign, expression, quoted=False, regex=True)
    text = words.quoted()
    if text is not None:
        return comparison(sign, text, quoted=True)
    value = words.match(bare)
    if value is None:
        raise InvalidPattern(reason=f"Invalid filter pattern: no value at position {words.at}")
    return comparison(sign, value[0], quoted=False)
