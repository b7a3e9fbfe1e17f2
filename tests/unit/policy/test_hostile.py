"""Documents made to cost much. None may: a guard ends what would run away."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from tests.unit.policy.cases import PRINCIPALS

from trailwarden.policy import (
    RESOURCE,
    TRUST,
    AccessRequest,
    ContextValue,
    Effect,
    Grammar,
    Layer,
    MalformedPolicy,
    PolicySet,
    Source,
    compile_policy,
    evaluate,
    explain,
    near_misses,
)
from trailwarden.policy.spans import DEPTH_MAX, SIZE_MAX, NotJson, read_json

GUARD_SECONDS = 20
MEGABYTE = 1_000_000
SOURCE = Source(layer=Layer.IDENTITY, id="Hostile")


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    def end(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail("ran away")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, GUARD_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "text",
    [
        "[" * MEGABYTE,
        '{"Version":"2012-10-17","Statement":' + '{"a":' * 100_000,
        '"' + '\\"' * (MEGABYTE // 2),
        "{" + '"' * MEGABYTE,
        '{"Statement":' + "9" * MEGABYTE + "}",
        '{"Statement":NaN}',
        '{"Statement":[],"Statement":[]}',
        '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":"b"},"Bool":{"c":"d"}}}}',
        " " * 2 * MEGABYTE,
        "\ufeff{}",
        '{"Statement":{"Effect":"Allow","Action":"s3:\\ud800","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Action":"s3:\\uDFFF","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Action":"s3:\udfff","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a:\\udead":"x"}}}}',
        "null",
        "",
    ],
    ids=lambda text: text[:24],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(MalformedPolicy):
        compile_policy(text, SOURCE)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"Statement": None},
        {"Version": None, "Statement": [statement()]},
        {"Version": "2012-10-17", "Statement": "x"},
        {"Version": "2012-10-17", "Statement": [[statement()]]},
        {"Statement": statement(Effect=None)},
        {"Statement": statement(Principal=[])},
        {"Statement": statement(Principal={})},
        {"Statement": statement(Principal={"AWS": 7})},
        {"Statement": statement(Principal={"Nobody": "x"})},
        {"Statement": statement(Condition={"StringEquals": {"a": None}})},
        {"Statement": statement(Condition={"StringEquals": {"a": [["b"]]}})},
        {"Statement": statement(Condition={"": {"a": "b"}})},
        {"Statement": statement(Condition={"ForAllValues:": {"a": "b"}})},
        {"Statement": statement(Condition={"NullIfExists": {"a": "b"}})},
        {1: 2},
    ],
)
def test_what_has_not_the_shape_of_a_policy_is_refused(written: dict[Any, Any]) -> None:
    with pytest.raises(MalformedPolicy) as refusal:
        compile_policy(written, SOURCE)
    assert refusal.value.path.startswith("$")


A = "arn:aws:s3:::"


@pytest.mark.parametrize(
    ("statements", "resource", "context"),
    [
        ([statement(Resource=A + "*a" * 100_000)], A + "a" * 2_000 + "b", {}),
        ([statement(Resource=A + "*" + "?" * 250_000)], A + "a" * 2_000, {}),
        ([statement(Resource=A + "*?a" * 80_000)], A + "a" * 2_000, {}),
        ([statement(Resource=A + "*" + "a?" * 1_000 + "b*")], A + "a" * 100_000, {}),
        ([statement(Resource=[f"{A}*a*b*c*d{index}" for index in range(6_000)])], A + "abc" * 600, {}),
        ([statement(Resource=A + "${aws:userid}" * 20_000)], A + "x", {"aws:userid": "u" * 100}),
        ([statement(Resource=A + "${" * 125_000)], A + "x", {}),
        ([statement(Resource=A + "${a,'" * 50_000)], A + "x", {}),
        ([statement(Resource=A + "${a'}" * 50_000)], A + "x", {}),
        ([statement(Action=["*" + "a*" * 20 + str(index) for index in range(4_000)])], A + "x", {}),
        ([statement(Condition={"NumericEquals": {"a": "1e999999999"}})], A + "x", {"a": "1e999999999"}),
        ([statement(Condition={"DateEquals": {"a": "9" * 250_000}})], A + "x", {"a": "9" * MEGABYTE}),
        ([statement(Condition={"IpAddress": {"a": ["10.0.0.0/8"] * 15_000}})], A + "x", {"a": "11.0.0.1"}),
        (
            [statement(Condition={"StringLike": {"a": f"*{index}*"}}) for index in range(2_000)],
            A + "x",
            {"a": "x" * 2_000},
        ),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_costs_much_matches_nothing_and_soon(
    statements: list[dict[str, Any]], resource: str, context: dict[str, ContextValue]
) -> None:
    policies = PolicySet(identity=(compile_policy(document(*statements), SOURCE),))
    request = AccessRequest(principal=PRINCIPALS["user"], action="s3:GetObject", resource=resource, context=context)
    decision = evaluate(request, policies)
    assert decision.effect is Effect.DENIED
    assert len(explain(decision)) == len(statements)
    near_misses(decision)


def test_a_whole_surrogate_pair_is_a_letter() -> None:
    written = document(statement(Resource=A + "\U0001f512"))
    assert "\\ud83d" in written
    assert compile_policy(written, SOURCE).statements[0].resources == (A + "\U0001f512",)


def test_three_thousand_statements_keep_their_places() -> None:
    written = json.dumps({"Version": "2012-10-17", "Statement": [statement()] * 3_000}, indent=0)
    last = compile_policy(written, SOURCE).statements[-1]
    assert last.span is not None
    assert (last.span.start.line, last.span.end.line) == (written.count("\n") - 5, written.count("\n") - 1)


@pytest.mark.parametrize(
    ("grammar", "name"),
    [
        (RESOURCE, {"Service": "a." * 15_000 + "!"}),
        (RESOURCE, {"AWS": "arn:aws" + "-" * 15_000 + ":iam::1"}),
        (TRUST, {"AWS": "arn:aws:iam::123456789012:role/" + "x" * 1_500 + "*"}),
    ],
)
def test_names_made_for_backtracking_are_refused_at_once(grammar: Grammar, name: dict[str, str]) -> None:
    wanted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": name}
    with pytest.raises(MalformedPolicy) as refusal:
        compile_policy(document(wanted), SOURCE, grammar=grammar)
    assert refusal.value.text.startswith("Invalid principal in policy: ")


_LIMITED = r"""
import json, resource, sys
from trailwarden.policy import AccessRequest, Layer, MalformedPolicy, PolicySet, Principal, PrincipalKind, Source
from trailwarden.policy import compile_policy, evaluate, explain

def statement(**more):
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}

def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

MAKERS = {
    "10 MB": lambda: document(*[statement(Sid=f"S{number}") for number in range(130_000)]),
    "nesting of 10,000": lambda: '{"Statement":' + "[" * 10_000,
    "nesting of 10,000, closed": lambda: '{"Statement":' + "[" * 10_000 + "]" * 10_000 + "}",
    "a million wildcards": lambda: document(statement(Resource="arn:aws:s3:::" + "*" * 1_000_000)),
    "wildcards": lambda: document(statement(Resource="arn:aws:s3:::" + "*a" * 190_000)),
    "questions": lambda: document(statement(Resource="arn:aws:s3:::*" + "?a" * 190_000)),
    "NUL": lambda: document(statement(Resource="arn:aws:s3:::\0*", Action="s3:\0")),
    "a huge number": lambda: '{"Statement":' + "9" * 1_000_000 + "}",
    "a huge exponent": lambda: document(statement(Condition={"NumericEquals": {"a": "1e999999999"}})),
    "many actions": lambda: document(statement(Action=[f"s3:Gat{number}*" for number in range(24_000)])),
}
text = MAKERS[sys.argv[1]]()
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    policy = compile_policy(text, Source(layer=Layer.IDENTITY, id="Hostile"))
    principal = Principal(kind=PrincipalKind.USER, account="123456789012", arn="arn:aws:iam::123456789012:user/mateojackson")
    resource_arn = "arn:aws:s3:::" + "ab" * 1_000
    request = AccessRequest(principal=principal, action="s3:GetObject", resource=resource_arn, context={"a": "1e999999999"})
    explain(evaluate(request, PolicySet(identity=(policy,))))
    answer = "answered"
except MalformedPolicy:
    answer = "refused"
after = resource.getrusage(resource.RUSAGE_SELF)
print(answer, (after.ru_maxrss - before.ru_maxrss) // 1024, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("10 MB", "refused"),
        ("nesting of 10,000", "refused"),
        ("nesting of 10,000, closed", "refused"),
        ("a million wildcards", "refused"),
        ("wildcards", "answered"),
        ("questions", "answered"),
        ("NUL", "answered"),
        ("a huge number", "refused"),
        ("a huge exponent", "answered"),
        ("many actions", "answered"),
    ],
)
def test_a_hostile_document_costs_less_than_100_megabytes(name: str, answer: str) -> None:
    found = subprocess.run([sys.executable, "-c", _LIMITED, name], capture_output=True, text=True, check=True)
    said, megabytes, seconds = found.stdout.split()
    print(f"{name}: {said}, {megabytes} MB, {float(seconds):.3f} s")
    assert said == answer
    assert int(megabytes) < 100


def test_the_bounds_are_what_they_are_said_to_be() -> None:
    for inside, outside in (
        ('"' + "a" * (SIZE_MAX - 2) + '"', '"' + "a" * (SIZE_MAX - 1) + '"'),
        ("[" * DEPTH_MAX + "]" * DEPTH_MAX, "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1)),
        ('{"a":' * DEPTH_MAX + "1" + "}" * DEPTH_MAX, '{"a":' * (DEPTH_MAX + 1) + "1" + "}" * (DEPTH_MAX + 1)),
        ("[1,2,3," * DEPTH_MAX + "4" + "]" * DEPTH_MAX, "[1,2,3," * (DEPTH_MAX + 1) + "4" + "]" * (DEPTH_MAX + 1)),
        ("[" + "[]," * 40 + "[" * 14 + "]" * 15, "[" + "[]," * 40 + "[" * 16 + "]" * 17),
        ("[" + "[],{}," * DEPTH_MAX + "1]", "[" * (DEPTH_MAX + 1) + "[],{}" + "]" * (DEPTH_MAX + 1)),
        ("9" * 64, "9" * 65),
    ):
        assert read_json(inside)
        with pytest.raises(NotJson):
            read_json(outside)
    assert (SIZE_MAX, DEPTH_MAX) == (393_216, 16)
