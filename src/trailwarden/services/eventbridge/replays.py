"""Replays: archived events come onto their bus once more.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.archive import ARCHIVE, archived_in
from trailwarden.services.eventbridge.bus import bus_at, find_bus, place_of_bus
from trailwarden.services.eventbridge.errors import (
    IllegalStatus,
    Invalid,
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceNotFound,
)
from trailwarden.services.eventbridge.paging import PAGES
from trailwarden.services.eventbridge.routing import route
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "REPLAY",
    "RUNNING",
    "Replay",
    "advance",
    "cancel_replay",
    "describe_replay",
    "list_replays",
    "start_replay",
]

_MICROSECONDS = 1_000_000
_MOST_RUNNING = 10
_AT_ONCE = 100
RUNNING = frozenset({"STARTING", "RUNNING"})
_MEMBERS = ("id", "detail-type", "source", "account", "time", "region")


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay. Key: (account, region, name). Times are seconds since the epoch; `place` is the last event's key.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html
    """

    account: str
    region: str
    name: str
    source: str
    destination: str
    filters: tuple[str, ...]
    first: float
    last: float
    started: float
    state: str = "STARTING"
    description: str = ""
    ended: float | None = None
    newest: float | None = None
    place: str = ""

    @property
    def arn(self) -> str:
        """`arn:aws:events:us-east-1:123456789012:replay/name`."""
        return str(Arn(service="events", region=self.region, account=self.account, resource=f"replay/{self.name}"))


REPLAY = Kind("events.replay", Replay)


@operation("events:StartReplay")
def start_replay(call: Call, world: World) -> Mapping[str, Any]:
    """Begin to put the events of an archive and a time onto the bus that they came from.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
    """
    asked, destination = call.params, call.params["Destination"]
    find_bus(call, world, destination["Arn"])
    source = Arn.parse(asked["EventSourceArn"])
    name = source.name if source else asked["EventSourceArn"]
    archive = world.find(ARCHIVE, call.account, call.region, name)
    if archive is None:
        raise Invalid(reason=f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist.")
    if archive.source != destination["Arn"]:
        raise Invalid(reason="Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
    first, last = asked["EventStartTime"].timestamp(), asked["EventEndTime"].timestamp()
    if first >= last:
        raise Invalid(reason="Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
    standing = [each.body for each in world.list(REPLAY, call.account, call.region)]
    if any(each.name == asked["ReplayName"] for each in standing):
        raise ResourceAlreadyExists(what="Replay", name=asked["ReplayName"])
    if sum(each.state in RUNNING for each in standing) >= _MOST_RUNNING:
        raise LimitExceeded
    replay = Replay(
        account=call.account,
        region=call.region,
        name=asked["ReplayName"],
        source=archive.arn,
        destination=destination["Arn"],
        filters=tuple(destination.get("FilterArns") or ()),
        first=first,
        last=last,
        started=call.now,
        description=asked.get("Description") or "",
    )
    world.put(REPLAY, replay.account, replay.region, replay.name, replay)
    return {"ReplayArn": replay.arn, "State": replay.state, "ReplayStartTime": _time(replay.started)}


@operation("events:CancelReplay")
def cancel_replay(call: Call, world: World) -> Mapping[str, Any]:
    """End a replay that runs; the answer says that it is being cancelled.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CancelReplay.html
    """
    replay = _found(call, world)
    if replay.state not in RUNNING:
        raise IllegalStatus(name=replay.name)
    ended = msgspec.structs.replace(replay, state="CANCELLED", ended=call.now)
    world.put(REPLAY, replay.account, replay.region, replay.name, ended)
    return {"ReplayArn": replay.arn, "State": "CANCELLING"}


@operation("events:DescribeReplay")
def describe_replay(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html."""
    replay = _found(call, world)
    destination = {"Arn": replay.destination, **({"FilterArns": list(replay.filters)} if replay.filters else {})}
    described = {"Description": replay.description} if replay.description else {}
    return {**_shown(replay), "ReplayArn": replay.arn, "Destination": destination, **described}


@operation("events:ListReplays")
def list_replays(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListReplays.html."""
    asked = call.params
    prefix, source, state = (asked.get(name) or "" for name in ("NamePrefix", "EventSourceArn", "State"))
    bodies = [each.body for each in world.list(REPLAY, call.account, call.region, prefix=prefix)]
    found = [each for each in bodies if (not source or each.source == source) and (not state or each.state == state)]
    return PAGES.page(call, "Replays", found, key=lambda replay: replay.name, shown=_shown)


def advance(world: World, replay: Replay) -> None:
    """Put some hundred events onto the bus, in order of their time."""
    standing = world.find(REPLAY, replay.account, replay.region, replay.name)
    if standing is None or standing.state not in RUNNING:
        return
    archive = world.find(ARCHIVE, replay.account, replay.region, standing.source.rpartition("/")[2])
    bus = bus_at(world.transaction, *place_of_bus(standing.destination, account="", region=""))
    if archive is None or bus is None:
        _keep(world, standing, state="FAILED", ended=world.now)
        return
    after = standing.place or f"{archive.id}:{int(standing.first * _MICROSECONDS):017d}"
    page = archived_in(world.storage.begin(), archive, after=after, limit=_AT_ONCE)
    due = [each for each in page if each.body.time < standing.last]
    for document in due:
        event = json.loads(world.storage.fetch(document.body.blob))
        told = {name: event[name] for name in ("version", *_MEMBERS)}
        told |= {"replay-name": standing.name, "resources": event["resources"], "detail": event["detail"]}
        route(world, bus, told, only=standing.filters, hops=(bus.arn,), archived=False)
    newest = due[-1].body.time if due else standing.newest
    if len(due) < _AT_ONCE:
        _keep(world, standing, state="COMPLETED", ended=world.now, newest=newest)
    else:
        _keep(world, standing, state="RUNNING", place=due[-1].name, newest=newest)


def _keep(world: World, replay: Replay, **changes: Any) -> None:
    changed = msgspec.structs.replace(replay, **changes)
    world.put(REPLAY, replay.account, replay.region, replay.name, changed)


def _found(call: Call, world: World) -> Replay:
    name = call.params["ReplayName"]
    replay = world.find(REPLAY, call.account, call.region, name)
    if replay is None:
        raise ResourceNotFound(reason=f"Replay {name} does not exist.")
    return replay


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _shown(replay: Replay) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.source,
        "State": replay.state,
        "EventStartTime": _time(replay.first),
        "EventEndTime": _time(replay.last),
        "ReplayStartTime": _time(replay.started),
    }
    if replay.newest is not None:
        told["EventLastReplayedTime"] = _time(replay.newest)
    if replay.ended is not None:
        told["ReplayEndTime"] = _time(replay.ended)
    return told
