"""A message as one subscriber gets it: as it is, or in SNS's signed envelope."""

import json
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.services.sns.message import Message, body_for, envelope
from trailwarden.services.sns.signing import Signer
from trailwarden.services.sns.subscription import Subscription
from trailwarden.services.sns.topic import TOPIC
from trailwarden.storage.ports import Reader

__all__ = ["Letters", "is_raw"]


def is_raw(message: Message, subscription: Subscription) -> bool:
    """Whether the message goes without an envelope; what asks to confirm never does."""
    return subscription.attributes.get("RawMessageDelivery") == "true" and not message.token


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes them. `endpoint` is where this server is reached."""

    endpoint: str
    signer: Signer

    def body(self, reader: Reader, message: Message, subscription: Subscription) -> str:
        """The text that the subscriber gets, in the signature version of the topic.

        https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
        """
        if is_raw(message, subscription):
            return body_for(message, subscription.protocol)
        told = envelope(
            message, protocol=subscription.protocol, endpoint=self.endpoint, subscription_arn=subscription.arn
        )
        return json.dumps(self.signer.signed(told, _version(reader, message)))


def _version(reader: Reader, message: Message) -> str:
    arn = Arn.parse(message.topic_arn)
    topic = reader.get(TOPIC, arn.account, arn.region, arn.resource) if arn else None
    return topic.body.attributes.get("SignatureVersion", "1") if topic else "1"
