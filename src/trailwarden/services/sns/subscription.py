"""A subscription: what is stored of it, and how calls name it."""

from collections.abc import Sequence

import msgspec

from trailwarden.services.sns.errors import SubscriptionNotFound
from trailwarden.services.sns.topic import Topic, parsed_arn
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Kind, Reader

__all__ = ["SUBSCRIPTION", "Subscription", "find_subscription", "keep_subscription", "subscriptions_of"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription. Key: (the topic's account, region, `topic:id`).

    `token` is what confirms it, "" once it is confirmed; `authenticated` whether a signed call confirmed it (and is
    needed to end it); `attributes` are those that were set.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """

    id: str
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    created: float
    token: str = ""
    authenticated: bool = True
    attributes: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """`arn:aws:sns:us-east-1:123456789012:topic:id`."""
        return f"{self.topic_arn}:{self.id}"


SUBSCRIPTION = Kind("sns.subscription", Subscription)


def subscriptions_of(reader: Reader, topic: Topic) -> Sequence[Document[Subscription]]:
    """All subscriptions to a topic, pending ones too."""
    return reader.list(SUBSCRIPTION, topic.account, topic.region, prefix=f"{topic.name}:")


def find_subscription(world: World, text: str) -> Subscription:
    """The subscription of an ARN. InvalidParameter, SubscriptionNotFound."""
    arn = parsed_arn(text, "SubscriptionArn")
    found = world.find(SUBSCRIPTION, arn.account, arn.region, arn.resource)
    if found is None:
        raise SubscriptionNotFound
    return found


def keep_subscription(world: World, topic_arn: str, subscription: Subscription) -> None:
    """Write the subscription."""
    arn = parsed_arn(topic_arn)
    world.put(SUBSCRIPTION, arn.account, arn.region, f"{arn.resource}:{subscription.id}", subscription)
