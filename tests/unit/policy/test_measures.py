from decimal import Decimal

import pytest

from trailwarden.policy.measures import TESTS, instant, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), (" 7 ", 7), ("-7.50", Decimal("-7.5")), ("1e3", 1000), ("1e400", Decimal("1e400")),
        ("1e401", None), ("1e-400", Decimal("1e-400")), ("1e-401", None), ("0" * 63 + "1", 1), ("0" * 64 + "1", None),
        ("1_000", None), ("1e1_0", None), ("10keys", None), ("nan", None), ("Infinity", None), ("", None),
    ],
)  # fmt: skip
def test_a_number_is_exact_and_bounded(text: str, value: Decimal | int | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970", 0), ("1970-01", 0), ("1970-01-02", 86_400), ("1970-01-01T00:01", 60), ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T01:00+01:00", 0), ("1970-01-01T00:00:01.25Z", Decimal("1.25")), ("86400", 86_400),
        (" 1970-01-02 ", 86_400), ("1971", 31_536_000), ("197", 197), ("19700", 19_700), ("yesterday", None), ("19x0", None),
    ],
)  # fmt: skip
def test_a_moment_is_seconds_since_the_epoch(text: str, seconds: Decimal | int | None) -> None:
    assert instant(text) == seconds


@pytest.mark.parametrize(
    ("name", "wanted", "inside", "outside"),
    [
        ("NumericEquals", "7", ["7", "7.0"], ["8", "x"]),
        ("NumericLessThan", "7", ["6"], ["7", "8", "x"]),
        ("NumericLessThanEquals", "7", ["6", "7"], ["8", "x"]),
        ("NumericGreaterThan", "7", ["8"], ["6", "7", "x"]),
        ("NumericGreaterThanEquals", "7", ["7", "8"], ["6", "x"]),
        ("DateEquals", "1970-01-02", ["86400", "1970-01-02T00:00Z"], ["86401"]),
        ("BinaryEquals", "QUI=", ["QUI="], ["QUM=", "QUJD", "?"]),
        ("BinaryEquals", "?", [], ["?", ""]),
        ("IpAddress", "203.0.113.0/24", ["203.0.113.0", "203.0.113.255", "203.0.113.64/26"], ["203.0.112.255", "203.0.114.0", "203.0.112.0/23", "::cb00:7100", "x"]),
        ("IpAddress", "203.0.113.7", ["203.0.113.7", "203.0.113.7/32"], ["203.0.113.6", "203.0.113.8"]),
        ("IpAddress", "2001:db8::/32", ["2001:db8::1"], ["2001:db9::1", "32.1.13.184"]),
        ("IpAddress", "x", [], ["x", "203.0.113.7"]),
    ],
)  # fmt: skip
def test_measures_are_compared(name: str, wanted: str, inside: list[str], outside: list[str]) -> None:
    test = TESTS[name]([wanted])
    assert [each for each in (*inside, *outside) if test(each)] == inside
