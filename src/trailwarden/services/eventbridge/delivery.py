"""An event on its way to one target of a rule, kept until it is there or lost."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.eventbridge.rule import Rule
from trailwarden.storage.ports import Kind, Transaction

__all__ = ["DELIVERY", "Delivery", "hand_on"]

_MICROSECONDS = 1_000_000


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery. Key: (the rule's account, region, `time-id`). `event` is JSON, `target` the target as it stood then.

    `hops` are the buses that the event has come through, by ARN.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
    """

    id: str
    rule_arn: str
    rule_name: str
    event: str
    target: dict[str, Any]
    created: float
    hops: tuple[str, ...] = ()
    attempts: int = 0
    due: float = 0.0


DELIVERY = Kind("events.delivery", Delivery)


def hand_on(  # noqa: PLR0913 — a delivery is all of this
    into: Transaction,
    rule: Rule,
    target: Mapping[str, Any],
    event: str,
    *,
    delivery_id: str,
    now: float,
    hops: tuple[str, ...] = (),
) -> None:
    """Let the event be delivered to the target."""
    name = f"{int(now * _MICROSECONDS):017d}-{delivery_id}"
    delivery = Delivery(
        id=delivery_id,
        rule_arn=rule.arn,
        rule_name=rule.name,
        event=event,
        target=dict(target),
        created=now,
        hops=hops,
    )
    into.put(DELIVERY, rule.account, rule.region, name, delivery)
