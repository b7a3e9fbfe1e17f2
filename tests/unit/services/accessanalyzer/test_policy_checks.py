import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

import trailwarden.services.accessanalyzer
from trailwarden.services.accessanalyzer.errors import InvalidParameterException, UnprocessableEntityException

assert trailwarden.services.accessanalyzer.__all__


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


TLS = {"Bool": {"aws:SecureTransport": "true"}}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}

NEW_ACCESS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], list[int]]] = [
    ("the same", [allow("s3:GetObject")], [allow("s3:GetObject")], []),
    ("one action more", [allow("s3:GetObject")], [allow(["s3:GetObject", "s3:PutObject"])], [0]),
    ("a wildcard narrowed", [allow("s3:*")], [allow("s3:Get*")], []),
    ("a wildcard widened", [allow("s3:Get*")], [allow("s3:*")], [0]),
    ("all spelt as two", [allow("s3:GetObject"), allow("s3:GetObjectAcl")], [allow(["s3:GetObject", "s3:GetObjectAcl"])], []),
    ("case", [allow("s3:getobject")], [allow("S3:GetObject")], []),
    ("a narrower resource", [allow("s3:*", "arn:aws:s3:::a*")], [allow("s3:*", "arn:aws:s3:::ab/*")], []),
    ("a wider resource", [allow("s3:*", "arn:aws:s3:::ab/*")], [allow("s3:*", "arn:aws:s3:::a*")], [0]),
    ("one letter is not many", [allow("s3:*", "arn:aws:s3:::a?")], [allow("s3:*", "arn:aws:s3:::a*")], [0]),
    ("a condition added", [allow("s3:*")], [allow("s3:*", Condition=TLS)], []),
    ("a condition dropped", [allow("s3:*", Condition=TLS)], [allow("s3:*")], [0]),
    ("denied again", [allow("s3:GetObject")], [allow("s3:Get*"), deny("s3:Get*"), allow("s3:GetObject")], []),
    ("a denial kept", [allow("s3:*"), deny("s3:PutObject")], [allow("s3:*"), deny("s3:Put*")], []),
    ("a denial dropped", [allow("s3:*"), deny("s3:PutObject")], [allow("s3:*")], [0]),
    ("a denial of something else dropped", [allow("s3:*"), deny("sqs:*")], [allow("s3:*")], []),
    ("a denial elsewhere dropped", [allow("s3:*", "arn:aws:s3:::a"), deny("s3:*", "arn:aws:s3:::b")], [allow("s3:*", "arn:aws:s3:::a")], []),
    ("not action, wider", [{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [0]),
    ("not action, within all", [allow("*")], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], []),
    ("the second statement", [allow("s3:GetObject")], [allow("s3:GetObject"), allow("sqs:SendMessage")], [1]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("existing", "new", "reasons"), [case[1:] for case in NEW_ACCESS], ids=[case[0] for case in NEW_ACCESS]
)
def test_new_access_is_told_by_statement(desk: Desk, existing: Any, new: Any, reasons: list[int]) -> None:
    asked = {
        "newPolicyDocument": policy(*new),
        "existingPolicyDocument": policy(*existing),
        "policyType": "IDENTITY_POLICY",
    }
    answer = desk.call("accessanalyzer:CheckNoNewAccess", asked)
    assert answer["result"] == ("FAIL" if reasons else "PASS")
    assert [each["statementIndex"] for each in answer["reasons"]] == reasons


@pytest.mark.parametrize(
    ("existing", "new", "result"),
    [
        ({"AWS": [ROOT["AWS"], "111122223333"]}, ROOT, "PASS"),
        (ROOT, {"AWS": "111122223333"}, "FAIL"),
        ("*", ROOT, "PASS"),
        (ROOT, "*", "FAIL"),
    ],
)
def test_new_principals_are_new_access(desk: Desk, existing: Any, new: Any, result: str) -> None:
    asked = {
        "newPolicyDocument": policy(allow("s3:*", Principal=new)),
        "existingPolicyDocument": policy(allow("s3:*", Principal=existing)),
        "policyType": "RESOURCE_POLICY",
    }
    assert desk.call("accessanalyzer:CheckNoNewAccess", asked)["result"] == result


GRANTED: list[tuple[list[dict[str, Any]], dict[str, Any], list[int]]] = [
    ([allow("s3:GetObject")], {"actions": ["s3:PutObject"]}, []),
    ([allow("s3:GetObject"), allow("s3:Put*")], {"actions": ["s3:PutObject"]}, [1]),
    ([allow("s3:*", "arn:aws:s3:::a/*")], {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]}, []),
    ([allow("s3:*", "arn:aws:s3:::a/*")], {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::*/x"]}, [0]),
    ([allow("s3:*", "arn:aws:s3:::a/*")], {"resources": ["arn:aws:s3:::a/b"]}, [0]),
    ([allow("s3:*"), deny("s3:PutObject")], {"actions": ["s3:PutObject"]}, []),
    ([allow("s3:*"), deny("s3:PutObject", "arn:aws:s3:::a/*")], {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::a/b"]}, []),
    ([allow("s3:*"), deny("s3:PutObject", Condition=TLS)], {"actions": ["s3:PutObject"]}, [0]),
    ([allow("s3:GetObject")], {"actions": ["s3:*"]}, [0]),
    ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], {"actions": ["s3:GetObject"]}, []),
    ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], {"actions": ["sqs:SendMessage"]}, [0]),
    ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a/*"}], {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/b"]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "access", "reasons"), GRANTED)
def test_what_is_granted_is_told_by_statement(desk: Desk, statements: Any, access: Any, reasons: list[int]) -> None:
    asked = {"policyDocument": policy(*statements), "access": [access], "policyType": "IDENTITY_POLICY"}
    answer = desk.call("accessanalyzer:CheckAccessNotGranted", asked)
    assert answer["result"] == ("FAIL" if reasons else "PASS")
    assert [each["statementIndex"] for each in answer["reasons"]] == reasons


def test_what_is_no_policy_cannot_be_checked(desk: Desk) -> None:
    with pytest.raises(UnprocessableEntityException):
        desk.call(
            "accessanalyzer:CheckAccessNotGranted",
            {"policyDocument": "{", "access": [{"actions": ["s3:*"]}], "policyType": "IDENTITY_POLICY"},
        )
    with pytest.raises(InvalidParameterException):
        desk.call(
            "accessanalyzer:CheckAccessNotGranted",
            {"policyDocument": policy(allow("s3:*")), "access": [{}], "policyType": "IDENTITY_POLICY"},
        )


@pytest.mark.parametrize(
    ("statement", "result"),
    [
        (allow("s3:*", Principal="*"), "FAIL"),
        (allow("s3:*", Principal=ROOT), "PASS"),
        (allow("s3:*", Principal="*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), "PASS"),
        (deny("s3:*", Principal="*"), "PASS"),
    ],
)
def test_public_access_is_found(desk: Desk, statement: Any, result: str) -> None:
    asked = {"policyDocument": policy(statement), "resourceType": "AWS::S3::Bucket"}
    assert desk.call("accessanalyzer:CheckNoPublicAccess", asked)["result"] == result


def validated(desk: Desk, document: str, kind: str = "IDENTITY_POLICY", **more: Any) -> Any:
    return desk.call("accessanalyzer:ValidatePolicy", {"policyDocument": document, "policyType": kind, **more})


def test_a_sound_policy_has_no_findings(desk: Desk) -> None:
    assert validated(desk, policy(allow("s3:GetObject", "arn:aws:s3:::amzn-s3-demo/*"))) == {"findings": []}


def test_findings_say_where(desk: Desk) -> None:
    document = '{\n "Version": "2012-10-17",\n "Statement": [\n  {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}\n ]\n}'
    (finding, *_) = validated(desk, document)["findings"]
    assert (finding["findingType"], finding["issueCode"]) == ("ERROR", "INVALID_ACTION")
    location = finding["locations"][0]
    assert location["path"][:2] == [{"value": "Statement"}, {"index": 0}]
    start = location["span"]["start"]
    assert (start["line"], start["column"]) == (4, 2)
    assert document[start["offset"]] == "{"
    assert document[location["span"]["end"]["offset"] - 1] == "}"


@pytest.mark.parametrize(
    ("document", "kind", "more", "code"),
    [
        ("{", "IDENTITY_POLICY", {}, "JSON_SYNTAX_ERROR"),
        (policy(allow("s3:*", Principal="*")), "IDENTITY_POLICY", {}, "UNSUPPORTED_PRINCIPAL"),
        (policy({**allow("s3:*"), "Effect": "Maybe"}), "IDENTITY_POLICY", {}, "INVALID_EFFECT"),
    ],
)
def test_what_iam_would_refuse_is_an_error(desk: Desk, document: str, kind: str, more: Any, code: str) -> None:
    (finding,) = validated(desk, document, kind, **more)["findings"]
    assert (finding["findingType"], finding["issueCode"]) == ("ERROR", code)
    assert finding["learnMoreLink"].startswith("https://docs.aws.amazon.com/")


def test_findings_come_in_pages(desk: Desk) -> None:
    document = policy(*(allow(f"s3:Nothing{number}") for number in range(3)))
    first = validated(desk, document, maxResults=1)
    second = validated(desk, document, maxResults=1, nextToken=first["nextToken"])
    assert first["findings"] != second["findings"]
