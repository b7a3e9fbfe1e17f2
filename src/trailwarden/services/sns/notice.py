"""The topic's side of a trail: a delivered file becomes a message, if the topic's policy lets CloudTrail publish."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.delivery.destination import DeliveryFailed
from trailwarden.delivery.integrations import Notice
from trailwarden.policy import ContextValue
from trailwarden.services.sns.encryption import service_may_encrypt
from trailwarden.services.sns.message import Message, publish
from trailwarden.services.sns.topic import TOPIC
from trailwarden.services.world import World
from trailwarden.storage.ports import Transaction

__all__ = ["TopicNotices"]

_SERVICE = "cloudtrail.amazonaws.com"


@dataclass(frozen=True, slots=True)
class TopicNotices:
    """Implements `delivery.integrations.Notices` over the topics of this server."""

    world: Callable[[Transaction], World]

    def publish(self, notice: Notice, transaction: Transaction, *, now: float) -> None:
        """Publish where the file is. DeliveryFailed with NotFound, AuthorizationError or KMSAccessDenied.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html
        """
        world, arn = self.world(transaction), Arn.parse(notice.topic_arn)
        topic = world.find(TOPIC, arn.account, arn.region, arn.resource) if arn else None
        if topic is None:
            raise DeliveryFailed("NotFound")
        context: dict[str, ContextValue] = {"aws:SourceArn": notice.source_arn, "aws:SourceAccount": notice.account}
        if not world.service_may(_SERVICE, "sns:Publish", topic.arn, context):
            raise DeliveryFailed("AuthorizationError")
        if not service_may_encrypt(world, topic, _SERVICE, context):
            raise DeliveryFailed("KMSAccessDenied")
        body = json.dumps({"s3Bucket": notice.bucket, "s3ObjectKey": [notice.key]}, separators=(",", ":"))
        publish(transaction, topic, Message(id=world.chance.uuid(), topic_arn=topic.arn, body=body, published=now))
