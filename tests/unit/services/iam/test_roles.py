import json
from typing import Any
from urllib.parse import unquote

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

import trailwarden.services.iam
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.iam.errors import (
    DeleteConflict,
    InvalidInput,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
    UnmodifiableEntity,
)
from trailwarden.services.iam.principals import InvalidPrincipal
from trailwarden.services.iam.roles import RoleAlreadyExists

assert trailwarden.services.iam.__all__


def trusting(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trusting({"Service": "ec2.amazonaws.com"})


def make(desk: Desk, name: str = "Auditor", trust: str = EC2, **more: Any) -> dict[str, Any]:
    params = {"RoleName": name, "AssumeRolePolicyDocument": trust, **more}
    return dict(desk.call("iam:CreateRole", params)["Role"])


def test_role_is_made_shown_and_listed_as_aws_does(desk: Desk) -> None:
    made = make(desk, Path="/team/", Tags=[{"Key": "a", "Value": "b"}], Description="d")
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/team/Auditor"
    assert json.loads(unquote(made["AssumeRolePolicyDocument"])) == json.loads(EC2)
    assert {"MaxSessionDuration", "RoleLastUsed"} & set(made) == set()
    shown = desk.call("iam:GetRole", {"RoleName": "auditor"})["Role"]
    assert shown == {
        **made,
        "MaxSessionDuration": 3600,
        "RoleLastUsed": {},
        "AssumeRolePolicyDocument": shown["AssumeRolePolicyDocument"],
    }
    listed = desk.call("iam:ListRoles")["Roles"]
    assert listed == [{key: value for key, value in shown.items() if key not in {"Tags", "RoleLastUsed"}}]
    with pytest.raises(RoleAlreadyExists):
        make(desk, "AUDITOR")


def test_trusted_user_is_kept_by_unique_id(desk: Desk) -> None:
    user = desk.call("iam:CreateUser", {"UserName": "mateojackson"})["User"]
    make(desk, trust=trusting({"AWS": [user["Arn"], ACCOUNT]}))
    assert user["UserId"] in desk.trust_of("Auditor")

    def shown() -> Any:
        role = desk.call("iam:GetRole", {"RoleName": "Auditor"})["Role"]
        return json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]["Principal"]["AWS"]

    assert shown() == [user["Arn"], f"arn:aws:iam::{ACCOUNT}:root"]
    desk.call("iam:DeleteUser", {"UserName": "mateojackson"})
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    assert shown()[0] == user["UserId"]


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ghost"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/wrong/path"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:group/auditors"},
        {"AWS": "AIDAAAAAAAAAAAAAAAAAA"},
        {"AWS": "nobody"},
    ],
)
def test_principals_must_exist(desk: Desk, principal: dict[str, str]) -> None:
    with pytest.raises(MalformedPolicyDocument, match="Invalid principal in policy"):
        make(desk, trust=trusting(principal))
    assert desk.call("iam:ListRoles")["Roles"] == []


def test_missing_principal_is_named(desk: Desk) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/ghost"
    with pytest.raises(InvalidPrincipal) as told:
        make(desk, trust=trusting({"AWS": arn}))
    assert told.value.text == f'Invalid principal in policy: "AWS":"{arn}"'


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::444455556666:role/unknown-to-us"},
        {"AWS": "*"},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/session"},
        {"Service": ["cloudtrail.amazonaws.com", "ec2.amazonaws.com"]},
        {"Federated": "cognito-identity.amazonaws.com"},
    ],
)
def test_principals_of_other_kinds_stay_as_written(desk: Desk, principal: dict[str, str]) -> None:
    make(desk, trust=trusting(principal))
    assert json.loads(desk.trust_of("Auditor"))["Statement"][0]["Principal"] == principal


@pytest.mark.parametrize(
    ("document", "error", "text"),
    [
        ("{", MalformedPolicyDocument, "This policy contains invalid Json"),
        (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}',
            MalformedPolicyDocument,
            "Has prohibited field Resource",
        ),
        (
            trusting({"Service": [f"s{number:03}.amazonaws.com" for number in range(200)]}),
            LimitExceeded,
            "Cannot exceed quota for ACLSizePerRole: 2048",
        ),
    ],
)
def test_trust_policies_are_checked(desk: Desk, document: str, error: type[AwsError], text: str) -> None:
    with pytest.raises(error) as told:
        make(desk, trust=document)
    assert told.value.text == text


def test_trust_is_changed(desk: Desk) -> None:
    make(desk)
    desk.call("iam:UpdateAssumeRolePolicy", {"RoleName": "Auditor", "PolicyDocument": trusting({"AWS": OTHER})})
    assert f"arn:aws:iam::{OTHER}:root" in desk.trust_of("Auditor")


def test_session_length_has_bounds(desk: Desk) -> None:
    make(desk)
    desk.call("iam:UpdateRole", {"RoleName": "Auditor", "MaxSessionDuration": 7200})
    assert desk.call("iam:GetRole", {"RoleName": "Auditor"})["Role"]["MaxSessionDuration"] == 7200
    with pytest.raises(ValidationException):
        desk.call("iam:UpdateRole", {"RoleName": "Auditor", "MaxSessionDuration": 43201})


def test_role_in_a_profile_is_not_deleted(desk: Desk) -> None:
    make(desk)
    desk.call("iam:CreateInstanceProfile", {"InstanceProfileName": "web"})
    desk.call("iam:AddRoleToInstanceProfile", {"InstanceProfileName": "web", "RoleName": "Auditor"})
    shown = desk.call("iam:GetInstanceProfile", {"InstanceProfileName": "Web"})["InstanceProfile"]
    assert [role["RoleName"] for role in shown["Roles"]] == ["Auditor"]
    found = desk.call("iam:ListInstanceProfilesForRole", {"RoleName": "Auditor"})["InstanceProfiles"]
    assert [profile["InstanceProfileName"] for profile in found] == ["web"]
    with pytest.raises(LimitExceeded, match="Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"):
        desk.call("iam:AddRoleToInstanceProfile", {"InstanceProfileName": "web", "RoleName": "Auditor"})
    with pytest.raises(DeleteConflict, match="must remove roles from instance profile first"):
        desk.call("iam:DeleteRole", {"RoleName": "Auditor"})
    desk.call("iam:RemoveRoleFromInstanceProfile", {"InstanceProfileName": "web", "RoleName": "Auditor"})
    desk.call("iam:DeleteRole", {"RoleName": "Auditor"})
    desk.call("iam:DeleteInstanceProfile", {"InstanceProfileName": "web"})
    with pytest.raises(NoSuchEntity, match="Instance Profile web cannot be found"):
        desk.call("iam:GetInstanceProfile", {"InstanceProfileName": "web"})


def test_service_linked_role_is_aws_own(desk: Desk) -> None:
    made = desk.call("iam:CreateServiceLinkedRole", {"AWSServiceName": "cloudtrail.amazonaws.com"})["Role"]
    name = "AWSServiceRoleForCloudTrail"
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/cloudtrail.amazonaws.com/{name}"
    attached = desk.call("iam:ListAttachedRolePolicies", {"RoleName": name})["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["CloudTrailServiceRolePolicy"]
    with pytest.raises(InvalidInput) as taken:
        desk.call("iam:CreateServiceLinkedRole", {"AWSServiceName": "cloudtrail.amazonaws.com"})
    assert (
        taken.value.text == f"Service role name {name} has been taken in this account, please try a different suffix."
    )
    with pytest.raises(UnmodifiableEntity) as kept:
        desk.call("iam:DeleteRole", {"RoleName": name})
    assert (
        kept.value.text
        == f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    )
    task = desk.call("iam:DeleteServiceLinkedRole", {"RoleName": name})["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/cloudtrail.amazonaws.com/{name}/")
    assert desk.call("iam:GetServiceLinkedRoleDeletionStatus", {"DeletionTaskId": task}) == {"Status": "SUCCEEDED"}
    with pytest.raises(NoSuchEntity):
        desk.call("iam:GetRole", {"RoleName": name})


def test_suffixes_are_for_some_services(desk: Desk) -> None:
    made = desk.call(
        "iam:CreateServiceLinkedRole", {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "x"}
    )
    assert made["Role"]["RoleName"] == "AWSServiceRoleForAutoScaling_x"
    with pytest.raises(InvalidInput, match=r"Custom suffix is not allowed for batch\.amazonaws\.com"):
        desk.call("iam:CreateServiceLinkedRole", {"AWSServiceName": "batch.amazonaws.com", "CustomSuffix": "x"})
