"""What authorization must know of topics."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.sns.topic import TOPIC
from trailwarden.storage.ports import Reader

__all__ = ["sns_facts"]


def sns_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A topic's owner, policy and tags; its subscriptions have the same. None where there is no such topic.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-key-concepts.html
    """
    document = reader.get(TOPIC, arn.account, arn.region, arn.resource.partition(":")[0])
    if document is None:
        return None
    topic = document.body
    return ResourceFacts(account=topic.account, policies=((topic.arn, topic.policy),), tags=topic.tags)
