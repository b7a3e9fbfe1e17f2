"""A statement that may be run: which stores it reads, which times of them, how DuckDB says it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlglot import exp

from trailwarden.lake.schema import FAMILIES, Family
from trailwarden.lake.sql.functions import RESULTS
from trailwarden.lake.sql.gate import check, stores
from trailwarden.lake.sql.kinds import Kinds
from trailwarden.lake.sql.reading import InvalidStatement, parsed, store_id
from trailwarden.lake.sql.writing import written

__all__ = ["InvalidStatement", "Statement", "read"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that the gate has let in. `stores` are the ids or ARNs of the event data stores it reads."""

    stores: tuple[str, ...]
    tree: exp.Query = field(repr=False)
    columns: tuple[str, ...]

    def sql(self, now: float, families: Sequence[Family] = ()) -> str:
        """For DuckDB. Raises InvalidStatement for what has no exact counterpart there."""
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        tree = self.tree.copy()
        return written(tree, Kinds(tree, RESULTS, tuple(families)), moment)

    @property
    def times(self) -> tuple[str, str]:
        """The first and last eventTime that can matter, "" where there is no bound: files outside need not be read."""
        tables = [table for table in self.tree.find_all(exp.Table) if store_id(table.name)]
        select = tables[0].find_ancestor(exp.Select) if len(tables) == 1 else None
        where = select.args.get("where") if select is not None else None
        if where is None or self.tree.find(exp.CTE) is not None:
            return "", ""
        return _bounds(where.this)


def read(
    text: str,
    parameters: Sequence[str] = (),
    families: Collection[Family] = FAMILIES,
    names: Mapping[str, str] | None = None,
) -> Statement:
    """The statement, with values for its placeholders; `names` may stand for ids of stores. Raises InvalidStatement.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
    """
    tree = parsed(text, parameters, names)
    check(tree, families)
    found = stores(tree)
    columns = _named(tree)
    statement = Statement(found, tree, columns)
    try:
        statement.sql(0.0)
    except RecursionError:
        raise InvalidStatement("The query statement is nested too deeply.") from None
    return statement


def _named(tree: exp.Query) -> tuple[str, ...]:
    """The columns of the result: their own names, `_col0` and so on for what has none; () where a star stands for them."""
    select: exp.Expr = tree
    while not isinstance(select, exp.Select):
        select = select.this if isinstance(select.this, exp.Query) else select.unnest()
    names: list[str] = []
    for number, column in enumerate(select.expressions):
        if column.is_star:
            return ()
        names.append(column.alias_or_name if _has_name(column) else f"_col{number}")
    return tuple(names)


def _has_name(column: exp.Expr) -> bool:
    return isinstance(column, (exp.Alias, exp.Column, exp.Dot)) and bool(column.alias_or_name)


_LOWER = (exp.GT, exp.GTE)
_UPPER = (exp.LT, exp.LTE)


def _bounds(condition: exp.Expr) -> tuple[str, str]:
    low, high = "", ""
    for part in condition.flatten() if isinstance(condition, exp.And) else (condition,):
        part = part.unnest()  # noqa: PLW2901 — without its parentheses
        if isinstance(part, exp.And):
            found = _bounds(part)
        elif isinstance(part, exp.Between) and _is_time(part.this):
            found = _moment(part.args["low"]), _moment(part.args["high"])
        elif isinstance(part, (*_LOWER, *_UPPER)) and _is_time(part.this):
            moment = _moment(part.expression)
            found = (moment, "") if isinstance(part, _LOWER) else ("", moment)
        else:
            continue
        low, high = max(low, found[0]), min(high or found[1], found[1] or high)
    return low, high


def _is_time(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == "eventtime" and not node.args.get("db")


def _moment(node: exp.Expr) -> str:
    """A literal time as `YYYY-MM-DD HH:MM:SS`, "" for anything else."""
    if isinstance(node, exp.Cast) and node.to.this in {exp.DType.TIMESTAMP, exp.DType.DATE}:
        node = node.this
    if not (isinstance(node, exp.Literal) and node.is_string):
        return ""
    try:
        return datetime.fromisoformat(node.name.replace("Z", "")).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return ""
