"""Casts: Trino's types by DuckDB's names, and what each cast does to a value that is written already.

https://trino.io/docs/current/functions/conversion.html
"""

from collections.abc import Callable, Mapping

from sqlglot import exp

from trailwarden.lake.sql.kinds import cast_kind
from trailwarden.lake.sql.reading import InvalidStatement

__all__ = ["casted"]

_NAMES: Mapping[exp.DType, str] = {
    exp.DType.TINYINT: "TINYINT",
    exp.DType.SMALLINT: "SMALLINT",
    exp.DType.INT: "INTEGER",
    exp.DType.BIGINT: "BIGINT",
    exp.DType.DOUBLE: "DOUBLE",
    exp.DType.FLOAT: "FLOAT",
    exp.DType.VARCHAR: "VARCHAR",
    exp.DType.TEXT: "VARCHAR",
    exp.DType.CHAR: "VARCHAR",
    exp.DType.BOOLEAN: "BOOLEAN",
    exp.DType.DATE: "DATE",
    exp.DType.TIMESTAMP: "TIMESTAMP",
    exp.DType.TIMESTAMPTZ: "TIMESTAMPTZ",
    exp.DType.JSON: "JSON",
    exp.DType.DECIMAL: "DECIMAL(38, 0)",
    exp.DType.VARBINARY: "BLOB",
    exp.DType.UUID: "UUID",
}


def casted(node: exp.Cast, value: str, kind: str) -> str:
    """The cast of a value of a kind. InvalidStatement for a type that there is not."""
    to = cast_kind(node.to)
    cast = _CASTS.get(to)
    if cast is not None:
        return cast(node, value, kind)
    if to == "json" and kind == "varchar":
        return f"to_json({value})"
    if to == "json" and kind != "json":
        return f"CAST(to_json({value}) AS JSON)"
    return f"CAST({value} AS {_type(node.to)})"


def _type(to: exp.DataType) -> str:
    inner = to.expressions
    if to.this == exp.DType.ARRAY and inner:
        return f"{_type(inner[0])}[]"
    if to.this == exp.DType.MAP and inner:
        return f"MAP({', '.join(map(_type, inner))})"
    if to.this == exp.DType.STRUCT:
        return f"STRUCT({', '.join(_member(number, each) for number, each in enumerate(inner))})"
    if to.this == exp.DType.DECIMAL and inner:
        return f"DECIMAL({', '.join(str(int(each.name)) for each in inner)})"
    if to.this not in _NAMES:
        raise InvalidStatement(f"Unknown type: {to.sql(dialect='trino')[:100].lower()}")
    return _NAMES[to.this]


def _member(number: int, member: exp.Expr) -> str:
    if isinstance(member, exp.ColumnDef):
        name = exp.to_identifier(member.name, quoted=True).sql(dialect="duckdb")
        return f"{name} {_type(member.args['kind'])}"
    if isinstance(member, exp.DataType):
        return f'"field{number}" {_type(member)}'
    raise InvalidStatement("A row's member needs a type.")


def _to_text(node: exp.Cast, value: str, kind: str) -> str:
    """To a length, what is longer is cut; decimals keep their scale."""
    text = f"trino_text({value})"
    if kind == "varchar":
        text = value
    elif kind.startswith("decimal"):
        text = f"CAST({value} AS VARCHAR)"
    length = node.to.expressions[0].name if node.to.expressions else ""
    if node.to.this == exp.DType.CHAR:
        return f"trino_rpad({text}, {int(length or 1)}, ' ')"
    return f"left({text}, {int(length)})" if length else text


_CASTS: Mapping[str, Callable[[exp.Cast, str, str], str]] = {
    "varchar": _to_text,
    "integer": lambda node, value, _: f"CAST(trino_whole({value}) AS {_NAMES[node.to.this]})",
    "double": lambda _node, value, _kind: f"trino_double({value})",
    "boolean": lambda _node, value, _kind: f"trino_boolean({value})",
    "date": lambda _node, value, _kind: f"trino_date({value})",
    "timestamp": lambda _node, value, _kind: f"CAST({value} AS TIMESTAMP)",
    "zoned": lambda _node, value, _kind: f"CAST({value} AS TIMESTAMPTZ)",
}
