"""The mutants of the policy engine: each differs from it in one place.

A comparison turned, `and` for `or`, a `not` left out, a constant changed, a sum turned, a condition forced, an answer
thrown away. Annotations, decorators, docstrings and what type checkers alone read stay.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip

_SHOWN_MAX = 110


@dataclass(frozen=True, slots=True)
class Mutant:
    """One place of one module, changed. `function` is where, `nth` tells equal changes of one function apart."""

    path: Path
    place: int
    line: int
    function: str
    change: str
    nth: int

    @property
    def module(self) -> str:
        """The name of the module."""
        return self.path.stem

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when lines move."""
        return self.module, self.function, self.change + (f" #{self.nth}" if self.nth > 1 else "")

    def source(self) -> str:
        """The module with the change."""
        tree = _Mutator(self.place).visit(ast.parse(self.path.read_text()))
        return ast.unparse(ast.fix_missing_locations(tree))

    def __str__(self) -> str:
        module, function, change = self.key
        return f"`{module}.py:{self.line}` {function}: `{change}`"


class _Mutator(ast.NodeTransformer):
    """Changes the place of the given number and finds all places up to there; -1 only finds."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.found: list[tuple[int, str, str]] = []
        self.names: list[str] = []

    def _take(self, node: ast.expr, change: str, kind: str) -> bool:
        shown = change if len(change) <= _SHOWN_MAX else change[:_SHOWN_MAX] + "…"
        self.found.append((node.lineno, ".".join(self.names) or "(module)", f"{shown}  [{kind}]"))
        return len(self.found) - 1 == self.place

    def visit_Compare(self, node: ast.Compare) -> Any:
        for index, operator in enumerate(node.ops):
            turned = _TURNED[type(operator)]
            if self._take(node, ast.unparse(node), f"{type(operator).__name__} to {turned.__name__}"):
                node.ops[index] = turned()
        return self._deeper(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        other: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        if self._take(node, ast.unparse(node), "and/or"):
            node.op = other
        return self._deeper(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not) and self._take(node, ast.unparse(node), "not left out"):
            return node.operand
        return self._deeper(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        if turned and self._take(node, ast.unparse(node), "+/-"):
            node.op = turned()
        return self._deeper(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool) and self._take(node, str(node.value), "turned"):
            return ast.Constant(not node.value)
        if type(node.value) is int and self._take(node, str(node.value), "one more"):
            return ast.Constant(node.value + 1)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        if self._take(node, ast.unparse(node), "always the first"):
            return node.body
        return self._deeper(node)

    def visit_Return(self, node: ast.Return) -> Any:
        value = node.value
        plain = isinstance(value, (ast.Constant, ast.Name)) or value is None
        if value is not None and not plain and self._take(value, ast.unparse(node), "returns None"):
            return ast.Return(ast.Constant(None))
        return self._deeper(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Annotations stay."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.names.append(node.name)
        node.body = [self.visit(each) for each in node.body]
        node.args.defaults = [self.visit(each) for each in node.args.defaults]
        node.args.kw_defaults = [each and self.visit(each) for each in node.args.kw_defaults]
        self.names.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Decorators and bases stay."""
        self.names.append(node.name)
        node.body = [self.visit(each) for each in node.body]
        self.names.pop()
        return node

    def visit_If(self, node: ast.If) -> Any:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.orelse = [self.visit(each) for each in node.orelse]
            return node
        for forced in (True, False):
            if self._take(node.test, f"if {ast.unparse(node.test)}", f"always {forced}"):
                node.test = ast.Constant(forced)
                node.orelse = node.orelse or [ast.Pass()]
                return node
        return self._deeper(node)

    def _deeper(self, node: Any) -> Any:
        self.generic_visit(node)
        return node


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of one module, from the top."""
    finding = _Mutator(-1)
    finding.visit(ast.parse(path.read_text()))
    seen: Counter[tuple[str, str]] = Counter()
    for place, (line, function, change) in enumerate(finding.found):
        seen[function, change] += 1
        yield Mutant(path, place, line, function, change, seen[function, change])
