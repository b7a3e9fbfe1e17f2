"""A policy names resources by their path; a call names them without it."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.live import Live


def test_an_instance_profile_is_judged_by_its_path(live: Live) -> None:
    iam = live.client("iam")
    iam.create_instance_profile(InstanceProfileName="Pathed", Path="/work/")
    user = live.user("mateojackson-profiles")
    statement = {
        "Effect": "Allow",
        "Action": "iam:GetInstanceProfile",
        "Resource": f"arn:aws:iam::{live.account}:instance-profile/work/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName=user.name, PolicyName="work", PolicyDocument=policy)
    found = user.client("iam").get_instance_profile(InstanceProfileName="pathed")["InstanceProfile"]
    assert found["Path"] == "/work/"
    iam.create_instance_profile(InstanceProfileName="Pathless")
    with pytest.raises(ClientError) as refused:
        user.client("iam").get_instance_profile(InstanceProfileName="Pathless")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
