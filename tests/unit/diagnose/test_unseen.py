"""Denials from public problem reports, judged by what their threads found before the tool had seen them.

Each case holds the error text (names and account ids replaced), what reading it must give, and of the diagnosis: words that
the cause must hold (`cause`, or `needs` where the text alone cannot tell and the missing data is to be named), the kinds of
the first way out that are right (`mend`; none where nothing may be changed), and words that the ways out must hold. Without
an `account` nothing is at hand but the text. `pytest -s` prints the table by kind.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.diagnose.test_cases import document, identity

from trailwarden.diagnose import Diagnosis, FileData, Refusal, as_text, diagnose, read_input
from trailwarden.diagnose.account import Account, Identity, IdentityKind
from trailwarden.diagnose.remedy import Remedy

CASES = Path(__file__).parents[2] / "cases" / "diagnose" / "unseen"
ELSEWHERE = "999999999999"
WIDTH = 100
WORDS = {remedy.name.lower(): remedy for remedy in Remedy}
FACTS = ("principal", "action", "resource", "layer", "explicit")


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text()):
            yield path.stem, case


def identities(given: Mapping[str, Any], account: str) -> Iterator[Identity]:
    kinds: tuple[IdentityKind, ...] = ("user", "group", "role")
    for kind in kinds:
        for name, found in given.get(f"{kind}s", {}).items():
            arn = found.get("arn", f"arn:aws:iam::{account}:{kind}/{name}")
            yield replace(identity(kind, name, found), arn=arn)


def data_of(given: Mapping[str, Any]) -> FileData:
    """The account that a thread tells of; one that has nothing to do with the text where it tells none."""
    account = given.get("id", ELSEWHERE)
    levels = tuple(
        tuple((arn, document(statements)) for arn, statements in level.items()) for level in given.get("scps", ())
    )
    return FileData(
        details=Account(
            id=account,
            identities={(each.kind, each.name.lower()): each for each in identities(given, account)},
            policies={arn: document(statements) for arn, statements in given.get("policies", {}).items()},
        ),
        policies={arn: document(statements) for arn, statements in given.get("resource_policies", {}).items()},
        organization={"SERVICE_CONTROL_POLICY": levels, "RESOURCE_CONTROL_POLICY": ()},
        organization_named=given.get("organization_named", ""),
    )


def misread(refusal: Refusal, expected: Mapping[str, Any]) -> list[str]:
    """Every fact that was read otherwise; one that is not expected must not be made up."""
    wanted = {**dict.fromkeys(FACTS, ""), **expected}
    found = {name: getattr(refusal, name) for name in wanted}
    return [
        f"{name}: {found[name]!r}, not {value!r}"
        for name, value in wanted.items()
        if (found[name] if found[name] is not None else "") != value
        and not (name == "action" and found[name].lower() == value.lower())
    ]


def miscaused(found: Diagnosis, case: Mapping[str, Any]) -> str:
    wanted = case.get("cause", ())
    told = bool(found.cause and wanted) and all(re.search(each, found.cause, re.IGNORECASE) for each in wanted)
    named = "needs" in case and re.search(case["needs"], f"{found.cause} {' '.join(found.needed)}", re.IGNORECASE)
    return "" if told or named else f"{found.cause!r}, needed {found.needed}"


def mismended(found: Diagnosis, case: Mapping[str, Any]) -> str:
    changed = [edit for mend in found.mends for edit in mend.edits]
    if "mend" not in case:
        return "changes are offered without data" if changed else ""
    if not found.mends:
        return "" if "needs" in case and not found.cause else "no way out"
    if found.mends[0].remedy not in {WORDS[each] for each in case["mend"]}:
        return f"first to {found.mends[0].remedy}: {found.mends[0].title}"
    said = " ".join((*(mend.title for mend in found.mends), *(edit.call.command for edit in changed)))
    return "" if re.search(case.get("words", ""), said, re.IGNORECASE) else f"no word of {case['words']} in {said}"


def shape(found: Diagnosis) -> list[str]:
    """What is wrong with the text: its first two lines, or one that is too wide and could have been broken."""
    lines = as_text(found).splitlines()
    wide = [line for line in lines if len(line) > WIDTH and " " in line.strip().strip('",[]').partition('": "')[2]]
    return [
        *([] if lines[0].startswith("Cause: ") and lines[1].startswith("Mend:  ") else lines[:2]),
        *(line for line in wide if not line.strip().startswith(('"', "policy"))),
    ]


def test_table() -> None:
    table: dict[str, Counter[str]] = {}
    wrong: list[str] = []
    for kind, case in cases():
        refusal = read_input(case["text"].encode())[0]
        found = diagnose(refusal, data_of(case.get("account", {})))
        faults = {
            "parsed": "; ".join(misread(refusal, case["expect"])),
            "cause": miscaused(found, case),
            "mend": mismended(found, case),
            "text": "; ".join(shape(found)),
        }
        counts = table.setdefault(kind, Counter())
        counts.update(n=1, **{name: int(not fault) for name, fault in faults.items()})
        wrong += [f"{case['id']} {name}: {fault}" for name, fault in faults.items() if fault]
    print(f"\n{'kind':16} {'n':>4} parsed cause mend text")
    for kind, counts in table.items():
        print(
            f"{kind:16} {counts['n']:4} {counts['parsed']:6} {counts['cause']:5} {counts['mend']:4} {counts['text']:4}"
        )
    assert sum(counts["n"] for counts in table.values()) > 200
    assert not wrong, "\n".join(wrong)


PROSE = [pytest.param(case, id=case["id"]) for _, case in cases() if not case["text"].lstrip().startswith("{")]


@pytest.mark.parametrize("case", PROSE)
def test_every_text_is_told_the_same_in_its_wrappers(case: dict[str, Any]) -> None:
    """A quoted mail, a Terraform gutter and Windows' line ends around a text change nothing of what is read."""
    plain = read_input(case["text"].encode())[0]
    for around in (
        case["text"].replace("\n", "\r\n"),
        "\n".join(f"> {line}" for line in case["text"].splitlines()),
        "\n".join(f"│ {line}" for line in ("", *case["text"].splitlines(), "")),
    ):
        read = read_input(around.encode())[0]
        assert [getattr(read, name) for name in (*FACTS, "code", "operation")] == [
            getattr(plain, name) for name in (*FACTS, "code", "operation")
        ]
