"""Condition operators as a table: how one value of a policy is compared with one value of the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

A negated operator has the test of its positive twin and turns the answer round, so that several values of it mean "none
of these" and an absent key makes it true. `…IfExists` and the set qualifiers stand above this table, in `condition.py`.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from operator import eq, ge, gt, le, lt

from trailwarden.policy.pattern import Glob, Piece, Wild, compile_glob, compile_patterns, pieces_of, plain_text

__all__ = ["OPERATORS", "Operator", "Test", "instant", "number"]

Test = Callable[[str], bool]
"""Whether one value of the request matches any of the policy's values."""

_Compile = Callable[[Sequence[tuple[Piece, ...]]], Test]

_NUMBER_LENGTH_MAX = 64
_EXPONENT_MAX = 400
_ARN_PARTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A condition operator. `variables` tells whether policy variables are resolved in its values."""

    name: str
    compile: _Compile
    negated: bool = False
    variables: bool = False


def number(text: str) -> Decimal | None:
    """An exact decimal, or None where `text` is no number ("10keys", "nan") or beyond all measure."""
    if len(text) > _NUMBER_LENGTH_MAX or "_" in text:
        return None
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _EXPONENT_MAX else None


_ISO_FORMS = (
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
    "%Y-%m",
    "%Y",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_DIGITS = 4


def instant(text: str) -> Decimal | None:
    """Seconds since the epoch of a W3C date (ISO 8601) or of a number of seconds; a date without offset is UTC.

    Four digits are a year.
    """
    text = text.strip()
    if len(text) != _YEAR_DIGITS and (seconds := number(text)) is not None:
        return seconds
    for form in _ISO_FORMS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 — the offset is made UTC below
        except ValueError:
            continue
        moment = found if found.tzinfo else found.replace(tzinfo=UTC)
        return Decimal((moment - _EPOCH) // timedelta(microseconds=1)) / 1_000_000
    return None


def _string_equals(values: Sequence[tuple[Piece, ...]]) -> Test:
    return frozenset(map(plain_text, values)).__contains__


def _ignoring_case(values: Sequence[tuple[Piece, ...]]) -> Test:
    wanted = frozenset(plain_text(value).casefold() for value in values)
    return lambda got: got.casefold() in wanted


def _like(values: Sequence[tuple[Piece, ...]]) -> Test:
    return compile_patterns(values).match


def _compared(
    read: Callable[[str], Decimal | None],
    compare: Callable[[Decimal, Decimal], bool],
    values: Sequence[tuple[Piece, ...]],
) -> Test:
    """A test of numbers or dates. What cannot be read, on either side, matches nothing."""
    limits = tuple(limit for value in values if (limit := read(plain_text(value))) is not None)

    def test(got: str) -> bool:
        found = read(got)
        return found is not None and any(compare(found, limit) for limit in limits)

    return test


def _bool(values: Sequence[tuple[Piece, ...]]) -> Test:
    wanted = frozenset(plain_text(value).lower() for value in values) & {"true", "false"}
    return lambda got: got.lower() in wanted


def _octets(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _binary(values: Sequence[tuple[Piece, ...]]) -> Test:
    """Octet for octet, both sides in base64."""
    wanted = frozenset(octets for value in values if (octets := _octets(plain_text(value))) is not None)
    return lambda got: _octets(got) in wanted


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _ip_address(values: Sequence[tuple[Piece, ...]]) -> Test:
    """Addresses within ranges; an IPv6 address is in no IPv4 range."""
    networks = tuple(network for value in values if (network := _network(plain_text(value))) is not None)

    def test(got: str) -> bool:
        asked = _network(got)
        return asked is not None and any(_holds(network, asked) for network in networks)

    return test


def _holds(network: _Network, asked: _Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(asked, ipaddress.IPv4Network):
        return asked.subnet_of(network)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(asked, ipaddress.IPv6Network):
        return asked.subnet_of(network)
    return False


def _arn_globs(value: Iterable[Piece]) -> tuple[Glob, ...] | None:
    """One pattern for each of the six components, or None where there are fewer."""
    parts: list[list[Piece]] = [[]]
    for piece in value:
        if isinstance(piece, Wild):
            parts[-1].append(piece)
            continue
        words = piece.split(":", _ARN_PARTS - len(parts))
        parts[-1].append(words[0])
        parts.extend([word] for word in words[1:])
    if len(parts) != _ARN_PARTS:
        return None
    return tuple(compile_glob(part) for part in parts)


def _arn_like(values: Sequence[tuple[Piece, ...]]) -> Test:
    """ARNs component for component: a wildcard does not reach over the first five colons. ArnEquals does the same."""
    patterns = tuple(globs for value in values if (globs := _arn_globs(value)) is not None)

    def test(got: str) -> bool:
        parts = got.split(":", _ARN_PARTS - 1)
        if len(parts) != _ARN_PARTS or parts[0] != "arn":
            return False
        return any(all(glob.match(part) for glob, part in zip(globs, parts, strict=True)) for globs in patterns)

    return test


def _pair(positive: str, negative: str, compiler: _Compile, *, variables: bool = False) -> Iterable[Operator]:
    yield Operator(name=positive, compile=compiler, variables=variables)
    yield Operator(name=negative, compile=compiler, variables=variables, negated=True)


def _ordered(kind: str, read: Callable[[str], Decimal | None]) -> Iterable[Operator]:
    yield from _pair(f"{kind}Equals", f"{kind}NotEquals", partial(_compared, read, eq))
    for suffix, compare in (("LessThan", lt), ("LessThanEquals", le), ("GreaterThan", gt), ("GreaterThanEquals", ge)):
        yield Operator(name=kind + suffix, compile=partial(_compared, read, compare))


OPERATORS: Mapping[str, Operator] = {
    operator.name.lower(): operator
    for operator in (
        *_pair("StringEquals", "StringNotEquals", _string_equals, variables=True),
        *_pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _ignoring_case, variables=True),
        *_pair("StringLike", "StringNotLike", _like, variables=True),
        *_ordered("Numeric", number),
        *_ordered("Date", instant),
        Operator(name="Bool", compile=_bool),
        Operator(name="BinaryEquals", compile=_binary),
        *_pair("IpAddress", "NotIpAddress", _ip_address),
        *_pair("ArnEquals", "ArnNotEquals", _arn_like, variables=True),
        *_pair("ArnLike", "ArnNotLike", _arn_like, variables=True),
    )
}
"""By name in lower case. `Null` is not among them: it asks only whether the key is there."""


def plain(values: Iterable[str]) -> tuple[tuple[Piece, ...], ...]:
    """Values without variables, as `Operator.compile` takes them."""
    return tuple(pieces_of(value) for value in values)
