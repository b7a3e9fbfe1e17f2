"""Event buses: create, describe, list, update, delete."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import BUS, DEFAULT, Bus, bus_at, bus_name, find_bus, keep_bus
from trailwarden.services.eventbridge.errors import Invalid, LimitExceeded, ResourceAlreadyExists
from trailwarden.services.eventbridge.paging import PAGES
from trailwarden.services.eventbridge.rule import rules_of
from trailwarden.services.eventbridge.tags import added
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_event_bus", "delete_event_bus", "describe_event_bus", "list_event_buses", "update_event_bus"]

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
_MOST = 100


@operation("events:CreateEventBus")
def create_event_bus(call: Call, world: World) -> Mapping[str, Any]:
    """Create a bus for one's own events; those of partners need a source that offers them.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
    """
    name = call.params["Name"]
    if call.params.get("EventSourceName") or "/" in name:
        raise Invalid(reason=f"Event source {call.params.get('EventSourceName') or name} does not exist.")
    if bus_at(world.transaction, call.account, call.region, name) is not None:
        raise ResourceAlreadyExists(what="Event bus", name=name)
    if len(world.list(BUS, call.account, call.region)) >= _MOST:
        raise LimitExceeded
    bus = Bus(
        account=call.account,
        region=call.region,
        name=name,
        created=call.now,
        modified=call.now,
        settings=_settings(call),
        tags=added({}, call.params.get("Tags") or ()),
    )
    keep_bus(world, bus)
    return {"EventBusArn": bus.arn, **bus.settings}


@operation("events:UpdateEventBus")
def update_event_bus(call: Call, world: World) -> Mapping[str, Any]:
    """Change a bus's settings; those that are not told stay.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html
    """
    bus = find_bus(call, world, call.params.get("Name") or DEFAULT)
    settings = {**bus.settings, **_settings(call)}
    keep_bus(world, bus, settings=settings, modified=call.now)
    return {"Arn": bus.arn, "Name": bus.name, **settings}


@operation("events:DeleteEventBus")
def delete_event_bus(call: Call, world: World) -> None:
    """Delete a bus that has no rules; the default one stays.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html
    """
    if bus_name(call.params["Name"]) == DEFAULT:
        raise Invalid(reason="Cannot delete event bus default.")
    bus = find_bus(call, world, call.params["Name"])
    if rules_of(world.transaction, bus):
        raise Invalid(reason=f"Event bus {bus.name} can't be deleted since it has rules.")
    world.delete(BUS, bus.account, bus.region, bus.name)


@operation("events:DescribeEventBus")
def describe_event_bus(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html."""
    bus = find_bus(call, world, call.params.get("Name") or DEFAULT)
    return {**_shown(bus), **bus.settings}


@operation("events:ListEventBuses")
def list_event_buses(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html."""
    prefix = call.params.get("NamePrefix") or ""
    buses = {each.name: each.body for each in world.list(BUS, call.account, call.region, prefix=prefix)}
    default = bus_at(world.transaction, call.account, call.region, DEFAULT)
    if default is not None and DEFAULT.startswith(prefix):
        buses[DEFAULT] = default
    return PAGES.page(call, "EventBuses", list(buses.values()), key=lambda bus: bus.name, shown=_listed)


def _settings(call: Call) -> dict[str, Any]:
    given = {name: call.params[name] for name in _SETTINGS if call.params.get(name)}
    queue = (given.get("DeadLetterConfig") or {}).get("Arn", "")
    if queue and (Arn.parse(queue) is None or ":sqs:" not in queue):
        raise Invalid(reason="Parameter DeadLetterConfig.Arn is not valid.")
    return given


def _shown(bus: Bus) -> dict[str, Any]:
    told = {
        "Name": bus.name,
        "Arn": bus.arn,
        "CreationTime": datetime.fromtimestamp(bus.created, UTC),
        "LastModifiedTime": datetime.fromtimestamp(bus.modified, UTC),
    }
    return {**told, "Policy": bus.policy} if bus.policy else told


def _listed(bus: Bus) -> dict[str, Any]:
    description = bus.settings.get("Description")
    return {**_shown(bus), **({"Description": description} if description else {})}
