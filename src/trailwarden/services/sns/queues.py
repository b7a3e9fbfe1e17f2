"""A topic's messages in queues: as they are, or in SNS's envelope.

https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
"""

import json

from trailwarden.services.sns.letters import Letters, is_raw
from trailwarden.services.sns.message import Message
from trailwarden.services.sns.subscription import Subscription
from trailwarden.services.sqs.posting import Posted, post
from trailwarden.services.world import World

__all__ = ["into_dead_letters", "into_queue"]

_SERVICE = "sns.amazonaws.com"
_MOST_ATTRIBUTES = 10


def into_queue(world: World, message: Message, subscription: Subscription, letters: Letters) -> bool:
    """Put the message into the subscribed queue, if its policy lets the topic in; whether that was done.

    A raw message with more than ten attributes is discarded, as no queue takes it.
    """
    raw = is_raw(message, subscription)
    if raw and len(message.attributes) > _MOST_ATTRIBUTES:
        return False
    return _put(world, message, subscription, subscription.endpoint, letters)


def into_dead_letters(world: World, message: Message, subscription: Subscription, letters: Letters) -> None:
    """What could not be delivered goes to the subscription's dead-letter queue, where it has one that takes it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    target = policy.get("deadLetterTargetArn", "")
    if target and not message.token:
        _put(world, message, subscription, target, letters)


def _put(world: World, message: Message, subscription: Subscription, queue_arn: str, letters: Letters) -> bool:
    raw = is_raw(message, subscription)
    posted = Posted(
        queue_arn=queue_arn,
        body=letters.body(world.transaction, message, subscription),
        service=_SERVICE,
        source_arn=message.topic_arn,
        source_account=message.topic_arn.split(":")[4],
        attributes=message.attributes if raw else {},
        group=message.group,
        deduplication=message.deduplication,
    )
    return not post(world, posted)
