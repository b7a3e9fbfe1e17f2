"""Tags of buses and rules."""

from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import DEFAULT, Bus, bus_at, keep_bus
from trailwarden.services.eventbridge.errors import Invalid, ResourceNotFound
from trailwarden.services.eventbridge.rule import Rule, find_rule, keep_rule
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["added", "list_tags_for_resource", "tag_resource", "untag_resource"]

_MOST = 50


@operation("events:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html."""
    found = _found(call, world)
    _keep(world, found, added(found.tags, call.params["Tags"]))


@operation("events:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html."""
    found, gone = _found(call, world), set(call.params["TagKeys"])
    _keep(world, found, {key: value for key, value in found.tags.items() if key not in gone})


@operation("events:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _found(call, world).tags.items()]}


def added(standing: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags after adding the given ones. Invalid."""
    tags = {**standing, **{tag["Key"]: tag["Value"] for tag in given}}
    if any(key.lower().startswith("aws:") for key in tags):
        raise Invalid(reason="System tags cannot be added/updated by requester")
    if len(tags) > _MOST:
        raise Invalid(reason=f"Tag quota of {_MOST} per resource exceeded.")
    return tags


def _found(call: Call, world: World) -> Bus | Rule:
    """The bus or rule of the ARN. ResourceNotFound, Invalid."""
    text = call.params["ResourceARN"]
    arn = Arn.parse(text)
    if arn is None or arn.service != "events" or arn.type not in {"event-bus", "rule"}:
        raise Invalid(reason="Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
    names = arn.resource.partition("/")[2].rsplit("/", 1)
    name = names[0] if arn.type == "event-bus" else (names[0] if len(names) > 1 else DEFAULT)
    bus = bus_at(world.transaction, arn.account, arn.region, name)
    if bus is None:
        raise ResourceNotFound(reason=f"Event bus {name} does not exist.")
    return bus if arn.type == "event-bus" else find_rule(world, bus, names[-1])


def _keep(world: World, found: Bus | Rule, tags: dict[str, str]) -> None:
    if isinstance(found, Bus):
        keep_bus(world, found, tags=tags)
    else:
        keep_rule(world, found, tags=tags)
