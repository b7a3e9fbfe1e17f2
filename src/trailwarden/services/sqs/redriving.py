"""Dead letters: what was received too often goes to another queue, with its id and what was sent.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

import json

import msgspec

from trailwarden.services.sqs.message import MESSAGE, SEQUENCE, Message, Sequence
from trailwarden.services.sqs.queue import Queue
from trailwarden.services.world import World
from trailwarden.storage.ports import Document

__all__ = ["bury", "lets_in", "move"]

_FIRST_SEQUENCE = 18_800_000_000_000_000_000


def lets_in(target: Queue, source: Queue) -> bool:
    """Whether the dead-letter queue may be that of the source.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html (RedriveAllowPolicy)
    """
    told = json.loads(target.attributes.get("RedriveAllowPolicy") or '{"redrivePermission":"allowAll"}')
    permission = told["redrivePermission"]
    return permission == "allowAll" or (permission == "byQueue" and source.arn in told["sourceQueueArns"])


def bury(world: World, queue: Queue, document: Document[Message], target: Queue, *, now: float) -> bool:
    """Move a message to the dead-letter queue, which must be of the same account, Region and kind; whether it went."""
    same = (target.account, target.region, target.fifo) == (queue.account, queue.region, queue.fifo)
    if not same or not lets_in(target, queue):
        return False
    move(world, document, target, source=queue.arn, now=now)
    return True


def move(world: World, document: Document[Message], target: Queue, *, source: str, now: float) -> None:
    """Bring a message into another queue. A standard queue goes on counting its age, a FIFO queue begins anew."""
    message = msgspec.structs.replace(document.body, visible=now, receipt="", source=source)
    order = document.name.partition(":")[2]
    if target.fifo:
        found = world.find(SEQUENCE, target.account, target.region, target.id)
        count = (found.count if found else 0) + 1
        world.put(SEQUENCE, target.account, target.region, target.id, Sequence(count=count))
        order = str(_FIRST_SEQUENCE + count * 256)
        message = msgspec.structs.replace(message, kept_from=now, sequence=order)
    elif message.kept_from <= target.purged:
        message = msgspec.structs.replace(message, kept_from=now)
    world.delete(MESSAGE, document.account, document.region, document.name)
    world.put(MESSAGE, target.account, target.region, f"{target.id}:{order}", message)
