"""Each case: a refusal and account data; the cause and the mends that must be found.

`account` is short for an account export: users and roles with inline documents as lists of statements.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from trailwarden.diagnose import FileData, as_data, as_text, diagnose, read_input
from trailwarden.diagnose.account import Account, Identity, IdentityKind
from trailwarden.diagnose.edits import Act, SetDocument

CASES = Path(__file__).parents[2] / "cases" / "diagnose"
ACCOUNT = "123456789012"


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text()):
            yield pytest.param(case, id=f"{path.stem}-{case['name']}")


def document(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def identity(kind: IdentityKind, name: str, given: Mapping[str, Any]) -> Identity:
    return Identity(
        kind=kind,
        name=name,
        arn=f"arn:aws:iam::{ACCOUNT}:{kind}/{name}",
        id=given.get("id", f"AID{name.upper()}"),
        inline={policy: document(statements) for policy, statements in given.get("inline", {}).items()},
        attached=tuple(given.get("attached", ())),
        boundary=given.get("boundary", ""),
        groups=tuple(given.get("groups", ())),
        trust=document(given["trust"]) if "trust" in given else "",
        tags=given.get("tags", {}),
    )


def data_of(given: Mapping[str, Any]) -> FileData:
    kinds: tuple[IdentityKind, ...] = ("user", "group", "role")
    identities = [identity(kind, name, found) for kind in kinds for name, found in given.get(f"{kind}s", {}).items()]
    account = Account(
        id=ACCOUNT,
        identities={(each.kind, each.name.lower()): each for each in identities},
        policies={arn: document(statements) for arn, statements in given.get("policies", {}).items()},
    )
    levels = tuple(
        tuple((arn, document(statements)) for arn, statements in level.items()) for level in given.get("scps", ())
    )
    return FileData(
        details=account,
        policies={arn: document(statements) for arn, statements in given.get("resource_policies", {}).items()},
        organization={"SERVICE_CONTROL_POLICY": levels, "RESOURCE_CONTROL_POLICY": ()},
        existing=tuple(given["existing"]) if "existing" in given else None,
        collected=frozenset(given["collected"]) if "collected" in given else None,
        sessions={arn: document(statements) for arn, statements in given.get("sessions", {}).items()},
    )


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: dict[str, Any]) -> None:
    given = case["refusal"]
    raw = given.encode() if isinstance(given, str) else json.dumps(given).encode()
    found = diagnose(read_input(raw)[0], data_of(case.get("account", {})))
    assert found.cause == case["cause"]
    titles = [mend.title for mend in found.mends]
    assert titles[: len(case["mends"])] == case["mends"]
    assert all(mend.proved for mend in found.mends if any(not isinstance(edit, Act) for edit in mend.edits))
    if "remedies" in case:
        assert [mend.remedy.value for mend in found.mends][: len(case["remedies"])] == case["remedies"]
    if "statement" in case:
        edit = found.mends[0].edits[0]
        assert isinstance(edit, SetDocument)
        assert edit.statement == case["statement"]
    if "needed" in case:
        assert list(found.needed) == case["needed"]
    lines = as_text(found).splitlines()
    assert lines[0].startswith("Cause: ")
    assert json.dumps(as_data(found))
