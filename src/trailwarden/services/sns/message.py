"""A published message, kept until it is delivered to every subscription."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.services.sns.topic import Topic
from trailwarden.storage.ports import Kind, Transaction

__all__ = ["DEDUPLICATION", "MESSAGE", "Deduplication", "Message", "body_for", "envelope", "publish"]

_MICROSECONDS = 1_000_000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way. Key: (the topic's account, region, `topic:time-id`).

    `attributes` are (type, value) by name, binary ones in base 64. `only` is the id of the one subscription that it is
    for, with the `token` that confirms it; "" means all. `waiting` are the subscriptions that have not taken it yet,
    None before the first attempt.
    """

    id: str
    topic_arn: str
    body: str
    published: float
    subject: str = ""
    structured: bool = False
    attributes: dict[str, tuple[str, str]] = {}
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    only: str = ""
    token: str = ""
    waiting: tuple[str, ...] | None = None
    attempts: int = 0
    due: float = 0.0


class Deduplication(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a FIFO topic that was published. Key: (account, region, `topic:created:scope:id`). Holds for five minutes.

    https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
    """

    message: str
    sequence: str
    until: float


MESSAGE = Kind("sns.message", Message)
DEDUPLICATION = Kind("sns.deduplication", Deduplication)


def publish(into: Transaction, topic: Topic, message: Message) -> None:
    """Hand a message to the topic."""
    name = f"{topic.name}:{int(message.published * _MICROSECONDS):017d}-{message.id}"
    into.put(MESSAGE, topic.account, topic.region, name, message)


def body_for(message: Message, protocol: str) -> str:
    """What a protocol gets: for a structured message its own text, or the default.

    https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
    """
    if not message.structured:
        return message.body
    bodies = json.loads(message.body)
    text: str = bodies.get(protocol, bodies["default"])
    return text


def envelope(message: Message, *, protocol: str, endpoint: str, subscription_arn: str) -> Mapping[str, Any]:
    """The JSON that an HTTP endpoint or a queue is sent; `endpoint` is where this server is reached.

    https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
    https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
    """
    time = datetime.fromtimestamp(message.published, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if message.token:
        return {
            "Type": "SubscriptionConfirmation",
            "MessageId": message.id,
            "Token": message.token,
            "TopicArn": message.topic_arn,
            "Message": message.body,
            "SubscribeURL": f"{endpoint}/?Action=ConfirmSubscription&TopicArn={message.topic_arn}&Token={message.token}",
            "Timestamp": time,
        }
    told: dict[str, Any] = {"Type": "Notification", "MessageId": message.id, "TopicArn": message.topic_arn}
    if message.sequence:
        told["SequenceNumber"] = message.sequence
    if message.subject:
        told["Subject"] = message.subject
    told |= {
        "Message": body_for(message, protocol),
        "Timestamp": time,
        "UnsubscribeURL": f"{endpoint}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
    }
    if message.attributes:
        told["MessageAttributes"] = {
            name: {"Type": type_, "Value": value} for name, (type_, value) in message.attributes.items()
        }
    return told
