"""Rules with a schedule: when each is due, and the event that it then makes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import json

import msgspec

from trailwarden.clock import iso
from trailwarden.services.eventbridge.delivery import hand_on
from trailwarden.services.eventbridge.rule import RULE, Rule
from trailwarden.services.eventbridge.schedule import read_schedule
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = ["DUE", "Due", "due_rules", "tick"]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """When a rule is due next; `since` tells the rule as it stands from what it was. Key: the rule's."""

    next: float
    since: float


DUE = Kind("events.due", Due)
_NEVER = 9e15


def due_rules(reader: Reader, now: float) -> list[Rule]:
    """Rules that must be looked at: due, or not planned yet."""
    found = []
    for document in reader.list(RULE):
        rule = document.body
        if rule.schedule and rule.state != "DISABLED":
            due = reader.get(DUE, rule.account, rule.region, rule.key)
            if due is None or due.body.since != rule.since or due.body.next <= now:
                found.append(rule)
    return found


def tick(world: World, rule: Rule) -> None:
    """Plan the rule, and make its event where it is due; times that were missed are made up for once."""
    standing = world.find(RULE, rule.account, rule.region, rule.key)
    if standing is None or standing.since != rule.since or standing.state == "DISABLED":
        return
    due = world.find(DUE, rule.account, rule.region, rule.key)
    planned = due is not None and due.since == rule.since
    if planned and due is not None and due.next > world.now:
        return
    if planned:
        _fire(world, standing)
    following = read_schedule(rule.schedule).after(world.now if planned else rule.since)
    due_next = _NEVER if following is None else following
    world.put(DUE, rule.account, rule.region, rule.key, Due(next=due_next, since=rule.since))


def _fire(world: World, rule: Rule) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-events.html (Scheduled Event)."""
    event = {
        "version": "0",
        "id": world.chance.uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account,
        "time": iso(world.now),
        "region": rule.region,
        "resources": [rule.arn],
        "detail": {},
    }
    text = json.dumps(event, separators=(",", ":"))
    for target in rule.targets:
        hand_on(world.transaction, rule, target, text, delivery_id=world.chance.uuid(), now=world.now)
