"""From a statement's tree to DuckDB's SQL, with what Trino means by it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.dialects import DuckDB

from trailwarden.lake.sql.casting import casted
from trailwarden.lake.sql.functions import FUNCTIONS
from trailwarden.lake.sql.kinds import Kinds, cast_kind
from trailwarden.lake.sql.macros import LENIENT
from trailwarden.lake.sql.paths import json_path
from trailwarden.lake.sql.reading import InvalidStatement, store_id
from trailwarden.lake.sql.times import INTERVALS, duckdb_format, joda_format

__all__ = ["VIEW", "written"]

VIEW = "store_"
"""How the views of event data stores begin; the id follows, its hyphens made underscores."""

_GAP = re.compile(r"\{(\d|\*|now)(?:\|([^}]*))?\}")
_SPECIFIER = re.compile(r"%(?:%|(,?)(0?)(\d{0,3})(?:\.(\d{1,2}))?([sdfxX]))")
_TEXTS = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")")
_READS_FIELDS = frozenset(
    (
        *(
            "date_format",
            "format_datetime",
            "date_trunc",
            "date",
            "hour",
            "minute",
            "second",
            "quarter",
            "month",
            "week",
        ),
        *(
            "week_of_year",
            "day",
            "day_of_month",
            "day_of_week",
            "dow",
            "day_of_year",
            "doy",
            "year",
            "year_of_week",
            "yow",
        ),
    )
)


def written(tree: exp.Query, kinds: Kinds, now: str) -> str:
    """DuckDB's SQL for a statement that the gate has let in; `now` is the query's time as `YYYY-MM-DD HH:MM:SS.mmm`.

    Raises InvalidStatement for what has no exact counterpart.
    """
    return str(_Writer(kinds, now).generate(tree))


class _Writer(DuckDB.Generator):  # type: ignore[misc]  # sqlglot's dialects are made at run time
    """sqlglot's generator of DuckDB's SQL, with every node that Trino understands otherwise written here."""

    def __init__(self, kinds: Kinds, now: str) -> None:
        super().__init__(dialect=DuckDB(), comments=False, identify=True)
        self._kinds = kinds
        self._now = f"CAST('{now}+00' AS TIMESTAMPTZ)"

    def write_table(self, node: exp.Table) -> str:
        """A store becomes its view; whoever names a column by the store's id still finds it."""
        given = store_id(node.name)
        if not given:
            return str(self.table_sql(node))
        alias = self.sql(node, "alias") or self._quoted(node.name)
        return f"{self._quoted(VIEW + given.replace('-', '_'))} AS {alias}"

    def write_function(self, node: exp.Anonymous) -> str:
        """A function of our table."""
        name = node.name.lower()
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, node)
        return self.filled(FUNCTIONS[name].text, [self.sql(each) for each in node.expressions])

    def filled(self, text: str, given: list[str]) -> str:
        """DuckDB's text with the arguments in their places."""

        def fill(gap: re.Match[str]) -> str:
            if gap[1] == "*":
                return ", ".join(given)
            if gap[1] == "now":
                return self._now
            place = int(gap[1])
            return given[place] if place < len(given) else gap[2] or ""

        return _GAP.sub(fill, text)

    def write_divide(self, node: exp.Div) -> str:
        """Whole numbers give whole numbers, decimals their own scale."""
        left, right = self.sql(node, "this"), self.sql(node, "expression")
        kind = self._kinds.of(node)
        if kind.startswith("decimal"):
            scale = kind.split(":")[1]
            return f"CAST(trino_divide_decimal({left}, {right}, {scale}) AS DECIMAL(38, {scale}))"
        if kind == "double":
            return f"(CAST({left} AS DOUBLE) / CAST({right} AS DOUBLE))"
        return f"({left} // {right})"

    def write_bracket(self, node: exp.Bracket) -> str:
        """An item of an array or the value of a key: what is not there is an error."""
        if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
            raise InvalidStatement("A subscript takes one value.")
        (index,) = node.expressions
        kind, container = self._kinds.of(node.this), self.sql(node, "this")
        if kind.startswith("map") or (not kind and self._kinds.of(index) == "varchar"):
            return f"trino_value({container}, {self.sql(index)})"
        if kind.startswith("array") or self._kinds.of(index) == "integer":
            return f"trino_item({container}, {self.sql(index)})"
        raise InvalidStatement(f"Cannot tell what {node.this.sql(dialect='trino')[:100]} is; use element_at instead.")

    def write_cast(self, node: exp.Cast) -> str:
        """A cast, strict as Trino's; TRY_CAST gives NULL where that fails."""
        return lenient(self._cast(node)) if isinstance(node, exp.TryCast) else self._cast(node)

    def _cast(self, node: exp.Cast) -> str:
        value, to, kind = self.sql(node, "this"), cast_kind(node.to), self._kinds.of(node.this)
        if node.to.this == exp.DType.IPADDRESS:
            return f"trino_py_ip({value})"
        if kind == "json" and to in {"varchar", "integer", "double", "boolean"}:
            value, kind = f"trino_json_text({value})", "varchar"
        return casted(node, value, kind)

    def write_extract(self, node: exp.Extract) -> str:
        """As the function of that name."""
        name = node.name.lower()
        if name not in FUNCTIONS or FUNCTIONS[name].most != 1:
            raise InvalidStatement(f"Invalid EXTRACT field: {name[:50]}")
        return self.filled(FUNCTIONS[name].text, [self.sql(node, "expression")])

    def write_zone(self, node: exp.AtTimeZone) -> str:
        """The local time of a zone, only where its fields are read: elsewhere it is the same moment, shown otherwise."""
        parent = node.parent
        while isinstance(parent, exp.Paren):
            parent = parent.parent
        named = isinstance(parent, exp.Anonymous) and parent.name.lower() in _READS_FIELDS
        if not (
            named
            or isinstance(parent, exp.Extract)
            or (isinstance(parent, exp.Cast) and cast_kind(parent.to) == "date")
        ):
            raise InvalidStatement(
                "AT TIME ZONE is supported where a time is formatted, truncated or its fields are read."
            )
        return self.zoned(node.this, self.sql(node, "zone"))

    def zoned(self, time: exp.Expr, zone: str) -> str:
        """A local time; a timestamp without a zone is one of UTC."""
        return f"(CAST({self.sql(time)} AS TIMESTAMPTZ) AT TIME ZONE {zone})"

    def write_interval(self, node: exp.Interval) -> str:
        """A whole number of units."""
        unit = str(node.args.get("unit") or "").lower().rstrip("s")
        if unit not in INTERVALS or not node.this or not re.fullmatch(r"[+-]?\d{1,9}", node.this.name):
            raise InvalidStatement("An interval is a whole number of one unit, such as INTERVAL '7' DAY.")
        return INTERVALS[unit].format(f"({int(node.this.name)})")

    def write_unnest(self, node: exp.Unnest) -> str:
        """The items of arrays and the entries of maps as rows; rows within arrays are opened."""
        alias, offset = node.args.get("alias"), node.args.get("offset")
        whole = alias is not None and len(alias.args.get("columns") or ()) == len(node.expressions)
        columns = [column for each in node.expressions for column in self._opened(each, whole=whole)]
        if offset:
            first = self.sql(node.expressions[0])
            counted = f"cardinality({first})"
            columns.append(f"unnest(range(1, CAST({counted} AS BIGINT) + 1))")
        names = [self._quoted(column.name) for column in alias.args.get("columns") or ()] if alias else []
        if isinstance(offset, exp.Identifier):
            names.append(self._quoted(offset.name))
        table = self._quoted(alias.name) if alias and alias.name else "unnested"
        inner = ", ".join(columns)
        return f"LATERAL (SELECT {inner}) AS {table}" + (f"({', '.join(names)})" if names else "")

    def _opened(self, given: exp.Expr, *, whole: bool) -> list[str]:
        kind, text = self._kinds.of(given), self.sql(given)
        if kind.startswith("map"):
            return [f"unnest(map_keys({text}))", f"unnest(map_values({text}))"]
        return [f"unnest({text}, max_depth := 2)"] if kind == "array:row" and not whole else [f"unnest({text})"]

    def write_nulls(self, node: exp.Expr) -> str:
        """Within the call, as DuckDB has it."""
        call, said = self.sql(node, "this"), "IGNORE NULLS" if isinstance(node, exp.IgnoreNulls) else "RESPECT NULLS"
        return f"{call[:-1]} {said})"

    def write_within(self, node: exp.WithinGroup) -> str:
        """LISTAGG's order."""
        call, order = self.sql(node, "this"), self.sql(node, "expression").strip()
        return f"{call[:-1]} {order})"

    def literal(self, node: exp.Expr, what: str) -> str:
        """The text of an argument that must be a literal."""
        if isinstance(node, exp.Literal) and node.is_string:
            return node.name
        raise InvalidStatement(f"{what} must be a literal text.")

    def _quoted(self, name: str) -> str:
        return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")

    def quoted_text(self, text: str) -> str:
        """A text literal."""
        return exp.Literal.string(text).sql(dialect="duckdb")

    def kind(self, node: exp.Expr | None) -> str:
        """What is known of its type."""
        return self._kinds.of(node)

    TRANSFORMS: Mapping[Any, Callable[[Any, Any], str]] = {
        **DuckDB.Generator.TRANSFORMS,
        exp.Table: write_table,
        exp.Anonymous: write_function,
        exp.Div: write_divide,
        exp.Bracket: write_bracket,
        exp.Cast: write_cast,
        exp.TryCast: write_cast,
        exp.Extract: write_extract,
        exp.AtTimeZone: write_zone,
        exp.Interval: write_interval,
        exp.Unnest: write_unnest,
        exp.IgnoreNulls: write_nulls,
        exp.RespectNulls: write_nulls,
        exp.WithinGroup: write_within,
        exp.CurrentTimestamp: lambda self, _: self._now,
        exp.CurrentDate: lambda self, _: f"CAST({self._now} AS DATE)",
        exp.Localtimestamp: lambda self, _: f"CAST({self._now} AS TIMESTAMP)",
        exp.StrPosition: lambda self, node: f"strpos({self.sql(node, 'this')}, {self.sql(node, 'substr')})",
        exp.Substring: lambda self, node: (
            "trino_substr("
            + ", ".join(self.sql(node, part) for part in ("this", "start", "length") if node.args.get(part))
            + ")"
        ),
    }


def lenient(text: str) -> str:
    """DuckDB's TRY, which takes no function that raises an error by itself: its twin gives NULL instead."""
    pieces = _TEXTS.split(text)
    return f"TRY({''.join(piece if number % 2 else piece.replace('trino_', LENIENT) for number, piece in enumerate(pieces))})"


def _concat(writer: _Writer, node: exp.Anonymous) -> str:
    return "(" + " || ".join(f"({writer.sql(each)})" for each in node.expressions) + ")"


def _extreme(name: str) -> Callable[[_Writer, exp.Anonymous], str]:
    """Of any NULL the greatest and the least are NULL."""

    def write(writer: _Writer, node: exp.Anonymous) -> str:
        given = [writer.sql(each) for each in node.expressions]
        absent = " OR ".join(f"({each}) IS NULL" for each in given)
        return f"CASE WHEN {absent} THEN NULL ELSE {name}({', '.join(given)}) END"

    return write


def _format(writer: _Writer, node: exp.Anonymous) -> str:
    """https://trino.io/docs/current/functions/conversion.html#format."""
    pattern, given = writer.literal(node.expressions[0], "The format"), list(node.expressions[1:])
    parts, end = [], 0
    for found in _SPECIFIER.finditer(pattern):
        parts.append(writer.quoted_text(_plain(pattern[end : found.start()])))
        end = found.end()
        if found[0] == "%%":
            parts.append("'%'")
            continue
        if not given:
            raise InvalidStatement(f"Format specifier '{found[0]}' has no argument.")
        parts.append(_specified(writer, found, given.pop(0)))
    parts.append(writer.quoted_text(_plain(pattern[end:])))
    return "(" + " || ".join(parts) + ")"


def _plain(text: str) -> str:
    if "%" in text:
        raise InvalidStatement(f"Format '{text[:50]}' is not supported.")
    return text


def _specified(writer: _Writer, found: re.Match[str], given: exp.Expr) -> str:
    commas, zero, width, places, letter = found.groups()
    value = writer.sql(given)
    if letter == "s" and not (commas or zero or places):
        text = f"trino_text({value})"
        return f"lpad({text}, greatest(length({text}), {width}), ' ')" if width else text
    if letter == "f":
        value, fill = f"CAST({value} AS DOUBLE)", f".{places or 6}f"
    elif letter in "dxX":
        value, fill = f"CAST({value} AS BIGINT)", letter
    else:
        raise InvalidStatement(f"Format specifier '{found[0]}' is not supported.")
    return f"format('{{:{zero}{width}{',' if commas else ''}{fill}}}', {value})"


def _path(name: str) -> Callable[[_Writer, exp.Anonymous], str]:
    def write(writer: _Writer, node: exp.Anonymous) -> str:
        path = json_path(writer.literal(node.expressions[1], "The JSON path"))
        given = [writer.sql(node.expressions[0]), writer.quoted_text(path)]
        return writer.filled(FUNCTIONS[name].text, given)

    return write


def _contains(writer: _Writer, node: exp.Anonymous) -> str:
    """Of an array, or of a network: https://trino.io/docs/current/functions/ipaddress.html."""
    first, second = node.expressions
    if writer.kind(first) == "varchar":
        return f"trino_py_network_contains({writer.sql(first)}, {writer.sql(second)})"
    return f"trino_contains({writer.sql(first)}, {writer.sql(second)})"


def _reverse(writer: _Writer, node: exp.Anonymous) -> str:
    (given,) = node.expressions
    return f"{'list_reverse' if writer.kind(given).startswith('array') else 'reverse'}({writer.sql(given)})"


def _reduce(writer: _Writer, node: exp.Anonymous) -> str:
    """The start becomes the first item, so that the result has its type."""
    array, start, step, last = node.expressions
    if not (isinstance(step, exp.Lambda) and isinstance(last, exp.Lambda)):
        raise InvalidStatement("reduce takes two functions.")
    reduced = f"list_reduce({writer.sql(array)}, {writer.sql(step)}, {writer.sql(start)})"
    return f"list_transform([{reduced}], {writer.sql(last)})[1]"


def _zip_with(writer: _Writer, node: exp.Anonymous) -> str:
    first, second, function = node.expressions
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:  # noqa: PLR2004 — one for each array
        raise InvalidStatement("zip_with takes a function of two arguments.")
    names = [f"pair[{place}]" for place in (1, 2)]
    body = _renamed(function, names, writer)
    return f"list_transform(list_zip({writer.sql(first)}, {writer.sql(second)}), lambda pair: {body})"


def _renamed(function: exp.Lambda, names: list[str], writer: _Writer) -> str:
    """A lambda's body with its parameters written otherwise."""
    copied = function.copy()
    meant = {parameter.name.lower(): name for parameter, name in zip(copied.expressions, names, strict=True)}
    for found in list(copied.this.find_all(exp.Column, exp.Identifier)):
        if found.name.lower() in meant and not isinstance(found.parent, (exp.Column, exp.Dot)):
            replaced = exp.Var(this=meant[found.name.lower()])
            if found is copied.this:
                copied.set("this", replaced)
            else:
                found.replace(replaced)
    return str(writer.sql(copied, "this"))


def _entries(rule: str) -> Callable[[_Writer, exp.Anonymous], str]:
    """Functions over a map's entries: `rule` is what becomes of them, with the lambda's body for `{1}`."""

    def write(writer: _Writer, node: exp.Anonymous) -> str:
        given, function = node.expressions
        if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:  # noqa: PLR2004 — key and value
            raise InvalidStatement(f"{node.name.lower()} takes a function of key and value.")
        body = _renamed(function, ["entry.key", "entry.value"], writer)
        return writer.filled(rule, [writer.sql(given), body])

    return write


def _map(writer: _Writer, node: exp.Anonymous) -> str:
    given = [writer.sql(each) for each in node.expressions]
    if len(given) == 1:
        raise InvalidStatement("Unexpected parameters for function map: 1 given")
    return f"map({', '.join(given)})" if given else "map([]::VARCHAR[], []::VARCHAR[])"


def _unit(writer: _Writer, node: exp.Anonymous) -> str:
    unit = writer.literal(node.expressions[0], "The unit").lower()
    if unit not in INTERVALS:
        raise InvalidStatement(f"'{unit[:50]}' is not a valid Timestamp field")
    return unit


def _date_trunc(writer: _Writer, node: exp.Anonymous) -> str:
    return f"trino_date_trunc('{_unit(writer, node)}', {writer.sql(node.expressions[1])})"


def _date_add(writer: _Writer, node: exp.Anonymous) -> str:
    _, count, time = node.expressions
    return f"trino_date_add({writer.sql(time)}, {INTERVALS[_unit(writer, node)].format(f'({writer.sql(count)})')})"


def _date_diff(writer: _Writer, node: exp.Anonymous) -> str:
    """Whole units between, not boundaries."""
    _, start, end = node.expressions
    return f"date_sub('{_unit(writer, node)}', {writer.sql(start)}, {writer.sql(end)})"


def _formatted(translate: Callable[[str], str], text: str) -> Callable[[_Writer, exp.Anonymous], str]:
    def write(writer: _Writer, node: exp.Anonymous) -> str:
        pattern = translate(writer.literal(node.expressions[1], "The format"))
        return text.format(writer.sql(node.expressions[0]), writer.quoted_text(pattern))

    return write


def _at_timezone(writer: _Writer, node: exp.Anonymous) -> str:
    time, zone = node.expressions
    moment = exp.AtTimeZone(this=time.copy(), zone=zone.copy())
    node.replace(moment)
    return writer.write_zone(moment)


_SPECIAL: Mapping[str, Callable[[_Writer, exp.Anonymous], str]] = {
    "try": lambda writer, node: lenient(writer.sql(node.expressions[0])),
    "concat": _concat,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "format": _format,
    "json_extract": _path("json_extract"),
    "json_extract_scalar": _path("json_extract_scalar"),
    "json_size": _path("json_size"),
    "contains": _contains,
    "reverse": _reverse,
    "reduce": _reduce,
    "zip_with": _zip_with,
    "map": _map,
    "map_filter": _entries("map_from_entries(list_filter(map_entries({0}), lambda entry: {1}))"),
    "transform_values": _entries(
        "map_from_entries(list_transform(map_entries({0}), lambda entry: struct_pack(key := entry.key, value := {1})))"
    ),
    "transform_keys": _entries(
        "map_from_entries(list_transform(map_entries({0}), lambda entry: struct_pack(key := {1}, value := entry.value)))"
    ),
    "date_trunc": _date_trunc,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_format": _formatted(duckdb_format, "strftime({0}, {1})"),
    "date_parse": _formatted(duckdb_format, "strptime({0}, {1})"),
    "format_datetime": _formatted(joda_format, "strftime({0}, {1})"),
    "parse_datetime": _formatted(joda_format, "CAST(strptime({0}, {1}) AS TIMESTAMPTZ)"),
    "at_timezone": _at_timezone,
}
