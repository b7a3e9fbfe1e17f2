"""A JSON text token by token, with the place that AWS tells of a fault.

The place is where the reader stands: a string is read to its end only when its text is wanted, as in the parser behind
AWS's answers, and the name of a member is told only once its value has begun.

https://www.rfc-editor.org/rfc/rfc8259
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["JsonFault", "PatternFault", "Scanner", "check_json"]

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 200
_EXPECTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class PatternFault(Exception):
    """The text is no pattern; `text` is what AWS says of it, with the place where there is one."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class JsonFault(PatternFault):
    """The text is no JSON; `redacted` says so without the text."""

    def __init__(self, text: str, redacted: str) -> None:
        super().__init__(text)
        self.redacted = redacted


_REDACTED = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"


@dataclass(slots=True)
class Scanner:
    """Reads `source`. `kind` is the token at hand: one of `{ } [ ] name string number word end`; `value` is what it says."""

    source: str
    kind: str = field(init=False, default="")
    _at: int = field(init=False, default=0)
    _string_end: int = field(init=False, default=0)
    _value: Any = field(init=False, default=None)
    _pending: tuple[str, Any] | None = field(init=False, default=None)
    _open: list[str] = field(init=False, default_factory=list)
    _fresh: bool = field(init=False, default=True)

    def next(self) -> str:
        """Go on to the next token, and give its kind. PatternFault."""
        if self._pending is not None:
            self.kind, self._value = self._pending
            self._pending = None
            return self.kind
        self._finish()
        self._skip()
        self._separate()
        if self._open and self._open[-1] == "{" and self._peek() != "}":
            return self._name()
        self.kind = self._token()
        return self.kind

    @property
    def value(self) -> Any:
        """What the token says. The text of a string is read to its end."""
        if self.kind != "name":
            self._finish()
        return self._value

    def fault(self, text: str, *, times: int = 1) -> PatternFault:
        """The fault with the place, told as often as the reader within the reader tells it."""
        return PatternFault(text + self._place(f'(String)"{self.source}"') * times)

    def broken(self, text: str) -> JsonFault:
        """The fault of a text that is no JSON."""
        told = text + self._place(f'(String)"{self.source}"')
        return JsonFault(told, text + self._place(_REDACTED))

    def _place(self, source: str) -> str:
        before = self.source[: self._at]
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return f"\n at [Source: {source}; line: {line}, column: {column}]"

    def _finish(self) -> None:
        if self._string_end:
            self._at, self._string_end = self._string_end, 0

    def _skip(self) -> None:
        found = _SPACE.match(self.source, self._at)
        self._at = found.end() if found else self._at

    def _peek(self) -> str:
        return self.source[self._at : self._at + 1]

    def _separate(self) -> None:
        """The comma before all but the first in an object or array."""
        if not self._open or self._peek() in ("}", "]"):
            return
        if self._fresh:
            self._fresh = False
            return
        if self._peek() != ",":
            inside = "Object" if self._open[-1] == "{" else "Array"
            raise self._unexpected(f"was expecting comma to separate {inside} entries")
        self._at += 1
        self._skip()
        if self._peek() in ("}", "]"):
            expected = "was expecting double-quote to start field name" if self._open[-1] == "{" else _EXPECTED
            raise self._unexpected(expected)

    def _name(self) -> str:
        """A member's name, with the beginning of its value."""
        if self._peek() != '"':
            raise self._unexpected("was expecting double-quote to start field name")
        self._token()
        self._finish()
        name = self._value
        self._skip()
        if self._peek() != ":":
            raise self._unexpected("was expecting a colon to separate field name and value")
        self._at += 1
        self._skip()
        kind = self._token()
        self._pending = (kind, self._value)
        self.kind, self._value = "name", name
        return self.kind

    def _token(self) -> str:
        first = self._peek()
        if not first:
            return self._ended()
        if first in "{[":
            return self._opened(first)
        if first in "}]":
            return self._closed(first)
        if first == '"':
            return self._string()
        number = _NUMBER.match(self.source, self._at)
        if number is not None:
            self._at = number.end()
            whole = number[2] is None and number[3] is None
            self._value = int(number[0]) if whole and len(number[0]) < 310 else float(number[0])  # noqa: PLR2004 — as long as a float
            return "number"
        return self._word()

    def _opened(self, first: str) -> str:
        self._open.append(first)
        if len(self._open) > _DEEPEST:
            raise self.broken("The document is nested too deeply.")
        self._at += 1
        self._fresh = True
        return first

    def _closed(self, last: str) -> str:
        if not self._open or self._open.pop() != {"}": "{", "]": "["}[last]:
            raise self._unexpected(_EXPECTED)
        self._at += 1
        self._fresh = False
        return last

    def _string(self) -> str:
        found = _STRING.match(self.source, self._at)
        if found is None:
            self._at = len(self.source)
            raise self.broken("Unexpected end-of-input: was expecting closing quote for a string value")
        self._value = json.loads(found[0])
        self._at, self._string_end = self._at + 1, found.end()
        return "string"

    def _word(self) -> str:
        found = _WORD.match(self.source, self._at)
        if found is None:
            raise self._unexpected(_EXPECTED)
        if found[0] not in _WORDS:
            self._at = found.end()
            raise self.broken(f"Unrecognized token '{found[0]}': {_EXPECTED}")
        self._at = found.end()
        self._value = _WORDS[found[0]]
        return "word"

    def _unexpected(self, wanted: str) -> JsonFault:
        first = self._peek()
        if not first:
            return self.broken("Unexpected end-of-input")
        return self.broken(f"Unexpected character ('{first}' (code {ord(first)})): {wanted}")

    def _ended(self) -> str:
        if self._open:
            inside = "Object" if self._open[-1] == "{" else "Array"
            raise self.broken(f"Unexpected end-of-input: expected close marker for {inside}")
        return "end"


def check_json(text: str) -> None:
    """JsonFault where the text is no JSON."""
    scanner = Scanner(text)
    while scanner.next() != "end":
        continue
