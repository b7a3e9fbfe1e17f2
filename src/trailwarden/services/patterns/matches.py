"""What a single value of an event is held against: equality, prefixes, numbers, addresses, wildcards.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
"""

import ipaddress
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

__all__ = [
    "Match",
    "anything_but",
    "between",
    "cidr_of",
    "ends",
    "ends_ignoring_case",
    "equal",
    "equal_ignoring_case",
    "exists",
    "starts",
    "starts_ignoring_case",
    "wildcard_of",
]

Match = Callable[[Sequence[Any]], bool]
"""Of the values that stand at a path, none where there is no such path."""

Single = Callable[[Any], bool]


def _any(single: Single) -> Match:
    return partial(_one_of, single)


def _one_of(single: Single, values: Sequence[Any]) -> bool:
    return any(single(value) for value in values)


def equal(wanted: Any) -> Match:
    """The very value: numbers by what they amount to, all else by kind too."""
    return _any(partial(_same, wanted))


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool) or wanted is None or value is None:
        return wanted is value
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return float(wanted) == float(value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted == value


def starts(wanted: str) -> Match:
    """Text that begins so."""
    return _any(lambda value: isinstance(value, str) and value.startswith(wanted))


def ends(wanted: str) -> Match:
    """Text that ends so."""
    return _any(lambda value: isinstance(value, str) and value.endswith(wanted))


def starts_ignoring_case(wanted: str) -> Match:
    """Text that begins so in large or small letters."""
    return _any(lambda value: isinstance(value, str) and value.lower().startswith(wanted.lower()))


def ends_ignoring_case(wanted: str) -> Match:
    """Text that ends so in large or small letters."""
    return _any(lambda value: isinstance(value, str) and value.lower().endswith(wanted.lower()))


def equal_ignoring_case(wanted: str) -> Match:
    """The same text in large or small letters."""
    return _any(lambda value: isinstance(value, str) and value.lower() == wanted.lower())


def exists(*, wanted: bool) -> Match:
    """Whether there is a value at all, be it null."""
    return lambda values: bool(values) is wanted


def anything_but(refused: Sequence[Match]) -> Match:
    """A value that none of the others would take."""
    return _any(lambda value: not any(each([value]) for each in refused))


def between(low: float | None, high: float | None, *, with_low: bool, with_high: bool) -> Match:
    """A number within bounds; None is unbounded."""

    def inside(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        above = low is None or value > low or (with_low and value == low)
        below = high is None or value < high or (with_high and value == high)
        return above and below

    return _any(inside)


def cidr_of(text: str) -> Match:
    """An address of a network. ValueError with AWS's words."""
    address, mark, bits = text.partition("/")
    if not mark or "/" in bits:
        raise ValueError("Malformed CIDR, one '/' required")
    if not (bits.isascii() and bits.isdigit()):
        raise ValueError("Malformed CIDR, mask bits must be an integer")
    try:
        start = ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"Nonstandard IP address: {address}") from None
    if int(bits) > start.max_prefixlen:
        raise ValueError(f"IPv{start.version} mask bits must be < {start.max_prefixlen + 1}")
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    return _any(lambda value: _in_network(network, value))


def _in_network(network: ipaddress.IPv4Network | ipaddress.IPv6Network, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def wildcard_of(parts: Sequence[str]) -> Match:
    """Text with anything between the parts; the first begins it, the last ends it."""
    return _any(lambda value: isinstance(value, str) and _fits(tuple(parts), value))


def _fits(parts: tuple[str, ...], value: str) -> bool:
    """Each middle part as early as it can be: what is left is the most that the later ones can have."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return value == first
    if not value.startswith(first):
        return False
    at = len(first)
    for part in parts[1:-1]:
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(value) - len(last) >= at and value.endswith(last)
