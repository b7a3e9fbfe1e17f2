"""`python -m tools.mutate [--seconds N] [--seed N] [--skip N] [MODULE …]`: mutants of the policy engine that no test notices.

Each mutant differs from the engine in one place: a comparison turned, `and` for `or`, a `not` left out, a constant
changed, a condition forced, an answer thrown away. It lives in a forked process of its own, where the tests of the
engine run until the first fails; what survives them meets the slower ones: hostile documents, laws, the naive evaluator.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

_PACKAGE = "trailwarden.policy"
_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / "src" / "trailwarden" / "policy"
_UNIT = _ROOT / "tests" / "unit" / "policy"
_FIRST = ("test_cases.py", "test_explain.py", "test_encode.py", "test_grammar.py", "test_message.py", "test_request.py", "test_findings.py", "test_value.py")  # fmt: skip
_SECOND = (
    _UNIT / "test_hostile.py",
    _ROOT / "tests" / "property" / "test_policy_laws.py",
    _ROOT / "tests" / "differential",
)
_PATIENCE = 120
_MEMORY = 3 << 30

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One place of one module, changed."""

    module: str
    line: int
    change: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.change}"


class _Mutator(ast.NodeTransformer):
    """Changes the place of the given number and counts the places; -1 only counts."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.count = 0
        self.found: tuple[int, str] | None = None

    def _take(self, node: ast.expr, change: str) -> bool:
        self.count += 1
        if self.count - 1 != self.place:
            return False
        self.found = node.lineno, change
        return True

    def visit_Compare(self, node: ast.Compare) -> Any:
        for index, operator in enumerate(node.ops):
            turned = _TURNED[type(operator)]
            if self._take(node, f"{ast.unparse(node)}  [{type(operator).__name__} to {turned.__name__}]"):
                node.ops[index] = turned()
        return self._deeper(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        other: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        if self._take(node, f"{ast.unparse(node)}  [and/or]"):
            node.op = other
        return self._deeper(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not) and self._take(node, f"{ast.unparse(node)}  [not left out]"):
            return node.operand
        return self._deeper(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        if turned and self._take(node, f"{ast.unparse(node)}  [+/-]"):
            node.op = turned()
        return self._deeper(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool) and self._take(node, f"{node.value}  [turned]"):
            return ast.Constant(not node.value)
        if type(node.value) is int and self._take(node, f"{node.value}  [one more]"):
            return ast.Constant(node.value + 1)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        if self._take(node, f"{ast.unparse(node)}  [always the first]"):
            return node.body
        return self._deeper(node)

    def visit_Return(self, node: ast.Return) -> Any:
        value = node.value
        plain = isinstance(value, (ast.Constant, ast.Name)) or value is None
        if value is not None and not plain and self._take(value, f"{ast.unparse(node)}  [returns None]"):
            return ast.Return(ast.Constant(None))
        return self._deeper(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Annotations stay."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.body = [self.visit(each) for each in node.body]
        node.args.defaults = [self.visit(each) for each in node.args.defaults]
        node.args.kw_defaults = [each and self.visit(each) for each in node.args.kw_defaults]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Decorators and bases stay."""
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_If(self, node: ast.If) -> Any:
        """What type checkers alone read stays."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.orelse = [self.visit(each) for each in node.orelse]
            return node
        return self._deeper(node)

    def _deeper(self, node: Any) -> Any:
        self.generic_visit(node)
        return node


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of one module."""
    text = path.read_text()
    counting = _Mutator(-1)
    counting.visit(ast.parse(text))
    for place in range(counting.count):
        mutator = _Mutator(place)
        tree = ast.fix_missing_locations(mutator.visit(ast.parse(text)))
        if mutator.found is not None:
            line, change = mutator.found
            yield Mutant(path.stem, line, change, ast.unparse(tree))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant out where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"{_PACKAGE}.{mutant.module}"
        self.code = compile(mutant.source, str(_FOLDER / f"{mutant.module}.py"), "exec")

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def _survives(mutant: Mutant, tests: Sequence[Path]) -> bool:
    """Whether no test fails. One that runs away or eats memory is noticed."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == 0
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.alarm(_PATIENCE)
    sys.meta_path.insert(0, _Finder(mutant))
    os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--noconftest", *map(str, tests)]))


def main() -> None:
    """Try mutants and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="when to stop")
    parser.add_argument("--seed", type=int, default=1, help="the order of the mutants")
    parser.add_argument("--skip", type=int, default=0, help="mutants at the beginning of that order")
    parser.add_argument("modules", nargs="*", help="of trailwarden.policy; all without")
    asked = parser.parse_args()
    paths = [path for path in sorted(_FOLDER.glob("*.py")) if path.stem in asked.modules or not asked.modules]
    found = [mutant for path in paths if path.stem != "__init__" for mutant in mutants(path)]
    Random(asked.seed).shuffle(found)
    end, tried, survivors = time.monotonic() + asked.seconds, 0, 0
    first = [_UNIT / name for name in _FIRST if (_UNIT / name).exists()]
    for mutant in found[asked.skip :]:
        if time.monotonic() > end:
            break
        tried += 1
        if _survives(mutant, first) and _survives(mutant, _SECOND):
            survivors += 1
            print(mutant, flush=True)
    print(f"seed {asked.seed}: {tried} of {len(found)} mutants tried, {tried - survivors} noticed, {survivors} survive")


if __name__ == "__main__":
    main()
