"""Which statements an action concerns, and what of a compiled policy is compared and shown."""

from typing import Any

import pytest
from tests.unit.policy.cases import PRINCIPALS, session

from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    ContextValue,
    Decision,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Reach,
    Source,
    authorization_payload,
    compile_policy,
    evaluate,
    explain,
    near_misses,
    simulations,
)

SOURCE = Source(layer=Layer.IDENTITY, id="Case")
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(layer: Layer = Layer.IDENTITY, **more: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}
    return compile_policy({"Version": "2012-10-17", "Statement": statement}, Source(layer=layer, id="Case"))


def decide(principal: str, found: PolicySet, **asked: Any) -> Decision:
    told = {"action": "s3:GetObject", "resource": "arn:aws:s3:::trail-logs/x", **asked}
    return evaluate(AccessRequest(principal=PRINCIPALS[principal], **told), found)


@pytest.mark.parametrize(
    ("written", "taken", "left"),
    [
        ("s3:GetObject", ["s3:GetObject", "S3:getobject"], ["s3:GetObjectAcl", "s3:GetObjec", "s3:GetObjecX", "s3:"]),
        ("s3:Get*", ["s3:GetObject", "s3:get"], ["s3:Ge", "s3:PutObject", "s3express:GetObject"]),
        ("s3:Get?bject", ["s3:GetObject"], ["s3:Getbject", "s3:GetOObject"]),
        ("s?:GetObject", ["s3:GetObject"], ["s33:GetObject", "s:GetObject"]),
        ("s3:*Object", ["s3:GetObject", "s3:Object"], ["s3:GetObjects"]),
        ("s3:**", ["s3:GetObject"], ["sqs:SendMessage"]),
        ("*", ["s3:GetObject", "sqs:SendMessage"], []),
        ("*:GetObject", ["s3:GetObject"], ["s3:GetObjects"]),
    ],
)
def test_an_action_is_taken_in_as_a_whole(written: str, taken: list[str], left: list[str]) -> None:
    for element in ("Action", "NotAction"):
        statement = {"Effect": "Allow", element: written, "Resource": "*"}
        found = compile_policy({"Version": "2012-10-17", "Statement": statement}, SOURCE)
        for action, inside in [*((each, True) for each in taken), *((each, False) for each in left)]:
            assert bool(found.candidates(action.lower())) is (inside is (element == "Action"))


def test_candidates_are_remembered() -> None:
    found = policy()
    first = found.candidates("s3:getobject")
    assert found.candidates("s3:putobject") == ()
    assert found.candidates("s3:getobject") is first


WILD: dict[str, Any] = {
    "Action": ["s3:G?t*b?c", "s3:Get*"],
    "Resource": ["arn:aws:s3:::a?b*c?d", "arn:aws:s3:::${aws:username}/*"],
    "Condition": {"StringLike": {"s3:prefix": ["a?b*c?d", "${aws:username}"]}, "NumericLessThan": {"s3:max-keys": "9"}},
}


def test_policies_that_say_the_same_are_equal_and_count_as_one() -> None:
    """What follows from the document, and what was asked before, makes no difference."""
    one, other = policy(**WILD), policy(**WILD)
    one.candidates("s3:getobject")
    assert one == other
    assert len({one, other}) == 1
    assert one != policy(**{**WILD, "Action": "s3:*"})
    assert one.statements[0] == other.statements[0]
    assert one.statements[0].conditions == other.statements[0].conditions
    assert len({one.statements[0], other.statements[0]}) == 1


def test_what_is_shown_of_a_policy_is_what_was_written_and_no_index() -> None:
    shown = repr(compile_policy('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}', SOURCE))  # fmt: skip
    assert "s3:*" in shown
    for hidden in ("text=", "index=ActionIndex", "_remembered", "_patterns=", "_templates="):
        assert hidden not in shown
    assert "test=" not in repr(policy(**WILD).statements[0].conditions[0])


def test_a_document_without_a_version_is_told_from_one_with_it() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    assert compile_policy({"Version": "2012-10-17", "Statement": statement}, SOURCE).versioned
    bare = compile_policy({"Statement": statement}, SOURCE)
    assert (bare.versioned, bare.version, bare.id, bare.text) == (False, "2008-10-17", "", "")
    assert compile_policy({"Id": "Mine", "Statement": statement}, SOURCE).id == "Mine"


def test_a_deny_of_all_but_some_means_whoever_has_a_boundary_directly() -> None:
    bucket = policy(Layer.RESOURCE, Effect="Deny", NotPrincipal={"AWS": PRINCIPALS["user"].arn})
    found = PolicySet(identity=(policy(),), boundary=(policy(),), resource=(bucket,))
    decision = decide("user", found)
    assert [each.reach for each in decision.determining] == [Reach.DIRECT]
    assert [part.reach for part in explain(decision) if part.layer is Layer.RESOURCE] == [Reach.DIRECT]


def test_a_session_that_is_not_named_is_shown_by_its_role() -> None:
    bucket = policy(Layer.RESOURCE, Principal={"AWS": "arn:aws:iam::123456789012:role/Other"})
    dev = session("Dev")
    request = AccessRequest(principal=dev, action="s3:GetObject", resource="arn:aws:s3:::trail-logs/x")
    (miss,) = near_misses(evaluate(request, PolicySet(resource=(bucket,))))
    assert (miss.got, miss.wanted) == (dev.issuer_arn, ("arn:aws:iam::123456789012:role/Other",))


@pytest.mark.parametrize(
    ("principal", "allowed"), [("service", True), ("user", False), ("role", False), ("anonymous", False)]
)
def test_only_a_service_is_one(principal: str, allowed: bool) -> None:
    bucket = policy(Layer.RESOURCE, Principal="*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})
    assert decide(principal, PolicySet(resource=(bucket,)), resource_account="123456789012").allowed is allowed


@pytest.mark.parametrize(
    "principal",
    [{"AWS": "arn:aws:iam:::root"}, {"CanonicalUser": ""}, {"AWS": ""}, {"Service": ""}, {"Federated": ""}],
    ids=str,
)
@pytest.mark.parametrize("who", ["anonymous", "user", "role", "root", "service", "web", "federated"])
def test_an_empty_name_means_nobody(principal: dict[str, str], who: str) -> None:
    bucket = policy(Layer.RESOURCE, Principal=principal)
    (part,) = explain(decide(who, PolicySet(resource=(bucket,))))
    assert part.reach is Reach.NONE


@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"])
def test_variables_are_replaced_in_texts_and_arns(operator: str) -> None:
    arn = "arn:aws:iam::123456789012:user/{}"
    for negated, word in ((False, operator), (True, operator.replace("String", "StringNot").replace("Arn", "ArnNot"))):
        found = PolicySet(identity=(policy(Condition={word: {"aws:SourceArn": arn.format("${aws:username}")}}),))
        for name in ("mateojackson", "marymajor"):
            context = {"aws:username": "mateojackson", "aws:SourceArn": arn.format(name)}
            assert decide("user", found, context=context).allowed is ((name == "mateojackson") is not negated)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "7"), ("NumericLessThanEquals", "7"), ("DateEquals", "2026-01-01"), ("Bool", "true"),
        ("BinaryEquals", "QUI="), ("IpAddress", "203.0.113.7"),
    ],
)  # fmt: skip
def test_variables_of_other_operators_are_plain_text(operator: str, value: str) -> None:
    context = {"aws:RequestTag/a": value, "aws:RequestTag/b": value}
    for wanted, allowed in ((value, True), ("${aws:RequestTag/b}", False)):
        found = PolicySet(identity=(policy(Condition={operator: {"aws:RequestTag/a": wanted}}),))
        assert decide("user", found, context=context).allowed is allowed


def test_the_old_version_has_no_variables() -> None:
    condition = {"StringEquals": {"s3:prefix": "${aws:username}"}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    context = {"aws:username": "mateojackson"}
    for version, prefix in (
        (None, "${aws:username}"),
        ("2008-10-17", "${aws:username}"),
        ("2012-10-17", "mateojackson"),
    ):
        document = {"Statement": statement} if version is None else {"Version": version, "Statement": statement}
        found = PolicySet(identity=(compile_policy(document, SOURCE),))
        for asked in ("${aws:username}", "mateojackson"):
            assert decide("user", found, context={**context, "s3:prefix": asked}).allowed is (asked == prefix)


def test_what_is_not_told_is_not_so() -> None:
    principal = Principal(kind=PrincipalKind.USER, account="123456789012", arn="")
    request = AccessRequest(principal=principal, action="s3:GetObject", resource="*")
    assert not any((SOURCE.inline, SOURCE.aws_managed, principal.service_linked, principal.management_account))
    assert not any((request.resource_in_management_account, request.resource_aws_managed, request.context))


def test_a_principal_without_an_id_is_shown_by_none() -> None:
    principal = Principal(kind=PrincipalKind.USER, account="123456789012", arn=PRINCIPALS["user"].arn)
    request = AccessRequest(principal=principal, action="s3:GetObject", resource="*")
    payload = authorization_payload(evaluate(request, PolicySet(identity=(policy(Effect="Deny"),))))
    assert [each["principals"] for each in payload["matchedStatements"]["items"]] == [{"items": []}]


def test_only_a_service_has_a_service_s_name() -> None:
    for who, arn in (("service", "cloudtrail.amazonaws.com"), ("user", PRINCIPALS["user"].arn)):
        named = policy(Layer.RESOURCE, Principal="*", Condition={"StringEquals": {"aws:PrincipalServiceName": arn}})
        assert decide(who, PolicySet(resource=(named,))).allowed is (who == "service")


@pytest.mark.parametrize(
    ("resources", "whole"),
    [(["arn:aws:s3:::trail-logs/x"], "arn:aws:s3:::trail-logs/x"), (["arn:aws:s3:::a", "arn:aws:s3:::b"], "arn:*")],
)
def test_a_simulation_of_several_resources_is_named_by_their_template(resources: list[str], whole: str) -> None:
    decisions = [decide("user", PolicySet(identity=(policy(),)), resource=resource) for resource in resources]
    shown = simulations(decisions, resources="arn:*")
    assert shown["EvalResourceName"] == whole
    assert [each["EvalResourceName"] for each in shown["ResourceSpecificResults"]] == resources


def test_the_same_question_has_the_same_answer() -> None:
    found = PolicySet(identity=(policy(),))
    one, other = decide("user", found), decide("user", found)
    assert one == other
    assert "asking=" not in repr(one.evidence)
    assert one.allowed
    assert near_misses(one) == ()


def test_what_a_resource_and_a_request_tell_is_shown_of_a_denial() -> None:
    def shown(resource: str) -> dict[str, list[str]]:
        context: dict[str, ContextValue] = {"s3:prefix": "a", "S3:TagKeys": ("b", "c"), "s3:x": UNKNOWN, "aws:y": "d"}
        conditions = authorization_payload(decide("user", PolicySet(), resource=resource, context=context))
        items = conditions["context"]["conditions"]["items"]
        return {each["key"]: [value["value"] for value in each["values"]["items"]] for each in items}

    own = {"s3:prefix": ["a"], "S3:TagKeys": ["b", "c"]}
    bucket, object_, role = "arn:aws:s3:::logs", "arn:aws:s3:::logs/x:y", "arn:aws:iam::123456789012:role/x"
    assert shown("*") == own
    assert shown(bucket) == {"aws:Resource": ["logs"], "aws:Service": ["s3"], "aws:ARN": [bucket], **own}
    assert shown(object_)["aws:Type"] == ["logs"]
    assert shown(role)["aws:Account"] == ["123456789012"]


def test_truths_and_numbers_are_the_texts_that_json_writes() -> None:
    for written, got in ((True, "true"), (False, "false"), (7, "7"), (1.5, "1.5")):
        for value in (written, [written]):
            found = PolicySet(identity=(policy(Condition={"StringEquals": {"s3:x": value}}),))
            assert decide("user", found, context={"s3:x": got}).allowed
