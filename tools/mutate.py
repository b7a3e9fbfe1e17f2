"""`python -m tools.mutate [--workers N] [--fresh] [MODULE …]`: mutants of the policy engine that no test notices.

Everything but the engine and its tests is imported once; each mutant lives in a forked process, where first those tests
run that noticed most mutants so far, and of them only such as pass through the changed line. The first failure ends it.
What becomes of each is kept in `.mutants.jsonl`: a run that was broken off goes on there, and a later one tries only
survivors, and all of a module that has changed. Each run writes docs/mutants.md anew: survivors keep the explanation they
have there, and one without an explanation is an error.
"""

import argparse
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from random import Random
from types import ModuleType

import hypothesis
import pytest
from tools.mutants import Mutant, mutants

from coverage import CoverageData
from trailwarden import catalog

_PACKAGE = "trailwarden.policy"
_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / "src" / "trailwarden" / "policy"
_PAGE = _ROOT / "docs" / "mutants.md"
_JOURNAL = _ROOT / ".mutants.jsonl"
_TESTS = ("tests/unit/policy", "tests/property/test_policy_laws.py")
_ELSEWHERE = (
    "test_a_hostile_document_costs_less_than_100_megabytes",
    "test_importing_the_engine_brings_in_the_standard_library_alone_and_little_of_it",
    "test_what_costs_much_matches_nothing_and_soon",
)
"""Tests that start a Python of their own, which knows nothing of the mutant, and those of cost: no answer hangs on them."""
_AGREEMENT = "tests/differential, 300 cases"
_MEMORY = 3 << 30
_KEENEST = 40
"""So many tests are tried before the files of all others are read."""
_OPTIONS = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--noconftest",
    "--no-header",
    "--tb=no",
    "-W",
    "ignore:Module already imported",
)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant out where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"{_PACKAGE}.{mutant.module}"
        self.code = compile(mutant.source(), str(_FOLDER / f"{mutant.module}.py"), "exec")

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


@dataclass
class _Tests:
    """What is known of the tests: their lines, how long each takes, how many mutants each noticed."""

    lines: Mapping[str, Mapping[int, set[str]]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    noticed: Counter[str] = field(default_factory=Counter)

    def chosen(self, mutant: Mutant) -> set[str]:
        """The tests that pass through the changed line: all where modules themselves do while they are imported."""
        found = self.lines.get(mutant.module, {}).get(mutant.line, {""})
        return set(self.seconds) if "" in found else found & set(self.seconds)

    def rank(self, test: str) -> tuple[int, float]:
        return -self.noticed[test], self.seconds.get(test, 0)


class _Watch:
    """Orders the tests and tells of each."""

    def __init__(self, tests: _Tests, chosen: set[str] | None, told: int) -> None:
        self.tests, self.chosen, self.told = tests, chosen, told

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [each for each in items if each.name.partition("[")[0] not in _ELSEWHERE]
        if self.chosen is not None:
            kept = [each for each in kept if each.nodeid in self.chosen]
        items[:] = sorted(kept, key=lambda item: self.tests.rank(item.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or (self.chosen is None and report.when == "call"):
            os.write(self.told, f"{json.dumps([report.nodeid, report.outcome, report.duration])}\n".encode())


def _child(seconds: int | None) -> None:
    """The forked process: silent, with bounds of its own."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    if seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def _agrees() -> bool:
    """Whether the engine and the naive evaluator decide alike."""
    return importlib.import_module("tests.differential.comparing").compare(1, 300).difference is None


def _run(mutant: Mutant, tests: _Tests, told: int, seconds: int) -> int:
    """The tests against one mutant, in the forked process: 0 where it survives."""
    _child(seconds)
    sys.meta_path.insert(0, _Finder(mutant))
    ranked = sorted(tests.chosen(mutant), key=tests.rank)
    for part in (ranked[:_KEENEST], ranked[_KEENEST:]):
        files = sorted({name.partition("::")[0] for name in part})
        if not files:
            continue
        answer = pytest.main([*_OPTIONS, *files], plugins=[_Watch(tests, set(part), told)])
        if answer not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            return 1
    try:
        agrees = _agrees()
    except Exception:  # noqa: BLE001 — whatever the mutant did, it is noticed
        agrees = False
    if not agrees:
        os.write(told, f"{json.dumps([_AGREEMENT, 'failed', 0])}\n".encode())
    return 0 if agrees else 1


def _learn() -> tuple[_Tests, float]:
    """Which test passes through which line, from a run over the unchanged engine, and its cost in seconds of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "coverage", Path(folder) / "tests"
        child = os.fork()
        if not child:
            told = os.open(report, os.O_WRONLY | os.O_CREAT)
            _child(None)
            os.environ["COVERAGE_FILE"] = str(data)
            measured = [f"--cov={_FOLDER}", "--cov-context=test", "--cov-report="]
            os._exit(pytest.main([*_OPTIONS, *measured, *_TESTS], plugins=[_Watch(_Tests(), None, told)]))
        _, status, used = os.wait4(child, 0)
        if os.waitstatus_to_exitcode(status):
            sys.exit("The tests fail on the unchanged engine.")
        ran = [json.loads(line) for line in report.read_text().splitlines()]
        return _Tests(_lines(data), {name: seconds for name, _, seconds in ran}), used.ru_utime + used.ru_stime


def _lines(data: Path) -> Mapping[str, Mapping[int, set[str]]]:
    """The tests of each line of each module; "" stands for what runs while modules are imported."""
    read = CoverageData(str(data))
    read.read()
    found: dict[str, dict[int, set[str]]] = {}
    for path in read.measured_files():
        lines = read.contexts_by_lineno(path)
        found[Path(path).stem] = {line: {each.partition("|")[0] for each in names} for line, names in lines.items()}
    return found


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of a mutant: `by` is the test that noticed it, or how it ended."""

    mutant: Mutant
    survives: bool
    by: str


_OUT_OF_TIME = "out of time"


def _fates(found: Iterable[Mutant], tests: _Tests, seconds: int, workers: int) -> Iterator[_Fate]:
    """Every mutant's fate, as they end."""
    running: dict[int, tuple[Mutant, int]] = {}
    waiting = iter(found)
    while True:
        while len(running) < workers and (mutant := next(waiting, None)) is not None:
            heard, told = os.pipe()
            child = os.fork()
            if not child:
                os._exit(_run(mutant, tests, told, seconds))
            os.close(told)
            running[child] = mutant, heard
        if not running:
            return
        child, status = os.wait()
        mutant, heard = running.pop(child)
        with os.fdopen(heard) as pipe:
            lines = pipe.read().splitlines()
        yield _fate(mutant, os.waitstatus_to_exitcode(status), lines, tests)


def _fate(mutant: Mutant, code: int, lines: list[str], tests: _Tests) -> _Fate:
    if code < 0:
        return _Fate(mutant, survives=False, by=_OUT_OF_TIME)
    by = json.loads(lines[0])[0] if lines else "import" if code else ""
    if by:
        tests.noticed[by] += 1
    return _Fate(mutant, survives=code == 0, by=by)


def _preload() -> None:
    """Imports what the tests need, and forgets the engine and the tests, which each mutant imports anew."""
    os.chdir(_ROOT)
    sys.path[:0] = [str(_ROOT / "src"), str(_ROOT)]
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, max_examples=50, phases=phases
    )
    hypothesis.settings.load_profile("mutants")
    for folder in _TESTS:
        for path in sorted(Path(folder).glob("test_*.py")) or [Path(folder)]:
            importlib.import_module(".".join(path.with_suffix("").parts))
    catalog.action("iam:PassRole")
    catalog.prefixes()
    for name in list(sys.modules):
        if name.startswith((_PACKAGE, "tests.")) or name == "tests":
            del sys.modules[name]
    del sys.modules["trailwarden"].policy
    gc.collect()
    gc.freeze()


_LINE = re.compile(r"- `(?P<module>\w+)\.py:\d+` (?P<function>\S+): `(?P<change>.+)`")
_UNEXPLAINED = "Not explained"


def _explanations(page: str) -> tuple[dict[tuple[str, str, str], str], dict[str, str]]:
    """Of each mutant that the page names the heading it stands under, and the words under each heading."""
    headings: dict[tuple[str, str, str], str] = {}
    words: dict[str, str] = {}
    for part in page.split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        words[heading] = text.partition("\n- ")[0].strip()
        for line in _LINE.finditer(text):
            headings[line["module"], line["function"], line["change"]] = heading
    return headings, words


def _page(fates: Iterable[_Fate], made: int, page: str) -> str:
    """docs/mutants.md, with the explanations that it had."""
    headings, words = _explanations(page)
    under: dict[str, list[Mutant]] = defaultdict(list)
    counts = dict.fromkeys(("tried", "noticed by a test", "out of time or memory", "surviving"), 0)
    for fate in fates:
        counts["tried"] += 1
        if fate.survives:
            under[headings.get(fate.mutant.key, _UNEXPLAINED)].append(fate.mutant)
        ended = "out of time or memory" if fate.by == _OUT_OF_TIME else "noticed by a test"
        counts["surviving" if fate.survives else ended] += 1
    rows = [f"| {name} | {count:,} |" for name, count in {"made": made, **counts}.items()]
    lines = [_INTRODUCTION, "| mutants | |", "|---|---|", *rows]
    for heading in [*(each for each in words if each != _UNEXPLAINED), _UNEXPLAINED]:
        if under[heading]:
            listed = sorted(under[heading], key=lambda mutant: (mutant.module, mutant.line))
            lines += ["", f"## {heading}", "", *([words[heading], ""] if words.get(heading) else [])]
            lines += [f"- {mutant}" for mutant in listed]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """# Mutants of the engine

Written by `make mutants`: every change that `tools/mutants.py` can make in one place of `src/trailwarden/policy`, tried against the
unit tests and cases of the engine, its laws, and 300 random cases beside the naive evaluator. Those that no test notices are
listed, each under the reason why no test can. One without a reason fails the run.
"""


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _remembered(found: Iterable[Mutant]) -> dict[Mutant, _Fate]:
    """What became, in earlier runs, of those mutants whose module is what it was then."""
    if not _JOURNAL.exists():
        return {}
    by: dict[tuple[str, ...], str] = {}
    for line in _JOURNAL.read_text().splitlines():
        *key, fate = json.loads(line)
        by[tuple(key)] = fate
    digests = {path.stem: _digest(path) for path in _FOLDER.glob("*.py")}
    told = {mutant: by.get((digests[mutant.module], *mutant.key)) for mutant in found}
    return {mutant: _Fate(mutant, survives=not fate, by=fate) for mutant, fate in told.items() if fate is not None}


def _remember(fate: _Fate) -> None:
    line = [_digest(fate.mutant.path), *fate.mutant.key, "" if fate.survives else fate.by or "import"]
    with _JOURNAL.open("a") as journal:
        journal.write(json.dumps(line) + "\n")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--fresh", action="store_true", help="try all again")
    parser.add_argument("modules", nargs="*", help="of trailwarden.policy; all without")
    return parser.parse_args()


def _try(found: list[Mutant], workers: int) -> Iterator[_Fate]:
    """The fates of mutants, told and remembered as they come."""
    begun = time.monotonic()
    tests, cost = _learn()
    print(f"{len(tests.seconds)} tests, {cost:.0f} s of CPU with their lines watched; {len(found)} mutants", flush=True)
    for count, fate in enumerate(_fates(found, tests, int(cost) + 10, workers), 1):
        _remember(fate)
        if fate.survives or fate.by == _OUT_OF_TIME:
            print(fate.mutant, "" if fate.survives else fate.by, flush=True)
        if count % 100 == 0:
            print(f"… {count} of {len(found)}, {time.monotonic() - begun:.0f} s", flush=True)
        yield fate


def main() -> None:
    """Try mutants, print those that survive, and write the page."""
    asked = _asked()
    os.nice(10)
    _preload()
    if asked.fresh:
        _JOURNAL.unlink(missing_ok=True)
    every = [mutant for path in sorted(_FOLDER.glob("*.py")) if path.stem != "__init__" for mutant in mutants(path)]
    fates = _remembered(every)
    found = [each for each in every if each.module in asked.modules or not asked.modules]
    found = [each for each in found if each not in fates or fates[each].survives]
    Random(1).shuffle(found)
    page = _PAGE.read_text() if _PAGE.exists() else ""
    try:
        fates |= {fate.mutant: fate for fate in _try(found, asked.workers)}
    except KeyboardInterrupt:
        fates = _remembered(every)
    _PAGE.write_text(_page(fates.values(), len(every), page))
    survivors = [fate.mutant for fate in fates.values() if fate.survives]
    print(f"{len(fates)} of {len(every)} tried, {len(fates) - len(survivors)} noticed, {len(survivors)} survive")
    unexplained = [each for each in survivors if _explanations(page)[0].get(each.key, _UNEXPLAINED) == _UNEXPLAINED]
    if unexplained or len(fates) < len(every):
        sys.exit(f"{len(unexplained)} survive without an explanation, {len(every) - len(fates)} are not tried.")


if __name__ == "__main__":
    main()
