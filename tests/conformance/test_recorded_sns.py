"""SNS as AWS itself has answered: recorded calls made again, each answer held against the recorded one.

The requests were rebuilt from what the answers tell. How many hold is printed; run with `-s` to see it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conformance.recorded import Play, recorded
from tests.live import Live

FIFO = {"FifoTopic": "true"}
NUMBER = {"attr1": {"DataType": "Number", "StringValue": "99.12"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a play has: an administrator's clients, the recorded answers, and a name of its own."""

    play: Play
    sns: Any
    sqs: Any
    account: str
    name: str
    parameter: str

    def topic(self, suffix: str = "", **attributes: str) -> str:
        arn: str = self.sns.create_topic(Name=self.name + suffix, Attributes=attributes)["TopicArn"]
        return arn

    def queue(self, topic: str, suffix: str = "", **attributes: str) -> str:
        arn = f"arn:aws:sqs:us-east-1:{self.account}:{self.name}{suffix}"
        statement = {
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.create_queue(QueueName=self.name + suffix, Attributes={"Policy": policy, **attributes})
        return arn

    def subscribed(self, topic: str, **attributes: str) -> str:
        arn: str = self.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self.queue(topic), Attributes=attributes
        )["SubscriptionArn"]
        return arn

    def heard(self, label: str, suffix: str = "") -> None:
        """The bodies, and the attributes, of what came into the queue are what AWS sent."""
        url = self.sqs.get_queue_url(QueueName=self.name + suffix)["QueueUrl"]
        told = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"])
        got = [kept(message) for message in told.get("Messages", [])]
        self.play.hold(label, [kept(message) for message in self.play.answers[label]["Messages"]], got)


def kept(message: Mapping[str, Any]) -> dict[str, Any]:
    """What of a message is the same wherever it is sent: without ids, digests, times, signatures and hosts."""
    body = message["Body"]
    if isinstance(body, str) and body.startswith("{"):
        body = json.loads(body)
    if isinstance(body, dict):
        body = {
            name: value
            for name, value in body.items()
            if name not in {"MessageId", "Timestamp", "Signature", "SigningCertURL", "UnsubscribeURL", "SequenceNumber"}
        }
    attributes = {
        name: {kind: str(value) for kind, value in told.items()}
        for name, told in message.get("MessageAttributes", {}).items()
    }
    return {"Body": body, "MessageAttributes": attributes}


def arns(on: Stage) -> None:
    topic = on.play.answer("create-topic", on.sns.create_topic, Name=on.name)["TopicArn"]
    on.play.answer("get-topic-attrs", on.sns.get_topic_attributes, TopicArn=topic)
    on.play.answer("delete-topic", on.sns.delete_topic, TopicArn=topic)
    on.play.answer("topic-not-exists", on.sns.get_topic_attributes, TopicArn=topic)


def tags(on: Stage) -> None:
    named = {"ResourceArn": on.topic()}
    twice = [{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": "v2"}, {"Key": "k2", "Value": "v2"}]
    on.play.answer("duplicate-key-error", on.sns.tag_resource, **named, Tags=twice)


def found_again(on: Stage) -> None:
    tagged = {"Name": on.name, "Tags": [{"Key": "Name", "Value": "abc"}]}
    on.play.answer("response-created", on.sns.create_topic, **tagged)
    for number in range(3):
        on.play.answer(f"response-same-arn-{number}", on.sns.create_topic, **tagged)


def more_tags(on: Stage) -> None:
    on.topic()
    on.play.answer("exception-duplicate", on.sns.create_topic, Name=on.name, Tags=[{"Key": "Name", "Value": "abc"}])


def empty(on: Stage) -> None:
    on.play.answer("empty-msg-error", on.sns.publish, TopicArn=on.topic(), Message="")


def subjects(on: Stage) -> None:
    topic = on.topic()
    on.play.answer("response-without-subject", on.sns.publish, TopicArn=topic, Message="m")
    on.play.answer("response-with-empty-subject", on.sns.publish, TopicArn=topic, Subject="", Message="m")


def structures(on: Stage) -> None:
    publish = {"TopicArn": on.topic(), "MessageStructure": "json"}
    on.play.answer("missing-default-key", on.sns.publish, **publish, Message=json.dumps({"sqs": "test"}))
    on.play.answer("key-is-not-string", on.sns.publish, **publish, Message=json.dumps({"default": {"object": "x"}}))


def protocol(on: Stage) -> None:
    on.play.answer("exception", on.sns.subscribe, TopicArn=on.topic(), Protocol="test-protocol", Endpoint="x")


def set_attributes(on: Stage) -> None:
    named = {"SubscriptionArn": on.subscribed(on.topic())}
    for label, name, value in (
        ("fake-attribute", "FakeAttribute", "test-value"),
        ("raw-message-wrong-value", "RawMessageDelivery", "test-ValUe"),
        ("raw-message-empty-value", "RawMessageDelivery", ""),
        ("fake-arn-redrive-policy", "RedrivePolicy", "{}"),
        ("invalid-json-redrive-policy", "RedrivePolicy", "{invalidjson}"),
        ("invalid-json-filter-policy", "FilterPolicy", "{invalidjson}"),
    ):
        on.play.answer(label, on.sns.set_subscription_attributes, **named, AttributeName=name, AttributeValue=value)


def gone_subscription(on: Stage) -> None:
    topic = on.topic()
    asked = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": on.queue(topic)}
    arn = on.play.answer("sub", on.sns.subscribe, **asked)["SubscriptionArn"]
    on.play.answer("sub-attrs", on.sns.get_subscription_attributes, SubscriptionArn=arn)
    on.play.answer("subscriptions-for-topic-before-unsub", on.sns.list_subscriptions_by_topic, TopicArn=topic)
    on.sns.unsubscribe(SubscriptionArn=arn)
    on.play.answer("sub-not-found", on.sns.get_subscription_attributes, SubscriptionArn=arn)
    on.play.answer("subscriptions-for-topic-after-unsub", on.sns.list_subscriptions_by_topic, TopicArn=topic)


def filtered(on: Stage) -> None:
    policy = json.dumps({"attr1": [{"numeric": [">", 0, "<=", 100]}]})
    arn = on.subscribed(topic := on.topic(), FilterPolicy=policy)
    on.play.answer("subscription-attributes", on.sns.get_subscription_attributes, SubscriptionArn=arn)
    on.sns.publish(TopicArn=topic, Message="This is a test message", MessageAttributes=NUMBER)
    on.heard("messages")


def raw(on: Stage) -> None:
    arn = on.subscribed(topic := on.topic(), RawMessageDelivery="true")
    on.play.answer("subscription-attributes", on.sns.get_subscription_attributes, SubscriptionArn=arn)
    binary = {"store": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"}}
    on.sns.publish(TopicArn=topic, Message="This is a test message", MessageAttributes=binary)
    on.heard("messages-response")


def raw_or_not(on: Stage) -> None:
    arn = on.subscribed(topic := on.topic(), RawMessageDelivery="true")
    for value, number in (("true", "99.12"), ("false", "100.12")):
        named = {"SubscriptionArn": arn, "AttributeName": "RawMessageDelivery", "AttributeValue": value}
        on.sns.set_subscription_attributes(**named)
        on.play.answer(f"sub-attrs-raw-{value}", on.sns.get_subscription_attributes, SubscriptionArn=arn)
        given = {"attr1": {"DataType": "Number", "StringValue": number}}
        on.sns.publish(TopicArn=topic, Message="Test msg", MessageAttributes=given)
        on.heard(f"message-raw-{value}")


def redriven(on: Stage) -> None:
    topic = on.topic()
    redrive = json.dumps({"deadLetterTargetArn": on.queue(topic, "-dead")})
    gone = f"arn:aws:sqs:us-east-1:{on.account}:{on.name}"
    attributes = {"RedrivePolicy": redrive, "RawMessageDelivery": on.parameter.lower()}
    on.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=gone, Attributes=attributes)
    given = {
        "attr1": {"DataType": "Number", "StringValue": "111"},
        "attr2": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
    }
    on.sns.publish(TopicArn=topic, Message="test_dlq_after_sqs_endpoint_deleted", MessageAttributes=given)
    on.heard("messages", "-dead")


def unknown_queues(on: Stage) -> None:
    topic = on.topic()
    arn = f"arn:aws:sqs:us-east-1:{on.account}:{on.name}-none"
    on.play.answer("subscribe-unknown-sqs", on.sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn)
    label = "subscribe-unknown-sqs-invalid_arn"
    on.play.answer(label, on.sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint="x")


def queue_url(on: Stage) -> None:
    topic = on.topic()
    on.queue(topic)
    url = on.sqs.get_queue_url(QueueName=on.name)["QueueUrl"]
    label = next(iter(on.play.answers))
    on.play.answer(label, on.sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=url)


def unsubscribed_twice(on: Stage) -> None:
    arn = on.subscribed(on.topic())
    for label in ("unsubscribe-1", "unsubscribe-2"):
        on.play.answer(label, on.sns.unsubscribe, SubscriptionArn=arn)


def bad_filter(on: Stage) -> None:
    topic = on.topic()
    asked = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": on.queue(topic)}
    label = "subscribe-invalid-filter-policy"
    on.play.answer(label, on.sns.subscribe, **asked, Attributes={"FilterPolicy": "invalid filter policy"})


def permissions(on: Stage) -> None:
    named = {"AWSAccountId": [on.account], "ActionName": ["Publish"], "Label": "test"}
    topic = on.topic()
    on.sns.add_permission(TopicArn=topic, **named)
    on.play.answer("duplicate-label", on.sns.add_permission, TopicArn=topic, **named)
    on.play.answer("topic-not-found", on.sns.add_permission, TopicArn=f"{topic}-none", **named)
    named |= {"Label": "test-2", "ActionName": ["InvalidAction"]}
    on.play.answer("invalid-action", on.sns.add_permission, TopicArn=topic, **named)


def scopes(on: Stage) -> None:
    arn = on.subscribed(on.topic())
    shown = on.sns.get_subscription_attributes
    on.play.answer("sub-attrs-default", shown, SubscriptionArn=arn)

    def change(name: str, value: str) -> Mapping[str, str]:
        return {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}

    on.sns.set_subscription_attributes(**change("FilterPolicyScope", "MessageBody"))
    on.play.answer("sub-attrs-filter-scope-body", shown, SubscriptionArn=arn)
    wrong = change("FilterPolicyScope", "RandomValue")
    on.play.answer("sub-attrs-filter-scope-error", on.sns.set_subscription_attributes, **wrong)
    on.sns.set_subscription_attributes(**change("FilterPolicy", json.dumps({"attr": ["match-this"]})))
    on.play.answer("sub-attrs-after-setting-policy", shown, SubscriptionArn=arn)


def nested(on: Stage) -> None:
    arn = on.subscribed(on.topic())
    policy = json.dumps({"object": {"key": [{"prefix": "auto-"}]}})
    named = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": policy}
    on.play.answer("sub-filter-policy-nested-error", on.sns.set_subscription_attributes, **named)
    on.sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
    )
    on.sns.set_subscription_attributes(**named)
    on.play.answer("sub-attrs-after-setting-nested-policy", on.sns.get_subscription_attributes, SubscriptionArn=arn)


PLAYS: Mapping[str, Callable[[Stage], None]] = {
    "test_create_topic_test_arn": arns,
    "test_tags": tags,
    "test_create_duplicate_topic_check_idempotency": found_again,
    "test_create_duplicate_topic_with_more_tags": more_tags,
    "test_empty_sns_message": empty,
    "test_publish_with_empty_subject": subjects,
    "test_message_structure_json_exc": structures,
    "test_subscribe_with_invalid_protocol": protocol,
    "test_validate_set_sub_attributes": set_attributes,
    "test_not_found_error_on_set_subscription_attributes": gone_subscription,
    "test_subscribe_sqs_queue": filtered,
    "test_attribute_raw_subscribe": raw,
    "test_publish_sqs_from_sns": raw_or_not,
    "test_redrive_policy_sqs_queue_subscription": redriven,
    "test_subscribe_unknown_sqs_queue": unknown_queues,
    "test_subscribe_sqs_queue_url": queue_url,
    "test_subscribe_to_sqs_with_queue_url": queue_url,
    "test_unsubscribe_idempotency": unsubscribed_twice,
    "test_subscribe_invalid_filter_policy": bad_filter,
    "test_add_permission_errors": permissions,
    "test_set_subscription_filter_policy_scope": scopes,
    "test_sub_filter_policy_nested_property": nested,
}


@pytest.mark.parametrize("file", ["test_sns", "test_sns_filter_policy"])
def test_answers_are_those_of_aws(live: Live, file: str) -> None:
    tests = recorded("sns", file)
    manager = live.user(f"marymajor-{file}")
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    live.client("iam").put_user_policy(UserName=manager.name, PolicyName="all", PolicyDocument=json.dumps(allow))
    sns, sqs = manager.client("sns"), manager.client("sqs")
    plays = []
    for number, (name, answers) in enumerate(tests.items()):
        title, _, parameter = name.rpartition("::")[2].partition("[")
        if title in PLAYS:
            play = Play(account=live.account, answers=answers)
            short = f"p{number}-{len(file)}"
            stage = Stage(play=play, sns=sns, sqs=sqs, account=live.account, name=short, parameter=parameter[:-1])
            PLAYS[title](stage)
            plays.append((name, play))
    answered, held = sum(len(play.seen) for _, play in plays), sum(play.held for _, play in plays)
    print(f"\n{file}: {held} of {answered} recorded answers hold")
    faults = [f"{name}: {fault}" for name, play in plays for fault in play.failures]
    assert not faults, "\n".join(faults)
