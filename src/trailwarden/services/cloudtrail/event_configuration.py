"""The event configuration: which aggregations a trail makes of data events, and how large a store's events may be.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/aggregating-data-events.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.events.selecting import can_take
from trailwarden.lake.store import EventDataStore
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import (
    InvalidParameterCombinationException,
    InvalidParameterException,
    UnsupportedOperationException,
)
from trailwarden.services.cloudtrail.event_data_store import active_store, find_store
from trailwarden.services.cloudtrail.event_data_stores import InvalidEventDataStoreCategoryException
from trailwarden.services.cloudtrail.finding import home_trail, operated_trail
from trailwarden.services.cloudtrail.insights import one_of
from trailwarden.services.cloudtrail.organization import NotOrganizationMasterAccountException
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_event_configuration", "put_event_configuration"]

_OF_STORES = ("MaxEventSize", "ContextKeySelectors")
_OF_TRAILS = ("AggregationConfigurations",)
_ENRICHED = frozenset({"Management", "Data"})
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-context-events.html."""


@operation("cloudtrail:PutEventConfiguration")
def put_event_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """Set a trail's aggregations. Stores have events of standard size without context: anything else is refused.

    UnsupportedOperationException for `Large` and for context key selectors.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventConfiguration.html
    """
    if one_of(call) == "TrailName":
        _refuse(call, _OF_STORES, "TrailName")
        return _put_of_trail(call, world)
    _refuse(call, _OF_TRAILS, "EventDataStore")
    return _put_of_store(call, world)


@operation("cloudtrail:GetEventConfiguration")
def get_event_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """The event configuration of a trail or of an event data store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventConfiguration.html
    """
    if one_of(call) == "TrailName":
        return _shown_of_trail(operated_trail(call, world, call.params["TrailName"]))
    store = find_store(call, world, call.params["EventDataStore"])
    _check_category(store)
    return _shown_of_store(store)


def _refuse(call: Call, members: Sequence[str], target: str) -> None:
    for member in members:
        if member in call.params:
            raise InvalidParameterCombinationException(reason=f"{member} cannot be used with {target}.")


def _put_of_trail(call: Call, world: World) -> Mapping[str, Any]:
    """A trail must log data events before they can be aggregated."""
    trail = home_trail(call, world, call.params["TrailName"], NotOrganizationMasterAccountException())
    configurations = call.params.get("AggregationConfigurations")
    if configurations is None:
        raise InvalidParameterException(reason="AggregationConfigurations must be specified for a trail.")
    templates = tuple(dict.fromkeys(template for each in configurations for template in each["Templates"]))
    if templates and not can_take(trail.event_selectors, trail.advanced_selectors, category="Data"):
        raise InvalidParameterException(reason="The trail must log data events before they can be aggregated.")
    trail = msgspec.structs.replace(trail, aggregations=templates)
    world.put(TRAIL, trail.account, trail.home_region, trail.name, trail)
    return _shown_of_trail(trail)


def _put_of_store(call: Call, world: World) -> Mapping[str, Any]:
    asked = call.params
    store = active_store(call, world, asked["EventDataStore"])
    _check_category(store)
    if asked.get("ContextKeySelectors") and asked.get("MaxEventSize") != "Large":
        raise InvalidParameterCombinationException(
            reason="If you are using context key selectors, MaxEventSize must be set to Large."
        )
    if asked.get("MaxEventSize") == "Large":
        raise UnsupportedOperationException(reason="Events of size Large and context key selectors are not supported.")
    return _shown_of_store(store)


def _check_category(store: EventDataStore) -> None:
    """InvalidEventDataStoreCategoryException."""
    if not store.categories & _ENRICHED:
        raise InvalidEventDataStoreCategoryException(categories=", ".join(sorted(store.categories)))


def _shown_of_trail(trail: Trail) -> Mapping[str, Any]:
    configured = [{"Templates": list(trail.aggregations), "EventCategory": "Data"}] if trail.aggregations else []
    return {"TrailARN": trail.arn, "AggregationConfigurations": configured}


def _shown_of_store(store: EventDataStore) -> Mapping[str, Any]:
    return {"EventDataStoreArn": store.arn, "MaxEventSize": "Standard", "ContextKeySelectors": []}
