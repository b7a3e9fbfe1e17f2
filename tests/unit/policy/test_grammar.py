import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trailwarden.policy import (
    BUCKET,
    ENDPOINT,
    IDENTITY,
    RCP,
    RESOURCE,
    SCP,
    SESSION,
    TRUST,
    Grammar,
    Layer,
    MalformedPolicy,
    PolicyTooLarge,
    Source,
    compile_policy,
    policy_size,
)

CASES = Path(__file__).parents[2] / "cases" / "policy" / "grammar"
GRAMMARS = {"identity": IDENTITY, "trust": TRUST, "scp": SCP, "rcp": RCP, "bucket": BUCKET}
SOURCE = Source(layer=Layer.IDENTITY, id="Case")


def cases(kind: str) -> Iterator[Any]:
    for name, grammar in GRAMMARS.items():
        for index, case in enumerate(json.loads((CASES / f"{name}.json").read_text())[kind]):
            yield pytest.param(grammar, case, id=f"{name}-{case.get('name', index)}")


@pytest.mark.parametrize(("grammar", "case"), [*cases("refused")])
def test_a_faulty_document_is_refused_in_aws_words(grammar: Grammar, case: dict[str, Any]) -> None:
    document = case["document"]
    with pytest.raises(MalformedPolicy) as refusal:
        compile_policy(document if isinstance(document, str) else json.dumps(document), SOURCE, grammar=grammar)
    assert (refusal.value.text, refusal.value.path) == (case["text"], case["path"])


@pytest.mark.parametrize(("grammar", "document"), [*cases("taken")])
def test_a_sound_document_is_taken(grammar: Grammar, document: dict[str, Any]) -> None:
    assert compile_policy(json.dumps(document), SOURCE, grammar=grammar).statements


def test_the_size_is_counted_without_white_space() -> None:
    assert policy_size(' {\n\t"a": "b c"} ') == 10
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement] * 100}
    wide, narrow = json.dumps(document, indent=9), json.dumps(document, separators=(",", ":"))
    assert len(wide) > IDENTITY.size_max > policy_size(wide) == len(narrow)
    assert compile_policy(wide, SOURCE, grammar=IDENTITY).statements


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        (IDENTITY, "Cannot exceed quota for PolicySize: 6144"),
        (TRUST, "Cannot exceed quota for ACLSizePerRole: 2048"),
        (SCP, "You have exceeded the maximum policy size."),
        (SESSION, "Syntax errors in policy."),
    ],
)
def test_a_document_beyond_its_quota_is_refused(grammar: Grammar, text: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::bucket/" + "k" * 100] * 80}
    with pytest.raises(PolicyTooLarge) as refusal:
        compile_policy(json.dumps({"Version": "2012-10-17", "Statement": statement}), SOURCE, grammar=grammar)
    assert refusal.value.text == text


@pytest.mark.parametrize(
    ("grammar", "limit"),
    [
        (IDENTITY, 6_144), (SESSION, 2_048), (TRUST, 2_048), (RESOURCE, 32_768), (BUCKET, 20_480), (ENDPOINT, 20_480),
        (SCP, 5_120), (RCP, 5_120),
    ],
    ids=lambda value: value.name if isinstance(value, Grammar) else str(value),
)  # fmt: skip
def test_a_quota_is_met_to_the_character(grammar: Grammar, limit: int) -> None:
    def text(size: int) -> str:
        written = json.dumps({"Version": "2012-10-17", "Id": "", "Statement": [statement]}, separators=(",", ":"))
        return written.replace('"Id":""', f'"Id":"{"x" * (size - len(written))}"')

    statement: dict[str, Any] = {"Effect": "Deny" if grammar is RCP else "Allow", "Action": "sts:AssumeRole"}
    statement |= {} if grammar is TRUST else {"Resource": "*"}
    statement |= {} if grammar in (IDENTITY, SESSION, SCP) else {"Principal": "*"}
    assert compile_policy(text(limit), SOURCE, grammar=grammar).statements
    with pytest.raises(PolicyTooLarge):
        compile_policy(text(limit + 1), SOURCE, grammar=grammar)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (-(2**63), True), (-(2**63) - 1, False), (2**63 - 1, True), (2**63, False), (0, True),
        ("2026-01", True), ("2026-13", False),
    ],
)  # fmt: skip
def test_seconds_are_of_64_bits(value: int | str, taken: bool) -> None:
    condition = {"DateLessThan": {"aws:CurrentTime": str(value)}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    document = {"Version": "2012-10-17", "Statement": statement}
    if taken:
        assert compile_policy(document, SOURCE, grammar=IDENTITY).statements
        return
    with pytest.raises(MalformedPolicy) as refusal:
        compile_policy(document, SOURCE, grammar=IDENTITY)
    assert refusal.value.text == "The policy failed legacy parsing"


def test_bytes_that_are_no_utf_8_are_no_json() -> None:
    with pytest.raises(MalformedPolicy) as refusal:
        compile_policy(b"\xff{}", SOURCE, grammar=TRUST)
    assert refusal.value.text == "This policy contains invalid Json"
