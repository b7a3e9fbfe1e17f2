import re
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root

from trailwarden.auth.identities import ACCOUNT as ACCOUNTS
from trailwarden.auth.identities import ROLE
from trailwarden.errors import AwsError
from trailwarden.services.organizations.errors import (
    AccessDeniedException,
    AWSOrganizationsNotInUseException,
    ConstraintViolationException,
    InvalidInputException,
    MasterCannotLeaveOrganizationException,
)
from trailwarden.services.organizations.organization import (
    AlreadyInOrganizationException,
    OrganizationNotEmptyException,
)


def made(org: Desk, email: str = "marymajor@example.com", **more: Any) -> str:
    """A new member account's id."""
    begun = org.call("organizations:CreateAccount", {"Email": email, "AccountName": "member", **more})
    status = org.call(
        "organizations:DescribeCreateAccountStatus", {"CreateAccountRequestId": begun["CreateAccountStatus"]["Id"]}
    )
    return str(status["CreateAccountStatus"]["AccountId"])


def root_id(org: Desk) -> str:
    return str(org.call("organizations:ListRoots")["Roots"][0]["Id"])


def test_the_organization_is_made_and_shown(org: Desk) -> None:
    shown = org.call("organizations:DescribeOrganization")["Organization"]
    assert re.fullmatch(r"o-[a-z0-9]{10}", shown["Id"])
    assert shown["Arn"] == f"arn:aws:organizations::{ACCOUNT}:organization/{shown['Id']}"
    assert shown["MasterAccountArn"] == f"arn:aws:organizations::{ACCOUNT}:account/{shown['Id']}/{ACCOUNT}"
    assert shown["FeatureSet"] == "ALL"
    top = org.call("organizations:ListRoots")["Roots"]
    assert [each["PolicyTypes"] for each in top] == [[]]
    account = org.storage.begin().get(ACCOUNTS, ACCOUNT, "", ACCOUNT)
    assert account is not None
    assert account.body.organization == shown["Id"]
    with pytest.raises(AlreadyInOrganizationException):
        org.call("organizations:CreateOrganization")


def test_who_is_in_no_organization_is_told(org: Desk) -> None:
    with pytest.raises(AWSOrganizationsNotInUseException, match="Your account is not a member of an organization"):
        org.call("organizations:DescribeOrganization", caller=root(OTHER))


def test_a_new_account_is_real(org: Desk) -> None:
    account = made(org)
    listed = org.call("organizations:ListAccounts")["Accounts"]
    assert {each["Id"]: each["JoinedMethod"] for each in listed} == {ACCOUNT: "INVITED", account: "CREATED"}
    role = org.storage.begin().get(ROLE, account, "", "organizationaccountaccessrole")
    assert role is not None
    assert role.body.attached == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    assert f"arn:aws:iam::{ACCOUNT}:root" in role.body.trust
    own = org.storage.begin().get(ROLE, account, "", "awsserviceroleFororganizations".lower())
    assert own is not None
    seen = org.call("organizations:DescribeOrganization", caller=root(account))["Organization"]
    assert seen["MasterAccountId"] == ACCOUNT


def test_an_email_belongs_to_one_account(org: Desk) -> None:
    made(org)
    begun = org.call("organizations:CreateAccount", {"Email": "MaryMajor@example.com", "AccountName": "again"})
    assert begun["CreateAccountStatus"]["State"] == "IN_PROGRESS"
    failed = org.call("organizations:ListCreateAccountStatus", {"States": ["FAILED"]})["CreateAccountStatuses"]
    assert [each["FailureReason"] for each in failed] == ["EMAIL_ALREADY_EXISTS"]


def test_members_may_not_read_the_organization_unless_they_administer_a_service(org: Desk) -> None:
    account = made(org)
    with pytest.raises(AccessDeniedException, match=r"You don't have permissions to access this resource\."):
        org.call("organizations:ListAccounts", caller=root(account))
    service = {"ServicePrincipal": "cloudtrail.amazonaws.com"}
    with pytest.raises(ConstraintViolationException) as refused:
        org.call("organizations:RegisterDelegatedAdministrator", {"AccountId": account, **service})
    assert refused.value.members == {"Reason": "SERVICE_ACCESS_NOT_ENABLED"}
    org.call("organizations:EnableAWSServiceAccess", service)
    org.call("organizations:RegisterDelegatedAdministrator", {"AccountId": account, **service})
    assert len(org.call("organizations:ListAccounts", caller=root(account))["Accounts"]) == 2
    with pytest.raises(AccessDeniedException):
        org.call("organizations:CreateAccount", {"Email": "a@example.com", "AccountName": "x"}, caller=root(account))
    with pytest.raises(ConstraintViolationException) as refused:
        org.call("organizations:RemoveAccountFromOrganization", {"AccountId": account})
    assert refused.value.members["Reason"] == "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"
    org.call("organizations:DisableAWSServiceAccess", service)
    assert org.call("organizations:ListDelegatedAdministrators")["DelegatedAdministrators"] == []


def test_accounts_leave_before_the_organization_goes(org: Desk) -> None:
    account = made(org)
    with pytest.raises(OrganizationNotEmptyException):
        org.call("organizations:DeleteOrganization")
    with pytest.raises(MasterCannotLeaveOrganizationException):
        org.call("organizations:LeaveOrganization")
    org.call("organizations:LeaveOrganization", caller=root(account))
    org.call("organizations:DeleteOrganization")
    for each in (ACCOUNT, account):
        with pytest.raises(AWSOrganizationsNotInUseException):
            org.call("organizations:DescribeOrganization", caller=root(each))
    org.call("organizations:CreateOrganization", {"FeatureSet": "CONSOLIDATED_BILLING"})
    assert org.call("organizations:DescribeOrganization")["Organization"]["AvailablePolicyTypes"] == []
    with pytest.raises(ConstraintViolationException) as refused:
        org.call("organizations:EnableAWSServiceAccess", {"ServicePrincipal": "cloudtrail.amazonaws.com"})
    assert refused.value.members["Reason"] == "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"


def test_pages_follow_each_other(org: Desk) -> None:
    made(org)
    first = org.call("organizations:ListAccounts", {"MaxResults": 1})
    second = org.call("organizations:ListAccounts", {"MaxResults": 1, "NextToken": first["NextToken"]})
    assert "NextToken" not in second
    assert first["Accounts"][0]["Id"] < second["Accounts"][0]["Id"]
    with pytest.raises(InvalidInputException) as refused:
        org.call("organizations:ListAccounts", {"NextToken": "?"})
    assert refused.value.members["Reason"] == "INVALID_NEXT_TOKEN"


def test_units_nest_five_deep_and_accounts_move(org: Desk) -> None:
    account, parent = made(org), root_id(org)
    top = parent
    for depth in range(5):
        unit = org.call("organizations:CreateOrganizationalUnit", {"ParentId": parent, "Name": f"level-{depth}"})
        parent = unit["OrganizationalUnit"]["Id"]
    with pytest.raises(ConstraintViolationException) as refused:
        org.call("organizations:CreateOrganizationalUnit", {"ParentId": parent, "Name": "too deep"})
    assert refused.value.members["Reason"] == "OU_DEPTH_LIMIT_EXCEEDED"
    move = {"AccountId": account, "SourceParentId": top, "DestinationParentId": parent}
    org.call("organizations:MoveAccount", move)
    assert org.call("organizations:ListParents", {"ChildId": account})["Parents"] == [
        {"Id": parent, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    for again, code in (
        (move, "DuplicateAccountException"),
        ({**move, "DestinationParentId": top}, "SourceParentNotFoundException"),
    ):
        with pytest.raises(AwsError) as told:
            org.call("organizations:MoveAccount", again)
        assert told.value.code_in("json") == code
    with pytest.raises(AwsError) as told:
        org.call("organizations:DeleteOrganizationalUnit", {"OrganizationalUnitId": parent})
    assert told.value.code_in("json") == "OrganizationalUnitNotEmptyException"


def test_tags_are_kept_with_what_they_are_on(org: Desk) -> None:
    account = made(org, Tags=[{"Key": "team", "Value": "audit"}])
    org.call("organizations:TagResource", {"ResourceId": account, "Tags": [{"Key": "stage", "Value": "test"}]})
    org.call("organizations:UntagResource", {"ResourceId": account, "TagKeys": ["team", "none"]})
    assert org.call("organizations:ListTagsForResource", {"ResourceId": account})["Tags"] == [
        {"Key": "stage", "Value": "test"}
    ]
    with pytest.raises(InvalidInputException) as refused:
        org.call("organizations:TagResource", {"ResourceId": account, "Tags": [{"Key": "aws:x", "Value": ""}]})
    assert refused.value.members["Reason"] == "INVALID_SYSTEM_TAGS_PARAMETER"
