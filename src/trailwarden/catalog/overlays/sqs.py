"""SQS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from trailwarden.catalog.asking import Ask, Target, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]


def _queues(ask: Ask) -> Iterator[Target]:
    """A queue's URL ends in its account and name."""
    for url in ask.texts("QueueUrl"):
        account, _, name = urlsplit(url).path.strip("/").rpartition("/")
        owner = account.rpartition("/")[2]
        yield Target(ask.arn(name, account=owner if owner.isdigit() else None))
    for name in ask.texts("QueueName"):
        yield Target(ask.arn(name, account=ask.text("QueueOwnerAWSAccountId") or None))
    yield from (Target(given) for given in ask.texts("SourceArn"))


def _moved(ask: Ask) -> tuple[Target, ...]:
    """A move task's handle is Base64 of JSON that names the source queue."""
    try:
        handle = json.loads(base64.b64decode(ask.text("TaskHandle"), validate=True))
    except (binascii.Error, ValueError):
        handle = {}
    source = handle.get("sourceArn") if isinstance(handle, dict) else None
    return (Target(source if isinstance(source, str) else ask.arn("*")),)


def _account(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn("")),)


def _tagged(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html (tags)."""
    context = tag_context(ask.params.get("tags"))
    if context:
        yield Check(action="sqs:TagQueue", resource=ask.arn(ask.text("QueueName")), context=context)


TABLES: Mapping[str, Overlay] = {
    "sqs": Overlay(
        types={"queue": _queues},
        actions={
            "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
            "DeleteMessageBatch": "sqs:DeleteMessage",
            "SendMessageBatch": "sqs:SendMessage",
        },
        targets={"ListQueues": _account, "CancelMessageMoveTask": _moved},
        more={"CreateQueue": _tagged},
    )
}
