"""When a bucket policy is public: AWS's definition, row by row."""

import json
from typing import Any

import pytest

from trailwarden.auth.public import is_public
from trailwarden.policy import Layer, Source, compile_policy

SOURCE = Source(layer=Layer.RESOURCE, id="arn:aws:s3:::amzn-s3-demo-bucket")


def public(principal: Any = "*", *, effect: str = "Allow", **conditions: Any) -> bool:
    statement = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    if conditions:
        statement["Condition"] = {key.replace("_", ":"): value for key, value in conditions.items()}
    return is_public(compile_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), SOURCE))


def test_everyone_is_public_and_names_are_not() -> None:
    assert public()
    assert public({"AWS": "*"})
    assert not public({"AWS": "123456789012"})
    assert not public({"Service": "cloudtrail.amazonaws.com"})
    assert not public(effect="Deny")


@pytest.mark.parametrize(
    ("operator", "key", "value", "fixed"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1", True),
        ("StringLike", "aws:PrincipalOrgID", "o-*", False),
        ("StringEquals", "aws:SourceVpc", "vpc-91237329", True),
        ("StringLike", "aws:SourceVpc", "vpc-*", False),
        ("StringNotEquals", "aws:SourceVpc", "vpc-91237329", False),
        ("StringEqualsIfExists", "aws:SourceVpc", "vpc-91237329", False),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", False),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", True),
        ("StringEquals", "aws:userid", "${aws:userid}", False),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/1", False),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", True),
        ("IpAddress", "aws:SourceIp", "::/16", False),
        ("IpAddress", "aws:SourceIp", "nonsense", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:cloudtrail:us-east-1:123456789012:trail/*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:cloudtrail:*:*:trail/*", False),
        ("StringEquals", "s3:prefix", "public", False),
    ],
)
def test_only_fixed_values_of_certain_keys_narrow(operator: str, key: str, value: str, fixed: bool) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {operator: {key: value}},
    }
    policy = compile_policy(json.dumps({"Version": "2012-10-17", "Statement": statement}), SOURCE)
    assert is_public(policy) is not fixed
