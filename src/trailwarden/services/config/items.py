"""Configuration items, made from the versions that documents had while a recorder ran.

https://docs.aws.amazon.com/config/latest/developerguide/config-concepts.html
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.config.recorder import Period, Recorder
from trailwarden.services.config.resource import TYPES, Seen, Type
from trailwarden.services.world import World
from trailwarden.storage.ports import Past

__all__ = ["Item", "base_item", "full_item", "records", "timelines"]

_ALL, _ALL_BUT = "ALL_SUPPORTED_RESOURCE_TYPES", "EXCLUSION_BY_RESOURCE_TYPES"
_VERSION = "1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A resource from some time on; `gone` says that it was deleted then."""

    type: str
    seen: Seen
    time: float
    first: bool = False
    gone: bool = False

    @property
    def status(self) -> str:
        """`configurationItemStatus`."""
        return "ResourceDeleted" if self.gone else "ResourceDiscovered" if self.first else "OK"


def records(group: Mapping[str, Any], type_name: str) -> bool:
    """Whether a recording group takes a type; global ones are taken by all-supported groups only where they are included.

    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
    """
    strategy = group["recordingStrategy"]["useOnly"]
    if strategy == _ALL:
        return not TYPES[type_name].globally or bool(group["includeGlobalResourceTypes"])
    if strategy == _ALL_BUT:
        return type_name not in group["exclusionByResourceTypes"]["resourceTypes"]
    return type_name in group["resourceTypes"]


def timelines(call: Call, world: World, recorder: Recorder, type_name: str) -> Mapping[str, Sequence[Item]]:
    """Items of every resource of a type that was recorded, oldest first, by the resource's id."""
    type_ = TYPES.get(type_name)
    if type_ is None:
        return {}
    periods = [period for period in recorder.periods if records(period.group, type_name)]
    if not periods:
        return {}
    versions: dict[str, list[Past[Any]]] = {}
    for past in world.storage.history(type_.kind, *type_.place(call.account, call.region)):
        versions.setdefault(past.name, []).append(past)
    found: dict[str, list[Item]] = {}
    for each in versions.values():
        for item in _items(call, type_name, type_, _lives(each), periods):
            found.setdefault(item.seen.id, []).append(item)
    return found


def _lives(versions: Sequence[Past[Any]]) -> list[tuple[float, Any, bool]]:
    """(since when, body, whether it was deleted then); a deletion has the last body."""
    told: list[tuple[float, Any, bool]] = []
    for past in versions:
        if past.body is not None:
            told.append((past.time, past.body, False))
        elif told:
            told.append((past.time, told[-1][1], True))
    return told


def _items(
    call: Call, type_name: str, type_: Type, lives: Sequence[tuple[float, Any, bool]], periods: Sequence[Period]
) -> Iterator[Item]:
    """What the recorder saw: the state at each start, then every change; states that look alike are one."""
    last: tuple[str, bytes, bool] | None = None
    for time, body, gone in _witnessed(lives, periods):
        if not type_.mine(body, call.account, call.region):
            continue
        seen = type_.see(body)
        look = (seen.id, msgspec.json.encode((seen.configuration, seen.more, seen.tags)), gone)
        known = last is not None and last[0] == seen.id and not last[2]
        if look == last or (gone and not known):
            continue
        yield Item(type=type_name, seen=seen, time=time, first=not known, gone=gone)
        last = look


def _witnessed(
    lives: Sequence[tuple[float, Any, bool]], periods: Sequence[Period]
) -> Iterator[tuple[float, Any, bool]]:
    for period in periods:
        before = [life for life in lives if life[0] < period.start]
        if before:
            yield period.start, before[-1][1], before[-1][2]
        yield from (life for life in lives if period.start <= life[0] and (period.end is None or life[0] <= period.end))


def base_item(call: Call, item: Item) -> dict[str, Any]:
    """The structure BaseConfigurationItem.

    https://docs.aws.amazon.com/config/latest/APIReference/API_BaseConfigurationItem.html
    """
    seen = item.seen
    told: dict[str, Any] = {
        "version": _VERSION,
        "accountId": call.account,
        "configurationItemCaptureTime": datetime.fromtimestamp(item.time, UTC),
        "configurationItemStatus": item.status,
        "configurationStateId": str(round(item.time * 1000)),
        "arn": seen.arn,
        "resourceType": item.type,
        "resourceId": seen.id,
        "resourceName": seen.name,
        "awsRegion": seen.region,
        "availabilityZone": "Not Applicable" if seen.region == "global" else "Regional",
        "resourceCreationTime": datetime.fromtimestamp(seen.created, UTC),
        "recordingFrequency": "CONTINUOUS",
    }
    if not item.gone:
        told["configuration"] = msgspec.json.encode(seen.configuration).decode()
        told["supplementaryConfiguration"] = dict(seen.more)
    return told


def full_item(call: Call, item: Item) -> dict[str, Any]:
    """The structure ConfigurationItem.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
    """
    told = base_item(call, item)
    text = told.get("configuration", "")
    return told | {
        "configurationItemMD5Hash": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() if text else "",
        "tags": {} if item.gone else dict(item.seen.tags),
        "relatedEvents": [],
        "relationships": [],
    }
