"""The code's own health: what no linter checks."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "trailwarden"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FUNCTION, LONGEST_FILE, MEDIAN_FUNCTION = 60, 500, 10
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            skipped = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
            yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1 - skipped


def test_functions_are_short() -> None:
    lengths = [found for path in FILES for found in functions(path)]
    assert [name for name, length in lengths if length > LONGEST_FUNCTION] == []
    assert statistics.median(length for _, length in lengths) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_holds_one_noun(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in FORBIDDEN_NAMES


def test_every_room_says_what_it_shows() -> None:
    rooms = [folder for folder in SOURCE.iterdir() if folder.is_dir() and any(folder.glob("*.py"))]
    silent = [room.name for room in rooms if not (room / "__init__.py").exists()]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    found = [
        f"{path.name}: {line}"
        for path in FILES
        for line in path.read_text().splitlines()
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", line)
    ]
    assert found == []


def test_no_function_is_a_stub() -> None:
    stubs = [
        f"{path.name}:{node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(each, ast.Pass) for each in node.body)
    ]
    assert stubs == []


def test_the_coverage_page_is_what_is_built() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.coverage", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run `make coverage`"


def test_the_text_speaks_of_the_product_alone() -> None:
    pages = [*FILES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.py")]
    paths = re.compile(r"/(work|home|tmp|root)/\w|pypi-|artifactory", re.IGNORECASE)
    allowed = {Path(__file__)}
    found = [
        f"{page}: {line}"
        for page in pages
        if page not in allowed
        for line in page.read_text().splitlines()
        if paths.search(line)
    ]
    assert found == []
