import subprocess
import sys

import pytest
from tests.unit.policy.cases import PRINCIPALS

from trailwarden.policy import (
    AccessRequest,
    Context,
    ContextValue,
    Layer,
    PolicySet,
    Source,
    compile_policy,
    context_keys,
    evaluate,
)

CALLER = PRINCIPALS["user"]


def policy(**more: object) -> PolicySet:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}
    document = {"Version": "2012-10-17", "Statement": statement}
    return PolicySet(identity=(compile_policy(document, Source(layer=Layer.IDENTITY, id="Case")),))


def test_a_context_finds_values_out_when_they_are_asked_for_and_once() -> None:
    asked: list[str] = []

    def now() -> ContextValue:
        asked.append("now")
        return "2025-11-25T12:00:00Z"

    context = Context({"aws:currenttime": now, "aws:sourceip": "203.0.113.7", "aws:sourcevpc": lambda: None})
    request = AccessRequest(principal=CALLER, action="s3:GetObject", resource="*", context=context)
    assert evaluate(request, policy()).allowed
    assert not asked
    dated = policy(Condition={"DateGreaterThan": {"aws:CurrentTime": ["2025-01-01", "2025-01-02"]}})
    assert evaluate(request, dated).allowed
    assert evaluate(request, dated).allowed
    assert asked == ["now"]
    assert not evaluate(request, policy(Condition={"Null": {"aws:SourceVpc": "false"}})).allowed


def test_a_context_is_a_mapping_without_the_absent_keys() -> None:
    context = Context({"aws:sourceip": "203.0.113.7", "aws:sourcevpc": lambda: None})
    assert dict(context) == {"aws:sourceip": "203.0.113.7"}
    assert context["aws:SourceIp"] == "203.0.113.7"
    assert (len(context), "aws:SourceVpc" in context) == (1, False)
    with pytest.raises(KeyError):
        context["aws:SourceVpc"]


def test_tag_keys_that_differ_in_case_alone_are_one_key_with_several_values() -> None:
    context: dict[str, ContextValue] = {"aws:RequestTag/Team": "a", "aws:RequestTag/team": "b"}
    request = AccessRequest(principal=CALLER, action="s3:GetObject", resource="*", context=context)
    either = policy(Condition={"ForAnyValue:StringEquals": {"aws:RequestTag/team": "b"}})
    assert evaluate(request, either).allowed
    assert not evaluate(request, policy(Condition={"StringEquals": {"aws:RequestTag/team": "b"}})).allowed


def test_the_keys_a_policy_asks_for_are_told() -> None:
    (found,) = policy(
        Resource="arn:aws:s3:::${aws:PrincipalTag/team}",
        Condition={"StringLike": {"s3:prefix": "${aws:username}/*"}, "Null": {"AWS:USERNAME": "false"}},
    ).identity
    assert {key.lower() for key in context_keys(found)} == {"aws:principaltag/team", "aws:username", "s3:prefix"}


def test_importing_the_engine_brings_in_the_standard_library_alone_and_little_of_it() -> None:
    code = (
        "import sys; before = set(sys.modules); import trailwarden.policy;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)));"
        "print(*sorted({'asyncio', 'logging', 'socket', 'sqlite3', 'email', 'urllib'} & set(sys.modules)));"
        "print(*sorted({'dataclasses', 'inspect', 'decimal', 'datetime', 'ipaddress', 'base64'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["trailwarden"]
