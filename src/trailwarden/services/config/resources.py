"""What was recorded: history of one resource, lists, batches, counts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from trailwarden.services.call import Call
from trailwarden.services.config.errors import (
    InvalidLimitException,
    InvalidNextTokenException,
    InvalidTimeRangeException,
    NoAvailableConfigurationRecorderException,
    ResourceNotDiscoveredException,
    ValidationException,
)
from trailwarden.services.config.items import Item, base_item, full_item, timelines
from trailwarden.services.config.recorder import Recorder, only_recorder
from trailwarden.services.config.resource import TYPES
from trailwarden.services.paging import NotOurs, offset_of, token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "batch_get_resource_config",
    "get_discovered_resource_counts",
    "get_resource_config_history",
    "list_discovered_resources",
]

T = TypeVar("T")

_HISTORY_PAGE = 10
_PAGE = 100
_MOST = 100


@operation("config:GetResourceConfigHistory")
def get_resource_config_history(call: Call, world: World) -> Mapping[str, Any]:
    """A resource's configuration items, newest first unless told otherwise.

    https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
    """
    asked = call.params
    earlier, later = asked.get("earlierTime"), asked.get("laterTime")
    if earlier is not None and later is not None and earlier > later:
        raise InvalidTimeRangeException
    type_, id_ = asked["resourceType"], asked["resourceId"]
    items = timelines(call, world, _recorder(call, world), type_).get(id_)
    if not items:
        raise ResourceNotDiscoveredException(id=id_, type=type_)
    within = [item for item in items if _within(item, earlier, later)]
    if asked.get("chronologicalOrder", "Reverse") == "Reverse":
        within.reverse()
    return _page(call, "configurationItems", within, shown=lambda item: full_item(call, item), default=_HISTORY_PAGE)


@operation("config:ListDiscoveredResources")
def list_discovered_resources(call: Call, world: World) -> Mapping[str, Any]:
    """Resources of a type, deleted ones if asked for.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ListDiscoveredResources.html
    """
    asked = call.params
    ids, name = asked.get("resourceIds"), asked.get("resourceName")
    if ids and name:
        raise ValidationException(reason="You can specify either resource IDs or a resource name, but not both.")
    found = timelines(call, world, _recorder(call, world), asked["resourceType"])
    last = sorted((items[-1] for items in found.values()), key=lambda item: item.seen.id)
    wanted = [
        item
        for item in last
        if (asked.get("includeDeletedResources") or not item.gone)
        and (not ids or item.seen.id in ids)
        and (not name or item.seen.name == name)
    ]
    return _page(call, "resourceIdentifiers", wanted, shown=_identified, default=_PAGE)


@operation("config:BatchGetResourceConfig")
def batch_get_resource_config(call: Call, world: World) -> Mapping[str, Any]:
    """The present configuration of up to 100 resources; what was not recorded is left out.

    https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
    """
    recorder, keys = _recorder(call, world), call.params["resourceKeys"]
    found = {type_: timelines(call, world, recorder, type_) for type_ in {key["resourceType"] for key in keys}}
    items = [found[key["resourceType"]].get(key["resourceId"], ())[-1:] for key in keys]
    return {
        "baseConfigurationItems": [base_item(call, item) for each in items for item in each if not item.gone],
        "unprocessedResourceKeys": [],
    }


@operation("config:GetDiscoveredResourceCounts")
def get_discovered_resource_counts(call: Call, world: World) -> Mapping[str, Any]:
    """How many resources of each type stand; the total counts them all.

    https://docs.aws.amazon.com/config/latest/APIReference/API_GetDiscoveredResourceCounts.html
    """
    recorder = only_recorder(world.transaction, call.account, call.region)
    wanted = call.params.get("resourceTypes") or list(TYPES)
    counts = {type_: _count(call, world, recorder, type_) for type_ in wanted} if recorder else {}
    listed = sorted((type_ for type_ in counts if counts[type_]), key=lambda type_: (-counts[type_], type_))
    page = _page(
        call,
        "resourceCounts",
        listed,
        shown=lambda type_: {"resourceType": type_, "count": counts[type_]},
        default=_PAGE,
    )
    return {"totalDiscoveredResources": sum(counts.values()), **page}


def _recorder(call: Call, world: World) -> Recorder:
    found = only_recorder(world.transaction, call.account, call.region)
    if found is None:
        raise NoAvailableConfigurationRecorderException(reason="There are no configuration recorders available.")
    return found


def _count(call: Call, world: World, recorder: Recorder, type_: str) -> int:
    return sum(not items[-1].gone for items in timelines(call, world, recorder, type_).values())


def _within(item: Item, earlier: datetime | None, later: datetime | None) -> bool:
    time = datetime.fromtimestamp(item.time, UTC)
    return (earlier is None or time >= earlier) and (later is None or time <= later)


def _identified(item: Item) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "resourceType": item.type,
        "resourceId": item.seen.id,
        "resourceName": item.seen.name,
    }
    return told | ({"resourceDeletionTime": datetime.fromtimestamp(item.time, UTC)} if item.gone else {})


def _page(call: Call, member: str, items: Sequence[T], *, shown: Callable[[T], Any], default: int) -> Mapping[str, Any]:
    """The page that limit and nextToken ask for. InvalidLimitException, InvalidNextTokenException."""
    size = call.params.get("limit") or default
    if not 0 < size <= _MOST:
        raise InvalidLimitException(limit=size, most=_MOST)
    try:
        start = offset_of(call.params.get("nextToken") or "")
    except NotOurs:
        raise InvalidNextTokenException from None
    answer: dict[str, Any] = {member: [shown(item) for item in items[start : start + size]]}
    if len(items) > start + size:
        answer["nextToken"] = token_of(str(start + size))
    return answer
