"""How AWS services bring messages into queues: topics, rules. The queue's policy is asked each time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trailwarden.policy import ContextValue
from trailwarden.services.sqs.arrival import arrive
from trailwarden.services.sqs.encryption import service_may_encrypt
from trailwarden.services.sqs.message import Content, size_of
from trailwarden.services.sqs.queue import queue_of_arn
from trailwarden.services.world import World

__all__ = ["Posted", "post"]

_SIZE_MAX = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a service sends. `role` is assumed for it where one is given, else the `service` itself asks.

    `source_arn` and `source_account` are aws:SourceArn and aws:SourceAccount of the asking.
    """

    queue_arn: str
    body: str
    service: str
    source_arn: str
    source_account: str
    role: str = ""
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    group: str = ""
    deduplication: str = ""


def post(world: World, posted: Posted) -> str:
    """Keep the message in the queue; the reason in AWS's word where that cannot be, "" where it is done.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
    """
    queue = queue_of_arn(world.transaction, posted.queue_arn)
    if queue is None:
        return "QUEUE_NOT_FOUND"
    context: dict[str, ContextValue] = {
        "aws:SourceArn": posted.source_arn,
        "aws:SourceAccount": posted.source_account,
        "aws:PrincipalIsAWSService": "true",
    }
    if posted.role:
        allowed = world.role_serves(posted.role, posted.service, "sqs:SendMessage", queue.arn, context)
    else:
        allowed = world.service_may(posted.service, "sqs:SendMessage", queue.arn, context)
    if not allowed or not service_may_encrypt(world, queue, posted.service, context):
        return "NO_PERMISSIONS"
    if queue.fifo and not posted.group:
        return "INVALID_PARAMETER"
    content = Content(body=posted.body, attributes=dict(posted.attributes))
    if size_of(content) > min(_SIZE_MAX, queue.number("MaximumMessageSize", _SIZE_MAX)):
        return "INVALID_PARAMETER"
    arrive(
        world.transaction,
        queue,
        content,
        message_id=world.chance.uuid(),
        sender=posted.service,
        now=world.now,
        group=posted.group,
        deduplication=posted.deduplication,
    )
    return ""
