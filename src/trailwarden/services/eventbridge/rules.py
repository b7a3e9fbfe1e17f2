"""Rules: put, describe, list, switch, delete."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import DEFAULT, Bus, find_bus
from trailwarden.services.eventbridge.errors import Invalid, LimitExceeded
from trailwarden.services.eventbridge.paging import PAGES
from trailwarden.services.eventbridge.patterns import check_pattern
from trailwarden.services.eventbridge.rule import RULE, Rule, find_rule, keep_rule, rules_of, shown
from trailwarden.services.eventbridge.schedule import read_schedule
from trailwarden.services.eventbridge.tags import added
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "delete_rule",
    "describe_rule",
    "disable_rule",
    "enable_rule",
    "list_rule_names_by_target",
    "list_rules",
    "put_rule",
]

_MOST = 300


@operation("events:PutRule")
def put_rule(call: Call, world: World) -> Mapping[str, Any]:
    """Create a rule, or set it anew; its targets and tags stay.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    asked = call.params
    bus = find_bus(call, world, asked.get("EventBusName") or DEFAULT)
    pattern, schedule = asked.get("EventPattern") or "", asked.get("ScheduleExpression") or ""
    _check(bus, pattern, schedule)
    standing = world.find(RULE, bus.account, bus.region, f"{bus.name}/{asked['Name']}")
    if standing is None and len(rules_of(world.transaction, bus)) >= _MOST:
        raise LimitExceeded
    rule = standing or Rule(
        account=bus.account,
        region=bus.region,
        bus=bus.name,
        name=asked["Name"],
        created=call.now,
        since=call.now,
        creator=call.account,
        tags=added({}, asked.get("Tags") or ()),
    )
    rule = msgspec.structs.replace(
        rule,
        since=call.now,
        pattern=pattern,
        schedule=schedule,
        state=asked.get("State") or "ENABLED",
        description=asked.get("Description") or "",
        role=asked.get("RoleArn") or "",
    )
    keep_rule(world, rule)
    return {"RuleArn": rule.arn}


@operation("events:DescribeRule")
def describe_rule(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html."""
    rule = _found(call, world)
    return {**shown(rule), "CreatedBy": rule.creator}


@operation("events:ListRules")
def list_rules(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html."""
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    prefix = call.params.get("NamePrefix") or ""
    found = [each.body for each in rules_of(world.transaction, bus) if each.body.name.startswith(prefix)]
    return PAGES.page(call, "Rules", found, key=lambda rule: rule.name, shown=shown)


@operation("events:ListRuleNamesByTarget")
def list_rule_names_by_target(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html."""
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    wanted = call.params["TargetArn"]
    rules = [each.body for each in rules_of(world.transaction, bus)]
    found = [rule.name for rule in rules if any(target["Arn"] == wanted for target in rule.targets)]
    return PAGES.page(call, "RuleNames", found, key=str, shown=str)


@operation("events:EnableRule")
def enable_rule(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html."""
    keep_rule(world, _found(call, world), state="ENABLED", since=call.now)


@operation("events:DisableRule")
def disable_rule(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html."""
    keep_rule(world, _found(call, world), state="DISABLED")


@operation("events:DeleteRule")
def delete_rule(call: Call, world: World) -> None:
    """Delete a rule that has no targets any more; one that is gone already is no error.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
    """
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    rule = world.find(RULE, bus.account, bus.region, f"{bus.name}/{call.params['Name']}")
    if rule is None:
        return
    if rule.targets:
        raise Invalid(reason="Rule can't be deleted since it has targets.")
    world.delete(RULE, rule.account, rule.region, rule.key)


def _found(call: Call, world: World) -> Rule:
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    return find_rule(world, bus, call.params["Name"])


def _check(bus: Bus, pattern: str, schedule: str) -> None:
    """Invalid, InvalidEventPattern."""
    if not pattern and not schedule:
        raise Invalid(reason="Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule and bus.name != DEFAULT:
        raise Invalid(reason="ScheduleExpression is supported only on the default event bus.")
    if schedule:
        try:
            read_schedule(schedule)
        except ValueError:
            raise Invalid(reason="Parameter ScheduleExpression is not valid.") from None
    if pattern:
        check_pattern(pattern)
