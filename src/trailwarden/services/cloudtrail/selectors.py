"""Which events a trail takes: its event selectors."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector, refusal
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidEventSelectorsException
from trailwarden.services.cloudtrail.finding import home_trail, operated_trail
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import PutEventSelectorsRequestTypeDef

__all__ = ["advanced_selector", "get_event_selectors", "put_event_selectors", "shown_advanced"]

_OPERATORS: Mapping[str, str] = {
    "Equals": "equals",
    "StartsWith": "starts_with",
    "EndsWith": "ends_with",
    "NotEquals": "not_equals",
    "NotStartsWith": "not_starts_with",
    "NotEndsWith": "not_ends_with",
}


@operation("cloudtrail:PutEventSelectors")
def put_event_selectors(call: Call, world: World) -> Mapping[str, Any]:
    """Replace a trail's selectors by basic or by advanced ones, which exclude each other.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    """
    asked: PutEventSelectorsRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    trail = home_trail(call, world, asked["TrailName"])
    basic = tuple(map(_basic, asked.get("EventSelectors", ())))
    advanced = tuple(map(advanced_selector, asked.get("AdvancedEventSelectors", ())))
    reason = refusal(basic, advanced)
    if reason:
        raise InvalidEventSelectorsException(reason=reason)
    trail = msgspec.structs.replace(trail, event_selectors=basic, advanced_selectors=advanced)
    world.put(TRAIL, trail.account, trail.home_region, trail.name, trail)
    return shown(trail)


@operation("cloudtrail:GetEventSelectors")
def get_event_selectors(call: Call, world: World) -> Mapping[str, Any]:
    """The selectors of a trail; a trail without its own takes all management events.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
    """
    return shown(operated_trail(call, world, call.params["TrailName"]))


def shown(trail: Trail) -> dict[str, Any]:
    """The answer of PutEventSelectors and GetEventSelectors."""
    if trail.advanced_selectors:
        return {
            "TrailARN": trail.arn,
            "AdvancedEventSelectors": [shown_advanced(each) for each in trail.advanced_selectors],
        }
    selectors = trail.event_selectors or (EventSelector(),)
    return {"TrailARN": trail.arn, "EventSelectors": [_shown_basic(each) for each in selectors]}


def _basic(given: Mapping[str, Any]) -> EventSelector:
    return EventSelector(
        read_write_type=given.get("ReadWriteType", "All"),
        include_management_events=given.get("IncludeManagementEvents", True),
        data_resources=tuple(
            DataResource(type=resource.get("Type", ""), values=tuple(resource.get("Values", ())))
            for resource in given.get("DataResources", ())
        ),
        exclude_management_event_sources=tuple(given.get("ExcludeManagementEventSources", ())),
    )


def advanced_selector(given: Mapping[str, Any]) -> AdvancedSelector:
    """An advanced event selector as the client gives it."""
    return AdvancedSelector(name=given.get("Name", ""), field_selectors=tuple(map(_field, given["FieldSelectors"])))


def _field(given: Mapping[str, Any]) -> FieldSelector:
    return FieldSelector(
        field=given["Field"],
        **{name: tuple(given[member]) for member, name in _OPERATORS.items() if member in given},
    )


def _shown_basic(selector: EventSelector) -> dict[str, Any]:
    return {
        "ReadWriteType": selector.read_write_type,
        "IncludeManagementEvents": selector.include_management_events,
        "DataResources": [{"Type": each.type, "Values": list(each.values)} for each in selector.data_resources],
        "ExcludeManagementEventSources": list(selector.exclude_management_event_sources),
    }


def shown_advanced(selector: AdvancedSelector) -> dict[str, Any]:
    """An advanced event selector as answers show it."""
    return {"Name": selector.name, "FieldSelectors": list(_shown_fields(selector.field_selectors))}


def _shown_fields(fields: Iterable[FieldSelector]) -> Iterable[dict[str, Any]]:
    for field in fields:
        given = {member: list(getattr(field, name)) for member, name in _OPERATORS.items() if getattr(field, name)}
        yield {"Field": field.field, **given}
