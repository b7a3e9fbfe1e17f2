"""The log group's side of a trail: events become log events, if the trail's role may write them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.delivery.destination import DeliveryFailed
from trailwarden.delivery.integrations import LogBatch
from trailwarden.services.logs.events import MOST_EVENTS, UPLOAD_MAX, accepted
from trailwarden.services.logs.group import GROUP, LogGroup, milliseconds
from trailwarden.services.logs.stream import EVENT_OVERHEAD, STREAM, LogStream, add_events, new_stream
from trailwarden.services.world import World
from trailwarden.storage.ports import Transaction

__all__ = ["GroupDestination"]

_SERVICE = "cloudtrail.amazonaws.com"
_NO_TRUST = "Access denied. Check the trust relationships for your role."
_NO_RIGHT = "Access denied. Verify in IAM that the role has adequate permissions."
_NO_GROUP = "Check the log group ARN: CloudTrail can't validate it."


@dataclass(frozen=True, slots=True)
class GroupDestination:
    """Implements `delivery.integrations.LogGroups` over the log groups of this server."""

    world: Callable[[Transaction], World]

    def write(self, batch: LogBatch, transaction: Transaction, *, now: float) -> None:
        """Write the events in batches, as the trail's role, whose trust and permissions are evaluated each time.

        DeliveryFailed with what GetTrailStatus tells.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
        """
        world = self.world(transaction)
        group = self._admitted(batch, world)
        key = (group.account, group.region, f"{group.name}:{batch.stream}")
        stream = world.find(STREAM, *key)
        actions = ("logs:PutLogEvents",) if stream else ("logs:CreateLogStream", "logs:PutLogEvents")
        place = f"{group.arn}:log-stream:{batch.stream}"
        if not all(world.role_may(batch.role, action, place) for action in actions):
            raise DeliveryFailed(_NO_RIGHT)
        stream = stream or new_stream(transaction, group, batch.stream, now=now)
        events, _ = accepted(group, batch.events, milliseconds(now))
        for part in _parts(events):
            add_events(transaction, group, stream, part, fetch=world.storage.fetch, now=milliseconds(now))
            stream = _again(world, key, stream)

    def _admitted(self, batch: LogBatch, world: World) -> LogGroup:
        """The log group, if the role can be assumed and the group is there."""
        role, arn = Arn.parse(batch.role), Arn.parse(batch.group_arn)
        context = {"aws:SourceArn": batch.source_arn, "aws:SourceAccount": batch.account}
        known = role is not None and world.resource(role) is not None
        if not known or not world.service_may(_SERVICE, "sts:AssumeRole", batch.role, context):
            raise DeliveryFailed(_NO_TRUST)
        name = arn.resource.removeprefix("log-group:").removesuffix(":*") if arn else ""
        group = world.find(GROUP, arn.account, arn.region, name) if arn else None
        if group is None:
            raise DeliveryFailed(_NO_GROUP)
        return group


def _again(world: World, key: tuple[str, str, str], stream: LogStream) -> LogStream:
    return world.find(STREAM, *key) or stream


def _parts(events: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Batches as PutLogEvents takes them."""
    parts: list[list[tuple[int, str]]] = []
    room = 0
    for event in events:
        size = len(event[1].encode()) + EVENT_OVERHEAD
        if not parts or size > room or len(parts[-1]) == MOST_EVENTS:
            parts.append([])
            room = UPLOAD_MAX
        parts[-1].append(event)
        room -= size
    return parts
