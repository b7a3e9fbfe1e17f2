"""The recorder, its channel, and what it saw of resources."""

import json
import time
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

import trailwarden.services.config
from trailwarden.errors import AwsError
from trailwarden.services.s3.facts import s3_facts

assert trailwarden.services.config.__all__

ROLE = f"arn:aws:iam::{ACCOUNT}:role/config-role"
BUCKET = "amzn-s3-demo-config"
ALL = {"allSupported": True, "includeGlobalResourceTypes": True}


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def letting_in(service: str = "config.amazonaws.com", prefix: str = "") -> str:
    """https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html."""
    common = {"Effect": "Allow", "Principal": {"Service": service}}
    file = f"arn:aws:s3:::{BUCKET}/{prefix}AWSLogs/{ACCOUNT}/Config/*"
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "AWS:SourceAccount": ACCOUNT}}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {**common, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{BUCKET}"},
                {**common, "Action": "s3:PutObject", "Resource": file, "Condition": acl},
            ],
        }
    )


@pytest.fixture
def config(desk: Desk) -> Desk:
    desk.facts = {**desk.facts, "s3": s3_facts}
    desk.call("iam:CreateRole", {"RoleName": "config-role", "AssumeRolePolicyDocument": trust("config.amazonaws.com")})
    desk.call("s3:CreateBucket", {"Bucket": BUCKET})
    desk.call("s3:PutBucketPolicy", {"Bucket": BUCKET, "Policy": letting_in()})
    return desk


def put(desk: Desk, **recorder: Any) -> None:
    told = {"name": "default", "roleARN": ROLE, "recordingGroup": ALL, **recorder}
    desk.call("config:PutConfigurationRecorder", {"ConfigurationRecorder": told})


def channel(desk: Desk, **settings: Any) -> None:
    desk.call("config:PutDeliveryChannel", {"DeliveryChannel": {"s3BucketName": BUCKET, **settings}})


def start(desk: Desk) -> None:
    desk.call("config:StartConfigurationRecorder", {"ConfigurationRecorderName": "default"})


def refused(call: Any, *args: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        call(*args, **params)
    return told.value.code_in("json"), told.value.text


def test_a_recorder_needs_a_channel_to_start(config: Desk) -> None:
    put(config)
    assert refused(start, config) == (
        "NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder.",
    )  # fmt: skip
    channel(config)
    start(config)
    (status,) = config.call("config:DescribeConfigurationRecorderStatus")["ConfigurationRecordersStatus"]
    assert (status["recording"], status["lastStatus"]) == (True, "Success")
    (shown,) = config.call("config:DescribeConfigurationRecorders")["ConfigurationRecorders"]
    assert (shown["name"], shown["roleARN"], shown["recordingGroup"]["allSupported"]) == ("default", ROLE, True)
    assert config.call("config:DescribeDeliveryChannels") == {
        "DeliveryChannels": [{"name": "default", "s3BucketName": BUCKET}]
    }
    name = {"DeliveryChannelName": "default"}
    assert refused(config.call, "config:DeleteDeliveryChannel", name)[0] == "LastDeliveryChannelDeleteFailedException"
    config.call("config:StopConfigurationRecorder", {"ConfigurationRecorderName": "default"})
    config.call("config:DeleteDeliveryChannel", name)
    config.call("config:DeleteConfigurationRecorder", {"ConfigurationRecorderName": "default"})
    assert config.call("config:DescribeConfigurationRecorders")["ConfigurationRecorders"] == []


def test_the_buckets_policy_is_evaluated(config: Desk) -> None:
    assert refused(channel, config)[0] == "NoAvailableConfigurationRecorderException"
    put(config)
    assert refused(channel, config, s3BucketName="amzn-s3-demo-none")[0] == "NoSuchBucketException"
    assert refused(channel, config, s3KeyPrefix="p") == (
        "InsufficientDeliveryPolicyException",
        f"Insufficient delivery policy to s3 bucket: {BUCKET}, unable to write to bucket, provided s3 key prefix is 'p'.",
    )
    config.call("s3:PutBucketPolicy", {"Bucket": BUCKET, "Policy": letting_in("cloudtrail.amazonaws.com")})
    assert refused(channel, config)[1].endswith("provided s3 key prefix is 'null'.")
    right = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetBucketAcl"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": right})
    config.call("iam:PutRolePolicy", {"RoleName": "config-role", "PolicyName": "p", "PolicyDocument": document})
    channel(config)


def test_one_recorder_and_one_channel(config: Desk) -> None:
    put(config)
    channel(config)
    assert refused(put, config, name="second")[0] == "MaxNumberOfConfigurationRecordersExceededException"
    assert refused(channel, config, name="second")[0] == "MaxNumberOfDeliveryChannelsExceededException"
    missing = {"ConfigurationRecorderNames": ["second"]}
    assert refused(config.call, "config:DescribeConfigurationRecorders", missing) == (
        "NoSuchConfigurationRecorderException", "Cannot find configuration recorder with the specified name 'second'.",
    )  # fmt: skip


def test_recorders_that_are_refused(config: Desk) -> None:
    assert refused(put, config, roleARN="")[0] == "InvalidRoleException"
    assert refused(put, config, roleARN=f"{ROLE}-none")[0] == "InvalidRoleException"
    config.call("iam:CreateRole", {"RoleName": "other", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")})
    assert refused(put, config, roleARN=f"arn:aws:iam::{ACCOUNT}:role/other")[0] == "InvalidRoleException"
    assert refused(put, config, name="")[0] == "InvalidConfigurationRecorderNameException"
    wrong = {"allSupported": True, "resourceTypes": ["AWS::S3::Bucket"]}
    assert refused(put, config, recordingGroup=wrong)[0] == "InvalidRecordingGroupException"


def test_history_is_what_was_seen_while_recording(config: Desk) -> None:
    user = config.call("iam:CreateUser", {"UserName": "mateojackson"})["User"]
    put(config)
    channel(config)
    asked = {"resourceType": "AWS::IAM::User", "resourceId": user["UserId"]}
    assert refused(config.call, "config:GetResourceConfigHistory", asked) == (
        "ResourceNotDiscoveredException",
        f"Resource {user['UserId']} of resourceType:AWS::IAM::User is unknown or has not been discovered",
    )
    config.now = _now()
    start(config)
    config.call("iam:TagUser", {"UserName": "mateojackson", "Tags": [{"Key": "team", "Value": "a"}]})
    config.call("iam:DeleteUser", {"UserName": "mateojackson"})
    items = config.call("config:GetResourceConfigHistory", asked)["configurationItems"]
    assert [item["configurationItemStatus"] for item in items] == ["ResourceDeleted", "OK", "ResourceDiscovered"]
    assert items[1]["tags"] == {"team": "a"}
    assert json.loads(items[2]["configuration"])["userName"] == "mateojackson"
    assert "configuration" not in items[0]
    page = config.call("config:GetResourceConfigHistory", {**asked, "chronologicalOrder": "Forward", "limit": 1})
    assert page["configurationItems"][0]["configurationItemStatus"] == "ResourceDiscovered"
    rest = config.call(
        "config:GetResourceConfigHistory", {**asked, "chronologicalOrder": "Forward", "nextToken": page["nextToken"]}
    )
    assert len(rest["configurationItems"]) == 2


def test_discovered_resources(config: Desk) -> None:
    put(config)
    channel(config)
    config.now = _now()
    start(config)
    config.call("iam:CreateGroup", {"GroupName": "g"})
    config.call("iam:CreateGroup", {"GroupName": "gone"})
    config.call("iam:DeleteGroup", {"GroupName": "gone"})

    def listed(type_: str, **more: Any) -> list[str]:
        asked = {"resourceType": type_, **more}
        answer = config.call("config:ListDiscoveredResources", asked)
        return sorted(each["resourceName"] for each in answer["resourceIdentifiers"])

    assert listed("AWS::IAM::Group") == ["g"]
    assert listed("AWS::IAM::Group", includeDeletedResources=True) == ["g", "gone"]
    assert listed("AWS::IAM::Role") == ["config-role"]
    assert listed("AWS::S3::Bucket") == [BUCKET]
    assert listed("AWS::EC2::Instance") == []
    counts = config.call("config:GetDiscoveredResourceCounts")
    assert counts["totalDiscoveredResources"] == 3
    keys = [{"resourceType": "AWS::S3::Bucket", "resourceId": name} for name in (BUCKET, "none")]
    (item,) = config.call("config:BatchGetResourceConfig", {"resourceKeys": keys})["baseConfigurationItems"]
    assert json.loads(item["supplementaryConfiguration"]["BucketPolicy"])["policyText"] == letting_in()


def test_the_recording_group_decides(config: Desk) -> None:
    put(config, recordingGroup={"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]})
    channel(config)
    config.now = _now()
    start(config)
    asked = {"resourceType": "AWS::IAM::Role"}
    assert config.call("config:ListDiscoveredResources", asked)["resourceIdentifiers"] == []
    config.now = _now()
    put(config, recordingGroup=ALL)
    assert len(config.call("config:ListDiscoveredResources", asked)["resourceIdentifiers"]) == 1


def test_tags(config: Desk) -> None:
    put(config)
    (shown,) = config.call("config:DescribeConfigurationRecorders")["ConfigurationRecorders"]
    arn = {"ResourceArn": shown["arn"]}
    config.call("config:TagResource", {**arn, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]})
    config.call("config:UntagResource", {**arn, "TagKeys": ["a"]})
    assert config.call("config:ListTagsForResource", arn) == {"Tags": [{"Key": "b", "Value": "2"}]}


def _now() -> float:
    """The store keeps the machine's time of each version: so must the call that starts the recorder."""
    return time.time()
