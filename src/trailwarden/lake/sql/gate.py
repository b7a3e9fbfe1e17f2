"""What a statement may consist of. Everything that is not listed is refused: kinds of expressions, functions, tables, columns.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache

from sqlglot import exp

from trailwarden.lake.schema import FAMILIES, Family, name_of
from trailwarden.lake.sql.functions import FUNCTIONS
from trailwarden.lake.sql.reading import InvalidStatement, store_id

__all__ = ["check", "stores"]

_ADMITTED = frozenset({
    exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.With, exp.CTE, exp.TableAlias, exp.Table,
    exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct,
    exp.Fetch, exp.LimitOptions, exp.GroupingSets, exp.Rollup, exp.Cube, exp.Tuple, exp.Values, exp.Unnest,
    exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Dot, exp.Bracket, exp.Paren, exp.Literal, exp.Boolean, exp.Null,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like,
    exp.Escape, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Exists, exp.Any, exp.All, exp.Add, exp.Sub, exp.Mul, exp.Div,
    exp.Mod, exp.Neg, exp.DPipe, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.ColumnDef,
    exp.Interval, exp.Var, exp.Extract, exp.Trim, exp.StrPosition, exp.Substring, exp.Array, exp.Lambda, exp.Anonymous,
    exp.Filter, exp.Window, exp.WindowSpec, exp.IgnoreNulls, exp.RespectNulls, exp.AtTimeZone, exp.CurrentDate,
    exp.CurrentTimestamp, exp.Localtimestamp, exp.WithinGroup,
})  # fmt: skip
_ADMITTED_ARGS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        ("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "order", "limit", "offset")
    ),
    exp.Table: frozenset(("this", "alias", "joins")),
    exp.Star: frozenset[str](),
    exp.With: frozenset(("expressions",)),
    exp.CTE: frozenset(("this", "alias")),
    exp.Distinct: frozenset(("expressions",)),
    exp.Unnest: frozenset(("expressions", "alias", "offset")),
}


def stores(tree: exp.Query) -> tuple[str, ...]:
    """The ids or ARNs of the event data stores that are read, each once. InvalidStatement for any other table, or none."""
    found = dict.fromkeys(table.name for table in tree.find_all(exp.Table) if not _is_common(table))
    for name in found:
        if not store_id(name):
            raise InvalidStatement(f"Table '{name}' does not exist. FROM takes the id of an event data store.")
    if not found:
        raise InvalidStatement(
            "The query statement reads no event data store: FROM takes the id of an event data store."
        )
    return tuple(found)


def check(tree: exp.Query, families: Collection[Family] = FAMILIES) -> None:
    """Raises InvalidStatement for whatever may not be in a statement."""
    for node in tree.walk():
        if type(node) not in _ADMITTED:
            raise InvalidStatement(f"{_name(node)} is not supported in a query statement.")
        admitted = _ADMITTED_ARGS.get(type(node))
        for arg, value in node.args.items():
            if admitted is not None and value and arg not in admitted:
                raise InvalidStatement(f"{arg.strip('_').upper()} is not supported in a query statement.")
    for table in tree.find_all(exp.Table):
        if table.args.get("db") or table.args.get("catalog") or not isinstance(table.this, exp.Identifier):
            raise InvalidStatement(f"Table '{table.sql(dialect='trino')[:200]}' does not exist.")
    for function in tree.find_all(exp.Anonymous):
        _check_function(function)
    _check_columns(tree, families)


def _check_function(node: exp.Anonymous) -> None:
    function = FUNCTIONS.get(node.name.lower())
    if function is None or not isinstance(node.this, str):
        raise InvalidStatement(f"Function '{node.name.lower()[:100]}' not registered")
    if not function.fewest <= len(node.expressions) <= function.most:
        raise InvalidStatement(f"Unexpected parameters for function {node.name.lower()}: {len(node.expressions)} given")


def _check_columns(tree: exp.Query, families: Collection[Family]) -> None:
    known = set().union(*(_names(family) for family in families)) | set(_own_names(tree))
    for column in tree.find_all(exp.Column):
        parts = [part.name.lower() for part in column.parts if isinstance(part, exp.Identifier)]
        parts = [part for part in parts if not store_id(part)]
        lost = next((part for part in parts if part not in known), None)
        if lost is not None:
            raise InvalidStatement(f"{_place(column)}Column '{'.'.join(parts)[:200]}' cannot be resolved")


@cache
def _names(family: Family) -> frozenset[str]:
    return frozenset({"eventjson", "eventjsonchecksum", *_members(family.members)})


def _members(kind: object) -> Iterator[str]:
    if isinstance(kind, list):
        yield from _members(kind[0])
    elif isinstance(kind, dict):
        for member, of in kind.items():
            yield name_of(member)
            yield from _members(of)


def _own_names(tree: exp.Query) -> Iterator[str]:
    """What the statement itself names: aliases of tables and columns, members of rows, parameters of lambdas."""
    yield from ("key", "value")
    for alias in tree.find_all(exp.Alias):
        yield alias.alias.lower()
    for table in tree.find_all(exp.TableAlias):
        yield table.name.lower()
        yield from (column.name.lower() for column in table.args.get("columns") or ())
    for function in tree.find_all(exp.Lambda):
        yield from (parameter.name.lower() for parameter in function.expressions)
    for member in tree.find_all(exp.ColumnDef):
        yield member.name.lower()
    for unnest in tree.find_all(exp.Unnest):
        if isinstance(unnest.args.get("offset"), exp.Identifier):
            yield unnest.args["offset"].name.lower()
    yield from (f"_col{number}" for number in range(100))


def _is_common(table: exp.Table) -> bool:
    """Whether a table is one that a WITH around it defines."""
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        if with_ is not None and any(each.alias.lower() == table.name.lower() for each in with_.expressions):
            return True
        node = node.parent
    return False


def _place(node: exp.Expr) -> str:
    first = node.find(exp.Identifier)
    line, column = (first.meta.get("line"), first.meta.get("col")) if first is not None else (None, None)
    return f"line {line}:{column}: " if line else ""


def _name(node: exp.Expr) -> str:
    return node.key.upper().replace("_", " ")
