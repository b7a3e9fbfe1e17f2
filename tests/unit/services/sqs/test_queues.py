"""Queues: what they are made of, what calls may say, and AWS's words where they may not."""

import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.sqs import sqs_facts

URL = f"http://127.0.0.1:4566/{ACCOUNT}/q"
ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
Q = {"QueueUrl": URL}


@pytest.fixture
def sqs(desk: Desk) -> Desk:
    assert desk.call("sqs:CreateQueue", {"QueueName": "q", "tags": {"k": "v"}}) == Q
    return desk


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.code_in("json"), told.value.text


def attributes(desk: Desk, *names: str, url: str = URL) -> Any:
    asked = {"QueueUrl": url, "AttributeNames": list(names or ["All"])}
    return desk.call("sqs:GetQueueAttributes", asked).get("Attributes", {})


def test_a_queue_begins_with_the_defaults(sqs: Desk) -> None:
    shown = attributes(sqs)
    assert shown["QueueArn"] == ARN
    assert {name: shown[name] for name in ("VisibilityTimeout", "MessageRetentionPeriod", "MaximumMessageSize")} == {
        "VisibilityTimeout": "30",
        "MessageRetentionPeriod": "345600",
        "MaximumMessageSize": "1048576",
    }
    assert shown["SqsManagedSseEnabled"] == "true"
    assert "FifoQueue" not in shown
    assert attributes(sqs, "QueueArn") == {"QueueArn": ARN}
    assert sqs.call("sqs:GetQueueAttributes", Q) == {}


def test_a_queue_is_found_again_unless_it_differs(sqs: Desk) -> None:
    assert sqs.call("sqs:CreateQueue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "30"}}) == Q
    assert refused(sqs, "sqs:CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": "1"}}) == (
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
    )


def test_names_and_urls(sqs: Desk) -> None:
    assert sqs.call("sqs:GetQueueUrl", {"QueueName": "q"}) == Q
    assert (
        refused(sqs, "sqs:GetQueueUrl", {"QueueName": "q", "QueueOwnerAWSAccountId": OTHER})[0] == "QueueDoesNotExist"
    )
    for url in (
        f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q",
        f"https://us-east-1.queue.amazonaws.com/{ACCOUNT}/q",
    ):
        assert sqs.call("sqs:ListQueueTags", {"QueueUrl": url}) == {"Tags": {"k": "v"}}
    elsewhere = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"
    assert refused(sqs, "sqs:ListQueueTags", {"QueueUrl": elsewhere})[0] == "QueueDoesNotExist"
    assert refused(sqs, "sqs:ListQueueTags", {"QueueUrl": "http://x/y/z"})[0] == "InvalidAddress"
    for name, given in (("a b", {}), ("x" * 81, {}), ("x.fifo", {}), ("x", {"FifoQueue": "true"})):
        code = refused(sqs, "sqs:CreateQueue", {"QueueName": name, "Attributes": given})[0]
        assert code == "InvalidParameterValueException"


def test_listing_and_its_pages(sqs: Desk) -> None:
    for name in ("a", "b"):
        sqs.call("sqs:CreateQueue", {"QueueName": name})
    base = URL.rpartition("/")[0]
    assert sqs.call("sqs:ListQueues") == {"QueueUrls": [f"{base}/a", f"{base}/b", URL]}
    assert sqs.call("sqs:ListQueues", {"QueueNamePrefix": "q"}) == {"QueueUrls": [URL]}
    assert sqs.call("sqs:ListQueues", {"QueueNamePrefix": "z"}) == {}
    first = sqs.call("sqs:ListQueues", {"MaxResults": 2})
    rest = sqs.call("sqs:ListQueues", {"MaxResults": 2, "NextToken": first["NextToken"]})
    assert rest == {"QueueUrls": [URL]}
    assert refused(sqs, "sqs:ListQueues", {"NextToken": "*"})[0] == "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"FifoQueue": "false"}, ("InvalidAttributeName", "Unknown Attribute FifoQueue.")),
        ({"FifoQueue": "true"}, ("InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")),
        ({"ContentBasedDeduplication": "true"}, ("InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication.")),
        ({"DeduplicationScope": "queue"}, ("InvalidAttributeName", "You can specify the DeduplicationScope only when FifoQueue is set to true.")),
        ({"QueueArn": "x"}, ("InvalidAttributeName", "Unknown Attribute QueueArn.")),
        ({"VisibilityTimeout": "43201"}, ("InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout.")),
        ({"DelaySeconds": "-1"}, ("InvalidAttributeValue", "Invalid value for the parameter DelaySeconds.")),
        ({"Policy": "{"}, ("InvalidAttributeValue", "Invalid value for the parameter Policy.")),
        ({"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "true"}, ("InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")),
    ],
)  # fmt: skip
def test_attributes_that_cannot_be(sqs: Desk, given: dict[str, str], wanted: tuple[str, str]) -> None:
    assert refused(sqs, "sqs:SetQueueAttributes", {**Q, "Attributes": given}) == wanted


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("x", "Redrive policy is not a valid JSON map"),
        ({"maxReceiveCount": 1}, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn"),
        ({"deadLetterTargetArn": ARN}, "Redrive policy does not contain mandatory attribute: maxReceiveCount"),
        ({"deadLetterTargetArn": ARN, "maxReceiveCount": 0}, "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."),
        ({"deadLetterTargetArn": f"{ARN}x", "maxReceiveCount": 1}, "Dead letter target does not exist."),
    ],
)  # fmt: skip
def test_redrive_policies_that_cannot_be(sqs: Desk, policy: Any, reason: str) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    code, told = refused(sqs, "sqs:SetQueueAttributes", {**Q, "Attributes": {"RedrivePolicy": text}})
    assert code == "InvalidParameterValueException"
    assert told == f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"


def test_one_encryption_ends_the_other(sqs: Desk) -> None:
    sqs.call("sqs:SetQueueAttributes", {**Q, "Attributes": {"KmsMasterKeyId": "alias/x"}})
    shown = attributes(sqs)
    assert (shown["SqsManagedSseEnabled"], shown["KmsDataKeyReusePeriodSeconds"]) == ("false", "300")
    sqs.call("sqs:SetQueueAttributes", {**Q, "Attributes": {"SqsManagedSseEnabled": "true"}})
    assert "KmsMasterKeyId" not in attributes(sqs)


def test_permissions_are_statements_by_label(sqs: Desk) -> None:
    given = {**Q, "Label": "other", "AWSAccountIds": [OTHER], "Actions": ["SendMessage", "ReceiveMessage"]}
    sqs.call("sqs:AddPermission", given)
    policy = json.loads(attributes(sqs, "Policy")["Policy"])
    assert policy["Statement"] == [
        {
            "Sid": "other",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
            "Action": ["SQS:SendMessage", "SQS:ReceiveMessage"],
            "Resource": ARN,
        }
    ]
    assert refused(sqs, "sqs:AddPermission", given)[1] == (
        "Value other for parameter Label is invalid. Reason: Already exists."
    )
    assert refused(sqs, "sqs:AddPermission", {**given, "Label": "x", "Actions": ["Nope"]})[0] == (
        "InvalidParameterValueException"
    )
    assert refused(sqs, "sqs:RemovePermission", {**Q, "Label": "x"})[1] == (
        "Value x for parameter Label is invalid. Reason: can't find label."
    )
    sqs.call("sqs:RemovePermission", {**Q, "Label": "other"})
    assert attributes(sqs, "Policy") == {}


def test_facts_for_authorization(sqs: Desk) -> None:
    arn = Arn.parse(ARN)
    assert arn is not None
    facts = sqs_facts(arn, sqs.storage.begin())
    assert facts is not None
    assert (facts.account, facts.policies, facts.tags) == (ACCOUNT, (), {"k": "v"})
    missing = Arn.parse(f"{ARN}x")
    assert missing is not None
    assert sqs_facts(missing, sqs.storage.begin()) is None


def test_tags(sqs: Desk) -> None:
    sqs.call("sqs:TagQueue", {**Q, "Tags": {"a": "1"}})
    sqs.call("sqs:UntagQueue", {**Q, "TagKeys": ["k", "none"]})
    assert sqs.call("sqs:ListQueueTags", Q) == {"Tags": {"a": "1"}}
    many = {str(number): "" for number in range(50)}
    assert refused(sqs, "sqs:TagQueue", {**Q, "Tags": many})[0] == "InvalidParameterValueException"


def test_a_name_is_free_again_after_a_minute(sqs: Desk) -> None:
    sqs.call("sqs:DeleteQueue", Q)
    assert refused(sqs, "sqs:GetQueueUrl", {"QueueName": "q"})[0] == "QueueDoesNotExist"
    assert refused(sqs, "sqs:CreateQueue", {"QueueName": "q"})[0] == "QueueDeletedRecently"
    sqs.now += 61
    assert sqs.call("sqs:CreateQueue", {"QueueName": "q"}) == Q
