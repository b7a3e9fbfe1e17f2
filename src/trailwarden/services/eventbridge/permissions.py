"""A bus's policy: who else may put events, and use its rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

import json
from collections.abc import Mapping
from typing import Any

from trailwarden.policy import RESOURCE, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import DEFAULT, Bus, find_bus, keep_bus
from trailwarden.services.eventbridge.errors import Invalid, PolicyLengthExceeded, ResourceNotFound
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["put_permission", "remove_permission"]

_LONGEST = 10_240


@operation("events:PutPermission")
def put_permission(call: Call, world: World) -> None:
    """Replace the policy, or add a statement for an account; an equal statement id is replaced.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """
    asked = call.params
    bus = find_bus(call, world, asked.get("EventBusName") or DEFAULT)
    if asked.get("Policy"):
        if asked.get("StatementId") or asked.get("Principal"):
            raise Invalid(reason="Policy and StatementId, Action and Principal cannot be given together.")
        _keep(world, bus, asked["Policy"], call.now)
        return
    missing = [name for name in ("StatementId", "Action", "Principal") if not asked.get(name)]
    if missing:
        raise Invalid(reason=f"Parameter {missing[0]} must be specified.")
    if asked["Action"] != "events:PutEvents":
        raise Invalid(reason="Provided value in parameter 'action' is not supported.")
    document = _document(bus)
    rest = [each for each in document["Statement"] if each.get("Sid") != asked["StatementId"]]
    _keep(
        world,
        bus,
        json.dumps({**document, "Statement": [*rest, _statement(bus, asked)]}, separators=(",", ":")),
        call.now,
    )


@operation("events:RemovePermission")
def remove_permission(call: Call, world: World) -> None:
    """Take a statement, or the whole policy, away.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html
    """
    bus = find_bus(call, world, call.params.get("EventBusName") or DEFAULT)
    if call.params.get("RemoveAllPermissions"):
        keep_bus(world, bus, policy="", modified=call.now)
        return
    if not bus.policy:
        raise ResourceNotFound(reason="EventBus does not have a policy.")
    document, label = _document(bus), call.params.get("StatementId") or ""
    rest = [each for each in document["Statement"] if each.get("Sid") != label]
    if len(rest) == len(document["Statement"]):
        raise ResourceNotFound(reason="Statement with the provided id does not exist.")
    text = json.dumps({**document, "Statement": rest}, separators=(",", ":")) if rest else ""
    keep_bus(world, bus, policy=text, modified=call.now)


def _statement(bus: Bus, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    principal = asked["Principal"]
    statement: dict[str, Any] = {
        "Sid": asked["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": asked["Action"],
        "Resource": bus.arn,
    }
    condition = asked.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _document(bus: Bus) -> dict[str, Any]:
    if not bus.policy:
        return {"Version": "2012-10-17", "Statement": []}
    document: dict[str, Any] = json.loads(bus.policy)
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _keep(world: World, bus: Bus, text: str, now: float) -> None:
    try:
        compile_policy(text, Source(layer=Layer.RESOURCE, id=""), grammar=RESOURCE)
    except MalformedPolicy as fault:
        raise Invalid(reason=f"This policy contains invalid Json or is not valid: {fault.text}") from None
    if len(text) > _LONGEST:
        raise PolicyLengthExceeded
    keep_bus(world, bus, policy=text, modified=now)
