import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

from trailwarden.auth.organization import SCP, levels
from trailwarden.errors import AwsError

STATEMENTS = [{"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}]
GUARD = {"Version": "2012-10-17", "Statement": STATEMENTS}


def made(org: Desk, content: Any = None, *, kind: str = SCP, name: str = "guard") -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content or GUARD)
    params = {"Name": name, "Description": "", "Type": kind, "Content": text}
    return dict(org.call("organizations:CreatePolicy", params)["Policy"]["PolicySummary"])


def root_id(org: Desk) -> str:
    return str(org.call("organizations:ListRoots")["Roots"][0]["Id"])


def refusal(org: Desk, name: str, params: dict[str, Any]) -> tuple[str, object]:
    with pytest.raises(AwsError) as refused:
        org.call(f"organizations:{name}", params)
    return refused.value.code_in("json"), refused.value.members.get("Reason")


def test_policies_take_effect_where_they_hang_once_the_type_is_enabled(org: Desk) -> None:
    policy, top = made(org), root_id(org)
    organization = org.call("organizations:DescribeOrganization")["Organization"]["Id"]
    assert policy["Arn"] == (
        f"arn:aws:organizations::{ACCOUNT}:policy/{organization}/service_control_policy/{policy['Id']}"
    )
    hang = {"PolicyId": policy["Id"], "TargetId": top}
    assert refusal(org, "AttachPolicy", hang) == ("PolicyTypeNotEnabledException", None)
    assert org.call("organizations:ListPoliciesForTarget", {"TargetId": top, "Filter": SCP})["Policies"] == []
    org.call("organizations:EnablePolicyType", {"RootId": top, "PolicyType": SCP})
    assert (
        refusal(org, "EnablePolicyType", {"RootId": top, "PolicyType": SCP})[0] == "PolicyTypeAlreadyEnabledException"
    )
    org.call("organizations:AttachPolicy", hang)
    assert refusal(org, "AttachPolicy", hang)[0] == "DuplicatePolicyAttachmentException"
    here = org.call("organizations:ListPoliciesForTarget", {"TargetId": top, "Filter": SCP})["Policies"]
    assert {each["Name"]: each["AwsManaged"] for each in here} == {"FullAWSAccess": True, "guard": False}
    found = levels(ACCOUNT, org.storage.begin())
    assert [[each.source.name for each in level] for level in found] == [["FullAWSAccess", "guard"], ["FullAWSAccess"]]
    assert refusal(org, "DeletePolicy", {"PolicyId": policy["Id"]})[0] == "PolicyInUseException"
    targets = org.call("organizations:ListTargetsForPolicy", {"PolicyId": policy["Id"]})["Targets"]
    assert [(each["TargetId"], each["Type"]) for each in targets] == [(top, "ROOT")]
    org.call("organizations:DisablePolicyType", {"RootId": top, "PolicyType": SCP})
    org.call("organizations:DeletePolicy", {"PolicyId": policy["Id"]})
    assert levels(ACCOUNT, org.storage.begin()) == ()


def test_the_last_policy_stays(org: Desk) -> None:
    top = root_id(org)
    for kind in (SCP, "RESOURCE_CONTROL_POLICY"):
        org.call("organizations:EnablePolicyType", {"RootId": top, "PolicyType": kind})
    last = {"PolicyId": "p-FullAWSAccess", "TargetId": top}
    assert refusal(org, "DetachPolicy", last) == (
        "ConstraintViolationException",
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    fixed = {"PolicyId": "p-RCPFullAWSAccess", "TargetId": top}
    assert refusal(org, "DetachPolicy", fixed) == ("InvalidInputException", "NON_DETACHABLE_POLICY")
    for number in range(4):
        org.call("organizations:AttachPolicy", {"PolicyId": made(org, name=f"p{number}")["Id"], "TargetId": top})
    one_more = {"PolicyId": made(org, name="p5")["Id"], "TargetId": top}
    assert refusal(org, "AttachPolicy", one_more)[1] == "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    org.call("organizations:DetachPolicy", last)
    org.call("organizations:AttachPolicy", one_more)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        ("{", SCP, "MalformedPolicyDocumentException"),
        ({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "x"}]}, SCP, "MalformedPolicyDocumentException"),
        (GUARD, "RESOURCE_CONTROL_POLICY", "MalformedPolicyDocumentException"),
        ("[]", "TAG_POLICY", "MalformedPolicyDocumentException"),
        ({**GUARD, "Statement": STATEMENTS * 90}, SCP, "ConstraintViolationException"),
    ],
)  # fmt: skip
def test_documents_are_held_to_their_type(org: Desk, content: Any, kind: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        made(org, content, kind=kind)
    assert refused.value.code_in("json") == code


def test_policies_are_changed_but_not_those_of_aws(org: Desk) -> None:
    policy = made(org, '{"tags":{}}', kind="TAG_POLICY")
    changed = org.call("organizations:UpdatePolicy", {"PolicyId": policy["Id"], "Content": '{"tags":{"a":{}}}'})
    assert changed["Policy"]["Content"] == '{"tags":{"a":{}}}'
    assert changed["Policy"]["PolicySummary"]["Name"] == "guard"
    assert refusal(org, "UpdatePolicy", {"PolicyId": "p-FullAWSAccess", "Name": "x"})[1] == "IMMUTABLE_POLICY"
    made(org, name="other")
    listed = org.call("organizations:ListPolicies", {"Filter": SCP})["Policies"]
    assert {each["Name"] for each in listed} == {"FullAWSAccess", "other"}
    with pytest.raises(AwsError, match="A policy with the same name already exists"):
        made(org, name="other")
