import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.iam
import trailwarden.services.organizations
from trailwarden.errors import AwsError
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.last_accessed import JobNotFound
from trailwarden.storage.ports import Entry

assert trailwarden.services.iam.__all__
assert trailwarden.services.organizations.__all__

READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}'


def happened(desk: Desk, account: str, arn: str, time: float, source: str = "s3.amazonaws.com") -> None:
    record = {"userIdentity": {"type": "IAMUser", "arn": arn}}
    transaction = desk.storage.begin()
    transaction.append(
        Entry(
            event_id=f"{arn}-{time}",
            time=time,
            account=account,
            region="us-east-1",
            category="Management",
            source=source,
            name="ListBuckets",
            read_only=True,
            record=json.dumps(record).encode(),
        )
    )
    desk.storage.commit(transaction).result(10)


def entity_report(desk: Desk, arn: str, **more: Any) -> Any:
    job = desk.call("iam:GenerateServiceLastAccessedDetails", {"Arn": arn})["JobId"]
    return desk.call("iam:GetServiceLastAccessedDetailsWithEntities", {"JobId": job, "ServiceNamespace": "s3", **more})


def test_who_used_a_group_or_policy_is_told_one_by_one(desk: Desk) -> None:
    for name in ("mateojackson", "marymajor"):
        desk.call("iam:CreateUser", {"UserName": name})
    desk.call("iam:CreateGroup", {"GroupName": "Readers"})
    policy = desk.call("iam:CreatePolicy", {"PolicyName": "Read", "PolicyDocument": READ})["Policy"]["Arn"]
    desk.call("iam:AttachGroupPolicy", {"GroupName": "Readers", "PolicyArn": policy})
    for name in ("mateojackson", "marymajor"):
        desk.call("iam:AddUserToGroup", {"GroupName": "Readers", "UserName": name})
    happened(desk, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/marymajor", NOW - 60)
    happened(desk, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/marymajor", NOW - 90)
    answer = entity_report(desk, f"arn:aws:iam::{ACCOUNT}:group/Readers")
    told = [(each["EntityInfo"]["Name"], each.get("LastAuthenticated")) for each in answer["EntityDetailsList"]]
    assert told == [("marymajor", NOW - 60), ("mateojackson", None)]
    assert answer["EntityDetailsList"][0]["EntityInfo"]["Type"] == "USER"
    first = entity_report(desk, f"arn:aws:iam::{ACCOUNT}:group/Readers", MaxItems=1)
    assert (len(first["EntityDetailsList"]), first["IsTruncated"]) == (1, True)
    desk.call("iam:AttachUserPolicy", {"UserName": "mateojackson", "PolicyArn": policy})
    answer = entity_report(desk, policy)
    assert [each["EntityInfo"]["Name"] for each in answer["EntityDetailsList"]] == ["mateojackson"]
    with pytest.raises(JobNotFound):
        desk.call("iam:GetServiceLastAccessedDetailsWithEntities", {"JobId": "x" * 36, "ServiceNamespace": "s3"})


def organized(desk: Desk) -> str:
    made = desk.call("organizations:CreateOrganization", {"FeatureSet": "ALL"})["Organization"]
    root_id = desk.call("organizations:ListRoots")["Roots"][0]["Id"]
    desk.call("organizations:EnablePolicyType", {"RootId": root_id, "PolicyType": "SERVICE_CONTROL_POLICY"})
    invited = desk.call("organizations:InviteAccountToOrganization", {"Target": {"Id": OTHER, "Type": "ACCOUNT"}})
    desk.call("organizations:AcceptHandshake", {"HandshakeId": invited["Handshake"]["Id"]}, caller=root(OTHER))
    return f"{made['Id']}/{root_id}"


def test_an_organization_is_reported_by_its_policies(desk: Desk) -> None:
    path = organized(desk)
    deny = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}'
    made = desk.call(
        "organizations:CreatePolicy",
        {"Name": "Few", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": deny},
    )["Policy"]["PolicySummary"]["Id"]
    desk.call("organizations:AttachPolicy", {"PolicyId": made, "TargetId": OTHER})
    desk.call("organizations:DetachPolicy", {"PolicyId": "p-FullAWSAccess", "TargetId": OTHER})
    happened(desk, OTHER, f"arn:aws:iam::{OTHER}:user/marymajor", NOW - 60)
    job = desk.call("iam:GenerateOrganizationsAccessReport", {"EntityPath": f"{path}/{OTHER}"})["JobId"]
    report = desk.call("iam:GetOrganizationsAccessReport", {"JobId": job})
    assert [each["ServiceNamespace"] for each in report["AccessDetails"]] == ["s3", "sqs"]
    assert (report["NumberOfServicesAccessible"], report["NumberOfServicesNotAccessed"]) == (2, 1)
    used = report["AccessDetails"][0]
    assert (used["EntityPath"], used["Region"], used["LastAuthenticatedTime"], used["TotalAuthenticatedEntities"]) == (
        f"{path}/{OTHER}", "us-east-1", NOW - 60, 1,
    )  # fmt: skip
    newest = {"JobId": job, "SortKey": "LAST_AUTHENTICATED_TIME_ASCENDING"}
    assert desk.call("iam:GetOrganizationsAccessReport", newest)["AccessDetails"][0]["ServiceNamespace"] == "sqs"
    whole = desk.call("iam:GenerateOrganizationsAccessReport", {"EntityPath": path})["JobId"]
    assert desk.call("iam:GetOrganizationsAccessReport", {"JobId": whole})["NumberOfServicesAccessible"] > 300
    one = {"EntityPath": path, "OrganizationsPolicyId": made}
    named = desk.call("iam:GenerateOrganizationsAccessReport", one)["JobId"]
    assert desk.call("iam:GetOrganizationsAccessReport", {"JobId": named})["NumberOfServicesAccessible"] == 2


def test_only_the_management_account_reports_on_what_is_there(desk: Desk) -> None:
    with pytest.raises(AwsError, match="Only the management account"):
        desk.call("iam:GenerateOrganizationsAccessReport", {"EntityPath": "o-a1b2c3d4e5/r-abcd"})
    path = organized(desk)
    with pytest.raises(AwsError, match="Only the management account"):
        desk.call("iam:GenerateOrganizationsAccessReport", {"EntityPath": path}, caller=root(OTHER))
    with pytest.raises(InvalidInput):
        desk.call("iam:GenerateOrganizationsAccessReport", {"EntityPath": f"{path}/ou-none-00000000"})
    with pytest.raises(JobNotFound):
        desk.call("iam:GetOrganizationsAccessReport", {"JobId": "x" * 36})


def test_account_properties_stay_by_namespace(desk: Desk) -> None:
    assert desk.call("iam:GetAccountProperties") == {"Properties": {}}
    desk.call("iam:PutAccountProperties", {"Properties": {"RoleManager/Enabled": "true"}})
    desk.call("iam:PutAccountProperties", {"Properties": {"Other/Name": "x"}})
    assert desk.call("iam:GetAccountProperties")["Properties"] == {"RoleManager/Enabled": "true", "Other/Name": "x"}
    for wrong in ({"Enabled": "true"}, {"a/b": "1", "c/d": "1"}, {"/b": "1"}, {"a/b/c": "1"}, {}, {"a/b": "x" * 1025}):
        with pytest.raises(InvalidInput):
            desk.call("iam:PutAccountProperties", {"Properties": wrong})


def test_a_context_provider_is_set_and_removed(desk: Desk) -> None:
    arn = desk.call("iam:CreateOpenIDConnectProvider", {"Url": "https://idp.example.com"})["OpenIDConnectProviderArn"]
    named = {"OpenIDConnectProviderArn": arn}
    given = {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "email"}]}
    desk.call("iam:UpdateOpenIDConnectProvider", {**named, "ContextProvider": given})
    assert desk.call("iam:GetOpenIDConnectProvider", named)["ContextProvider"] == given
    both = {"ContextProvider": given, "RemoveContextProvider": True}
    twice = {"ContextProvider": {**given, "SubjectTypeValue": "user", "SubjectTypeSourceKey": "t"}}
    two = {"RemoveContextProvider": True, "RemoveIdentityCenterInstance": True}
    instance = {"IdentityCenterInstanceArn": "arn:aws:sso:::instance/ssoins-1"}
    for wrong in (both, twice, two, instance):
        with pytest.raises(InvalidInput):
            desk.call("iam:UpdateOpenIDConnectProvider", {**named, **wrong})
    desk.call("iam:UpdateOpenIDConnectProvider", {**named, "RemoveContextProvider": True})
    assert "ContextProvider" not in desk.call("iam:GetOpenIDConnectProvider", named)
