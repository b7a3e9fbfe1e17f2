"""Amazon SQS: queues, messages, dead letters.

Importing this package registers its operations.
"""

from trailwarden.services.sqs import moving, permissions, queues, receiving, sending, settling, tags
from trailwarden.services.sqs.facts import sqs_facts
from trailwarden.services.sqs.posting import Posted, post
from trailwarden.services.sqs.queue import queue_of_arn
from trailwarden.services.sqs.upkeep import QueueUpkeep

__all__ = [
    "Posted",
    "QueueUpkeep",
    "moving",
    "permissions",
    "post",
    "queue_of_arn",
    "queues",
    "receiving",
    "sending",
    "settling",
    "sqs_facts",
    "tags",
]
