"""Units of time, and formats of times: MySQL's and Joda's letters as strftime's.

https://trino.io/docs/current/functions/datetime.html
"""

import re
from collections.abc import Mapping

from trailwarden.lake.sql.reading import InvalidStatement

__all__ = ["INTERVALS", "duckdb_format", "joda_format"]

INTERVALS: Mapping[str, str] = {
    "millisecond": "to_milliseconds({})",
    "second": "to_seconds({})",
    "minute": "to_minutes({})",
    "hour": "to_hours({})",
    "day": "to_days(CAST({} AS INTEGER))",
    "week": "to_weeks(CAST({} AS INTEGER))",
    "month": "to_months(CAST({} AS INTEGER))",
    "quarter": "to_months(CAST(3 * {} AS INTEGER))",
    "year": "to_years(CAST({} AS INTEGER))",
}
"""By unit, DuckDB's interval of a number of them."""

_MYSQL: Mapping[str, str] = {
    "Y": "%Y", "y": "%y", "m": "%m", "c": "%-m", "M": "%B", "b": "%b", "d": "%d", "e": "%-d", "H": "%H", "k": "%-H",
    "h": "%I", "I": "%I", "l": "%-I", "i": "%M", "s": "%S", "S": "%S", "f": "%f", "p": "%p", "j": "%j", "W": "%A",
    "a": "%a", "T": "%H:%M:%S", "r": "%I:%M:%S %p", "v": "%V", "x": "%G", "%": "%%",
}  # fmt: skip
_JODA: Mapping[str, str] = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d",
    "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
    "a": "%p", "EEE": "%a", "E": "%a", "EEEE": "%A", "e": "%u", "DDD": "%j", "D": "%-j", "ww": "%V", "xxxx": "%G",
    "Z": "%z",
}  # fmt: skip
_JODA_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z']+)")


def duckdb_format(pattern: str) -> str:
    """A MySQL format, as date_format and date_parse take it. Raises InvalidStatement."""

    def letter(found: re.Match[str]) -> str:
        meant = _MYSQL.get(found[1])
        if meant is None:
            raise InvalidStatement(f"%{found[1]} not supported in date format string")
        return meant

    return re.sub(r"%(.)", letter, pattern, flags=re.DOTALL)


def joda_format(pattern: str) -> str:
    """A Joda format, as format_datetime and parse_datetime take it. Raises InvalidStatement."""
    parts, end = [], 0
    for found in _JODA_PIECE.finditer(pattern):
        if found.start() != end:
            break
        end = found.end()
        parts.append(_piece(found))
    if end != len(pattern):
        raise InvalidStatement(f"Invalid format: {pattern[:100]}")
    return "".join(parts)


def _piece(found: re.Match[str]) -> str:
    if found[2] is None:
        text = "'" if found[0] == "''" else found[1].replace("''", "'") if found[1] is not None else found[0]
        return text.replace("%", "%%")
    meant = _JODA.get(found[0])
    if meant is None:
        raise InvalidStatement(f"Illegal pattern component: {found[0]}")
    return meant
