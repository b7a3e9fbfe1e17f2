import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

from trailwarden.services.organizations.effective_policy import EffectivePolicyNotFoundException, merged


def tags(**operators: Any) -> dict[str, Any]:
    return {"tags": {"team": {"tag_value": operators}}}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([tags(**{"@@assign": ["a"]}), tags(**{"@@append": ["b", "a"]})], ["a", "b"]),
        ([tags(**{"@@assign": ["a", "b"]}), tags(**{"@@remove": ["a"]})], ["b"]),
        ([tags(**{"@@assign": ["a"]}), tags(**{"@@assign": ["c"]})], ["c"]),
        (
            [tags(**{"@@assign": ["a"], "@@operators_allowed_for_child_policies": ["@@append"]}),
             tags(**{"@@assign": ["c"]}), tags(**{"@@append": ["d"]})],
            ["a", "d"],
        ),
        (
            [{"tags": {"@@operators_allowed_for_child_policies": ["@@none"], "team": {"tag_value": {"@@assign": ["a"]}}}},
             tags(**{"@@append": ["b"]})],
            ["a"],
        ),
        ([tags(**{"@@assign": ["a"], "@@operators_allowed_for_child_policies": ["@@all"]}), tags(**{"@@assign": ["b"]})], ["b"]),
    ],
)  # fmt: skip
def test_lower_policies_do_what_upper_ones_allow(documents: list[dict[str, Any]], expected: list[str]) -> None:
    assert merged(documents) == {"tags": {"team": {"tag_value": expected}}}  # type: ignore[arg-type]


def test_the_effective_policy_is_told_once_there_is_one(org: Desk) -> None:
    ask = {"PolicyType": "TAG_POLICY"}
    with pytest.raises(EffectivePolicyNotFoundException):
        org.call("organizations:DescribeEffectivePolicy", ask)
    top = org.call("organizations:ListRoots")["Roots"][0]["Id"]
    org.call("organizations:EnablePolicyType", {"RootId": top, **ask})
    content = json.dumps(tags(**{"@@assign": ["a"]}))
    policy = org.call(
        "organizations:CreatePolicy", {"Name": "t", "Description": "", "Type": "TAG_POLICY", "Content": content}
    )["Policy"]["PolicySummary"]["Id"]
    org.call("organizations:AttachPolicy", {"PolicyId": policy, "TargetId": top})
    told = org.call("organizations:DescribeEffectivePolicy", ask)["EffectivePolicy"]
    assert told["TargetId"] == ACCOUNT
    assert json.loads(told["PolicyContent"]) == {"tags": {"team": {"tag_value": ["a"]}}}
