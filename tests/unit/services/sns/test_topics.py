"""Topics, permissions, subscriptions and publishing, against texts recorded from AWS."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk

from trailwarden.arn import Arn
from trailwarden.delivery.destination import DeliveryFailed
from trailwarden.delivery.integrations import Notice
from trailwarden.errors import AwsError
from trailwarden.services.kms import kms_facts
from trailwarden.services.sns import Postman, TopicNotices, sns_facts
from trailwarden.services.sns.message import MESSAGE

ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
T: dict[str, Any] = {"TopicArn": ARN}
DEFAULT = {
    "Version": "2008-10-17",
    "Id": "__default_policy_ID",
    "Statement": [
        {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": ARN,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }
    ],
}


@pytest.fixture
def sns(desk: Desk) -> Desk:
    assert desk.call("sns:CreateTopic", {"Name": "t", "Tags": [{"Key": "k1", "Value": "v1"}]}) == T
    return desk


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.code_in("query"), told.value.text


def attributes(desk: Desk) -> Any:
    return desk.call("sns:GetTopicAttributes", T)["Attributes"]


def test_a_topic_begins_with_the_policy_of_its_account(sns: Desk) -> None:
    shown = attributes(sns)
    assert json.loads(shown["Policy"]) == DEFAULT
    assert (shown["Owner"], shown["TopicArn"], shown["DisplayName"]) == (ACCOUNT, ARN, "")
    assert sns.call("sns:ListTopics") == {"Topics": [T]}


def test_a_topic_is_found_again_unless_it_differs(sns: Desk) -> None:
    assert sns.call("sns:CreateTopic", {"Name": "t"}) == T
    assert refused(sns, "sns:CreateTopic", {"Name": "t", "Tags": [{"Key": "k2", "Value": "v"}]}) == (
        "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags",
    )  # fmt: skip
    assert refused(sns, "sns:CreateTopic", {"Name": "t", "Attributes": {"DisplayName": "x"}}) == (
        "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )  # fmt: skip


def test_fifo_topics_are_named_so(sns: Desk) -> None:
    made = sns.call("sns:CreateTopic", {"Name": "t.fifo", "Attributes": {"FifoTopic": "true"}})
    shown = sns.call("sns:GetTopicAttributes", made)["Attributes"]
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")
    for name, given in (("x.fifo", {}), ("x", {"FifoTopic": "true"}), ("x y", {}), ("", {})):
        assert refused(sns, "sns:CreateTopic", {"Name": name, "Attributes": given})[0] == "InvalidParameter"
    message = {"TopicArn": made["TopicArn"], "Message": "m"}
    assert refused(sns, "sns:Publish", message)[1] == (
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    )
    fine = {**message, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first, again, second = (
        int(sns.call("sns:Publish", {**fine, "MessageDeduplicationId": each})["SequenceNumber"]) for each in "aab"
    )
    assert (again, second) == (first, first + 1)


@pytest.mark.parametrize(
    ("arn", "wanted"),
    [
        ("x", ("InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1")),
        (f"{ARN}x", ("NotFound", "Topic does not exist")),
    ],
)
def test_topics_that_are_none(sns: Desk, arn: str, wanted: tuple[str, str]) -> None:
    assert refused(sns, "sns:GetTopicAttributes", {"TopicArn": arn}) == wanted
    assert refused(sns, "sns:Publish", {"TopicArn": arn, "Message": "m"}) == wanted


def test_permissions_are_statements(sns: Desk) -> None:
    given = {**T, "Label": "test", "AWSAccountId": [OTHER], "ActionName": ["Publish"]}
    sns.call("sns:AddPermission", given)
    assert json.loads(attributes(sns)["Policy"])["Statement"][1] == {
        "Sid": "test",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": "SNS:Publish",
        "Resource": ARN,
    }
    assert refused(sns, "sns:AddPermission", given)[1] == "Invalid parameter: Statement already exists"
    assert refused(sns, "sns:AddPermission", {**given, "Label": "x", "ActionName": ["Nonsense"]})[1] == (
        "Invalid parameter: Policy statement action out of service scope!"
    )
    sns.call("sns:RemovePermission", {**T, "Label": "test"})
    assert json.loads(attributes(sns)["Policy"]) == DEFAULT


def test_the_policy_is_what_services_are_asked_by(sns: Desk) -> None:
    sns.facts = {**sns.facts, "sns": sns_facts}
    assert not sns.world().service_may("cloudtrail.amazonaws.com", "sns:Publish", ARN, {})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "SNS:Publish",
        "Resource": ARN,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.call("sns:SetTopicAttributes", {**T, "AttributeName": "Policy", "AttributeValue": policy})
    assert sns.world().service_may("cloudtrail.amazonaws.com", "sns:Publish", ARN, {})
    assert refused(sns, "sns:SetTopicAttributes", {**T, "AttributeName": "Policy", "AttributeValue": "{"})[0] == (
        "InvalidParameter"
    )
    assert attributes(sns)["Policy"] == policy
    sns.call("sns:SetTopicAttributes", {**T, "AttributeName": "Policy", "AttributeValue": ""})
    assert json.loads(attributes(sns)["Policy"]) == DEFAULT


def test_tags(sns: Desk) -> None:
    sns.call("sns:TagResource", {"ResourceArn": ARN, "Tags": [{"Key": "k2", "Value": "v2"}]})
    sns.call("sns:UntagResource", {"ResourceArn": ARN, "TagKeys": ["k1"]})
    assert sns.call("sns:ListTagsForResource", {"ResourceArn": ARN}) == {"Tags": [{"Key": "k2", "Value": "v2"}]}
    assert refused(sns, "sns:TagResource", {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": ""}] * 2})[1] == (
        "Invalid parameter: Duplicated keys are not allowed."
    )
    arn = Arn.parse(ARN)
    assert arn is not None
    facts = sns_facts(arn, sns.storage.begin())
    assert facts is not None
    assert (facts.account, dict(facts.tags)) == (ACCOUNT, {"k2": "v2"})


ATTRIBUTE_CASES = [
    ("a", {"DataType": "String", "StringValue": ""}, "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."),
    ("a", {"DataType": "String", "BinaryValue": b"x"}, "The message attribute 'a' with type 'String' must use field 'String'."),
    ("a", {"DataType": "Strange", "StringValue": "x"}, "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."),
    ("a^b", {"DataType": "String", "StringValue": "x"}, "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."),
    (".a", {"DataType": "String", "StringValue": "x"}, "Invalid message attribute name starting with character '.' was found."),
    ("a..b", {"DataType": "String", "StringValue": "x"}, "Message attribute name can not have successive '.' character."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "text"), ATTRIBUTE_CASES)
def test_message_attributes(sns: Desk, name: str, value: dict[str, Any], text: str) -> None:
    params = {**T, "Message": "m", "MessageAttributes": {name: value}}
    assert refused(sns, "sns:Publish", params) == ("ParameterValueInvalid", text)


MESSAGE_CASES: list[tuple[dict[str, Any], str]] = [
    ({"Message": ""}, "Invalid parameter: Empty message"),
    ({"Message": "x" * 262_145}, "Invalid parameter: Message too long"),
    ({"Message": "m", "Subject": ""}, "Invalid parameter: Subject"),
    ({"Message": "{", "MessageStructure": "json"}, "Invalid parameter: Message Structure - JSON message body failed to parse"),
    ({"Message": "{}", "MessageStructure": "json"}, "Invalid parameter: Message Structure - No default entry in JSON message body"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "text"), MESSAGE_CASES)
def test_messages_that_are_refused(sns: Desk, params: dict[str, Any], text: str) -> None:
    assert refused(sns, "sns:Publish", {**T, **params}) == ("InvalidParameter", text)


def test_batches(sns: Desk) -> None:
    def told(*ids: str) -> Any:
        entries = [{"Id": each, "Message": "m"} for each in ids]
        return {**T, "PublishBatchRequestEntries": entries}

    answer = sns.call("sns:PublishBatch", told("a", "b"))
    assert ([each["Id"] for each in answer["Successful"]], answer["Failed"]) == (["a", "b"], [])
    for ids, code in (
        (("a", "a"), "BatchEntryIdsNotDistinct"),
        (tuple("abcdefghijk"), "TooManyEntriesInBatchRequest"),
        ((), "EmptyBatchRequest"),
        (("a.b",), "InvalidBatchEntryId"),
        (("a" * 81,), "InvalidBatchEntryId"),
    ):
        assert refused(sns, "sns:PublishBatch", told(*ids))[0] == code


SUBSCRIBE_CASES = [
    ("test-protocol", "x", "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"),
    ("sqs", "https://queue", "Invalid parameter: SQS endpoint ARN"),
    ("http", "https://x", "Invalid parameter: Endpoint must match the specified protocol"),
    ("email", "nobody", "Invalid parameter: Email address"),
    ("sms", "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
]


@pytest.mark.parametrize(("protocol", "endpoint", "text"), SUBSCRIBE_CASES)
def test_subscriptions_that_are_refused(sns: Desk, protocol: str, endpoint: str, text: str) -> None:
    assert refused(sns, "sns:Subscribe", {**T, "Protocol": protocol, "Endpoint": endpoint}) == (
        "InvalidParameter",
        text,
    )


class Inbox(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    received: list[tuple[str, Any]] = []  # noqa: RUF012 — one inbox at a time, emptied by the fixture

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Inbox.received.append((self.headers["x-amz-sns-message-type"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class names it so
        """Say nothing."""


@pytest.fixture
def inbox() -> Iterator[str]:
    Inbox.received.clear()
    server = HTTPServer(("127.0.0.1", 0), Inbox)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/inbox"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_endpoint_confirms_and_is_delivered_to(sns: Desk, inbox: str) -> None:
    postman = Postman(sns.storage, sns.world_on, "http://127.0.0.1:4566", lambda: NOW)
    asked = {**T, "Protocol": "http", "Endpoint": inbox}
    assert sns.call("sns:Subscribe", asked) == {"SubscriptionArn": "pending confirmation"}
    sns.call("sns:Publish", {**T, "Message": "too early"})
    postman.run_once(NOW)
    ((kind, body),) = Inbox.received
    token = json.loads(body)["Token"]
    assert kind == "SubscriptionConfirmation"
    assert refused(sns, "sns:ConfirmSubscription", {**T, "Token": "x"})[1] == "Invalid token"
    assert refused(sns, "sns:ConfirmSubscription", {**T, "Token": "0" * 256})[1] == "Invalid parameter: Token"
    arn = sns.call("sns:ConfirmSubscription", {**T, "Token": token})["SubscriptionArn"]
    assert [each["SubscriptionArn"] for each in sns.call("sns:ListSubscriptions")["Subscriptions"]] == [arn]
    message = sns.call("sns:Publish", {**T, "Message": "hello", "Subject": "s"})["MessageId"]
    postman.run_once(NOW)
    kind, body = Inbox.received[-1]
    told = json.loads(body)
    assert (kind, told["Message"], told["Subject"], told["MessageId"]) == ("Notification", "hello", "s", message)
    sns.call(
        "sns:SetSubscriptionAttributes",
        {"SubscriptionArn": arn, "AttributeName": "RawMessageDelivery", "AttributeValue": "true"},
    )
    sns.call("sns:Publish", {**T, "Message": json.dumps({"default": "d", "http": "h"}), "MessageStructure": "json"})
    postman.run_once(NOW)
    assert Inbox.received[-1] == ("Notification", "h")
    assert not sns.storage.begin().list(MESSAGE)
    sns.call("sns:Unsubscribe", {"SubscriptionArn": arn})
    assert refused(sns, "sns:GetSubscriptionAttributes", {"SubscriptionArn": arn})[0] == "NotFound"
    assert attributes(sns)["SubscriptionsDeleted"] == "1"


def test_a_dead_endpoint_is_tried_again_and_given_up(sns: Desk) -> None:
    postman = Postman(sns.storage, sns.world_on, "http://127.0.0.1:4566", time.time)
    sns.call("sns:Subscribe", {**T, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/"})
    for attempt in range(4):
        (message,) = sns.storage.begin().list(MESSAGE)
        assert message.body.attempts == attempt
        postman.run_once(NOW + 30 * attempt)
    assert not sns.storage.begin().list(MESSAGE)


def test_an_encrypted_topic_needs_its_key(sns: Desk) -> None:
    sns.facts = {**sns.facts, "sns": sns_facts, "kms": kms_facts}
    sns.call("iam:CreateUser", {"UserName": "mateojackson"})
    statement: dict[str, Any] = {
        "Sid": "own",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }

    def policy(*statements: dict[str, Any]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    key = sns.call("kms:CreateKey", {"Policy": policy(statement)})["KeyMetadata"]["KeyId"]
    service = {**statement, "Sid": "trail", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    publishing = {**service, "Action": "SNS:Publish", "Resource": ARN}
    for name, value in (("KmsMasterKeyId", key), ("Policy", policy(publishing))):
        sns.call("sns:SetTopicAttributes", {**T, "AttributeName": name, "AttributeValue": value})
    sns.call("sns:Publish", {**T, "Message": "by root"})
    with pytest.raises(AwsError) as told:
        sns.call("sns:Publish", {**T, "Message": "m"}, caller=sns.as_user("mateojackson"))
    assert told.value.code_in("query") == "KMSAccessDenied"
    notice = Notice(topic_arn=ARN, bucket="b", key="k", account=ACCOUNT, source_arn="arn:aws:cloudtrail:x:y:trail/t")
    world = sns.world()
    with pytest.raises(DeliveryFailed) as failed:
        TopicNotices(lambda _: world).publish(notice, world.transaction, now=NOW)
    assert failed.value.code == "KMSAccessDenied"
    sns.call("kms:PutKeyPolicy", {"KeyId": key, "Policy": policy(statement, service)})
    world = sns.world()
    TopicNotices(lambda _: world).publish(notice, world.transaction, now=NOW)
    bodies = [each.body.body for each in world.transaction.list(MESSAGE)]
    assert '{"s3Bucket":"b","s3ObjectKey":["k"]}' in bodies
    sns.call("sns:SetTopicAttributes", {**T, "AttributeName": "KmsMasterKeyId", "AttributeValue": "none"})
    assert refused(sns, "sns:Publish", {**T, "Message": "m"})[0] == "KMSNotFound"
