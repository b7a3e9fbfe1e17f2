"""An event on a bus: which rules take it, and what becomes of it then.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is-how-it-works-concepts.html
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from trailwarden.services.eventbridge.archive import keep_in_archives
from trailwarden.services.eventbridge.bus import Bus
from trailwarden.services.eventbridge.delivery import hand_on
from trailwarden.services.eventbridge.patterns import takes
from trailwarden.services.eventbridge.rule import Rule, rules_of
from trailwarden.services.world import World

__all__ = ["route"]

_OFF = "DISABLED"


def route(  # noqa: PLR0913 — an event and who may have it
    world: World,
    bus: Bus,
    event: Mapping[str, Any],
    *,
    admits: Callable[[Rule], bool] = lambda _: True,
    only: Collection[str] = (),
    hops: tuple[str, ...] = (),
    archived: bool = True,
    seen: float | None = None,
) -> int:
    """Hand an event to the targets of all rules that take it; gives how many those are.

    `admits` narrows the rules by more than their patterns, `only` to some by ARN. `archived`: whether the bus's archives
    keep the event; one that is replayed is not kept again. `seen` is when it came, if not now.
    """
    text, handed = "", 0
    for document in rules_of(world.transaction, bus):
        rule = document.body
        if rule.state == _OFF or not rule.pattern or (only and rule.arn not in only) or not admits(rule):
            continue
        if not takes(rule.pattern, event):
            continue
        text = text or json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        for target in rule.targets:
            hand_on(world.transaction, rule, target, text, delivery_id=world.chance.uuid(), now=world.now, hops=hops)
            handed += 1
    if archived:
        handed += keep_in_archives(world, bus, event, seen=world.now if seen is None else seen)
    return handed
