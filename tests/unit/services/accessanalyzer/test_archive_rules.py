"""Archive rules and access previews, over handlers and once over a stock client."""

import json
from typing import Any

import pytest
from tests.live import Live
from tests.unit.services.accessanalyzer.test_findings import STRANGER, allow, policy, role
from tests.unit.services.accessanalyzer.test_findings import analyzer as analyzer  # noqa: PLC0414 — a fixture
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

from trailwarden.services.accessanalyzer.errors import ConflictException, NotValid, ResourceNotFoundException

ROLES = {"resourceType": {"eq": ["AWS::IAM::Role"]}}
RULE = {"analyzerName": "ours", "ruleName": "roles"}


def statuses(desk: Desk, analyzer: str) -> dict[str, str]:
    found = desk.call("accessanalyzer:ListFindings", {"analyzerArn": analyzer})["findings"]
    return {each["resource"].rpartition("/")[2]: each["status"] for each in found}


def test_a_rule_puts_new_findings_aside(desk: Desk, analyzer: str) -> None:
    role(desk, "Old", allow(STRANGER, "sts:AssumeRole"))
    desk.call("accessanalyzer:CreateArchiveRule", {**RULE, "filter": ROLES})
    role(desk, "New", allow(STRANGER, "sts:AssumeRole"))
    assert statuses(desk, analyzer) == {"Old": "ACTIVE", "New": "ARCHIVED"}
    told = desk.call("accessanalyzer:GetFindingsStatistics", {"analyzerArn": analyzer})["findingsStatistics"]
    counted = told[0]["externalAccessFindingsStatistics"]
    assert (counted["totalActiveFindings"], counted["totalArchivedFindings"]) == (1, 1)
    assert counted["resourceTypeStatistics"]["AWS::IAM::Role"]["totalActiveCrossAccount"] == 1
    desk.call("accessanalyzer:ApplyArchiveRule", {"analyzerArn": analyzer, "ruleName": "roles"})
    assert set(statuses(desk, analyzer).values()) == {"ARCHIVED"}
    new = next(
        each["id"]
        for each in desk.call("accessanalyzer:ListFindings", {"analyzerArn": analyzer})["findings"]
        if each["resource"].endswith("New")
    )
    desk.call("accessanalyzer:UpdateFindings", {"analyzerArn": analyzer, "ids": [new], "status": "ACTIVE"})
    assert statuses(desk, analyzer) == {"Old": "ARCHIVED", "New": "ACTIVE"}


def test_a_rule_is_shown_changed_and_deleted(desk: Desk, analyzer: str) -> None:
    desk.call("accessanalyzer:CreateArchiveRule", {**RULE, "filter": ROLES})
    with pytest.raises(ConflictException):
        desk.call("accessanalyzer:CreateArchiveRule", {**RULE, "filter": ROLES})
    role(desk, "New", allow(STRANGER, "sts:AssumeRole"))
    public = {"isPublic": {"eq": ["true"]}}
    desk.call("accessanalyzer:UpdateArchiveRule", {**RULE, "filter": public})
    assert desk.call("accessanalyzer:GetArchiveRule", RULE)["archiveRule"]["filter"] == public
    role(desk, "Newer", allow(STRANGER, "sts:AssumeRole"))
    role(desk, "Public", allow("*", "sts:AssumeRole"))
    assert statuses(desk, analyzer) == {"New": "ARCHIVED", "Newer": "ACTIVE", "Public": "ARCHIVED"}
    desk.call("accessanalyzer:DeleteArchiveRule", RULE)
    assert desk.call("accessanalyzer:ListArchiveRules", {"analyzerName": "ours"})["archiveRules"] == []
    assert statuses(desk, analyzer)["Public"] == "ARCHIVED"
    with pytest.raises(ResourceNotFoundException):
        desk.call("accessanalyzer:GetArchiveRule", RULE)


def preview(desk: Desk, analyzer: str, arn: str, configuration: dict[str, Any]) -> list[tuple[str, str, Any]]:
    made = desk.call(
        "accessanalyzer:CreateAccessPreview", {"analyzerArn": analyzer, "configurations": {arn: configuration}}
    )
    asked = {"analyzerArn": analyzer, "accessPreviewId": made["id"]}
    assert desk.call("accessanalyzer:GetAccessPreview", asked)["accessPreview"]["status"] == "COMPLETED"
    found = desk.call("accessanalyzer:ListAccessPreviewFindings", asked)["findings"]
    return [(each["changeType"], each["status"], each["principal"]) for each in found]


def test_a_preview_tells_what_would_change(desk: Desk, analyzer: str) -> None:
    arn = role(desk, "Shared", allow(STRANGER, "sts:AssumeRole"))
    same = {"iamRole": {"trustPolicy": policy(allow(STRANGER, "sts:AssumeRole"))}}
    assert preview(desk, analyzer, arn, same) == [("UNCHANGED", "ACTIVE", STRANGER)]
    more = {"iamRole": {"trustPolicy": policy(allow(STRANGER, "sts:*"), allow("*", "sts:AssumeRole"))}}
    assert preview(desk, analyzer, arn, more) == [("CHANGED", "ACTIVE", STRANGER), ("NEW", "ACTIVE", {"AWS": "*"})]
    none = {"iamRole": {"trustPolicy": policy(allow({"AWS": ACCOUNT}, "sts:AssumeRole"))}}
    assert preview(desk, analyzer, arn, none) == [("CHANGED", "RESOLVED", STRANGER)]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"s3Bucket": {"bucketPolicy": policy(allow("*", "s3:GetObject", Resource="*"))}}, [{"AWS": "*"}]),
        (
            {
                "s3Bucket": {
                    "bucketPolicy": policy(allow("*", "s3:GetObject", Resource="*")),
                    "bucketPublicAccessBlock": {"ignorePublicAcls": True, "restrictPublicBuckets": True},
                    "bucketAclGrants": [
                        {
                            "permission": "READ",
                            "grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"},
                        }
                    ],
                }
            },
            [],
        ),
        ({"ebsSnapshot": {"userIds": [OTHER], "groups": ["all"]}}, [STRANGER, {"AWS": "*"}]),
        ({"sqsQueue": {"queuePolicy": policy(allow(STRANGER, "sqs:SendMessage", Resource="*"))}}, [STRANGER]),
    ],
)
def test_resources_that_are_not_there_yet(
    desk: Desk, analyzer: str, configuration: dict[str, Any], expected: list[Any]
) -> None:
    found = preview(desk, analyzer, "arn:aws:s3:::amzn-s3-demo-bucket", configuration)
    assert [each[2] for each in found] == expected


def test_a_preview_of_nonsense_fails(desk: Desk, analyzer: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/x"
    given = {"analyzerArn": analyzer, "configurations": {arn: {"iamRole": {"trustPolicy": "{"}}}}
    asked = {"analyzerArn": analyzer, "accessPreviewId": desk.call("accessanalyzer:CreateAccessPreview", given)["id"]}
    shown = desk.call("accessanalyzer:GetAccessPreview", asked)["accessPreview"]
    assert (shown["status"], shown["statusReason"]) == ("FAILED", {"code": "INVALID_CONFIGURATION"})
    with pytest.raises(ConflictException):
        desk.call("accessanalyzer:ListAccessPreviewFindings", asked)
    with pytest.raises(NotValid):
        desk.call("accessanalyzer:CreateAccessPreview", {**given, "configurations": {arn: {}}})


def test_a_stock_client_asks_alike(live: Live) -> None:
    client = live.client("accessanalyzer")
    rule = {"ruleName": "buckets", "filter": {"resourceType": {"eq": ["AWS::S3::Bucket"]}}}
    arn = client.create_analyzer(analyzerName="ours", type="ACCOUNT", archiveRules=[rule])["arn"]
    client.create_archive_rule(analyzerName="ours", ruleName="roles", filter=ROLES)
    assert [each["ruleName"] for each in client.list_archive_rules(analyzerName="ours")["archiveRules"]] == [
        "buckets",
        "roles",
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow(STRANGER, "sts:AssumeRole")]})
    role_arn = f"arn:aws:iam::{live.account}:role/Planned"
    made = client.create_access_preview(
        analyzerArn=arn, configurations={role_arn: {"iamRole": {"trustPolicy": document}}}
    )
    (found,) = client.list_access_preview_findings(analyzerArn=arn, accessPreviewId=made["id"])["findings"]
    assert (found["changeType"], found["resourceType"], found["principal"]) == ("NEW", "AWS::IAM::Role", STRANGER)
    assert [each["id"] for each in client.list_access_previews(analyzerArn=arn)["accessPreviews"]] == [made["id"]]
