import pytest
from tests.unit.policy.cases import PRINCIPALS, USER

from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    ContextValue,
    Effect,
    Layer,
    PolicySet,
    Source,
    compile_policy,
    evaluate,
)


@pytest.mark.parametrize(
    ("operator", "values", "met"),
    [
        ("ForAllValues:StringEquals", (), True),
        ("ForAllValues:StringEquals", ("",), True),
        ("ForAllValues:StringEquals", ("a",), True),
        ("ForAllValues:StringEquals", ("", "a"), False),
        ("ForAllValues:StringEquals", ("a", "b", ""), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAnyValue:StringEquals", ("",), False),
        ("ForAnyValue:StringEquals", ("", "a"), True),
        ("ForAnyValue:StringNotEquals", ("", "a"), True),
        ("ForAnyValue:StringNotEquals", ("",), False),
        ("ForAnyValue:StringNotEquals", ("a",), False),
        ("StringEquals", ("a",), True),
        ("StringEquals", ("a", "a"), False),
        ("StringEquals", (), False),
        ("StringNotEquals", (), True),
        ("StringNotEquals", ("b", "c"), False),
        ("StringEqualsIfExists", (), True),
        ("StringEqualsIfExists", ("b",), False),
    ],
)
def test_a_key_with_several_values(operator: str, values: tuple[str, ...], met: bool) -> None:
    condition = {operator: {"aws:TagKeys": "a"}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    policy = compile_policy({"Version": "2012-10-17", "Statement": statement}, Source(layer=Layer.IDENTITY, id="Case"))
    request = AccessRequest(
        principal=PRINCIPALS["user"], action="s3:GetObject", resource="*", context={"aws:TagKeys": values}
    )
    assert evaluate(request, PolicySet(identity=(policy,))).allowed is met


@pytest.mark.parametrize(
    ("context", "effect"),
    [
        ({"aws:TagKeys": "x", "AWS:tagkeys": "a"}, Effect.ALLOWED),
        ({"aws:TagKeys": "a", "AWS:tagkeys": ("x",)}, Effect.ALLOWED),
        ({"aws:TagKeys": ("x", "a"), "AWS:tagkeys": "y"}, Effect.ALLOWED),
        ({"aws:TagKeys": ("x", "y"), "AWS:tagkeys": ("z",)}, Effect.DENIED),
        ({"aws:TagKeys": ("x",), "AWS:tagkeys": ("y", "a")}, Effect.ALLOWED),
        ({"aws:TagKeys": "x", "AWS:tagkeys": UNKNOWN}, Effect.DEPENDS),
    ],
)
def test_keys_that_differ_in_case_are_one_with_all_values(context: dict[str, ContextValue], effect: Effect) -> None:
    condition = {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    policy = compile_policy({"Version": "2012-10-17", "Statement": statement}, Source(layer=Layer.IDENTITY, id="Case"))
    request = AccessRequest(principal=PRINCIPALS["user"], action="s3:GetObject", resource="*", context=context)
    assert evaluate(request, PolicySet(identity=(policy,))).effect is effect


DERIVED = [
    ("user", "aws:PrincipalArn", USER),
    ("user", "aws:PrincipalAccount", "123456789012"),
    ("user", "aws:PrincipalType", "User"),
    ("user", "aws:PrincipalIsAWSService", "false"),
    ("user", "aws:PrincipalServiceName", None),
    ("user", "aws:userid", "AIDAMATEOJACKSON"),
    ("user", "aws:ResourceAccount", "111122223333"),
    ("root", "aws:PrincipalArn", "arn:aws:iam::123456789012:root"),
    ("root", "aws:PrincipalType", "Account"),
    ("role", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/Dev"),
    ("role", "aws:PrincipalType", "AssumedRole"),
    ("role", "aws:userid", "AROADEV:session"),
    ("federated", "aws:PrincipalArn", "arn:aws:sts::123456789012:federated-user/guest"),
    ("federated", "aws:PrincipalType", "FederatedUser"),
    ("service", "aws:PrincipalArn", None),
    ("service", "aws:PrincipalAccount", None),
    ("service", "aws:PrincipalType", None),
    ("service", "aws:PrincipalIsAWSService", "true"),
    ("service", "aws:PrincipalServiceName", "cloudtrail.amazonaws.com"),
    ("service", "aws:userid", None),
    ("web", "aws:PrincipalArn", None),
    ("anonymous", "aws:PrincipalArn", None),
    ("anonymous", "aws:PrincipalType", "Anonymous"),
]


@pytest.mark.parametrize(("who", "key", "value"), DERIVED)
def test_what_a_principal_and_a_resource_tell_is_in_the_context(who: str, key: str, value: str | None) -> None:
    def allowed(account: str, condition: dict[str, dict[str, str]]) -> bool:
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition}
        document = {"Version": "2012-10-17", "Statement": statement}
        resource = compile_policy(document, Source(layer=Layer.RESOURCE, id="Case"))
        asked = AccessRequest(principal=PRINCIPALS[who], action="s3:GetObject", resource="*", resource_account=account)
        return bool(evaluate(asked, PolicySet(resource=(resource,))).evidence.resource.allows)

    assert allowed("111122223333", {"Null": {key: "true"}}) is (value is None)
    assert allowed("111122223333", {"StringEquals": {key: value or "x"}}) is (value is not None)
    assert allowed("", {"Null": {"aws:ResourceAccount": "true"}})
