"""Role templates: shown, and made into roles by stock clients of a user who may."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

ARN = "arn:aws:iam::aws:role-template/example.amazonaws.com/Reader:1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::@{account}:root"}, "Action": "sts:AssumeRole"},
    ],
}
BUCKETS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["@{buckets}", "arn:aws:s3:::logs/*"]}],
}
TEMPLATE = {
    "TemplateArn": ARN,
    "TemplateName": "Reader",
    "DefaultMinorVersion": 2,
    "MinorVersion": 2,
    "ManagedByValue": "example.amazonaws.com",
    "RoleNamePattern": "Reader-@{team}",
    "RolePathPattern": "/readers/",
    "RoleDescriptionPattern": "Reads for @{team}",
    "AssumeRolePolicyDocumentTemplate": TRUST,
    "InlinePolicyTemplates": [{"PolicyName": "buckets", "PolicyDocument": BUCKETS}],
    "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess"],
    "ParametersDefinition": [
        {"Name": "team", "Type": "String", "IsRequired": True},
        {"Name": "account", "Type": "Number", "IsRequired": True},
        {"Name": "buckets", "Type": "ArnList", "DefaultValue": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ],
    "RoleTagsTemplate": [{"Key": "team", "Value": "@{team}"}],
    "MaxSessionDuration": 7200,
}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_server() as running:
        folder = running.server.data / "templates" / "role"
        folder.mkdir(parents=True)
        (folder / "reader-1-2.json").write_text(json.dumps(TEMPLATE))
        older = {**TEMPLATE, "MinorVersion": 1, "VersionEnabled": False}
        (folder / "reader-1-1.json").write_text(json.dumps(older))
        (folder / "not-a-template.json").write_text('{"TemplateArn": 1}')
        yield running


@pytest.fixture(scope="module")
def iam(live: Live) -> Any:
    user = live.user("mateojackson")
    allowed = {"Effect": "Allow", "Action": ["iam:AcquireRole", "iam:GetRoleTemplateVersion"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    live.client("iam").put_user_policy(UserName="mateojackson", PolicyName="granted", PolicyDocument=document)
    return user.client("iam")


def values(**given: Any) -> dict[str, Any]:
    return {name: {"Values": listed if isinstance(listed, list) else [listed]} for name, listed in given.items()}


def refusal(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])


def test_a_template_is_shown(iam: Any) -> None:
    shown = iam.get_role_template_version(TemplateArn=ARN)["RoleTemplateVersion"]
    assert (shown["MinorVersion"], shown["ManagedByType"], shown["Enabled"]) == (2, "Service", True)
    assert shown["AssumeRolePolicyDocumentTemplate"] == TRUST
    assert iam.get_role_template_version(TemplateArn=ARN, MinorVersion=1)["RoleTemplateVersion"]["MinorVersion"] == 1
    assert refusal(iam.get_role_template_version, TemplateArn=ARN, MinorVersion=9) == "NoSuchEntity"


def test_a_role_is_made_of_it(live: Live, iam: Any) -> None:
    given = values(team="audit", account=live.account, buckets=["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"])
    role = iam.acquire_role(TemplateArn=ARN, ReplacementValues=given)["Role"]
    assert role["Arn"] == f"arn:aws:iam::{live.account}:role/readers/Reader-audit"
    assert role["SourceRoleTemplate"] == {"TemplateArn": ARN, "TemplateMinorVersion": 2}
    assert (role["MaxSessionDuration"], role["Tags"]) == (7200, [{"Key": "team", "Value": "audit"}])
    admin = live.client("iam")
    policy = admin.get_role_policy(RoleName="Reader-audit", PolicyName="buckets")["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*", "arn:aws:s3:::logs/*"]
    attached = admin.list_attached_role_policies(RoleName="Reader-audit")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AWSCloudTrail_ReadOnlyAccess"]
    assert admin.get_role(RoleName="Reader-audit")["Role"]["SourceRoleTemplate"]["TemplateArn"] == ARN
    assert refusal(iam.acquire_role, TemplateArn=ARN, ReplacementValues=given) == "NameConflict"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "InvalidInput"),
        ({"ReplacementValues": values(team="x", account="words")}, "InvalidInput"),
        ({"ReplacementValues": values(team="x", account="1", other="y")}, "InvalidInput"),
        ({"ReplacementValues": values(team=["x", "y"], account="1")}, "InvalidInput"),
        ({"TemplateMinorVersion": 1}, "RoleTemplateDisabled"),
        ({"TemplateArn": "arn:aws:iam::aws:role-template/example.amazonaws.com/None:1"}, "NoSuchEntity"),
    ],
)
def test_what_makes_no_role(iam: Any, given: dict[str, Any], code: str) -> None:
    assert refusal(iam.acquire_role, **{"TemplateArn": ARN, **given}) == code
