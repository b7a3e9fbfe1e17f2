import json
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

import trailwarden.services.iam
from trailwarden.errors import ValidationException
from trailwarden.services.iam.errors import (
    DeleteConflict,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
    QuotaExceeded,
)
from trailwarden.services.iam.managed import OwnedByAws
from trailwarden.services.iam.policies import PolicyAlreadyExists
from trailwarden.services.iam.policy_versions import TooManyVersions

assert trailwarden.services.iam.__all__

READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
WRITE = READ.replace("GetObject", "PutObject")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def make(desk: Desk, name: str = "ReadObjects", document: str = READ) -> str:
    return str(desk.call("iam:CreatePolicy", {"PolicyName": name, "PolicyDocument": document})["Policy"]["Arn"])


def test_policy_is_made_and_shown(desk: Desk) -> None:
    made = desk.call("iam:CreatePolicy", {"PolicyName": "ReadObjects", "PolicyDocument": READ, "Description": "d"})[
        "Policy"
    ]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:policy/ReadObjects"
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    assert "Description" not in made
    shown = desk.call("iam:GetPolicy", {"PolicyArn": made["Arn"]})["Policy"]
    assert shown == {**made, "Tags": [], "Description": "d"}
    version = desk.call("iam:GetPolicyVersion", {"PolicyArn": made["Arn"], "VersionId": "v1"})["PolicyVersion"]
    assert version["Document"] == quote(READ, safe="")
    with pytest.raises(
        PolicyAlreadyExists, match=r"A policy called readobjects already exists. Duplicate names are not allowed"
    ):
        make(desk, "readobjects")


def test_missing_policies_are_told_as_aws_does(desk: Desk) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/none"
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    with pytest.raises(NoSuchEntity) as gone:
        desk.call("iam:DeletePolicy", {"PolicyArn": arn})
    assert gone.value.text == f"Policy {arn} was not found."
    with pytest.raises(NoSuchEntity) as unattachable:
        desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": arn})
    assert unattachable.value.text == f"Policy {arn} does not exist or is not attachable."
    with pytest.raises(ValidationException) as malformed:
        desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": "longpolicynamewithoutarn"})
    assert malformed.value.text == "Invalid ARN:  Could not be parsed!"


def test_versions_are_five_at_most_and_one_is_the_default(desk: Desk) -> None:
    arn = make(desk)
    for number in range(2, 6):
        made = desk.call(
            "iam:CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": WRITE, "SetAsDefault": number == 3}
        )
        assert made["PolicyVersion"]["VersionId"] == f"v{number}"
    with pytest.raises(TooManyVersions, match="A managed policy can have up to 5 versions"):
        desk.call("iam:CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": WRITE})
    versions = desk.call("iam:ListPolicyVersions", {"PolicyArn": arn})["Versions"]
    assert [(version["VersionId"], version["IsDefaultVersion"]) for version in versions] == [
        ("v5", False), ("v4", False), ("v3", True), ("v2", False), ("v1", False),
    ]  # fmt: skip
    with pytest.raises(DeleteConflict, match="Cannot delete the default version of a policy"):
        desk.call("iam:DeletePolicyVersion", {"PolicyArn": arn, "VersionId": "v3"})
    desk.call("iam:DeletePolicyVersion", {"PolicyArn": arn, "VersionId": "v5"})
    again = desk.call("iam:CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": WRITE})["PolicyVersion"]
    assert again["VersionId"] == "v6"
    desk.call("iam:SetDefaultPolicyVersion", {"PolicyArn": arn, "VersionId": "v1"})
    assert desk.call("iam:GetPolicy", {"PolicyArn": arn})["Policy"]["DefaultVersionId"] == "v1"
    with pytest.raises(NoSuchEntity, match="version v9 does not exist"):
        desk.call("iam:GetPolicyVersion", {"PolicyArn": arn, "VersionId": "v9"})


def test_policy_in_use_is_not_deleted(desk: Desk) -> None:
    arn = make(desk)
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": arn})
    desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": arn})
    assert desk.call("iam:GetPolicy", {"PolicyArn": arn})["Policy"]["AttachmentCount"] == 1
    with pytest.raises(DeleteConflict, match="Cannot delete a policy attached to entities"):
        desk.call("iam:DeletePolicy", {"PolicyArn": arn})
    desk.call("iam:DetachUserPolicy", {"UserName": "mateojackson", "PolicyArn": arn})
    with pytest.raises(NoSuchEntity, match="was not found"):
        desk.call("iam:DetachUserPolicy", {"UserName": "mateojackson", "PolicyArn": arn})
    desk.call("iam:CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": WRITE})
    with pytest.raises(DeleteConflict, match="This policy has more than one version"):
        desk.call("iam:DeletePolicy", {"PolicyArn": arn})
    desk.call("iam:DeletePolicyVersion", {"PolicyArn": arn, "VersionId": "v2"})
    desk.call("iam:DeletePolicy", {"PolicyArn": arn})
    make(desk)


def test_ten_policies_at_most_hang_on_a_user(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    for number in range(10):
        desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": make(desk, f"p{number}")})
    with pytest.raises(QuotaExceeded, match="Cannot exceed quota for PoliciesPerUser: 10"):
        desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": ADMIN})


def test_aws_policies_are_there_and_not_to_be_changed(desk: Desk) -> None:
    desk.call("iam:CreateGroup", {"GroupName": "admins"})
    desk.call("iam:AttachGroupPolicy", {"GroupName": "admins", "PolicyArn": ADMIN})
    shown = desk.call("iam:GetPolicy", {"PolicyArn": ADMIN})["Policy"]
    assert (shown["PolicyName"], shown["AttachmentCount"]) == ("AdministratorAccess", 1)
    document = desk.call("iam:GetPolicyVersion", {"PolicyArn": ADMIN, "VersionId": shown["DefaultVersionId"]})
    assert quote('"Action"', safe="") in document["PolicyVersion"]["Document"]
    with pytest.raises(OwnedByAws):
        desk.call("iam:DeletePolicy", {"PolicyArn": ADMIN})
    used = desk.call("iam:ListPolicies", {"OnlyAttached": True})["Policies"]
    assert [policy["PolicyName"] for policy in used] == ["AdministratorAccess"]
    entities = desk.call("iam:ListEntitiesForPolicy", {"PolicyArn": ADMIN})
    assert [group["GroupName"] for group in entities["PolicyGroups"]] == ["admins"]


def test_scope_and_usage_select_policies(desk: Desk) -> None:
    arn = make(desk)
    desk.call("iam:CreateUser", {"UserName": "mateojackson", "PermissionsBoundary": arn})
    local = desk.call("iam:ListPolicies", {"Scope": "Local"})["Policies"]
    assert [policy["PolicyName"] for policy in local] == ["ReadObjects"]
    assert desk.call("iam:ListPolicies", {"PolicyUsageFilter": "PermissionsPolicy", "Scope": "Local"})["Policies"] == []
    bounding = desk.call("iam:ListPolicies", {"PolicyUsageFilter": "PermissionsBoundary"})["Policies"]
    assert [policy["PermissionsBoundaryUsageCount"] for policy in bounding] == [1]
    with pytest.raises(DeleteConflict):
        desk.call("iam:DeletePolicy", {"PolicyArn": arn})


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", "Syntax errors in policy."),
        (READ.replace("2012-10-17", "2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (READ.replace('"Action": "s3:GetObject", ', ""), "Policy statement must contain actions."),
        (READ.replace('"Action"', '"Principal": "*", "Action"'), "Policy document should not specify a principal."),
    ],
)
def test_documents_are_checked(desk: Desk, document: str, text: str) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    for operation, params in (
        ("iam:CreatePolicy", {"PolicyName": "p"}),
        ("iam:PutUserPolicy", {"PolicyName": "p", "UserName": "mateojackson"}),
    ):
        with pytest.raises(MalformedPolicyDocument) as told:
            desk.call(operation, {**params, "PolicyDocument": document})
        assert told.value.text == text


def long(size: int) -> str:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "x" * size}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_sizes_are_bounded_without_white_space(desk: Desk) -> None:
    with pytest.raises(LimitExceeded, match="Cannot exceed quota for PolicySize: 6144"):
        make(desk, document=long(6144))
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    put: dict[str, Any] = {"UserName": "mateojackson", "PolicyName": "a"}
    desk.call("iam:PutUserPolicy", {**put, "PolicyDocument": long(1000) + " " * 5000})
    with pytest.raises(LimitExceeded, match="Maximum policy size of 2048 bytes exceeded for user mateojackson"):
        desk.call("iam:PutUserPolicy", {**put, "PolicyName": "b", "PolicyDocument": long(1000)})
    desk.call("iam:PutUserPolicy", {**put, "PolicyDocument": long(1500)})


def test_inline_policies_come_and_go(desk: Desk) -> None:
    desk.call("iam:CreateGroup", {"GroupName": "Auditors"})
    desk.call("iam:PutGroupPolicy", {"GroupName": "auditors", "PolicyName": "read", "PolicyDocument": READ})
    assert desk.call("iam:GetGroupPolicy", {"GroupName": "auditors", "PolicyName": "read"}) == {
        "GroupName": "Auditors", "PolicyName": "read", "PolicyDocument": quote(READ, safe=""),
    }  # fmt: skip
    assert desk.call("iam:ListGroupPolicies", {"GroupName": "auditors"})["PolicyNames"] == ["read"]
    desk.call("iam:DeleteGroupPolicy", {"GroupName": "auditors", "PolicyName": "read"})
    with pytest.raises(NoSuchEntity, match="The group policy with name read cannot be found"):
        desk.call("iam:GetGroupPolicy", {"GroupName": "auditors", "PolicyName": "read"})


def test_boundary_is_put_and_taken_off(desk: Desk) -> None:
    arn = make(desk)
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:PutUserPermissionsBoundary", {"UserName": "mateojackson", "PermissionsBoundary": arn})
    shown = desk.call("iam:GetUser", {"UserName": "mateojackson"})["User"]
    assert shown["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert desk.call("iam:GetPolicy", {"PolicyArn": arn})["Policy"]["PermissionsBoundaryUsageCount"] == 1
    desk.call("iam:DeleteUserPermissionsBoundary", {"UserName": "mateojackson"})
    assert desk.call("iam:GetPolicy", {"PolicyArn": arn})["Policy"]["PermissionsBoundaryUsageCount"] == 0
    with pytest.raises(NoSuchEntity):
        desk.call("iam:DeleteUserPermissionsBoundary", {"UserName": "mateojackson"})


def test_account_details_tell_everything_in_pages(desk: Desk) -> None:
    arn = make(desk)
    for name in ("mateojackson", "marymajor"):
        desk.call("iam:CreateUser", {"UserName": name})
        desk.call("iam:AttachUserPolicy", {"UserName": name, "PolicyArn": arn})
        desk.call("iam:PutUserPolicy", {"UserName": name, "PolicyName": "in", "PolicyDocument": READ})
    desk.call("iam:CreateGroup", {"GroupName": "auditors"})
    desk.call("iam:AttachGroupPolicy", {"GroupName": "auditors", "PolicyArn": ADMIN})
    desk.call("iam:AddUserToGroup", {"GroupName": "auditors", "UserName": "marymajor"})
    whole = desk.call("iam:GetAccountAuthorizationDetails")
    assert [(user["UserName"], user["GroupList"]) for user in whole["UserDetailList"]] == [
        ("marymajor", ["auditors"]), ("mateojackson", []),
    ]  # fmt: skip
    assert whole["UserDetailList"][0]["UserPolicyList"] == [
        {"PolicyName": "in", "PolicyDocument": quote(READ, safe="")}
    ]
    assert [policy["PolicyName"] for policy in whole["Policies"]] == ["ReadObjects", "AdministratorAccess"]
    assert whole["Policies"][0]["PolicyVersionList"][0]["Document"] == quote(READ, safe="")
    first = desk.call("iam:GetAccountAuthorizationDetails", {"MaxItems": 3})
    rest = desk.call("iam:GetAccountAuthorizationDetails", {"MaxItems": 3, "Marker": first["Marker"]})
    for part in ("UserDetailList", "GroupDetailList", "Policies"):
        assert first[part] + rest[part] == whole[part]
    only = desk.call("iam:GetAccountAuthorizationDetails", {"Filter": ["Group"]})
    assert (only["UserDetailList"], len(only["GroupDetailList"])) == ([], 1)
    summary = desk.call("iam:GetAccountSummary")["SummaryMap"]
    assert (summary["Users"], summary["Groups"], summary["Policies"], summary["AccountAccessKeysPresent"]) == (
        2,
        1,
        1,
        1,
    )


def test_simulation_decides_and_names_the_statement(desk: Desk) -> None:
    user = desk.call("iam:CreateUser", {"UserName": "mateojackson"})["User"]
    desk.call("iam:PutUserPolicy", {"UserName": "mateojackson", "PolicyName": "in", "PolicyDocument": READ})
    asked = {
        "PolicySourceArn": user["Arn"],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/k"],
    }
    allowed, denied = desk.call("iam:SimulatePrincipalPolicy", asked)["EvaluationResults"]
    assert (allowed["EvalActionName"], allowed["EvalDecision"]) == ("s3:GetObject", "allowed")
    assert allowed["MatchedStatements"][0]["SourcePolicyId"] == "user_mateojackson_in"
    assert denied["EvalDecision"] == "implicitDeny"
    excluded = [{"PolicyType": "inline"}]
    without = desk.call("iam:SimulatePrincipalPolicy", {**asked, "PolicyExclusionList": excluded})["EvaluationResults"]
    assert {result["EvalDecision"] for result in without} == {"implicitDeny"}
    more = desk.call("iam:SimulatePrincipalPolicy", {**asked, "PolicyInputList": [WRITE]})["EvaluationResults"]
    assert {result["EvalDecision"] for result in more} == {"allowed"}
    bounded = {**asked, "PermissionsBoundaryPolicyInputList": [WRITE]}
    capped = desk.call("iam:SimulatePrincipalPolicy", bounded)["EvaluationResults"][0]
    assert capped["EvalDecision"] == "implicitDeny"
    assert capped["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_custom_simulation_needs_context(desk: Desk) -> None:
    tagged = READ.replace(
        '"Resource": "*"', '"Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}'
    )
    asked = {"PolicyInputList": [tagged], "ActionNames": ["s3:GetObject"]}
    result = desk.call("iam:SimulateCustomPolicy", asked)["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:RequestTag/team"])
    given = [{"ContextKeyName": "aws:RequestTag/team", "ContextKeyType": "string", "ContextKeyValues": ["a"]}]
    result = desk.call("iam:SimulateCustomPolicy", {**asked, "ContextEntries": given})["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    levels = [{"ServiceControlPolicyInputList": [WRITE]}]
    result = desk.call(
        "iam:SimulateCustomPolicy", {**asked, "ContextEntries": given, "OrderedOrganizationPolicyInputList": levels}
    )
    assert result["EvaluationResults"][0]["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert desk.call("iam:GetContextKeysForCustomPolicy", {"PolicyInputList": [tagged]}) == {
        "ContextKeyNames": ["aws:RequestTag/team"],
    }  # fmt: skip


def test_group_simulation_uses_its_policies(desk: Desk) -> None:
    group = desk.call("iam:CreateGroup", {"GroupName": "auditors"})["Group"]
    desk.call("iam:AttachGroupPolicy", {"GroupName": "auditors", "PolicyArn": make(desk)})
    asked = {"PolicySourceArn": group["Arn"], "ActionNames": ["s3:GetObject"]}
    assert desk.call("iam:SimulatePrincipalPolicy", asked)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    with pytest.raises(NoSuchEntity):
        desk.call("iam:SimulatePrincipalPolicy", {**asked, "PolicySourceArn": group["Arn"] + "x"})
