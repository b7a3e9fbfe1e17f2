"""From a pattern's text to the pattern, with AWS's words where it is none.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trailwarden.services.patterns.dialect import Dialect
from trailwarden.services.patterns.matches import (
    Match,
    anything_but,
    cidr_of,
    ends,
    ends_ignoring_case,
    equal,
    equal_ignoring_case,
    exists,
    starts,
    starts_ignoring_case,
    wildcard_of,
)
from trailwarden.services.patterns.numbers import numeric
from trailwarden.services.patterns.pattern import Fields, Leaf, Pattern
from trailwarden.services.patterns.scanner import PatternFault, Scanner

__all__ = ["read_pattern"]

_OR = "$or"
_ALTERNATIVES = 2
_MOST_WILDCARDS = 5
_TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)
_BUT_VALUE = "Value of anything-but must be an array or single string/number value."
_BUT_LIST = "Inside anything but list, start|null|boolean is not supported."
_BUT_CASE = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."


def read_pattern(text: str, dialect: Dialect) -> Pattern:
    """The pattern of a JSON text. PatternFault."""
    reader = _Reader(Scanner(text), dialect)
    reader.scanner.next()
    if reader.scanner.kind != "{":
        raise reader.scanner.fault("Filter is not an object")
    found = reader.fields()
    if reader.scanner.next() != "end":
        raise reader.scanner.fault("There must be nothing behind the filter")
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    scanner: Scanner
    dialect: Dialect

    def fields(self) -> Fields:
        """The members of the object that was just opened."""
        members: dict[str, Leaf | Fields] = {}
        choices: list[tuple[Fields, ...]] = []
        scanner = self.scanner
        while scanner.next() != "}":
            name: str = scanner.value
            kind = scanner.next()
            if kind == "{":
                members[name] = self.fields()
            elif kind != "[":
                raise scanner.fault(f'"{name}" must be an object or an array')
            elif name == _OR and (group := self._choices()):
                choices.append(group)
            else:
                members[name] = self._leaf()
        if not members and not choices:
            raise scanner.fault("Empty objects are not allowed")
        return Fields(tuple(members.items()), tuple(choices))

    def _choices(self) -> tuple[Fields, ...]:
        """The objects of `$or`, at least two."""
        group: list[Fields] = []
        while self.scanner.next() != "]":
            if self.scanner.kind != "{":
                raise self.scanner.fault("There must have at least 2 Objects in '$or' relationship")
            group.append(self.fields())
        if len(group) < _ALTERNATIVES:
            raise self.scanner.fault("There must have at least 2 Objects in '$or' relationship")
        return tuple(group)

    def _leaf(self) -> Leaf:
        """The values of the array that was just opened."""
        matches: list[Match] = []
        scanner = self.scanner
        while (kind := scanner.next()) != "]":
            if kind == "{":
                matches.append(self._operator())
            elif kind == "[":
                raise scanner.fault("Match value must be String, number, true, false, or null")
            else:
                matches.append(equal(scanner.value))
        if not matches:
            raise scanner.fault("Empty arrays are not allowed")
        return Leaf(tuple(matches))

    def _operator(self) -> Match:
        """The one operator of the object that was just opened."""
        scanner = self.scanner
        if scanner.next() != "name":
            raise scanner.fault("Empty match expression found")
        name: str = scanner.value
        scanner.next()
        if name not in self.dialect.operators:
            raise scanner.fault(f"Unrecognized match type {name}")
        found = _OPERATORS[name](self)
        if scanner.next() != "}":
            raise scanner.fault("Only one key allowed in match expression")
        return found

    def prefix(self) -> Match:
        """Text that begins so."""
        return self._affix("prefix", starts, starts_ignoring_case)

    def suffix(self) -> Match:
        """Text that ends so."""
        return self._affix("suffix", ends, ends_ignoring_case)

    def _affix(self, name: str, exactly: Callable[[str], Match], in_any_case: Callable[[str], Match]) -> Match:
        scanner = self.scanner
        if scanner.kind == "{" and self.dialect.affix_in_any_case:
            scanner.next()
            if scanner.value != "equals-ignore-case":
                raise scanner.fault(f"Unsupported anything-but pattern: {scanner.value}")
            scanner.next()
            made = in_any_case(self._text("equals-ignore-case match pattern must be a string"))
            if scanner.next() != "}":
                raise scanner.fault("Only one key allowed in match expression")
            return made
        return exactly(self._text(f"{name} match pattern must be a string"))

    def _text(self, otherwise: str) -> str:
        if self.scanner.kind != "string":
            raise self.scanner.fault(otherwise)
        text: str = self.scanner.value
        return text

    def exists(self) -> Match:
        """Whether there is a value."""
        if self.scanner.kind != "word" or self.scanner.value is None:
            raise self.scanner.fault("exists match pattern must be either true or false.")
        return exists(wanted=self.scanner.value)

    def cidr(self) -> Match:
        """An address of a network."""
        text = self._text("prefix match pattern must be a string")
        try:
            return cidr_of(text)
        except ValueError as error:
            raise PatternFault(str(error)) from None

    def numeric(self) -> Match:
        """A number within bounds."""
        return numeric(self.scanner, self.dialect.number_max)

    def ignoring_case(self) -> Match:
        """The same text in large or small letters."""
        return equal_ignoring_case(self._text("equals-ignore-case match pattern must be a string"))

    def wildcard(self) -> Match:
        """Text with anything in some places."""
        return self._wildcard(self._text("wildcard match pattern must be a string"))

    def _wildcard(self, text: str) -> Match:
        parts, part, at = [], "", 0
        while at < len(text):
            character = text[at]
            if character == "\\":
                at += 1
                if text[at : at + 1] not in ("*", "\\"):
                    raise self.scanner.fault(f"Invalid escape character at pos {at}")
                part += text[at]
            elif character != "*":
                part += character
            elif text[at + 1 : at + 2] == "*":
                raise self.scanner.fault(f"Consecutive wildcard characters at pos {at + 1}")
            else:
                parts.append(part)
                part = ""
            at += 1
        if len(parts) > _MOST_WILDCARDS:
            raise PatternFault(_TOO_COMPLEX)
        return wildcard_of([*parts, part])

    def anything_but(self) -> Match:
        """None of some values, or nothing that another operator takes."""
        scanner = self.scanner
        if scanner.kind == "{":
            return self._but_operator()
        if scanner.kind == "[":
            return anything_but(self._several(self._but_value, _BUT_LIST))
        if scanner.kind == "word":
            raise scanner.fault(_BUT_VALUE)
        return anything_but([equal(scanner.value)])

    def _but_value(self, otherwise: str, *, times: int) -> Match:
        if self.scanner.kind not in ("string", "number"):
            raise self.scanner.fault(otherwise, times=times)
        return equal(self.scanner.value)

    def _but_operator(self) -> Match:
        scanner, dialect = self.scanner, self.dialect
        if scanner.next() != "name":
            raise scanner.fault(_BUT_VALUE)
        name: str = scanner.value
        if name not in dialect.inside:
            scanner.next()
            raise scanner.fault(f"Unsupported anything-but pattern: {name}")
        kind = scanner.next()
        if kind == "{":
            raise scanner.fault(_BUT_VALUE)
        make, words = _INSIDE[name]
        words = words or dialect.affix_words

        def single(otherwise: str, *, times: int) -> Match:
            return self._but_text(name, make, otherwise, times=times)

        refused = self._several(single, words) if kind == "[" else [single(words, times=1)]
        if scanner.next() != "}":
            raise scanner.fault("Only one key allowed in match expression")
        return anything_but(refused)

    def _but_text(self, name: str, make: Callable[["_Reader", str], Match], otherwise: str, *, times: int) -> Match:
        if self.scanner.kind != "string":
            raise self.scanner.fault(otherwise, times=times)
        text: str = self.scanner.value
        if not text and name in ("prefix", "suffix"):
            raise self.scanner.fault("Null prefix/suffix not allowed", times=times)
        return make(self, text)

    def _several(self, single: Callable[..., Match], otherwise: str) -> list[Match]:
        """The elements of an array; a fault in it is told with its place twice."""
        found: list[Match] = []
        while self.scanner.next() != "]":
            found.append(single(otherwise, times=2))
        if not found:
            raise self.scanner.fault("Empty arrays are not allowed")
        return found


_OPERATORS: Mapping[str, Callable[[_Reader], Match]] = {
    "prefix": _Reader.prefix,
    "suffix": _Reader.suffix,
    "exists": _Reader.exists,
    "cidr": _Reader.cidr,
    "numeric": _Reader.numeric,
    "equals-ignore-case": _Reader.ignoring_case,
    "wildcard": _Reader.wildcard,
    "anything-but": _Reader.anything_but,
}

_INSIDE: Mapping[str, tuple[Callable[[_Reader, str], Match], str]] = {
    "prefix": (lambda _, text: starts(text), ""),
    "suffix": (lambda _, text: ends(text), ""),
    "equals-ignore-case": (lambda _, text: equal_ignoring_case(text), _BUT_CASE),
    "wildcard": (lambda reader, text: reader._wildcard(text), "wildcard match pattern must be a string"),  # noqa: SLF001 — its own table
}
