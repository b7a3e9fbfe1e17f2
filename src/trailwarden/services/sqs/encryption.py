"""The KMS key of an encrypted queue: that it is there, and that whoever sends or receives may use it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from collections.abc import Mapping

from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.message_keys import MessageKey
from trailwarden.services.sqs.errors import KmsAccessDenied, KmsNotFound
from trailwarden.services.sqs.queue import Queue
from trailwarden.services.world import World

__all__ = ["demand_key", "service_may_encrypt"]

_SENDING = ("kms:GenerateDataKey", "kms:Decrypt")
_RECEIVING = ("kms:Decrypt",)


def demand_key(call: Call, world: World, queue: Queue, *, sending: bool) -> None:
    """KmsNotFound, KmsAccessDenied."""
    key = _key(queue)
    if key.optional:
        return
    arn = key.arn(world)
    if arn is None:
        raise KmsNotFound(key=key.given)
    action = key.refused(call, world, _SENDING if sending else _RECEIVING)
    if action:
        raise KmsAccessDenied(caller=call.caller.principal.arn, action=action, key=arn)


def service_may_encrypt(world: World, queue: Queue, service: str, context: Mapping[str, ContextValue]) -> bool:
    """Whether an AWS service that sends may use the queue's key."""
    return _key(queue).service_may(world, service, _SENDING, context)


def _key(queue: Queue) -> MessageKey:
    return MessageKey(
        given=queue.attributes.get("KmsMasterKeyId", ""),
        service="sqs",
        account=queue.account,
        region=queue.region,
        encryption={"aws:sqs:arn": queue.arn},
    )
