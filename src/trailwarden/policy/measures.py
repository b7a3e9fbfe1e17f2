"""Numbers, moments, addresses and octets, read from texts exactly.

They bring `decimal`, `datetime`, `ipaddress` and `base64` in, which most policies never need: `operators` imports this
when the first condition asks for it.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from operator import eq, ge, gt, le, lt

__all__ = ["TESTS", "instant", "number"]

_Test = Callable[[str], bool]
_Read = Callable[[str], Decimal | None]

_NUMBER_LENGTH_MAX = 64
_EXPONENT_MAX = 400


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


def _octets(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


_Range = tuple[int, int, int]
"""Version, first and last address of a range."""


def _range(text: str) -> _Range | None:
    """An address or a range in CIDR form; a bare address is read without the cost of a network."""
    text = text.strip()
    try:
        if "/" not in text:
            address = ipaddress.ip_address(text)
            return address.version, int(address), int(address)
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def _compared(read: _Read, compare: Callable[[Decimal, Decimal], bool], values: Iterable[str]) -> _Test:
    """A test of numbers or dates. What cannot be read, on either side, matches nothing."""
    limits = tuple(limit for value in values if (limit := read(value)) is not None)

    def test(got: str) -> bool:
        found = read(got)
        return found is not None and any(compare(found, limit) for limit in limits)

    return test


def _binary(values: Iterable[str]) -> _Test:
    """Octet for octet, both sides in base64."""
    wanted = frozenset(octets for value in values if (octets := _octets(value)) is not None)
    return lambda got: _octets(got) in wanted


def _ip_address(values: Iterable[str]) -> _Test:
    """Addresses within ranges; an IPv6 address is in no IPv4 range."""
    ranges = tuple(found for value in values if (found := _range(value)) is not None)

    def test(got: str) -> bool:
        asked = _range(got)
        if asked is None:
            return False
        version, first, last = asked
        return any(each[0] == version and each[1] <= first and last <= each[2] for each in ranges)

    return test


_ORDERS = {"Equals": eq, "LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}

TESTS: Mapping[str, Callable[[Iterable[str]], _Test]] = {
    **{f"Numeric{order}": partial(_compared, number, compare) for order, compare in _ORDERS.items()},
    **{f"Date{order}": partial(_compared, instant, compare) for order, compare in _ORDERS.items()},
    "BinaryEquals": _binary,
    "IpAddress": _ip_address,
}
"""How values of a policy are made a test of one value of the request, by the operator that is not negated."""
