"""Effective policies with errors: which accounts have one, what is wrong, and which policies it comes from."""

import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root
from tests.unit.services.organizations.test_handshakes import invited, refusal

PLAN = {
    "regions": {"@@assign": ["us-east-1"]},
    "rules": {"Hourly": {"target_backup_vault_name": {"@@assign": "Default"}}},
    "selections": {
        "tags": {
            "datatype": {
                "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/Backup"},
                "tag_key": {"@@assign": "dataType"},
                "tag_value": {"@@assign": ["PII"]},
            }
        }
    },
}


@pytest.fixture
def backed(org: Desk) -> Desk:
    """An organization of two accounts, with backup policies."""
    org.call("organizations:AcceptHandshake", invited(org), caller=root(OTHER))
    root_id = org.call("organizations:ListRoots")["Roots"][0]["Id"]
    org.call("organizations:EnablePolicyType", {"RootId": root_id, "PolicyType": "BACKUP_POLICY"})
    return org


def attached(org: Desk, name: str, target: str, document: Any) -> str:
    given = {"Name": name, "Type": "BACKUP_POLICY", "Description": "", "Content": json.dumps(document)}
    policy = str(org.call("organizations:CreatePolicy", given)["Policy"]["PolicySummary"]["Id"])
    org.call("organizations:AttachPolicy", {"PolicyId": policy, "TargetId": target})
    return policy


def errors(org: Desk, account: str) -> dict[str, Any]:
    asked = {"AccountId": account, "PolicyType": "BACKUP_POLICY"}
    return dict(org.call("organizations:ListEffectivePolicyValidationErrors", asked))


def test_only_accounts_with_errors_are_listed(backed: Desk) -> None:
    attached(backed, "whole", ACCOUNT, {"plans": {"P": PLAN}})
    lacking = {name: value for name, value in PLAN.items() if name != "regions"}
    policy = attached(backed, "lacking", OTHER, {"plans": {"P": lacking}})
    asked = {"PolicyType": "BACKUP_POLICY"}
    invalid = backed.call("organizations:ListAccountsWithInvalidEffectivePolicy", asked)
    assert [each["Id"] for each in invalid["Accounts"]] == [OTHER]
    assert errors(backed, ACCOUNT)["EffectivePolicyValidationErrors"] == []
    told = errors(backed, OTHER)
    assert told["Path"].endswith(f"/{OTHER}/")
    assert told["EffectivePolicyValidationErrors"] == [
        {
            "ErrorCode": "ELEMENT_MISSING",
            "ErrorMessage": "The element regions is required.",
            "PathToError": "plans/P/regions",
            "ContributingPolicies": [policy],
        }
    ]


def test_plans_of_all_levels_are_counted_together(backed: Desk) -> None:
    root_id = backed.call("organizations:ListRoots")["Roots"][0]["Id"]
    plan = {"regions": "r", "rules": {}, "selections": {}}
    both = [
        attached(backed, "upper", root_id, {"plans": {f"u{number}": plan for number in range(151)}}),
        attached(backed, "lower", OTHER, {"plans": {f"l{number}": plan for number in range(150)}}),
    ]
    (found,) = errors(backed, OTHER)["EffectivePolicyValidationErrors"]
    assert (found["ErrorCode"], found["PathToError"]) == ("ELEMENTS_TOO_MANY", "plans")
    assert found["ContributingPolicies"] == both
    assert errors(backed, ACCOUNT)["EffectivePolicyValidationErrors"] == []


def test_without_a_policy_there_is_nothing_to_validate(backed: Desk) -> None:
    asked = {"AccountId": OTHER, "PolicyType": "BACKUP_POLICY"}
    assert refusal(backed.call, "organizations:ListEffectivePolicyValidationErrors", asked)[0] == (
        "EffectivePolicyNotFoundException"
    )
    asked = {"PolicyType": "CHATBOT_POLICY"}
    assert refusal(backed.call, "organizations:ListAccountsWithInvalidEffectivePolicy", asked)[0] == (
        "EffectivePolicyNotFoundException"
    )
