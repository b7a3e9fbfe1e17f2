"""Permissions: statements of a queue's policy, added and removed by label."""

import json
import re
from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.errors import InvalidParameterValue, OverLimit
from trailwarden.services.sqs.queue import Queue, find_queue, keep_queue
from trailwarden.services.world import World

__all__ = ["add_permission", "remove_permission"]

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_ACCOUNT = re.compile(r"\d{12}\Z")
_ACTIONS = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
_MOST_ACTIONS = 7
_MOST_STATEMENTS = 20


@operation("sqs:AddPermission")
def add_permission(call: Call, world: World) -> None:
    """Add a statement to the policy that lets accounts use some of the queue's actions.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
    """
    queue, label, asked = find_queue(call, world), call.params["Label"], call.params
    document = _document(queue)
    if not _LABEL.match(label):
        raise _invalid(
            label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
        )
    if any(each.get("Sid") == label for each in document["Statement"]):
        raise _invalid(label, "Label", "Already exists.")
    _check_named(asked)
    if len(document["Statement"]) >= _MOST_STATEMENTS:
        raise OverLimit(reason=f"{len(document['Statement']) + 1} statements were found, maximum allowed is 20.")
    principals = [f"arn:aws:iam::{account}:root" for account in asked["AWSAccountIds"]]
    actions = [f"SQS:{action}" for action in asked["Actions"]]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _single(principals)},
        "Action": _single(actions),
        "Resource": queue.arn,
    }
    _keep(world, queue, {**document, "Statement": [*document["Statement"], statement]}, call.now)


@operation("sqs:RemovePermission")
def remove_permission(call: Call, world: World) -> None:
    """Take a statement out of the policy.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_RemovePermission.html
    """
    queue, label = find_queue(call, world), call.params["Label"]
    document = _document(queue)
    rest = [each for each in document["Statement"] if each.get("Sid") != label]
    if len(rest) == len(document["Statement"]):
        raise _invalid(label, "Label", "can't find label.")
    _keep(world, queue, {**document, "Statement": rest}, call.now)


def _check_named(asked: Mapping[str, Any]) -> None:
    for action in asked["Actions"]:
        if action not in _ACTIONS:
            raise _invalid(
                f"SQS:{action}", "ActionName", "Please refer to the appropriate WSDL for a list of valid actions."
            )
    if len(asked["Actions"]) > _MOST_ACTIONS:
        raise OverLimit(reason=f"{len(asked['Actions'])} Actions were found, maximum allowed is {_MOST_ACTIONS}.")
    for account in asked["AWSAccountIds"]:
        if not _ACCOUNT.match(account):
            raise _invalid(account, "PrincipalId", "Unable to verify.")


def _document(queue: Queue) -> dict[str, Any]:
    if not queue.policy:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    document: dict[str, Any] = json.loads(queue.policy)
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _keep(world: World, queue: Queue, document: Mapping[str, Any], now: float) -> None:
    text = json.dumps(document, separators=(",", ":")) if document["Statement"] else ""
    keep_queue(world, queue, policy=text, modified=now)


def _invalid(value: str, name: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(reason=f"Value {value[:256]} for parameter {name} is invalid. Reason: {reason}")


def _single(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
