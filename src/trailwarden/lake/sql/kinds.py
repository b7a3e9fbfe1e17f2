"""What is known of an expression's type before DuckDB sees it: enough to tell where Trino and DuckDB differ by type.

A kind is `integer`, `double`, `decimal:<scale>`, `varchar`, `boolean`, `date`, `timestamp`, `zoned`, `interval`, `json`,
`array`, `map`, `map:json`, `row`, `array:row`, `array:json` or "" where nothing is known.
"""

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from trailwarden.lake.schema import FAMILIES, Family, name_of

__all__ = ["Kinds", "cast_kind"]

_PLAIN = {"string": "varchar", "timestamp": "timestamp", "boolean": "boolean", "double": "double", "integer": "integer"}
_WHOLE = frozenset({exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT})
_TYPES: Mapping[exp.DType, str] = {
    **dict.fromkeys(_WHOLE, "integer"),
    **dict.fromkeys((exp.DType.DOUBLE, exp.DType.FLOAT), "double"),
    **dict.fromkeys((exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR), "varchar"),
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "zoned",
    exp.DType.JSON: "json",
    exp.DType.STRUCT: "row",
}


def cast_kind(to: exp.DataType) -> str:
    """The kind of a type that something is cast to."""
    if to.this == exp.DType.DECIMAL:
        given = [int(each.name) for each in to.expressions]
        return f"decimal:{given[1] if len(given) > 1 else 0}"
    if to.this == exp.DType.ARRAY:
        return _of("array", to.expressions[0]) if to.expressions else "array"
    if to.this == exp.DType.MAP:
        return _of("map", to.expressions[1]) if len(to.expressions) > 1 else "map"
    return _TYPES.get(to.this, "")


def _of(container: str, inner: exp.Expr) -> str:
    kind = cast_kind(inner) if isinstance(inner, exp.DataType) else ""
    return f"{container}:{kind}" if kind in {"json", "row"} else container


def _columns() -> dict[str, str]:
    """Every column and member of a struct by its name; a name that stands for different things is left out."""
    found: dict[str, str] = {"eventjson": "varchar", "eventjsonchecksum": "varchar"}
    for family in FAMILIES:
        _gather(family.members, found)
    return {name: kind for name, kind in found.items() if kind}


def _gather(members: Mapping[str, Any], found: dict[str, str]) -> None:
    for member, of in members.items():
        kind = _kind(of)
        name = name_of(member)
        found[name] = kind if found.get(name, kind) == kind else ""
        inner = of[0] if isinstance(of, list) else of
        if isinstance(inner, Mapping):
            _gather(inner, found)


def _kind(of: Any) -> str:
    if isinstance(of, list):
        return "array:row"
    if isinstance(of, Mapping):
        return "row"
    return "map" if of == "map" else _PLAIN[of]


_NAMED = _columns()


class Kinds:
    """The kinds of expressions of one statement. `results` tells the kind of what a function gives, by its Trino name."""

    def __init__(self, statement: exp.Expr, results: Mapping[str, str], families: "tuple[Family, ...]" = ()) -> None:
        self._results = results
        self._columns = dict(_NAMED)
        for family in families:
            self._columns |= {column.name: _kind(column.type) for column in family.columns}
        for alias in statement.find_all(exp.Alias):
            name = alias.alias.lower()
            kind = self.of(alias.this)
            known = self._columns.get(name)
            self._columns[name] = kind if known in {None, kind} or name not in _NAMED else known or ""

    def of(self, node: exp.Expr | None) -> str:
        """The kind of an expression."""
        if node is None:
            return ""
        for kinds, tell in _TELLING:
            if isinstance(node, kinds):
                return str(tell(self, node))
        return ""

    def _column(self, node: exp.Expr) -> str:
        return self._columns.get(node.name.lower(), "")

    def _dot(self, node: exp.Expr) -> str:
        return self._columns.get(node.expression.name.lower(), "")

    def _function(self, node: exp.Expr) -> str:
        found = self._results.get(node.name.lower(), "")
        if found.startswith("$"):
            place = int(found[1:])
            return self.of(node.expressions[place]) if place < len(node.expressions) else ""
        if found == "item":
            return self._inner(node.expressions[0])
        return found

    def _bracket(self, node: exp.Expr) -> str:
        return self._inner(node.this)

    def _inner(self, container: exp.Expr) -> str:
        kind = self.of(container)
        if kind.endswith((":json", ":row")):
            return kind.split(":")[1]
        return "varchar" if kind == "map" else ""

    def _arithmetic(self, node: exp.Expr) -> str:
        left, right = self.of(node.this), self.of(node.expression)
        times = {"date", "timestamp", "zoned"} & {left, right}
        if times:
            return times.pop() if "interval" in {left, right} or isinstance(node, exp.Add) else "interval"
        if "double" in {left, right}:
            return "double"
        scales = [int(kind.split(":")[1]) if kind.startswith("decimal") else 0 for kind in (left, right)]
        if any(kind.startswith("decimal") for kind in (left, right)):
            return f"decimal:{sum(scales) if isinstance(node, exp.Mul) else max(scales)}"
        return "integer" if left == right == "integer" else ""

    def _branches(self, node: exp.Expr) -> str:
        found = {self.of(each.args.get("true")) for each in node.args.get("ifs") or ()} | {
            self.of(node.args.get("default"))
        }
        found |= {self.of(node.args.get("true")), self.of(node.args.get("false"))} - {""}
        found -= {""}
        if len(found) == 1:
            return found.pop()
        return "double" if "double" in found else ""


def _literal(_kinds: Kinds, node: exp.Expr) -> str:
    if node.is_string:
        return "varchar"
    text = node.name.lower()
    if "e" in text:
        return "double"
    return f"decimal:{len(text.partition('.')[2])}" if "." in text else "integer"


_Telling = Any
_TELLING: tuple[tuple[Any, _Telling], ...] = (
    (exp.Literal, _literal),
    ((exp.Cast, exp.TryCast), lambda _kinds, node: cast_kind(node.to)),
    ((exp.Paren, exp.Neg, exp.Alias, exp.Filter, exp.Window, exp.IgnoreNulls), lambda kinds, node: kinds.of(node.this)),
    (exp.Anonymous, Kinds._function),  # noqa: SLF001 — its own
    (exp.Dot, Kinds._dot),  # noqa: SLF001 — its own
    ((exp.Column, exp.Identifier), Kinds._column),  # noqa: SLF001 — its own
    (exp.Bracket, Kinds._bracket),  # noqa: SLF001 — its own
    ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), Kinds._arithmetic),  # noqa: SLF001 — its own
    ((exp.Case, exp.If), Kinds._branches),  # noqa: SLF001 — its own
    ((exp.Predicate, exp.And, exp.Or, exp.Not, exp.Boolean), lambda *_: "boolean"),
    (exp.DPipe, lambda kinds, node: kinds.of(node.this)),
    (exp.Array, lambda *_: "array"),
    (exp.Interval, lambda *_: "interval"),
    (exp.CurrentDate, lambda *_: "date"),
    ((exp.CurrentTimestamp, exp.AtTimeZone), lambda *_: "zoned"),
    ((exp.Trim, exp.Substring), lambda *_: "varchar"),
    ((exp.Extract, exp.StrPosition), lambda *_: "integer"),
    (exp.Subquery, lambda kinds, node: kinds.of(node.unnest().expressions[0]) if node.unnest().expressions else ""),
)
