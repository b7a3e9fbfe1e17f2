"""Tags of queues."""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.errors import InvalidParameterValue
from trailwarden.services.sqs.queue import find_queue, keep_queue
from trailwarden.services.world import World

__all__ = ["check_tags", "list_queue_tags", "tag_queue", "untag_queue"]

_MOST = 50
_KEY_MAX, _VALUE_MAX = 128, 256


@operation("sqs:TagQueue")
def tag_queue(call: Call, world: World) -> None:
    """Add tags to a queue, up to 50.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html
    """
    queue = find_queue(call, world)
    tags = {**queue.tags, **call.params["Tags"]}
    check_tags(call.params["Tags"])
    check_tags(tags)
    keep_queue(world, queue, tags=tags)


@operation("sqs:UntagQueue")
def untag_queue(call: Call, world: World) -> None:
    """Remove tags by key.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html
    """
    queue, gone = find_queue(call, world), set(call.params["TagKeys"])
    keep_queue(world, queue, tags={key: value for key, value in queue.tags.items() if key not in gone})


@operation("sqs:ListQueueTags")
def list_queue_tags(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html."""
    tags = find_queue(call, world).tags
    return {"Tags": tags} if tags else {}


def check_tags(tags: Mapping[str, str]) -> None:
    """InvalidParameterValue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
    """
    if len(tags) > _MOST:
        raise InvalidParameterValue(reason=f"Too many tags added for queue. Maximum allowed tags: {_MOST}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= _KEY_MAX or len(value) > _VALUE_MAX or key.lower().startswith("aws:"):
            raise InvalidParameterValue(
                reason="Tag keys must be between 1 and 128 characters in length and must not begin with aws:, tag "
                "values must be up to 256 characters."
            )
