import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root

import trailwarden.services.accessanalyzer
import trailwarden.services.iam
import trailwarden.services.kms
import trailwarden.services.organizations
import trailwarden.services.s3
import trailwarden.services.sns
from trailwarden.services.accessanalyzer.errors import (
    ConflictException,
    NotValid,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)

assert trailwarden.services.accessanalyzer.__all__
assert trailwarden.services.iam.__all__
assert trailwarden.services.kms.__all__
assert trailwarden.services.organizations.__all__
assert trailwarden.services.s3.__all__
assert trailwarden.services.sns.__all__


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: Any, action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


@pytest.fixture
def analyzer(desk: Desk) -> str:
    arn = desk.call("accessanalyzer:CreateAnalyzer", {"analyzerName": "ours", "type": "ACCOUNT", "tags": {"a": "b"}})
    return str(arn["arn"])


def found(desk: Desk, analyzer: str, **more: Any) -> list[tuple[str, Any, bool]]:
    answer = desk.call("accessanalyzer:ListFindings", {"analyzerArn": analyzer, **more})
    return [(each["resourceType"], each["principal"], each["isPublic"]) for each in answer["findings"]]


def role(desk: Desk, name: str, *statements: dict[str, Any]) -> str:
    made = desk.call("iam:CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": policy(*statements)})
    return str(made["Role"]["Arn"])


STRANGER = {"AWS": f"arn:aws:iam::{OTHER}:root"}


def test_an_analyzer_is_made_shown_and_deleted(desk: Desk, analyzer: str) -> None:
    assert analyzer == f"arn:aws:access-analyzer:us-east-1:{ACCOUNT}:analyzer/ours"
    shown = desk.call("accessanalyzer:GetAnalyzer", {"analyzerName": "ours"})["analyzer"]
    assert (shown["type"], shown["status"], shown["tags"]) == ("ACCOUNT", "ACTIVE", {"a": "b"})
    assert desk.call("accessanalyzer:ListAnalyzers") == {"analyzers": [shown]}
    assert desk.call("accessanalyzer:ListAnalyzers", {"type": "ORGANIZATION"}) == {"analyzers": []}
    with pytest.raises(ConflictException):
        desk.call("accessanalyzer:CreateAnalyzer", {"analyzerName": "ours", "type": "ACCOUNT"})
    with pytest.raises(ServiceQuotaExceededException):
        desk.call("accessanalyzer:CreateAnalyzer", {"analyzerName": "more", "type": "ACCOUNT"})
    for kind in ("ORGANIZATION", "ACCOUNT_UNUSED_ACCESS"):
        with pytest.raises(NotValid):
            desk.call("accessanalyzer:CreateAnalyzer", {"analyzerName": "more", "type": kind})
    named = {"resourceArn": analyzer}
    desk.call("accessanalyzer:TagResource", {**named, "tags": {"c": "d"}})
    desk.call("accessanalyzer:UntagResource", {**named, "tagKeys": ["a"]})
    assert desk.call("accessanalyzer:ListTagsForResource", named) == {"tags": {"c": "d"}}
    desk.call("accessanalyzer:DeleteAnalyzer", {"analyzerName": "ours"})
    with pytest.raises(ResourceNotFoundException):
        desk.call("accessanalyzer:GetAnalyzer", {"analyzerName": "ours"})
    with pytest.raises(ResourceNotFoundException):
        found(desk, analyzer)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow({"AWS": ACCOUNT}, "sts:AssumeRole"), []),
        (allow({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole"), []),
        (allow({"AWS": OTHER}, "sts:AssumeRole"), [("AWS::IAM::Role", STRANGER, False)]),
        (allow("*", "sts:AssumeRole"), [("AWS::IAM::Role", {"AWS": "*"}, True)]),
        (
            allow("*", "sts:AssumeRole", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
            [],
        ),
        (
            allow("*", "sts:AssumeRole", Condition={"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}}),
            [("AWS::IAM::Role", {"AWS": "*"}, False)],
        ),
        (
            allow("*", "sts:AssumeRole", Condition={"StringEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT}}),
            [("AWS::IAM::Role", {"AWS": "*"}, False)],
        ),
        (
            allow({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"),
            [("AWS::IAM::Role", {"Federated": "accounts.google.com"}, False)],
        ),
    ],
)
def test_whoever_is_let_in_from_outside_is_found(
    desk: Desk, analyzer: str, statement: dict[str, Any], expected: list[Any]
) -> None:
    role(desk, "Shared", statement)
    assert found(desk, analyzer) == expected


def test_a_role_of_another_account_is_named(desk: Desk, analyzer: str) -> None:
    stranger = desk.call(
        "iam:CreateRole",
        {"RoleName": "Stranger", "AssumeRolePolicyDocument": policy(allow({"AWS": OTHER}, "sts:AssumeRole"))},
        caller=root(OTHER),
    )["Role"]["Arn"]
    role(desk, "Shared", allow({"AWS": stranger}, "sts:AssumeRole"))
    assert found(desk, analyzer) == [("AWS::IAM::Role", {"AWS": stranger}, False)]


def test_buckets_keys_and_topics_are_analyzed(desk: Desk, analyzer: str) -> None:
    desk.call("s3:CreateBucket", {"Bucket": "amzn-s3-demo-shared"})
    shared = allow({"AWS": OTHER}, "s3:GetObject", Resource="arn:aws:s3:::amzn-s3-demo-shared/*")
    desk.call("s3:PutBucketPolicy", {"Bucket": "amzn-s3-demo-shared", "Policy": policy(shared)})
    ours = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*", Resource="*")
    theirs = allow({"AWS": f"arn:aws:iam::{OTHER}:root"}, "kms:Decrypt", Resource="*")
    desk.call("kms:CreateKey", {"Policy": policy(ours, theirs), "BypassPolicyLockoutSafetyCheck": True})
    topic = desk.call("sns:CreateTopic", {"Name": "shared"})["TopicArn"]
    assert found(desk, analyzer) == [
        ("AWS::KMS::Key", STRANGER, False),
        ("AWS::S3::Bucket", STRANGER, False),
    ]
    opened = policy(allow("*", "sns:Publish", Resource=topic))
    desk.call("sns:SetTopicAttributes", {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": opened})
    public = {"filter": {"isPublic": {"eq": ["true"]}}}
    assert found(desk, analyzer, **public) == [("AWS::SNS::Topic", {"AWS": "*"}, True)]
    listed = desk.call("accessanalyzer:ListAnalyzedResources", {"analyzerArn": analyzer})["analyzedResources"]
    assert {each["resourceType"] for each in listed} == {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SNS::Topic"}
    named = {"analyzerArn": analyzer, "resourceArn": topic}
    shown = desk.call("accessanalyzer:GetAnalyzedResource", named)["resource"]
    assert (shown["isPublic"], shown["actions"]) == (True, ["sns:Publish"])
    desk.call("accessanalyzer:StartResourceScan", named)
    with pytest.raises(ResourceNotFoundException):
        desk.call("accessanalyzer:StartResourceScan", {**named, "resourceArn": f"{topic}x"})


def test_findings_are_filtered_paged_and_put_aside(desk: Desk, analyzer: str) -> None:
    for name in ("One", "Two"):
        role(desk, name, allow({"AWS": OTHER}, "sts:AssumeRole"))
    listed = {"analyzerArn": analyzer, "maxResults": 1}
    first = desk.call("accessanalyzer:ListFindingsV2", listed)
    second = desk.call("accessanalyzer:ListFindingsV2", {**listed, "nextToken": first["nextToken"]})
    one, two = first["findings"][0], second["findings"][0]
    assert (one["resource"] < two["resource"], "nextToken" in second) == (True, False)
    named = {"analyzerArn": analyzer, "id": one["id"]}
    whole = desk.call("accessanalyzer:GetFindingV2", named)
    assert whole["findingDetails"][0]["externalAccessDetails"]["principal"] == STRANGER
    desk.call("accessanalyzer:UpdateFindings", {"analyzerArn": analyzer, "ids": [one["id"]], "status": "ARCHIVED"})
    assert desk.call("accessanalyzer:GetFinding", named)["finding"]["status"] == "ARCHIVED"
    for criterion, count in (
        ({"status": {"eq": ["ACTIVE"]}}, 1),
        ({"status": {"neq": ["ACTIVE"]}}, 1),
        ({"principal.AWS": {"contains": [OTHER]}}, 2),
        ({"condition.aws:SourceIp": {"exists": True}}, 0),
        ({"resource": {"contains": ["role/One"]}}, 1),
    ):
        assert len(found(desk, analyzer, filter=criterion)) == count
    again = {"analyzerArn": analyzer, "resourceArn": one["resource"], "status": "ACTIVE"}
    desk.call("accessanalyzer:UpdateFindings", again)
    assert desk.call("accessanalyzer:GetFinding", named)["finding"]["status"] == "ACTIVE"
    with pytest.raises(NotValid):
        desk.call("accessanalyzer:UpdateFindings", {"analyzerArn": analyzer, "status": "ACTIVE"})
    with pytest.raises(ResourceNotFoundException):
        desk.call("accessanalyzer:UpdateFindings", {"analyzerArn": analyzer, "ids": ["x"], "status": "ACTIVE"})
    with pytest.raises(ResourceNotFoundException):
        desk.call("accessanalyzer:GetFinding", {**named, "id": "x"})
    with pytest.raises(NotValid):
        desk.call("accessanalyzer:ListFindings", {**listed, "nextToken": "%"})


def test_an_organization_trusts_its_members(desk: Desk) -> None:
    made = desk.call("organizations:CreateOrganization", {"FeatureSet": "ALL"})["Organization"]["Id"]
    invited = desk.call("organizations:InviteAccountToOrganization", {"Target": {"Id": OTHER, "Type": "ACCOUNT"}})
    desk.call("organizations:AcceptHandshake", {"HandshakeId": invited["Handshake"]["Id"]}, caller=root(OTHER))
    whole = desk.call("accessanalyzer:CreateAnalyzer", {"analyzerName": "whole", "type": "ORGANIZATION"})["arn"]
    role(desk, "Member", allow({"AWS": OTHER}, "sts:AssumeRole"))
    role(desk, "Ours", allow("*", "sts:AssumeRole", Condition={"StringEquals": {"aws:PrincipalOrgID": made}}))
    assert found(desk, whole) == []
    role(desk, "Foreign", allow({"AWS": "444455556666"}, "sts:AssumeRole"))
    assert [each[1] for each in found(desk, whole)] == [{"AWS": "arn:aws:iam::444455556666:root"}]
