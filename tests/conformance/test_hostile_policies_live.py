"""Documents made to cost much, sent to a live server: each is refused or answered, and the server grows little by it.

What the same documents cost the engine alone is held by `tests/unit/policy/test_hostile.py`.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

MEGABYTES_MAX = 100
A = "arn:aws:s3:::"


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TWICE = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*"}}'

MALFORMED = ("MalformedPolicyDocument", "MalformedPolicyDocument", "JSON_SYNTAX_ERROR")
LONG = ("LimitExceeded", "implicitDeny", "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA")
PLAIN = ("stored", "implicitDeny", "")

HOSTILE: dict[str, tuple[Callable[[], str], tuple[str, str, str]]] = {
    "10 MB": (
        lambda: document(*[statement(Sid=f"S{number}") for number in range(130_000)]),
        ("RequestEntityTooLarge", "RequestEntityTooLarge", "RequestEntityTooLargeException"),
    ),
    "nesting of 10,000": (lambda: '{"Statement":' + "[" * 10_000, MALFORMED),
    "nesting of 10,000, closed": (lambda: '{"Statement":' + "[" * 10_000 + "]" * 10_000 + "}", MALFORMED),
    "objects in objects": (lambda: '{"Statement":' + '{"a":' * 10_000 + "1" + "}" * 10_001, MALFORMED),
    "a million wildcards": (
        lambda: document(statement(Resource=A + "*" * 1_000_000)),
        ("ValidationError", "MalformedPolicyDocument", "JSON_SYNTAX_ERROR"),
    ),
    "stars and letters": (lambda: document(statement(Resource=A + "*a" * 60_000)), LONG),
    "stars and letters in an action": (lambda: document(statement(Action="s3:" + "*a" * 60_000)), LONG),
    "questions": (lambda: document(statement(Resource=A + "*" + "?a" * 60_000)), LONG),
    "many actions": (lambda: document(statement(Action=[f"s3:Gat{number}*" for number in range(8_000)])), LONG),
    "variables": (lambda: document(statement(Resource=A + "${aws:userid}" * 9_000)), LONG),
    "NUL": (lambda: document(statement(Resource=A + "\0*")), PLAIN),
    "half of a pair": (lambda: document(statement(Action="s3:\ud800")), MALFORMED),
    "a huge number": (
        lambda: '{"Statement":' + "9" * 1_000_000 + "}",
        ("ValidationError", "MalformedPolicyDocument", "JSON_SYNTAX_ERROR"),
    ),
    "a huge exponent": (
        lambda: document(statement(Condition={"NumericEquals": {"s3:max-keys": "1e999999999"}})),
        PLAIN,
    ),
    "a key that stands twice": (lambda: TWICE, MALFORMED),
    "no number": (lambda: '{"Version":"2012-10-17","Statement":NaN}', MALFORMED),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live_server() as running:
        running.client("iam").create_user(UserName="mateojackson")
        for call in CALLS.values():
            call(running, document(statement()))
        yield running


def put(live: Live, text: str) -> str:
    live.client("iam").put_user_policy(UserName="mateojackson", PolicyName="hostile", PolicyDocument=text)
    live.client("iam").get_user_policy(UserName="mateojackson", PolicyName="hostile")
    return "stored"


def simulate(live: Live, text: str) -> str:
    found = live.client("iam").simulate_custom_policy(
        PolicyInputList=[text], ActionNames=["s3:GetObject"], ResourceArns=[A + "ab" * 500]
    )
    decision: str = found["EvaluationResults"][0]["EvalDecision"]
    return decision


def validate(live: Live, text: str) -> str:
    found = live.client("accessanalyzer").validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")
    return ",".join(sorted({each["issueCode"] for each in found["findings"]}))


CALLS: dict[str, Callable[[Live, str], str]] = {
    "PutUserPolicy": put,
    "SimulateCustomPolicy": simulate,
    "ValidatePolicy": validate,
}


def answer(call: Callable[[Live, str], str], live: Live, text: str) -> str:
    try:
        return call(live, text)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code


class Watched:
    """The server's process, as Linux tells of it. Elsewhere only the answers are held."""

    def __init__(self, live: Live) -> None:
        data = str(live.server.data).encode()
        self.folders = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if data in read(path)]

    def forget(self) -> None:
        for folder in self.folders:
            (folder / "clear_refs").write_text("5")

    def peak(self) -> int:
        """The most memory since it was last forgotten, in megabytes."""
        found = [re.search(rb"VmHWM:\s+(\d+) kB", read(folder / "status")) for folder in self.folders]
        return sum(int(each[1]) for each in found if each) // 1024

    def seconds(self) -> float:
        """The time of the processor that it took so far."""
        found = [read(folder / "stat").rpartition(b") ")[2].split() for folder in self.folders]
        return sum(int(each[11]) + int(each[12]) for each in found) / os.sysconf("SC_CLK_TCK")


def read(path: Path) -> bytes:
    """What stands there, nothing where the process has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", range(len(CALLS)), ids=[*CALLS].__getitem__)
def test_a_hostile_document_is_refused_or_answered(server: Live, place: int, name: str) -> None:
    made, answers = HOSTILE[name]
    call, text, watched = [*CALLS][place], made(), Watched(server)
    watched.forget()
    before, spent = watched.peak(), watched.seconds()
    said = answer(CALLS[call], server, text)
    spent, grown = watched.seconds() - spent, watched.peak() - before
    print(f"{call}, {name}: {said or 'no finding'}, {grown} MB, {spent:.2f} s of CPU")
    assert said == answers[place]
    assert grown < MEGABYTES_MAX
