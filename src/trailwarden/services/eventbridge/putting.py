"""PutEvents: one's own events onto buses."""

import json
from collections.abc import Mapping
from typing import Any

from trailwarden.clock import iso
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.bus import DEFAULT, bus_at, place_of_bus
from trailwarden.services.eventbridge.errors import Invalid
from trailwarden.services.eventbridge.routing import route
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["put_events"]

_SIZE_MAX = 1_048_576
_MOST = 10
_TIME_SIZE = 14


@operation("events:PutEvents")
def put_events(call: Call, world: World) -> Mapping[str, Any]:
    """Put up to ten events, 1 MiB together. Each is accepted by itself; one for a bus that is not there is lost.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
    """
    entries = call.params["Entries"]
    if len(entries) > _MOST:
        raise Invalid(
            reason="1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have "
            "length less than or equal to 10"
        )
    if sum(_size(entry) for entry in entries) > _SIZE_MAX:
        raise Invalid(reason="Total size of the entries in the request is over the limit.")
    told = [_put(call, world, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in each for each in told), "Entries": told}


def _size(entry: Mapping[str, Any]) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size."""
    texts = [entry.get("Source") or "", entry.get("DetailType") or "", entry.get("Detail") or ""]
    size = sum(len(text.encode()) for text in [*texts, *(entry.get("Resources") or ())])
    return size + (_TIME_SIZE if entry.get("Time") else 0)


def _put(call: Call, world: World, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return _refused("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    if entry["Source"].lower().startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    detail = _detail(entry["Detail"])
    if detail is None:
        return _refused("MalformedDetail", "Detail is malformed.")
    time = entry.get("Time")
    event = {
        "version": "0",
        "id": world.chance.uuid(),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": call.account,
        "time": iso(time.timestamp() if time else call.now),
        "region": call.region,
        "resources": list(entry.get("Resources") or ()),
        "detail": detail,
    }
    place = place_of_bus(entry.get("EventBusName") or DEFAULT, account=call.account, region=call.region)
    bus = bus_at(world.transaction, *place)
    if bus is not None:
        route(world, bus, event, hops=(bus.arn,))
    return {"EventId": event["id"]}


def _detail(text: str) -> dict[str, Any] | None:
    try:
        detail = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return detail if isinstance(detail, dict) else None


def _refused(code: str, message: str) -> Mapping[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}
