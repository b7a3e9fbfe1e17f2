"""Actions, patterns over them and their condition keys."""

from trailwarden.catalog import action, actions, condition_keys, expand, prefixes, rcp_services


def test_an_action_is_found_in_any_case() -> None:
    facts = action("CloudTrail:gettrailstatus")
    assert facts is not None
    assert facts.name == "cloudtrail:GetTrailStatus"
    assert facts.access_level == "Read"
    assert facts.read_only
    (kind,) = facts.resource_types
    assert (kind.name, kind.required) == ("trail", True)
    assert kind.arn == "arn:${Partition}:cloudtrail:${Region}:${Account}:trail/${TrailName}"


def test_what_is_no_action_is_none() -> None:
    assert action("cloudtrail:GetWidget") is None
    assert action("nothing") is None
    assert condition_keys("cloudtrail:GetWidget") == ()


def test_dependent_actions_survive() -> None:
    facts = action("lambda:CreateFunction")
    assert facts is not None
    assert "iam:PassRole" in facts.dependent_actions


def test_condition_keys_are_those_of_action_and_resource() -> None:
    assert set(condition_keys("cloudtrail:AddTags")) == {
        "aws:RequestTag/${TagKey}",
        "aws:TagKeys",
        "aws:ResourceTag/${TagKey}",
    }
    assert "iam:PassedToService" in condition_keys("iam:PassRole")


def test_patterns_expand_as_policies_read_them() -> None:
    assert expand("cloudtrail:GetTrail*") == ("cloudtrail:GetTrail", "cloudtrail:GetTrailStatus")
    assert expand("CLOUDTRAIL:gettrailstatu?") == ("cloudtrail:GetTrailStatus",)
    assert expand("cloudtrail:GetTrail") == ("cloudtrail:GetTrail",)
    assert expand("cloudtrail:Nothing*") == ()
    assert expand("s3") == ()
    assert len(expand("*")) == len(expand("*:*")) >= 22_000


def test_a_hostile_pattern_is_quick_to_answer() -> None:
    assert expand("s3:" + "*a" * 40 + "*") == ()
    assert "s3:GetObject" in expand("s3:" + "*" * 2000)


def test_cloudtrail_is_whole() -> None:
    assert len(actions("cloudtrail")) >= 66
    assert "cloudtrail" in prefixes()
    assert actions("no-such-prefix") == ()


def test_resource_control_policies_bear_on_some_services() -> None:
    assert {"s3", "sts", "kms", "sqs", "secretsmanager", "cloudtrail-data"} <= set(rcp_services())
    assert "cloudtrail" not in rcp_services()
