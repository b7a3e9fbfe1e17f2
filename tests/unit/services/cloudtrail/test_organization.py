import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root

import trailwarden.services.organizations
from trailwarden.auth.identities import ROLE
from trailwarden.auth.stages import Caller
from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.iam.facts import iam_facts

assert trailwarden.services.organizations.__all__

CLOUDTRAIL = "cloudtrail.amazonaws.com"
ACCESS = {"ServicePrincipal": CLOUDTRAIL}
PASSED = "S3BucketDoesNotExistException"
"""What comes behind every precondition of the organization: the bucket is looked for."""


def refusal(desk: Desk, caller: Caller | None = None, operation: str = "CreateTrail", **params: Any) -> str:
    given = params or {"Name": "Company-Trail", "S3BucketName": "amzn-s3-demo-bucket", "IsOrganizationTrail": True}
    with pytest.raises(AwsError) as refused:
        desk.call(f"cloudtrail:{operation}", given, caller=caller)
    return refused.value.code_in("json")


def member(desk: Desk) -> str:
    """OTHER joins the organization."""
    handshake = desk.call("organizations:InviteAccountToOrganization", {"Target": {"Type": "ACCOUNT", "Id": OTHER}})
    desk.call("organizations:AcceptHandshake", {"HandshakeId": handshake["Handshake"]["Id"]}, caller=root(OTHER))
    return OTHER


def user(desk: Desk, *actions: str, service: str = "") -> Caller:
    """A user of the management account with these permissions; `service` is the one whose role it may make."""
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    if service:
        named = {"StringEquals": {"iam:AWSServiceName": service}}
        linking = {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": named}
        statements.append(linking)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    name = "mateojackson"
    desk.call("iam:CreateUser", {"UserName": name})
    desk.call("iam:PutUserPolicy", {"UserName": name, "PolicyName": "given", "PolicyDocument": document})
    return desk.as_user(name)


@pytest.fixture
def org(desk: Desk) -> Desk:
    desk.facts = {"iam": iam_facts, "cloudtrail": cloudtrail_facts}
    desk.call("organizations:CreateOrganization")
    return desk


def test_preconditions_are_told_in_order(desk: Desk) -> None:
    assert refusal(desk) == "OrganizationsNotInUseException"
    desk.call("organizations:CreateOrganization", {"FeatureSet": "CONSOLIDATED_BILLING"})
    member(desk)
    assert refusal(desk, root(OTHER)) == "NotOrganizationMasterAccountException"
    assert refusal(desk) == "OrganizationNotInAllFeaturesModeException"
    change = desk.call("organizations:EnableAllFeatures")["Handshake"]["Id"]
    asked = desk.call(
        "organizations:ListHandshakesForAccount", {"Filter": {"ParentHandshakeId": change}}, caller=root(OTHER)
    )
    desk.call("organizations:AcceptHandshake", {"HandshakeId": asked["Handshakes"][0]["Id"]}, caller=root(OTHER))
    desk.call("organizations:AcceptHandshake", {"HandshakeId": change})
    assert refusal(desk) == "CloudTrailAccessNotEnabledException"
    desk.call("organizations:EnableAWSServiceAccess", ACCESS)
    assert refusal(desk, user(desk, "cloudtrail:*")) == "InsufficientDependencyServiceAccessPermissionException"
    desk.call("organizations:RegisterDelegatedAdministrator", {"AccountId": OTHER, **ACCESS})
    assert refusal(desk, root(OTHER)) == "NoManagementAccountSLRExistsException"
    assert refusal(desk) == PASSED
    assert desk.storage.begin().get(ROLE, ACCOUNT, "", "awsserviceroleforcloudtrail") is None


@pytest.mark.parametrize(
    ("actions", "service", "code"),
    [
        (("organizations:Describe*", "organizations:ListAccounts"), CLOUDTRAIL, "InsufficientDependencyServiceAccessPermissionException"),
        (("organizations:*",), "", "InsufficientDependencyServiceAccessPermissionException"),
        (("organizations:*",), "context.cloudtrail.amazonaws.com", "InsufficientDependencyServiceAccessPermissionException"),
        (("organizations:Describe*", "organizations:List*"), CLOUDTRAIL, PASSED),
    ],
)  # fmt: skip
def test_the_caller_needs_the_permissions_behind(org: Desk, actions: tuple[str, ...], service: str, code: str) -> None:
    org.call("organizations:EnableAWSServiceAccess", ACCESS)
    assert refusal(org, user(org, "cloudtrail:*", *actions, service=service)) == code


def test_delegation_through_cloudtrail_makes_both_roles(org: Desk) -> None:
    def register(account: str = OTHER, caller: Caller | None = None) -> str:
        return refusal(org, caller, "RegisterOrganizationDelegatedAdmin", MemberAccountId=account)

    assert register() == "CloudTrailAccessNotEnabledException"
    org.call("organizations:EnableAWSServiceAccess", ACCESS)
    assert register() == "AccountNotFoundException"
    member(org)
    assert register(caller=root(OTHER)) == "NotOrganizationManagementAccountException"
    assert register(ACCOUNT) == "CannotDelegateManagementAccountException"
    half = user(org, "cloudtrail:*", "organizations:*", service=CLOUDTRAIL)
    assert register(caller=half) == "InsufficientIAMAccessPermissionException"
    org.call("cloudtrail:RegisterOrganizationDelegatedAdmin", {"MemberAccountId": OTHER})
    assert register() == "AccountRegisteredException"
    for role in ("awsserviceroleforcloudtrail", "awsserviceroleforcloudtraileventcontext"):
        assert org.storage.begin().get(ROLE, ACCOUNT, "", role) is not None
    listed = org.call("organizations:ListDelegatedAdministrators", ACCESS)["DelegatedAdministrators"]
    assert [each["Id"] for each in listed] == [OTHER]
    assert refusal(org, root(OTHER)) == PASSED
    org.call("cloudtrail:DeregisterOrganizationDelegatedAdmin", {"DelegatedAdminAccountId": OTHER})
    gone = {"DelegatedAdminAccountId": OTHER}
    assert refusal(org, None, "DeregisterOrganizationDelegatedAdmin", **gone) == "AccountNotRegisteredException"


def test_three_accounts_administer_cloudtrail_at_most(org: Desk) -> None:
    org.call("organizations:EnableAWSServiceAccess", ACCESS)
    accounts = []
    for number in range(4):
        given = {"Email": f"marymajor+{number}@example.com", "AccountName": "member"}
        begun = org.call("organizations:CreateAccount", given)["CreateAccountStatus"]["Id"]
        status = org.call("organizations:DescribeCreateAccountStatus", {"CreateAccountRequestId": begun})
        accounts.append(status["CreateAccountStatus"]["AccountId"])
    for account in accounts[:3]:
        org.call("cloudtrail:RegisterOrganizationDelegatedAdmin", {"MemberAccountId": account})
    last = refusal(org, None, "RegisterOrganizationDelegatedAdmin", MemberAccountId=accounts[3])
    assert last == "DelegatedAdminAccountLimitExceededException"
