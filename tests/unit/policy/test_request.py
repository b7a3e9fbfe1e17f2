import subprocess
import sys

import pytest
from tests.unit.policy.cases import PRINCIPALS

from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    Context,
    ContextValue,
    Effect,
    Layer,
    PolicySet,
    Source,
    compile_policy,
    context_keys,
    evaluate,
)
from trailwarden.policy.principals import account_of

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


def test_a_service_need_not_say_that_it_is_one() -> None:
    keys = {"Bool": {"aws:PrincipalIsAWSService": "true"}, "StringEquals": {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}}  # fmt: skip
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": keys}
    document = {"Version": "2012-10-17", "Statement": statement}
    bucket = compile_policy(document, Source(layer=Layer.RESOURCE, id="Case"))
    for principal, allowed in (("service", True), ("user", False)):
        request = AccessRequest(principal=PRINCIPALS[principal], action="s3:GetObject", resource="*")
        assert evaluate(request, PolicySet(resource=(bucket,))).allowed is allowed


def test_numbers_and_truths_of_a_mapping_are_texts() -> None:
    condition = {"NumericEquals": {"s3:max-keys": [10, 2.5]}, "Bool": {"aws:SecureTransport": True}}
    asked = AccessRequest(
        principal=CALLER, action="s3:List", resource="*", context={"s3:max-keys": "2.5", "aws:SecureTransport": "true"}
    )
    assert evaluate(asked, policy(Condition=condition)).allowed


def test_a_policy_forgets_actions_before_they_are_too_many() -> None:
    (found,) = policy().identity
    for number in range(3_000):
        assert len(found.candidates(f"s3:action{number}")) == 1
    assert found.candidates("s3:action0") == found.candidates("s3:action0")
    assert len(found._remembered) < 2_049


def test_literals_beside_text_are_one_text() -> None:
    resource = "arn:aws:s3:::trail-logs/${aws:username}-a${?}b${*}c*d"
    for text, allowed in (("mary-a?b*c-d", True), ("mary-axbxc-d", False), ("mary-a?b*c-e", False)):
        asked = AccessRequest(
            principal=CALLER,
            action="s3:GetObject",
            resource=f"arn:aws:s3:::trail-logs/{text}",
            context={"aws:username": "mary"},
        )
        assert evaluate(asked, policy(Resource=resource)).allowed is allowed


def test_a_wanted_value_that_is_not_known_leaves_the_condition_open() -> None:
    tagged = policy(Condition={"StringEquals": {"aws:PrincipalTag/team": ["${aws:ResourceTag/team}", "red"]}})
    for team, effect in (("blue", Effect.DEPENDS), ("red", Effect.ALLOWED)):
        context: dict[str, ContextValue] = {"aws:PrincipalTag/team": team, "aws:ResourceTag/team": UNKNOWN}
        request = AccessRequest(principal=CALLER, action="s3:GetObject", resource="*", context=context)
        assert evaluate(request, tagged).effect is effect


def test_a_beginning_that_is_longer_than_the_action_does_not_match() -> None:
    asked = AccessRequest(principal=CALLER, action="s3:GetObject", resource="*")
    assert not evaluate(asked, policy(Action="s3:GetObjectA*")).allowed
    assert not evaluate(asked, policy(Action="s3:PutObject*")).allowed
    assert evaluate(asked, policy(Action="s3:GetObject*")).allowed


def test_twelve_digits_are_an_account_and_twelve_letters_are_not() -> None:
    assert account_of("123456789012") == account_of("arn:aws:iam::123456789012:root") == "123456789012"
    assert [account_of(name) for name in ("AIDAEXAMPLEX", "12345678901", "arn:aws:iam::123456789012:user/root")] == [None] * 3  # fmt: skip
