"""What filter patterns compare with: texts with wildcards, numbers, regular expressions."""

import operator
import re
from collections.abc import Callable, Mapping

from trailwarden.services.logs.errors import InvalidParameterException
from trailwarden.wire.patterns import compiled

__all__ = ["NUMBER", "OPERATORS", "InvalidPattern", "comparison", "contains", "number_of"]

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LONGEST_SEARCHED = 65_536


class InvalidPattern(InvalidParameterException):
    """The filter pattern cannot be read.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """

    code = "InvalidParameterException"


def number_of(text: str) -> float | None:
    """The number that a text is, or None."""
    return float(text) if NUMBER.match(text) else None


def comparison(sign: str, value: str, *, quoted: bool, regex: bool = False) -> Callable[[str], bool]:
    """The test `sign value` of a text. Ordering takes numbers; `*` in a text stands for anything. InvalidPattern."""
    number = None if quoted or regex else number_of(value)
    if sign in _ORDERS:
        if number is None:
            raise InvalidPattern(reason=f"Invalid filter pattern: {sign} must be followed by a number")
        return _ordered(_ORDERS[sign], number)
    equals = contains(value) if regex else _numeric(number, value) if number is not None else wildcard(value)
    return equals if sign == "=" else lambda text: not equals(text)


def contains(expression: str) -> Callable[[str], bool]:
    """Whether a text has a part that matches a regular expression, in time bounded by the text's length. InvalidPattern.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions
    """
    head = "" if expression.startswith("^") else r"[\s\S]*"
    tail = "" if expression.endswith("$") else r"[\s\S]*"
    matcher = compiled(f"{head}(?:{expression.removeprefix('^').removesuffix('$')}){tail}")
    if matcher is None:
        raise InvalidPattern(reason=f"Invalid regular expression: %{expression[:64]}%")
    return lambda text: matcher.fullmatch(text[:_LONGEST_SEARCHED]) is not None


def wildcard(value: str) -> Callable[[str], bool]:
    """Equality, where `*` stands for any characters."""
    if "*" not in value:
        return lambda text: text == value
    head, *middle, tail = value.split("*")

    def fits(text: str) -> bool:
        if len(text) < len(head) + len(tail) or not (text.startswith(head) and text.endswith(tail)):
            return False
        at, end = len(head), len(text) - len(tail)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return fits


def _ordered(order: Callable[[float, float], bool], limit: float) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        number = number_of(text)
        return number is not None and order(number, limit)

    return fits


def _numeric(number: float, value: str) -> Callable[[str], bool]:
    return lambda text: text == value or number_of(text) == number
