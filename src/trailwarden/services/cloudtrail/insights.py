"""Which Insights events a trail or an event data store collects.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.delivery.trail import TRAIL, InsightSelector, Trail
from trailwarden.errors import AwsError
from trailwarden.events.selecting import can_take
from trailwarden.lake.store import EventDataStore
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.destinations import check_bucket
from trailwarden.services.cloudtrail.errors import InvalidParameterCombinationException, InvalidParameterException
from trailwarden.services.cloudtrail.event_data_store import active_store, find_store, keep_store
from trailwarden.services.cloudtrail.finding import home_trail, operated_trail
from trailwarden.services.cloudtrail.organization import NotOrganizationMasterAccountException
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import PutInsightSelectorsRequestTypeDef

__all__ = [
    "InsightNotEnabledException",
    "InvalidInsightSelectorsException",
    "check_insights_fit",
    "get_insight_selectors",
    "one_of",
    "put_insight_selectors",
]

_TYPES = ("ApiCallRateInsight", "ApiErrorRateInsight")
_CATEGORIES = ("Management", "Data")


class InsightNotEnabledException(AwsError):
    """GetInsightSelectors on what collects no Insights events.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html
    """

    message = "{kind} {arn} does not have Insights enabled. Edit the {settings} settings to enable Insights, and then try the operation again."


class InvalidInsightSelectorsException(AwsError):
    """The selectors are none of Insights, or do not go with the events that the trail or store logs.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
    """

    message = "{reason}"


@operation("cloudtrail:PutInsightSelectors")
def put_insight_selectors(call: Call, world: World) -> Mapping[str, Any]:
    """Replace the Insights types of a trail or of an event data store; an empty list turns Insights off.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
    """
    asked: PutInsightSelectorsRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    if "TrailName" in asked and "InsightsDestination" in asked:
        raise InvalidParameterCombinationException(reason="TrailName cannot be used with InsightsDestination.")
    selectors = _selectors(asked["InsightSelectors"])
    if one_of(call) == "TrailName":
        return _put_of_trail(call, world, selectors)
    return _put_of_store(call, world, selectors)


@operation("cloudtrail:GetInsightSelectors")
def get_insight_selectors(call: Call, world: World) -> Mapping[str, Any]:
    """The Insights types that a trail or an event data store collects.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html
    """
    if one_of(call) == "TrailName":
        trail = operated_trail(call, world, call.params["TrailName"])
        if not trail.insight_selectors:
            raise InsightNotEnabledException(kind="Trail", settings="trail", arn=trail.arn)
        return _shown_of_trail(trail)
    store = find_store(call, world, call.params["EventDataStore"])
    if not store.insight_selectors:
        raise InsightNotEnabledException(kind="Event data store", settings="event data store", arn=store.arn)
    return _shown_of_store(store)


def one_of(call: Call) -> str:
    """`TrailName` or `EventDataStore`, of which exactly one is given. InvalidParameterCombinationException."""
    given = [member for member in ("TrailName", "EventDataStore") if member in call.params]
    if len(given) != 1:
        raise InvalidParameterCombinationException(reason="Specify either TrailName or EventDataStore, but not both.")
    return given[0]


def check_insights_fit(store: EventDataStore) -> None:
    """InvalidInsightSelectorsException where the store's Insights types need events that it does not log.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateEventDataStore.html (InvalidInsightSelectorsException)
    """
    for selector in store.insight_selectors:
        only_writes = selector.type == "ApiCallRateInsight"
        if not can_take((), store.selectors, category="Management", only_writes=only_writes):
            raise InvalidInsightSelectorsException(
                reason=_NEEDS["Management", selector.type].format("event data store")
            )


def _put_of_trail(call: Call, world: World, selectors: tuple[InsightSelector, ...]) -> Mapping[str, Any]:
    """The bucket is asked again whether it takes CloudTrail's files, where Insights are turned on."""
    trail = home_trail(call, world, call.params["TrailName"], NotOrganizationMasterAccountException())
    trail = msgspec.structs.replace(trail, insight_selectors=selectors)
    _check_logged(trail)
    if selectors:
        check_bucket(world, trail)
    world.put(TRAIL, trail.account, trail.home_region, trail.name, trail)
    return _shown_of_trail(trail)


def _put_of_store(call: Call, world: World, selectors: tuple[InsightSelector, ...]) -> Mapping[str, Any]:
    """Only the management account turns Insights of an organization's store on or off.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
    """
    store = active_store(call, world, call.params["EventDataStore"])
    if store.organization and call.account != store.account:
        raise NotOrganizationMasterAccountException
    if any(selector.event_categories != ("Management",) for selector in selectors):
        raise InvalidInsightSelectorsException(reason="Insights on data events are not supported on event data stores.")
    destination = _destination(call, world, store) if selectors else ""
    store = msgspec.structs.replace(
        store, insight_selectors=selectors, insights_destination=destination, updated=call.now
    )
    check_insights_fit(store)
    keep_store(world, store)
    return _shown_of_store(store)


def _destination(call: Call, world: World, source: EventDataStore) -> str:
    """The ARN of the store that is to hold the Insights events: one of Insights events, of the source's account."""
    given = call.params.get("InsightsDestination")
    if not given:
        raise InvalidParameterException(
            reason="To enable Insights on an event data store, you must specify both EventDataStore and InsightsDestination."
        )
    destination = active_store(call, world, given)
    if destination.account != source.account:
        raise InvalidParameterException(
            reason="The source and destination event data stores must belong to the same AWS account."
        )
    if destination.categories != {"Insight"}:
        raise InvalidInsightSelectorsException(
            reason="The destination event data store specified by the InsightsDestination parameter must log Insights events."
        )
    return destination.arn


def _selectors(given: Sequence[Mapping[str, Any]]) -> tuple[InsightSelector, ...]:
    """InvalidInsightSelectorsException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_InsightSelector.html
    """
    types = [each.get("InsightType") for each in given]
    if len(set(types)) != len(types) or not set(types) <= set(_TYPES):
        raise InvalidInsightSelectorsException(
            reason=f"The InsightSelectors are not valid. Valid values for InsightType, each once, are {' and '.join(_TYPES)}."
        )
    return tuple(
        InsightSelector(type=each["InsightType"], event_categories=_categories(each.get("EventCategories")))
        for each in given
    )


def _categories(given: Sequence[str] | None) -> tuple[str, ...]:
    """Management events where none are given."""
    categories = tuple(dict.fromkeys(given or ("Management",)))
    if not set(categories) <= set(_CATEGORIES):
        raise InvalidInsightSelectorsException(reason="Valid values for EventCategories are Management and Data.")
    return categories


_NEEDS: Mapping[tuple[str, str], str] = {
    (
        "Management",
        "ApiCallRateInsight",
    ): "To log Insights events on API call rate, the {} must log write management events.",
    (
        "Management",
        "ApiErrorRateInsight",
    ): "To log Insights events on API error rate, the {} must log read or write management events.",
    (
        "Data",
        "ApiCallRateInsight",
    ): "To log Insights events on API call rate, the {} must log read or write data events.",
    (
        "Data",
        "ApiErrorRateInsight",
    ): "To log Insights events on API error rate, the {} must log read or write data events.",
}
"""What must be logged, by category and type.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
"""


def _check_logged(trail: Trail) -> None:
    for selector in trail.insight_selectors:
        for category in selector.event_categories:
            only_writes = (category, selector.type) == ("Management", "ApiCallRateInsight")
            if not can_take(
                trail.event_selectors, trail.advanced_selectors, category=category, only_writes=only_writes
            ):
                raise InvalidInsightSelectorsException(reason=_NEEDS[category, selector.type].format("trail"))


def _shown_of_trail(trail: Trail) -> Mapping[str, Any]:
    return {"TrailARN": trail.arn, "InsightSelectors": _shown(trail.insight_selectors)}


def _shown_of_store(store: EventDataStore) -> Mapping[str, Any]:
    shown = {"EventDataStoreArn": store.arn, "InsightSelectors": _shown(store.insight_selectors)}
    return {**shown, "InsightsDestination": store.insights_destination} if store.insights_destination else shown


def _shown(selectors: Sequence[InsightSelector]) -> list[Mapping[str, Any]]:
    return [{"InsightType": each.type, "EventCategories": list(each.event_categories)} for each in selectors]
