"""AWS managed policies."""

import json

import pytest

from trailwarden.catalog import managed_policies, managed_policy

PREFIX = "arn:aws:iam::aws:policy/"


@pytest.mark.parametrize(
    ("name", "default", "action"),
    [
        ("AWSCloudTrail_ReadOnlyAccess", "v1", "cloudtrail:LookupEvents"),
        ("AWSCloudTrail_FullAccess", "v3", "cloudtrail:*"),
        ("ReadOnlyAccess", "v152", "s3:Get*"),
        ("AdministratorAccess", "v1", "*"),
        ("job-function/ViewOnlyAccess", "v21", "cloudtrail:DescribeTrails"),
    ],
)
def test_a_policy_has_its_document(name: str, default: str, action: str) -> None:
    policy = managed_policy(PREFIX + name)
    assert policy is not None
    assert policy.arn == PREFIX + name
    assert policy.name == name.rpartition("/")[2]
    assert int(policy.default_version[1:]) >= int(default[1:])
    actions: list[str] = []
    for statement in json.loads(policy.document)["Statement"]:
        given = statement.get("Action", [])
        actions += [given] if isinstance(given, str) else given
    assert action in actions


def test_every_version_is_kept() -> None:
    policy = managed_policy(PREFIX + "AWSCloudTrail_FullAccess")
    assert policy is not None
    assert list(policy.versions) == ["v1", "v2", "v3"]
    assert policy.versions["v3"].document == policy.document
    assert policy.created < policy.updated
    assert policy.versions["v3"].created == policy.updated


def test_a_document_is_laid_out_as_aws_does() -> None:
    policy = managed_policy(PREFIX + "AdministratorAccess")
    assert policy is not None
    assert policy.document.startswith(
        '{\n    "Version": "2012-10-17",\n    "Statement": [\n        {\n            "Effect": "Allow",'
    )


def test_the_trail_role_has_its_policy() -> None:
    policy = managed_policy(PREFIX + "aws-service-role/CloudTrailServiceRolePolicy")
    assert policy is not None
    assert policy.path == "/aws-service-role/"
    assert policy.attachable


def test_the_listing_is_whole_and_in_order() -> None:
    listed = managed_policies()
    assert len(listed) >= 1_582
    assert [policy.name for policy in listed] == sorted(policy.name for policy in listed)
    assert len({policy.id for policy in listed}) == len(listed)
    assert all(policy.id.startswith("ANPA") and len(policy.id) == 21 for policy in listed)


def test_every_document_is_a_policy() -> None:
    for policy in managed_policies():
        assert json.loads(policy.document)["Statement"], policy.name


def test_a_withdrawn_policy_is_found_but_not_listed() -> None:
    policy = managed_policy(PREFIX + "AWSOpsWorks_FullAccess")
    assert policy is not None
    assert not policy.attachable
    assert policy.arn not in {listed.arn for listed in managed_policies()}


@pytest.mark.parametrize(
    "arn", ["", "ReadOnlyAccess", PREFIX + "NoSuchPolicy", "arn:aws:iam::123456789012:policy/ReadOnlyAccess"]
)
def test_nothing_else_is_a_managed_policy(arn: str) -> None:
    assert managed_policy(arn) is None
