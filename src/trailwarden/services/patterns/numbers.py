"""Numbers in patterns: `["=", 5]`, `[">", 0, "<=", 5]`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-numeric-matching
"""

from trailwarden.services.patterns.matches import Match, between
from trailwarden.services.patterns.scanner import Scanner

__all__ = ["numeric"]

_LOW = frozenset({">", ">="})
_HIGH = frozenset({"<", "<="})


def numeric(scanner: Scanner, most: float) -> Match:
    """The bounds of the array at hand. PatternFault."""
    if scanner.kind != "[":
        raise scanner.fault("Value of numeric must be an array.")
    if scanner.next() != "string":
        raise scanner.fault(f"Invalid member in numeric match: {_shown(scanner)}")
    operator: str = scanner.value
    if operator == "=":
        value = _number(scanner, "equals", most)
        if scanner.next() != "]":
            raise scanner.fault("Too many elements in numeric expression")
        return between(value, value, with_low=True, with_high=True)
    if operator in _HIGH:
        high = _number(scanner, operator, most)
        if scanner.next() != "]":
            raise scanner.fault("Too many elements in numeric expression")
        return between(None, high, with_low=False, with_high=operator == "<=")
    if operator not in _LOW:
        scanner.next()
        raise scanner.fault(f"Unrecognized numeric range operator: {operator}")
    return _range(scanner, operator, most)


def _range(scanner: Scanner, operator: str, most: float) -> Match:
    """From a lower bound, perhaps to an upper one."""
    low, with_low = _number(scanner, operator, most), operator == ">="
    kind = scanner.next()
    if kind == "]":
        return between(low, None, with_low=with_low, with_high=False)
    if kind != "string":
        raise scanner.fault(f"Bad value in numeric range: {_shown(scanner)}")
    upper: str = scanner.value
    if upper not in _HIGH:
        raise scanner.fault(f"Bad numeric range operator: {upper}")
    high = _number(scanner, upper, most)
    if scanner.next() != "]":
        raise scanner.fault("Too many terms in numeric range expression")
    if low >= high:
        raise scanner.fault("Bottom must be less than top")
    return between(low, high, with_low=with_low, with_high=upper == "<=")


def _number(scanner: Scanner, operator: str, most: float) -> float:
    if scanner.next() != "number":
        raise scanner.fault(f"Value of {operator} must be numeric")
    value = float(scanner.value)
    if not -most <= value <= most:
        raise scanner.fault(f"Value must be between {-most:.1E} and {most:.1E}, inclusive".replace("E+0", "E"))
    return value


def _shown(scanner: Scanner) -> str:
    """A token as the text has it."""
    if scanner.kind == "word":
        return {True: "true", False: "false", None: "null"}[scanner.value]
    return str(scanner.value) if scanner.kind == "number" else scanner.kind
