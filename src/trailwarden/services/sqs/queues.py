"""Queues: create, find, list, set up, empty, delete."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.paging import NotOurs, cut, place_of
from trailwarden.services.registry import operation
from trailwarden.services.sqs.attributes import DEFAULTS, checked, merged
from trailwarden.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
)
from trailwarden.services.sqs.message import alive
from trailwarden.services.sqs.queue import GONE, QUEUE, Gone, Queue, find_queue, keep_queue, missing, url_of
from trailwarden.services.sqs.receiving import messages_of
from trailwarden.services.sqs.tags import check_tags
from trailwarden.services.world import World

__all__ = [
    "create_queue",
    "delete_queue",
    "get_queue_attributes",
    "get_queue_url",
    "list_dead_letter_source_queues",
    "list_queues",
    "purge_queue",
    "set_queue_attributes",
]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo\Z")
_MOST_LISTED = 1000
_MINUTE = 60.0
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
_OTHERS = frozenset(
    {"All", "Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}
)


@operation("sqs:CreateQueue")
def create_queue(call: Call, world: World) -> Mapping[str, Any]:
    """Create a queue, or find the one of that name if nothing that is told about it differs.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """
    name, given = call.params["QueueName"], dict(call.params.get("Attributes") or {})
    _check_name(name, fifo=given.get("FifoQueue") == "true")
    checked(world, name, given, new=True)
    tags = dict(call.params.get("tags") or {})
    check_tags(tags)
    standing = world.find(QUEUE, call.account, call.region, name)
    if standing is not None:
        _check_same(standing, given)
        return {"QueueUrl": url_of(world, standing)}
    if any(
        each.body.deleted > call.now - _MINUTE
        for each in world.list(GONE, call.account, call.region, prefix=f"{name}:")
    ):
        raise QueueDeletedRecently
    queue = Queue(
        account=call.account,
        region=call.region,
        name=name,
        id=world.chance.uuid(),
        created=call.now,
        modified=call.now,
    )
    keep_queue(world, queue, attributes=merged(queue, given), policy=given.get("Policy", ""), tags=tags)
    return {"QueueUrl": url_of(world, queue)}


@operation("sqs:DeleteQueue")
def delete_queue(call: Call, world: World) -> None:
    """Delete a queue with its messages. Its name is free again after 60 seconds.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
    """
    queue = find_queue(call, world)
    world.delete(QUEUE, queue.account, queue.region, queue.name)
    gone = Gone(id=queue.id, name=queue.name, deleted=call.now)
    world.put(GONE, queue.account, queue.region, f"{queue.name}:{queue.id}", gone)


@operation("sqs:GetQueueUrl")
def get_queue_url(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html."""
    account = call.params.get("QueueOwnerAWSAccountId") or call.account
    queue = world.find(QUEUE, account, call.region, call.params["QueueName"])
    if queue is None:
        raise missing(call)
    return {"QueueUrl": url_of(world, queue)}


@operation("sqs:ListQueues")
def list_queues(call: Call, world: World) -> Mapping[str, Any]:
    """The account's queues in this Region by name, a thousand at most; more, page by page, with MaxResults.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
    """
    prefix = call.params.get("QueueNamePrefix") or ""
    found = [each.body for each in world.list(QUEUE, call.account, call.region, prefix=prefix)]
    urls, rest = _page(call, world, found)
    return ({"QueueUrls": urls} if urls else {}) | rest


@operation("sqs:ListDeadLetterSourceQueues")
def list_dead_letter_source_queues(call: Call, world: World) -> Mapping[str, Any]:
    """The queues whose dead letters come here.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html
    """
    target = find_queue(call, world)
    bodies = [each.body for each in world.list(QUEUE, target.account, target.region)]
    urls, rest = _page(call, world, [each for each in bodies if each.redrive and each.redrive.target == target.arn])
    return {"queueUrls": urls, **rest}


@operation("sqs:GetQueueAttributes")
def get_queue_attributes(call: Call, world: World) -> Mapping[str, Any]:
    """Attributes that are asked for by name, or all of them.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    queue, asked = find_queue(call, world), call.params.get("AttributeNames") or ()
    every = {
        **DEFAULTS,
        "SqsManagedSseEnabled": "false" if queue.attributes.get("KmsMasterKeyId") else "true",
        **(_FIFO_DEFAULTS if queue.fifo else {}),
        **({"KmsDataKeyReusePeriodSeconds": "300"} if queue.attributes.get("KmsMasterKeyId") else {}),
        **queue.attributes,
        **({"Policy": queue.policy} if queue.policy else {}),
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(int(queue.created)),
        "LastModifiedTimestamp": str(int(queue.modified)),
    }
    unknown = next((name for name in asked if name not in {*every, *_COUNTS, *_OTHERS, *_FIFO_DEFAULTS}), None)
    if unknown is not None:
        raise InvalidAttributeName(reason=f"Unknown Attribute {unknown}.")
    if "All" in asked or any(name in asked for name in _COUNTS):
        every |= _counted(world, queue, call.now)
    told = every if "All" in asked else {name: every[name] for name in asked if name in every}
    return {"Attributes": told} if told else {}


@operation("sqs:SetQueueAttributes")
def set_queue_attributes(call: Call, world: World) -> None:
    """Set some attributes; an empty policy or redrive policy takes it away.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    queue, given = find_queue(call, world), call.params["Attributes"]
    checked(world, queue.name, given, new=False)
    policy = given.get("Policy", queue.policy)
    keep_queue(world, queue, attributes=merged(queue, given), policy=policy, modified=call.now)


@operation("sqs:PurgeQueue")
def purge_queue(call: Call, world: World) -> None:
    """Everything that was sent until now is gone.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
    """
    queue = find_queue(call, world)
    if queue.purged > call.now - _MINUTE:
        raise PurgeQueueInProgress(name=queue.name)
    keep_queue(world, queue, purged=call.now)


def _check_name(name: str, *, fifo: bool) -> None:
    pattern = _FIFO_NAME if fifo else _NAME
    if pattern.match(name):
        return
    if fifo:
        raise InvalidParameterValue(
            reason="The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must "
            "end with .fifo suffix and be 1 to 80 in length."
        )
    raise InvalidParameterValue(
        reason="Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    )


def _check_same(standing: Queue, given: Mapping[str, str]) -> None:
    here = {
        **DEFAULTS,
        "SqsManagedSseEnabled": "true",
        **(_FIFO_DEFAULTS if standing.fifo else {}),
        **standing.attributes,
        "Policy": standing.policy,
    }
    for name, value in given.items():
        if here.get(name, "") != value:
            raise QueueNameExists(attribute=name)


def _counted(world: World, queue: Queue, now: float) -> dict[str, str]:
    """Visible messages, those in flight, and those that are delayed."""
    counts = dict.fromkeys(_COUNTS, 0)
    for document in messages_of(world.storage.begin(), queue):
        message = document.body
        if alive(queue, message, now):
            hidden = _COUNTS[1] if message.receives else _COUNTS[2]
            counts[hidden if message.visible > now else _COUNTS[0]] += 1
    return {name: str(count) for name, count in counts.items()}


def _page(call: Call, world: World, queues: Sequence[Queue]) -> tuple[list[str], dict[str, str]]:
    """URLs of a page. InvalidParameterValue for a token of others."""
    size = call.params.get("MaxResults")
    if size is not None and not 1 <= size <= _MOST_LISTED:
        raise InvalidParameterValue(
            reason=f"Value {size} for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 "
            "and 1000."
        )
    try:
        after = place_of(call.params.get("NextToken") or "")
    except NotOurs:
        raise InvalidParameterValue(reason="Invalid or expired next token.") from None
    left = sorted((each for each in queues if each.name > after), key=lambda queue: queue.name)
    here = cut(left, size or _MOST_LISTED, lambda queue: queue.name)
    return [url_of(world, each) for each in here.items], {"NextToken": here.rest} if size and here.rest else {}
