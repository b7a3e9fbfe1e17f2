"""Event data stores of an organization: who makes, sees and changes them."""

import json

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.organizations
from trailwarden.auth.authorize import Authorizer
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.iam.facts import iam_facts

assert trailwarden.services.organizations.__all__

CLOUDTRAIL = "cloudtrail.amazonaws.com"


@pytest.fixture
def org(desk: Desk) -> Desk:
    """OTHER is a member, and CloudTrail has access."""
    desk.facts = {"iam": iam_facts, "cloudtrail": cloudtrail_facts}
    desk.call("organizations:CreateOrganization")
    handshake = desk.call("organizations:InviteAccountToOrganization", {"Target": {"Type": "ACCOUNT", "Id": OTHER}})
    desk.call("organizations:AcceptHandshake", {"HandshakeId": handshake["Handshake"]["Id"]}, caller=root(OTHER))
    desk.call("organizations:EnableAWSServiceAccess", {"ServicePrincipal": CLOUDTRAIL})
    return desk


def refused(org: Desk, operation: str, account: str = OTHER, **params: object) -> str:
    with pytest.raises(AwsError) as error:
        org.call(f"cloudtrail:{operation}", params, caller=root(account))
    return error.value.code_in("json")


def may(org: Desk, arn: str, action: str) -> bool:
    check = Check(action=action, resource=arn)
    authorizer = Authorizer(org.facts, chance=org.chance)
    return authorizer.judge(root(OTHER), check, org.storage.begin(), now=NOW, region="us-east-1").decision.allowed


def test_administrators_share_the_management_accounts_store(org: Desk) -> None:
    assert refused(org, "CreateEventDataStore", Name="ours", OrganizationEnabled=True) == (
        "NotOrganizationMasterAccountException"
    )
    org.call("organizations:RegisterDelegatedAdministrator", {"AccountId": OTHER, "ServicePrincipal": CLOUDTRAIL})
    assert refused(org, "CreateEventDataStore", Name="ours", OrganizationEnabled=True) == (
        "NoManagementAccountSLRExistsException"
    )
    assert org.call("cloudtrail:ListEventDataStores")["EventDataStores"] == []
    org.call("iam:CreateServiceLinkedRole", {"AWSServiceName": CLOUDTRAIL})
    asked = {"Name": "ours", "OrganizationEnabled": True, "TerminationProtectionEnabled": False}
    made = org.call("cloudtrail:CreateEventDataStore", asked, caller=root(OTHER))
    arn = made["EventDataStoreArn"]
    assert made["OrganizationEnabled"] is True
    assert arn.startswith(f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:eventdatastore/")
    for given in (arn, arn.rpartition("/")[2]):
        shown = org.call("cloudtrail:GetEventDataStore", {"EventDataStore": given}, caller=root(OTHER))
        assert shown["Name"] == "ours"
    listed = org.call("cloudtrail:ListEventDataStores", caller=root(OTHER))["EventDataStores"]
    assert [each["EventDataStoreArn"] for each in listed] == [arn]
    policy = json.loads(org.call("cloudtrail:GetResourcePolicy", {"ResourceArn": arn})["DelegatedAdminResourcePolicy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER}:root"]}
    assert may(org, arn, "cloudtrail:UpdateEventDataStore")
    assert not may(org, arn, "cloudtrail:PutResourcePolicy")
    alone = {"EventDataStore": arn, "OrganizationEnabled": False}
    assert refused(org, "UpdateEventDataStore", **alone) == "NotOrganizationMasterAccountException"
    org.call("cloudtrail:StopEventDataStoreIngestion", {"EventDataStore": arn}, caller=root(OTHER))
    org.call("cloudtrail:AddTags", {"ResourceId": arn, "TagsList": [{"Key": "a"}]}, caller=root(OTHER))
    org.call("organizations:DeregisterDelegatedAdministrator", {"AccountId": OTHER, "ServicePrincipal": CLOUDTRAIL})
    assert not may(org, arn, "cloudtrail:GetEventDataStore")
    assert refused(org, "DeleteEventDataStore", EventDataStore=arn) == "NotOrganizationMasterAccountException"
    assert org.call("cloudtrail:ListEventDataStores", caller=root(OTHER))["EventDataStores"] == []
    assert org.call("cloudtrail:UpdateEventDataStore", alone)["OrganizationEnabled"] is False
    assert refused(org, "GetResourcePolicy", ACCOUNT, ResourceArn=arn) == "ResourcePolicyNotFoundException"
