"""Message move tasks: dead letters go back to where they came from, or to another queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.errors import InvalidParameterValue, ResourceNotFound, UnsupportedOperation
from trailwarden.services.sqs.message import alive
from trailwarden.services.sqs.queue import QUEUE, Queue, queue_of_arn
from trailwarden.services.sqs.receiving import messages_of
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["TASK", "MoveTask", "cancel_message_move_task", "list_message_move_tasks", "start_message_move_task"]

_RATE_MAX = 500
_MOST_LISTED = 10
_NO_SOURCE = "The resource that you specified for the SourceArn parameter doesn't exist."
_NO_TARGET = "The resource that you specified for the DestinationArn parameter doesn't exist."
_NO_TASK = "Task does not exist."


class MoveTask(msgspec.Struct, frozen=True, kw_only=True):
    """A move task. Key: (account, region, `queue id:start:id`). `rate` is messages a second, 0 for as fast as can be.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasksResultEntry.html
    """

    id: str
    source: str
    destination: str
    rate: int
    started: float
    total: int
    status: str = "RUNNING"
    moved: int = 0
    failure: str = ""

    @property
    def handle(self) -> str:
        """What CancelMessageMoveTask is given."""
        told = {"taskId": self.id, "sourceArn": self.source}
        return base64.b64encode(json.dumps(told, separators=(",", ":")).encode()).decode()


TASK = Kind("sqs.move-task", MoveTask)


@operation("sqs:StartMessageMoveTask")
def start_message_move_task(call: Call, world: World) -> Mapping[str, Any]:
    """Begin to move the messages of a dead-letter queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    """
    asked = call.params
    source = _source(world, asked["SourceArn"])
    if not any(each.redrive and each.redrive.target == source.arn for each in _queues(world, source)):
        raise InvalidParameterValue(reason="Source queue must be configured as a Dead Letter Queue.")
    target = queue_of_arn(world.transaction, asked["DestinationArn"]) if asked.get("DestinationArn") else None
    if asked.get("DestinationArn") and target is None:
        raise ResourceNotFound(reason=_NO_TARGET)
    rate = asked.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= _RATE_MAX:
        raise InvalidParameterValue(
            reason=f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a value "
            "between 1 and 500."
        )
    if any(each.status in {"RUNNING", "CANCELLING"} for each in _tasks(world, source)):
        raise UnsupportedOperation(
            reason="There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    waiting = sum(alive(source, each.body, call.now) for each in messages_of(world.storage.begin(), source))
    task = MoveTask(
        id=world.chance.uuid(),
        source=source.arn,
        destination=asked.get("DestinationArn") or "",
        rate=rate or 0,
        started=call.now,
        total=waiting,
    )
    world.put(TASK, source.account, source.region, f"{source.id}:{call.now:017.6f}:{task.id}", task)
    return {"TaskHandle": task.handle}


@operation("sqs:CancelMessageMoveTask")
def cancel_message_move_task(call: Call, world: World) -> Mapping[str, Any]:
    """End a task that runs; what was moved stays moved.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html
    """
    source_arn, task_id = _opened(call.params["TaskHandle"])
    source = queue_of_arn(world.transaction, source_arn)
    if source is None:
        raise ResourceNotFound(reason=_NO_TASK)
    for document in world.list(TASK, source.account, source.region, prefix=f"{source.id}:"):
        task = document.body
        if task.id == task_id:
            if task.status != "RUNNING":
                raise UnsupportedOperation(reason="Only active tasks can be cancelled.")
            ended = msgspec.structs.replace(task, status="CANCELLED")
            world.put(TASK, document.account, document.region, document.name, ended)
            return {"ApproximateNumberOfMessagesMoved": task.moved}
    raise ResourceNotFound(reason=_NO_TASK)


@operation("sqs:ListMessageMoveTasks")
def list_message_move_tasks(call: Call, world: World) -> Mapping[str, Any]:
    """The tasks of a queue, newest first, up to ten.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
    """
    most = call.params.get("MaxResults", 1)
    if not 1 <= most <= _MOST_LISTED:
        raise InvalidParameterValue(
            reason=f"Value {most} for parameter MaxResults is invalid. Reason: Value for parameter MaxResults must be "
            "between 1 and 10."
        )
    source = _source(world, call.params["SourceArn"])
    return {"Results": [_shown(task) for task in _tasks(world, source)[::-1][:most]]}


def _source(world: World, text: str) -> Queue:
    source = queue_of_arn(world.transaction, text)
    if source is None:
        raise ResourceNotFound(reason=_NO_SOURCE)
    return source


def _queues(world: World, source: Queue) -> list[Queue]:
    return [each.body for each in world.list(QUEUE, source.account, source.region)]


def _tasks(world: World, source: Queue) -> list[MoveTask]:
    return [each.body for each in world.list(TASK, source.account, source.region, prefix=f"{source.id}:")]


def _opened(handle: str) -> tuple[str, str]:
    """Source queue and id of a task. InvalidParameterValue."""
    try:
        told = json.loads(base64.b64decode(handle, validate=True))
        return str(told["sourceArn"]), str(told["taskId"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise InvalidParameterValue(reason="Value for parameter TaskHandle is invalid.") from None


def _shown(task: MoveTask) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": task.source,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.total,
        "StartedTimestamp": round(task.started * 1000),
    }
    if task.status == "RUNNING":
        told["TaskHandle"] = task.handle
    if task.destination:
        told["DestinationArn"] = task.destination
    if task.rate:
        told["MaxNumberOfMessagesPerSecond"] = task.rate
    if task.failure:
        told["FailureReason"] = task.failure
    return told
