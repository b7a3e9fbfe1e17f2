"""Answers that AWS itself has given, and whether ours hold them.

A recorded answer has placeholders for what differs from run to run: `<role-name:1>` stands for the same text wherever
it occurs in a test, `<datetime>` and `<uuid>` for any.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

__all__ = ["Play", "recorded"]

_FOLDER = Path(__file__).parents[3] / "shared" / "recorded"
_MARK = re.compile(r"<([a-z0-9_-]+(?::[0-9]+)?)>")
_FREE = {"datetime": r".+", "uuid": r"[0-9a-f-]{36}"}
_ACCOUNT = "111111111111"


def recorded(service: str, file: str = "") -> dict[str, dict[str, Any]]:
    """Test name to label to answer; skips where the recordings are not at hand."""
    path = _FOLDER / service / f"{file or f'test_{service}'}.json"
    if not path.exists():
        pytest.skip(f"no recorded answers at {path}")
    tests = json.loads(path.read_text())
    return {name.partition("::")[2]: test["recorded-content"] for name, test in tests.items()}


@dataclass(slots=True, kw_only=True)
class Play:
    """One recorded test, played against our server: each answer is compared as it comes."""

    account: str
    answers: Mapping[str, Any]
    held: int = 0
    seen: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)

    def answer(self, label: str, call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """Make the call; what comes back, error or not, must be what AWS answered under that label."""
        try:
            got: dict[str, Any] = call(**arguments)
        except ClientError as error:
            got = dict(error.response)
        faults = list(self._differences(self.answers[label], _bare(got), label))
        self.seen.add(label)
        self.held += not faults
        self.failures.extend(faults)
        return got

    def hold(self, label: str, want: Any, got: Any) -> None:
        """Hold what came otherwise than as an answer against what was recorded of it."""
        faults = list(self._differences(want, got, label))
        self.seen.add(label)
        self.held += not faults
        self.failures.extend(faults)

    @property
    def unplayed(self) -> list[str]:
        """Labels of answers that were not asked for."""
        return [label for label, want in self.answers.items() if "ResponseMetadata" in want and label not in self.seen]

    def _differences(self, want: Any, got: Any, path: str) -> Iterator[str]:
        got = _opened(want, got)
        if isinstance(want, dict) and isinstance(got, dict):
            for key in sorted({*want, *got}):
                if key == "HTTPHeaders":
                    continue
                if key not in got or key not in want:
                    yield f"{path}.{key}: {'missing' if key not in got else f'not expected: {got[key]!r}'}"
                else:
                    yield from self._differences(want[key], got[key], f"{path}.{key}")
        elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
            for index, (one, other) in enumerate(zip(want, got, strict=True)):
                yield from self._differences(one, other, f"{path}[{index}]")
        elif not self._same(want, got):
            yield f"{path}: {got!r} where AWS answers {want!r}"

    def _same(self, want: Any, got: Any) -> bool:
        if not isinstance(want, str):
            return bool(want == got)
        if isinstance(got, datetime):
            return want in {"<datetime>", "datetime"}
        return isinstance(got, str) and self._matches(want, got)

    def _matches(self, want: str, got: str) -> bool:
        pattern, start = "", 0
        names: list[str] = []
        for mark in _MARK.finditer(want):
            pattern += re.escape(self._own(want[start : mark.start()])) + self._group(mark[1], names)
            start = mark.end()
        found = re.fullmatch(pattern + re.escape(self._own(want[start:])), got, re.DOTALL)
        if found is not None:
            self.bound.update(zip(names, found.groups(), strict=True))
        return found is not None

    def _group(self, name: str, names: list[str]) -> str:
        known = {"partition": "aws", "region": "us-east-1", **self.bound}
        if name in _FREE:
            return _FREE[name]
        if name in known:
            return re.escape(known[name])
        names.append(name)
        return "(.+?)"

    def _own(self, text: str) -> str:
        return text.replace(_ACCOUNT, self.account)


def _bare(answer: Mapping[str, Any]) -> dict[str, Any]:
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return {**answer, "ResponseMetadata": {"HTTPStatusCode": status}}


def _opened(want: Any, got: Any) -> Any:
    """JSON in a text, where the recording shows what is in it."""
    return json.loads(got) if isinstance(want, dict) and isinstance(got, str) and got.startswith("{") else got
