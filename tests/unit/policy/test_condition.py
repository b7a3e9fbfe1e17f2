import pytest
from tests.unit.policy.cases import PRINCIPALS

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
