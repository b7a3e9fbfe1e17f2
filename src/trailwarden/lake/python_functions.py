"""Trino's functions that DuckDB lacks and SQL cannot say, in Python. Loaded by the sandbox alone, which has no other module.

Each takes no NULL, but where it says so, and never touches anything outside of its arguments.
https://trino.io/docs/current/functions.html
"""

import hashlib
import ipaddress
import unicodedata
import zlib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

import pyarrow as pa

__all__ = ["FUNCTIONS", "register"]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_CODES = {letter: code for code, letters in
          (("1", "BFPV"), ("2", "CGJKQSXZ"), ("3", "DT"), ("4", "L"), ("5", "MN"), ("6", "R")) for letter in letters}  # fmt: skip
_LUHN = 10


def from_base(text: str, radix: int) -> int:
    """A number in another base."""
    return int(text, radix)


def to_base(number: int, radix: int) -> str:
    """In another base, with small letters."""
    if not 2 <= radix <= 36:  # noqa: PLR2004 — Java's own
        raise ValueError("Radix must be between 2 and 36")
    digits, rest = "", abs(number)
    while rest:
        rest, digit = divmod(rest, radix)
        digits = _DIGITS[digit] + digits
    return ("-" if number < 0 else "") + (digits or "0")


def width_bucket(value: float, low: float, high: float, count: int) -> int:
    """The bucket of an equi-width histogram: 0 below it, count + 1 above."""
    if count <= 0 or low == high:
        raise ValueError("bucketCount must be greater than 0 and bounds must differ")
    if low < high:
        return 0 if value < low else count + 1 if value >= high else int((value - low) * count / (high - low)) + 1
    return 0 if value > low else count + 1 if value <= high else int((low - value) * count / (low - high)) + 1


def split_to_map(text: str, entries: str, pair: str) -> list[tuple[str, str]]:
    """Keys and values; a key that comes twice is an error."""
    found: dict[str, str] = {}
    for key, value in _pairs(text, entries, pair):
        if key in found:
            raise ValueError(f"Duplicate keys ({key}) are not allowed")
        found[key] = value
    return list(found.items())


def split_to_multimap(text: str, entries: str, pair: str) -> list[tuple[str, list[str]]]:
    """Keys and all values of each."""
    found: dict[str, list[str]] = {}
    for key, value in _pairs(text, entries, pair):
        found.setdefault(key, []).append(value)
    return list(found.items())


def _pairs(text: str, entries: str, pair: str) -> Iterable[tuple[str, str]]:
    for entry in text.split(entries) if text else ():
        key, found, value = entry.partition(pair)
        if not found:
            raise ValueError(f"Key-value delimiter must appear exactly once in each entry. Bad input: {entry!r}")
        yield key, value


def translate(text: str, source: str, target: str) -> str:
    """Letter by letter; those without a counterpart are left out."""
    meant: dict[str, str] = {}
    for place, letter in enumerate(source):
        meant.setdefault(letter, target[place] if place < len(target) else "")
    return "".join(meant.get(letter, letter) for letter in text)


def normalize(text: str, form: str = "NFC") -> str:
    """A Unicode normal form."""
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]  # raises for another form


def soundex(text: str) -> str:
    """How an English word sounds."""
    letters = [letter for letter in text.upper() if letter.isalpha()]
    if not letters:
        return ""
    code, last = letters[0], _CODES.get(letters[0], "")
    for letter in letters[1:]:
        digit = _CODES.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "HW":
            last = digit
    return (code + "000")[:4]


def luhn_check(text: str) -> bool:
    """Whether the digits end in their check digit."""
    if not text.isdigit():
        raise ValueError("Invalid digit in input")
    total = 0
    for place, digit in enumerate(reversed(text)):
        double = int(digit) * (1 + place % 2)
        total += double - 9 if double >= _LUHN else double
    return total % _LUHN == 0


def from_utf8(data: bytes) -> str:
    """Text; what is no UTF-8 becomes the replacement character."""
    return data.decode("utf-8", "replace")


def human_readable_seconds(seconds: float) -> str:
    """`1 day, 2 hours, 3 seconds`."""
    rest, parts = round(abs(seconds)), []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "0 seconds"


def _url(part: str) -> Callable[[str], Any]:
    def find(url: str) -> Any:
        try:
            return getattr(urlsplit(url), part)
        except ValueError:
            return None

    return find


def url_host(url: str) -> str | None:
    """None where there is none."""
    return _url("hostname")(url) or None


def url_parameter(url: str, name: str) -> str | None:
    """The first value of a parameter of the query."""
    return next(
        (value for key, value in parse_qsl(_url("query")(url) or "", keep_blank_values=True) if key == name), None
    )


def ip(text: str) -> str:
    """An address in its usual form."""
    return str(ipaddress.ip_address(text.strip()))


def network_contains(network: str, address: str) -> bool:
    """Whether a network such as 10.0.0.0/8 has the address; one of another family never."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


_MULTIMAP = pa.map_(pa.string(), pa.list_(pa.string()))
_MAP = pa.map_(pa.string(), pa.string())
_TEXT = "VARCHAR"
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...], str, pa.DataType]] = {
    "from_base": (from_base, (_TEXT, "BIGINT"), "BIGINT", pa.int64()),
    "to_base": (to_base, ("BIGINT", "BIGINT"), _TEXT, pa.string()),
    "width_bucket": (width_bucket, ("DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"), "BIGINT", pa.int64()),
    "split_to_map": (split_to_map, (_TEXT,) * 3, "MAP(VARCHAR, VARCHAR)", _MAP),
    "split_to_multimap": (split_to_multimap, (_TEXT,) * 3, "MAP(VARCHAR, VARCHAR[])", _MULTIMAP),
    "translate": (translate, (_TEXT,) * 3, _TEXT, pa.string()),
    "normalize": (normalize, (_TEXT,), _TEXT, pa.string()),
    "soundex": (soundex, (_TEXT,), _TEXT, pa.string()),
    "luhn_check": (luhn_check, (_TEXT,), "BOOLEAN", pa.bool_()),
    "from_utf8": (from_utf8, ("BLOB",), _TEXT, pa.string()),
    "human_readable_seconds": (human_readable_seconds, ("DOUBLE",), _TEXT, pa.string()),
    "url_host": (url_host, (_TEXT,), _TEXT, pa.string()),
    "url_path": (_url("path"), (_TEXT,), _TEXT, pa.string()),
    "url_port": (_url("port"), (_TEXT,), "BIGINT", pa.int64()),
    "url_protocol": (_url("scheme"), (_TEXT,), _TEXT, pa.string()),
    "url_query": (_url("query"), (_TEXT,), _TEXT, pa.string()),
    "url_fragment": (_url("fragment"), (_TEXT,), _TEXT, pa.string()),
    "url_parameter": (url_parameter, (_TEXT, _TEXT), _TEXT, pa.string()),
    "url_encode": (quote_plus, (_TEXT,), _TEXT, pa.string()),
    "url_decode": (unquote_plus, (_TEXT,), _TEXT, pa.string()),
    "sha512": (lambda data: hashlib.sha512(data).digest(), ("BLOB",), "BLOB", pa.binary()),
    "crc32": (zlib.crc32, ("BLOB",), "BIGINT", pa.int64()),
    "ip": (ip, (_TEXT,), _TEXT, pa.string()),
    "network_contains": (network_contains, (_TEXT, _TEXT), "BOOLEAN", pa.bool_()),
}
"""By name: the function, its arguments' types and its result's in DuckDB's SQL, and the result's in Arrow."""


def register(connection: Any, prefixes: Iterable[str], wanted: str) -> None:
    """Make known to DuckDB what the statement uses, below both prefixes: the second one gives NULL for an error."""
    strict, lenient = prefixes
    for name, (function, arguments, result, arrow) in FUNCTIONS.items():
        for prefix in (strict, lenient):
            if f"{prefix}{name}(" in wanted:
                run = _columns(function, arrow, len(arguments), forgiving=prefix == lenient)
                connection.create_function(
                    f"{prefix}{name}", run, list(arguments), result, type="arrow", null_handling="special"
                )


def _columns(
    function: Callable[..., Any], arrow: pa.DataType, count: int, *, forgiving: bool
) -> Callable[..., pa.Array]:
    def one(values: tuple[Any, ...]) -> Any:
        if any(value is None for value in values):
            return None
        try:
            return function(*values)
        except (ValueError, TypeError):
            if forgiving:
                return None
            raise

    def run(*columns: Any) -> pa.Array:
        return pa.array([one(values) for values in zip(*(each.to_pylist() for each in columns), strict=True)], arrow)

    shapes: dict[int, Callable[..., Any]] = {
        1: lambda a: run(a),  # noqa: PLW0108 — DuckDB counts the parameters
        2: lambda a, b: run(a, b),  # noqa: PLW0108 — likewise
        3: lambda a, b, c: run(a, b, c),  # noqa: PLW0108 — likewise
        4: lambda a, b, c, d: run(a, b, c, d),  # noqa: PLW0108 — likewise
    }
    return shapes[count]
