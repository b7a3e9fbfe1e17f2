"""What authorization must know of queues."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.sqs.queue import QUEUE
from trailwarden.storage.ports import Reader

__all__ = ["sqs_facts"]


def sqs_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A queue's owner, policy and tags; None where there is no such queue. A policy may let everybody in, unsigned too.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-using-identity-based-policies.html
    """
    document = reader.get(QUEUE, arn.account, arn.region, arn.resource)
    if document is None:
        return None
    queue = document.body
    policies = ((queue.arn, queue.policy),) if queue.policy else ()
    return ResourceFacts(account=queue.account, policies=policies, tags=queue.tags)
