"""Documents made to cost much. None may: a guard ends what would run away."""

import json
import signal
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
        " " * 2 * MEGABYTE,
        "\ufeff{}",
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
        ([statement(Resource=A + "${aws:userid}" * 70_000)], A + "x", {"aws:userid": "u" * 100}),
        ([statement(Resource=A + "${" * 400_000)], A + "x", {}),
        ([statement(Resource=A + "${a,'" * 190_000)], A + "x", {}),
        ([statement(Resource=A + "${a'}" * 190_000)], A + "x", {}),
        ([statement(Action=["*" + "a*" * 20 + str(index) for index in range(4_000)])], A + "x", {}),
        ([statement(Condition={"NumericEquals": {"a": "1e999999999"}})], A + "x", {"a": "1e999999999"}),
        ([statement(Condition={"DateEquals": {"a": "9" * MEGABYTE}})], A + "x", {"a": "9" * MEGABYTE}),
        ([statement(Condition={"IpAddress": {"a": ["10.0.0.0/8"] * 15_000}})], A + "x", {"a": "11.0.0.1"}),
        (
            [statement(Condition={"StringLike": {"a": f"*{index}*"}}) for index in range(3_000)],
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


def test_ten_thousand_statements_keep_their_places() -> None:
    written = json.dumps({"Version": "2012-10-17", "Statement": [statement()] * 10_000}, indent=0)
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
