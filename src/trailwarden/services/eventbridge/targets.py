"""Targets of rules: put, list, remove."""

from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import DEFAULT, find_bus
from trailwarden.services.eventbridge.errors import Invalid, LimitExceeded
from trailwarden.services.eventbridge.inputs import check_inputs
from trailwarden.services.eventbridge.paging import PAGES
from trailwarden.services.eventbridge.rule import Rule, find_rule, keep_rule
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["list_targets_by_rule", "put_targets", "remove_targets"]

_MOST = 5
_NO_FAILURES = {"FailedEntryCount": 0, "FailedEntries": []}


@operation("events:PutTargets")
def put_targets(call: Call, world: World) -> Mapping[str, Any]:
    """Add targets to a rule, or set those of the same id anew: five at most.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
    """
    rule = _found(call, world)
    targets = {target["Id"]: target for target in rule.targets}
    for target in call.params["Targets"]:
        _check(target)
        targets[target["Id"]] = dict(target)
    if len(targets) > _MOST:
        raise LimitExceeded
    keep_rule(world, rule, targets=tuple(targets.values()))
    return _NO_FAILURES


@operation("events:RemoveTargets")
def remove_targets(call: Call, world: World) -> Mapping[str, Any]:
    """Take targets out of a rule; ids that are not there are no error.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html
    """
    rule, gone = _found(call, world), set(call.params["Ids"])
    keep_rule(world, rule, targets=tuple(target for target in rule.targets if target["Id"] not in gone))
    return _NO_FAILURES


@operation("events:ListTargetsByRule")
def list_targets_by_rule(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html."""
    rule = _found(call, world)
    return PAGES.page(call, "Targets", list(rule.targets), key=lambda target: str(target["Id"]), shown=dict)


def _found(call: Call, world: World) -> Rule:
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    return find_rule(world, bus, call.params["Rule"])


def _check(target: Mapping[str, Any]) -> None:
    """Invalid."""
    arn = Arn.parse(target["Arn"])
    if arn is None:
        raise Invalid(reason=f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format.")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not group:
        raise Invalid(reason=f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    dead = Arn.parse(queue) if queue else None
    if queue and (dead is None or dead.service != "sqs" or dead.resource.endswith(".fifo")):
        raise Invalid(reason=f"Parameter DeadLetterConfig.Arn is not valid for target {target['Id']}.")
    check_inputs(target)
