"""A topic's messages in queues: who gets them, in which form, and where lost ones go."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

from trailwarden.errors import AwsError
from trailwarden.services.iam import iam_facts
from trailwarden.services.sns import Postman, sns_facts
from trailwarden.services.sns.message import DEDUPLICATION, MESSAGE
from trailwarden.services.sns.signing import SIGNING_KEY, certificate
from trailwarden.services.sqs import sqs_facts

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
BASE = f"http://127.0.0.1:4566/{ACCOUNT}"


def lets_in(queue: str, topic: str = TOPIC) -> str:
    """https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"{QUEUE}{queue}",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sns(desk: Desk) -> Desk:
    desk.facts = {"iam": iam_facts, "sqs": sqs_facts, "sns": sns_facts}
    desk.call("sns:CreateTopic", {"Name": "t"})
    for name in ("q", "dead"):
        desk.call("sqs:CreateQueue", {"QueueName": name, "Attributes": {"Policy": lets_in(name)}})
    return desk


def subscribe(desk: Desk, queue: str = "q", **attributes: str) -> str:
    asked = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": f"{QUEUE}{queue}", "Attributes": attributes}
    return str(desk.call("sns:Subscribe", asked)["SubscriptionArn"])


def publish(desk: Desk, body: str, **more: Any) -> str:
    told = desk.call("sns:Publish", {"TopicArn": TOPIC, "Message": body, **more})
    return str(told["MessageId"])


def carried(desk: Desk, queue: str = "q") -> list[Any]:
    """What is in the queue once everything is carried."""
    Postman(desk.storage, desk.world_on, "http://127.0.0.1:4566", lambda: desk.now).run_once(desk.now)
    asked = {"QueueUrl": f"{BASE}/{queue}", "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    found = list(desk.call("sqs:ReceiveMessage", asked).get("Messages", []))
    for message in found:
        desk.call("sqs:DeleteMessage", {"QueueUrl": f"{BASE}/{queue}", "ReceiptHandle": message["ReceiptHandle"]})
    return found


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> str:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.text


def test_a_queue_of_the_account_is_confirmed_at_once(sns: Desk) -> None:
    arn = subscribe(sns)
    shown = sns.call("sns:GetSubscriptionAttributes", {"SubscriptionArn": arn})["Attributes"]
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "true")
    assert subscribe(sns) == arn


def test_a_message_comes_in_its_envelope(sns: Desk) -> None:
    arn = subscribe(sns)
    identifier = publish(sns, "hello", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
    body = json.loads(carried(sns)[0]["Body"])
    assert (body["Type"], body["MessageId"], body["TopicArn"], body["Message"]) == (
        "Notification", identifier, TOPIC, "hello",
    )  # fmt: skip
    assert body["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    assert body["UnsubscribeURL"].endswith(f"SubscriptionArn={arn}")
    assert carried(sns) == []
    assert not sns.storage.begin().list(MESSAGE)


@pytest.mark.parametrize(("version", "algorithm"), [("1", SHA1), ("2", SHA256)])
def test_the_envelope_is_signed(sns: Desk, version: str, algorithm: type[HashAlgorithm]) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html."""
    named = {"TopicArn": TOPIC, "AttributeName": "SignatureVersion", "AttributeValue": version}
    sns.call("sns:SetTopicAttributes", named)
    subscribe(sns)
    publish(sns, "hello", Subject="greeting")
    body = json.loads(carried(sns)[0]["Body"])
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{body[name]}\n" for name in names)
    key_id = body["SigningCertURL"].rpartition("-")[2].removesuffix(".pem")
    public = load_pem_x509_certificate(certificate(sns.storage.begin(), key_id).encode()).public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(base64.b64decode(body["Signature"]), text.encode(), PKCS1v15(), algorithm())
    assert (body["SignatureVersion"], len(sns.storage.begin().list(SIGNING_KEY))) == (version, 1)
    assert certificate(sns.storage.begin(), "none") == ""


def test_a_raw_message_comes_as_it_is(sns: Desk) -> None:
    subscribe(sns, RawMessageDelivery="true")
    given = {"n": {"DataType": "Number", "StringValue": "99.12"}, "b": {"DataType": "Binary", "BinaryValue": b"\x02"}}
    publish(sns, "hello", MessageAttributes=given)
    message = carried(sns)[0]
    assert (message["Body"], message["MessageAttributes"]) == ("hello", given)


def test_a_queue_that_lets_nobody_in_loses_the_message(sns: Desk) -> None:
    subscribe(sns, "dead")
    sns.call("sqs:SetQueueAttributes", {"QueueUrl": f"{BASE}/dead", "Attributes": {"Policy": ""}})
    publish(sns, "x")
    assert carried(sns, "dead") == []
    assert not sns.storage.begin().list(MESSAGE)


@pytest.mark.parametrize("raw", ["true", "false"])
def test_what_is_lost_is_a_dead_letter(sns: Desk, raw: str) -> None:
    redrive = json.dumps({"deadLetterTargetArn": f"{QUEUE}dead"})
    subscribe(sns, "none", RedrivePolicy=redrive, RawMessageDelivery=raw)
    publish(sns, "x")
    body = carried(sns, "dead")[0]["Body"]
    assert body == "x" if raw == "true" else json.loads(body)["Message"] == "x"


def test_another_accounts_queue_is_asked_to_confirm(sns: Desk) -> None:
    asked = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": f"{QUEUE}q"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "SNS:Subscribe", "Resource": TOPIC}],
    }
    sns.call(
        "sns:SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": json.dumps(policy)}
    )
    told = sns.call("sns:Subscribe", {**asked, "Endpoint": f"{QUEUE}q"}, account=OTHER)
    assert told["SubscriptionArn"] == "pending confirmation"
    body = json.loads(carried(sns)[0]["Body"])
    assert body["Type"] == "SubscriptionConfirmation"
    publish(sns, "early")
    assert carried(sns) == []
    sns.call("sns:ConfirmSubscription", {"TopicArn": TOPIC, "Token": body["Token"]})
    publish(sns, "late")
    assert json.loads(carried(sns)[0]["Body"])["Message"] == "late"


@pytest.mark.parametrize(
    ("policy", "scope", "taken", "left"),
    [
        ({"k": ["v"]}, "MessageAttributes", {"k": ("String", "v")}, {"k": ("String", "w")}),
        ({"n": [{"numeric": [">", 5]}]}, "MessageAttributes", {"n": ("Number", "6")}, {"n": ("String", "6")}),
        ({"l": ["b", 2]}, "MessageAttributes", {"l": ("String.Array", '["a", 2]')}, {"l": ("String.Array", '["a"]')}),
        ({"k": [{"exists": False}]}, "MessageAttributes", {"x": ("String", "y")}, {"k": ("String", "v")}),
    ],
)
def test_filters_by_attributes(
    sns: Desk, policy: Any, scope: str, taken: dict[str, tuple[str, str]], left: dict[str, tuple[str, str]]
) -> None:
    subscribe(sns, FilterPolicy=json.dumps(policy), FilterPolicyScope=scope)
    for body, attributes in (("yes", taken), ("no", left)):
        given = {name: {"DataType": type_, "StringValue": value} for name, (type_, value) in attributes.items()}
        publish(sns, body, MessageAttributes=given)
    assert [json.loads(each["Body"])["Message"] for each in carried(sns)] == ["yes"]


def test_filters_by_body(sns: Desk) -> None:
    policy = json.dumps({"o": {"k": [{"prefix": "a"}]}})
    subscribe(sns, FilterPolicy=policy, FilterPolicyScope="MessageBody", RawMessageDelivery="true")
    for body in ('{"o": {"k": "ab"}}', '{"o": {"k": "b"}}', "text", "[1]", '{"o": [{"k": "b"}, {"k": "ac"}]}'):
        publish(sns, body)
    taken = {each["Body"] for each in carried(sns)}
    assert taken == {'{"o": {"k": "ab"}}', '{"o": [{"k": "b"}, {"k": "ac"}]}'}


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"FilterPolicy": '{"a": {"b": ["c"]}}'}, "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"),
        ({"FilterPolicy": '{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}'}, "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy can not have more than 5 keys"),
        ({"FilterPolicy": json.dumps({"a": list(range(151))})}, "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex"),
        ({"FilterPolicy": "invalid"}, "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 8]"),
        ({"FilterPolicyScope": "x"}, "Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [x]. Please use either MessageBody or MessageAttributes"),
        ({"RedrivePolicy": '{"deadLetterTargetArn": "x"}'}, "Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ],
)  # fmt: skip
def test_attributes_that_cannot_be(sns: Desk, attributes: dict[str, str], text: str) -> None:
    asked = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": f"{QUEUE}q", "Attributes": attributes}
    assert refused(sns, "sns:Subscribe", asked) == text


def test_endpoints_that_cannot_be(sns: Desk) -> None:
    asked = {"TopicArn": TOPIC, "Protocol": "sqs"}
    assert refused(sns, "sns:Subscribe", {**asked, "Endpoint": f"{BASE}/q"}) == "Invalid parameter: SQS endpoint ARN"
    assert "FIFO SQS Queues" in refused(sns, "sns:Subscribe", {**asked, "Endpoint": f"{QUEUE}q.fifo"})


def test_the_scope_is_told_beside_a_policy(sns: Desk) -> None:
    arn = subscribe(sns)
    named = {"SubscriptionArn": arn, "AttributeName": "FilterPolicyScope", "AttributeValue": "MessageBody"}
    sns.call("sns:SetSubscriptionAttributes", named)
    shown = sns.call("sns:GetSubscriptionAttributes", {"SubscriptionArn": arn})["Attributes"]
    assert "FilterPolicyScope" not in shown
    sns.call(
        "sns:SetSubscriptionAttributes",
        {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": '{"a": {"b": [1]}}'},
    )
    shown = sns.call("sns:GetSubscriptionAttributes", {"SubscriptionArn": arn})["Attributes"]
    assert shown["FilterPolicyScope"] == "MessageBody"


def test_fifo_topics_keep_groups_and_forget_duplicates(sns: Desk) -> None:
    topic = f"{TOPIC}.fifo"
    sns.call("sns:CreateTopic", {"Name": "t.fifo", "Attributes": {"FifoTopic": "true"}})
    policy = lets_in("q.fifo", topic)
    sns.call("sqs:CreateQueue", {"QueueName": "q.fifo", "Attributes": {"FifoQueue": "true", "Policy": policy}})
    sns.call("sns:Subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": f"{QUEUE}q.fifo"})
    for identifier in "aab":
        sns.now += 1
        asked = {"Message": identifier, "MessageGroupId": "g", "MessageDeduplicationId": identifier}
        sns.call("sns:Publish", {"TopicArn": topic, **asked})
    assert [json.loads(each["Body"])["Message"] for each in carried(sns, "q.fifo")] == ["a", "b"]
    sns.now += 301
    carried(sns)
    assert not sns.storage.begin().list(DEDUPLICATION)
