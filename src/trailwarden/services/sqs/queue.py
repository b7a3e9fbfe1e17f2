"""A queue: what is stored of it, and how calls name it."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.sqs.errors import InvalidAddress, QueueDoesNotExist
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = [
    "GONE",
    "QUEUE",
    "Gone",
    "Queue",
    "Redrive",
    "find_queue",
    "keep_queue",
    "missing",
    "queue_of_arn",
    "url_of",
]

_PATH = re.compile(r"(?:.*/)?(\d{12})/([A-Za-z0-9_.-]+)\Z")
_REGION_IN_HOST = re.compile(r"(?:^|\.)sqs\.([a-z0-9-]+)\.|^([a-z0-9-]+)\.queue\.")


class Redrive(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go that were received `most` times without being deleted."""

    target: str
    most: int


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. Key: (account, region, name). `attributes` are those that were set, by AWS's names, without the policy.

    `id` tells the queue from a later one of the same name, and its messages from theirs. What was sent before `purged`
    is gone.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """

    account: str
    region: str
    name: str
    id: str
    created: float
    modified: float
    attributes: dict[str, str] = {}
    policy: str = ""
    tags: dict[str, str] = {}
    purged: float = 0.0

    @property
    def arn(self) -> str:
        """`arn:aws:sqs:us-east-1:123456789012:name`."""
        return str(Arn(service="sqs", region=self.region, account=self.account, resource=self.name))

    @property
    def fifo(self) -> bool:
        """Whether messages keep their order and come once."""
        return self.name.endswith(".fifo")

    @property
    def redrive(self) -> Redrive | None:
        """The redrive policy, None where there is none."""
        text = self.attributes.get("RedrivePolicy", "")
        if not text:
            return None
        told = json.loads(text)
        return Redrive(target=str(told["deadLetterTargetArn"]), most=int(told["maxReceiveCount"]))

    def number(self, attribute: str, default: int) -> int:
        """An attribute that is a number."""
        return int(self.attributes.get(attribute, default))


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A queue that was deleted; its messages are still to be dropped. Key: (account, region, `name:id`)."""

    id: str
    name: str
    deleted: float


QUEUE = Kind("sqs.queue", Queue)
GONE = Kind("sqs.queue-gone", Gone)


def url_of(world: World, queue: Queue) -> str:
    """Where the queue is reached: this server, then account and name.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
    """
    return f"{world.settings.endpoint}/{queue.account}/{queue.name}"


def find_queue(call: Call, world: World) -> Queue:
    """The queue of the call's QueueUrl, in the Region that the call is for. InvalidAddress, QueueDoesNotExist."""
    url: str = call.params["QueueUrl"]
    parts = urlsplit(url)
    found = _PATH.search(parts.path)
    named = _PATH.search(url) if found is None and not parts.scheme else found
    if named is None and "/" in url.strip("/"):
        raise InvalidAddress(url=url[:256])
    host = _REGION_IN_HOST.search(parts.hostname or "")
    region = next((part for part in host.groups() if part), call.region) if host else call.region
    account, name = (named[1], named[2]) if named else (call.account, url.strip("/"))
    queue = world.find(QUEUE, account, region, name)
    if queue is None:
        raise missing(call)
    return queue


def missing(call: Call) -> QueueDoesNotExist:
    """The error of a queue that is not there, in the words of the call's protocol."""
    family = call.authorized.resolved.authenticated.parsed.route.family
    return QueueDoesNotExist(version=" for this wsdl version" if family == "query" else "")


def queue_of_arn(reader: Reader, text: str) -> Queue | None:
    """The queue of an ARN, None where there is none."""
    arn = Arn.parse(text)
    if arn is None or arn.service != "sqs":
        return None
    document = reader.get(QUEUE, arn.account, arn.region, arn.resource)
    return document.body if document else None


def keep_queue(world: World, queue: Queue, **changes: Any) -> None:
    """Write the queue with changes."""
    world.put(QUEUE, queue.account, queue.region, queue.name, msgspec.structs.replace(queue, **changes))
