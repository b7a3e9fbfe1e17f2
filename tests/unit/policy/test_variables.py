import pytest
from tests.unit.policy.cases import PRINCIPALS

from trailwarden.policy import AccessRequest, Layer, PolicySet, Source, compile_policy, evaluate
from trailwarden.policy.pattern import Wild, pieces_of
from trailwarden.policy.variables import Variable, parse_template


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("${aws:UserId}", (Variable("aws:userid", "aws:UserId"),)),
        ("${}", (Variable("", ""),)),
        ("a${*}b${?}${$}", ("a", "*", "b", "?", "$")),
        ("*${a}?", (Wild.ANY, Variable("a", "a"), Wild.ONE)),
        ("${a, 'b c'}", (Variable("a", "a", "b c"),)),
        ("${a,''}x'}", (Variable("a", "a", ""), "x'}")),
        ("'}'${a}", ("'}'", Variable("a", "a"))),
        ("'${a}'", ("'", Variable("a", "a"), "'")),
        ("${a,'}'}", (Variable("a", "a", "}"),)),
        ("${a,b}", (Variable("a,b", "a,b"),)),
        ("${a,'}", (Variable("a,'", "a,'"),)),
        ("${a,'b}", (Variable("a,'b", "a,'b"),)),
        ("${a,'b}c", (Variable("a,'b", "a,'b"), "c")),
        ("${a,b'}", (Variable("a,b'", "a,b'"),)),
        ("${a", ("${a",)),
        ("a${b}${c", ("a", Variable("b", "b"), "${c")),
    ],
)
def test_a_text_with_variables_is_taken_apart(text: str, parts: tuple[object, ...]) -> None:
    assert parse_template(text, variables=True).parts == parts
    assert parse_template(text, variables=False).variables == ()


def test_before_the_start_there_are_no_variables() -> None:
    assert parse_template("${a}${b}", variables=True, start=4).parts == ("${a}", Variable("b", "b"))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("a", ("a",)),
        ("*", (Wild.ANY,)),
        ("*a", (Wild.ANY, "a")),
        ("a?*b", ("a", Wild.ONE, Wild.ANY, "b")),
        ("ab*", ("ab", Wild.ANY)),
    ],
)
def test_a_text_is_taken_apart_at_its_wildcards(text: str, pieces: tuple[object, ...]) -> None:
    assert pieces_of(text) == pieces


@pytest.mark.parametrize(
    ("written", "resource", "allowed"),
    [
        ("arn:aws:s3:::logs/${aws:username}/*", "arn:aws:s3:::logs/mary/x", True),
        ("arn:aws:s3:::logs/${aws:username}/*", "arn:aws:s3:::logs//x", False),
        ("arn:aws:s3:::logs/${aws:absent}/*", "arn:aws:s3:::logs//x", False),
        ("arn:aws:s3:::logs/${aws:absent}", "arn:aws:s3:::logs/", False),
        ("arn:aws:s3:::logs/${aws:absent,b}", "arn:aws:s3:::logs/", False),
        ("arn:aws:s3:::logs/${aws:absent, 'all'}", "arn:aws:s3:::logs/all", True),
        ("arn:aws:s3:::logs/${aws:username, 'all'}", "arn:aws:s3:::logs/all", False),
        (":::::${aws:username}", ":::::mary", True),
        ("arn:aws:s3::${aws:username}:logs", "arn:aws:s3::mary:logs", False),
        ("arn:aws:s3::${aws:username}:logs", "arn:aws:s3::${aws:username}:logs", True),
        ("arn:aws:${aws:username}", "arn:aws:${aws:username}:::x", True),
    ],
)
def test_variables_stand_behind_the_fifth_colon(written: str, resource: str, allowed: bool) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": written}
    policy = compile_policy({"Version": "2012-10-17", "Statement": statement}, Source(layer=Layer.IDENTITY, id="Case"))
    context = {"aws:username": "mary"}
    request = AccessRequest(principal=PRINCIPALS["user"], action="s3:GetObject", resource=resource, context=context)
    assert evaluate(request, PolicySet(identity=(policy,))).allowed is allowed
