"""Dashboards: create, show, list, change, delete.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.dashboard import (
    DASHBOARD,
    HIGHLIGHTS,
    Dashboard,
    RefreshSchedule,
    Widget,
    shown_dashboard,
)
from trailwarden.services.cloudtrail.errors import (
    ConflictException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from trailwarden.services.cloudtrail.event_data_store import check_active, find_store
from trailwarden.services.cloudtrail.paging import page
from trailwarden.services.cloudtrail.tags import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "ServiceQuotaExceededException",
    "create_dashboard",
    "delete_dashboard",
    "find_dashboard",
    "get_dashboard",
    "list_dashboards",
    "update_dashboard",
]

_PER_REGION = 100
_WIDGETS = 10
_SELECT = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|join)\s+[\"']?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)
_FREQUENCIES = frozenset({("HOURS", 1), ("HOURS", 6), ("HOURS", 12), ("HOURS", 24), ("DAYS", 1)})
"""https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RefreshScheduleFrequency.html."""


class ServiceQuotaExceededException(AwsError):
    """At most 100 dashboards in a Region, and ten widgets in each.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    """

    message = "{reason}"


class InvalidQueryStatementException(AwsError):
    """The query of a widget is not one.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateDashboard.html
    """

    message = "{reason}"


@operation("cloudtrail:CreateDashboard")
def create_dashboard(call: Call, world: World) -> Mapping[str, Any]:
    """Create a custom dashboard, or the Highlights dashboard by its name.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateDashboard.html
    """
    asked = call.params
    dashboard = Dashboard(
        account=call.account,
        region=call.region,
        name=asked["Name"],
        created=call.now,
        updated=call.now,
        widgets=_widgets(call, world),
        schedule=_schedule(asked, None),
        protected=asked.get("TerminationProtectionEnabled", False),
        tags=checked_tags({}, asked.get("TagsList", ())),
    )
    _check_highlights(dashboard)
    standing = world.list(DASHBOARD, call.account, call.region)
    if any(document.name == dashboard.name for document in standing):
        raise ConflictException(reason=f"A dashboard with the name {dashboard.name} already exists.")
    if len(standing) >= _PER_REGION:
        raise ServiceQuotaExceededException(reason=f"The quota of {_PER_REGION} dashboards is exceeded.")
    _keep(world, dashboard)
    tags = [{"Key": key, "Value": value} for key, value in dashboard.tags.items()]
    return {**shown_dashboard(dashboard), "Name": dashboard.name, "TagsList": tags}


@operation("cloudtrail:GetDashboard")
def get_dashboard(call: Call, world: World) -> Mapping[str, Any]:
    """Show a dashboard.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetDashboard.html
    """
    dashboard = find_dashboard(call, world)
    times = {"CreatedTimestamp": dashboard.created, "UpdatedTimestamp": dashboard.updated}
    told = {"LastRefreshId": dashboard.last_refresh, "LastRefreshFailureReason": dashboard.failure}
    refreshes = {member: value for member, value in told.items() if value}
    return {**shown_dashboard(dashboard), "Status": "CREATED", **times, **refreshes}


@operation("cloudtrail:ListDashboards")
def list_dashboards(call: Call, world: World) -> Mapping[str, Any]:
    """The dashboards of this Region, by prefix of their name and by type.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListDashboards.html
    """
    prefix, wanted = call.params.get("NamePrefix", ""), call.params.get("Type")
    found = [document.body for document in world.list(DASHBOARD, call.account, call.region, prefix=prefix)]
    return page(
        call,
        "Dashboards",
        [dashboard for dashboard in found if wanted in (None, dashboard.type)],
        key=lambda dashboard: dashboard.arn,
        shown=lambda dashboard: {"DashboardArn": dashboard.arn, "Type": dashboard.type},
    )


@operation("cloudtrail:UpdateDashboard")
def update_dashboard(call: Call, world: World) -> Mapping[str, Any]:
    """Change the settings given; widgets are replaced as a whole.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateDashboard.html
    """
    dashboard = find_dashboard(call, world)
    asked = call.params
    dashboard = msgspec.structs.replace(
        dashboard,
        widgets=_widgets(call, world) if "Widgets" in asked else dashboard.widgets,
        schedule=_schedule(asked, dashboard.schedule),
        protected=asked.get("TerminationProtectionEnabled", dashboard.protected),
        updated=call.now,
    )
    _check_highlights(dashboard)
    _keep(world, dashboard)
    times = {"CreatedTimestamp": dashboard.created, "UpdatedTimestamp": dashboard.updated}
    return {**shown_dashboard(dashboard), "Name": dashboard.name, **times}


@operation("cloudtrail:DeleteDashboard")
def delete_dashboard(call: Call, world: World) -> None:
    """Delete a dashboard that is not protected. ConflictException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteDashboard.html
    """
    dashboard = find_dashboard(call, world)
    if dashboard.protected:
        raise ConflictException(
            reason="The dashboard cannot be deleted because termination protection is enabled for it."
        )
    world.delete(DASHBOARD, dashboard.account, dashboard.region, dashboard.name)


def find_dashboard(call: Call, world: World) -> Dashboard:
    """The dashboard that a name or an ARN means. ResourceNotFoundException."""
    given: str = call.params["DashboardId"]
    arn = Arn.parse(given)
    if arn is None:
        arn = Arn(service="cloudtrail", region=call.region, account=call.account, resource=f"dashboard/{given}")
    found = world.find(DASHBOARD, arn.account, arn.region, arn.resource.removeprefix("dashboard/"))
    if found is None or (found.account, found.region) != (call.account, call.region):
        raise ResourceNotFoundException(arn=given)
    return found


def _keep(world: World, dashboard: Dashboard) -> None:
    world.put(DASHBOARD, dashboard.account, dashboard.region, dashboard.name, dashboard)


def _check_highlights(dashboard: Dashboard) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateDashboard.html (Name, RefreshSchedule)."""
    if dashboard.name != HIGHLIGHTS:
        return
    schedule = dashboard.schedule
    if schedule is None or (schedule.status, schedule.unit, schedule.value) != ("ENABLED", "HOURS", 6):
        raise InvalidParameterException(
            reason="The Highlights dashboard needs a refresh schedule with the status ENABLED and a frequency of 6 HOURS."
        )


def _schedule(asked: Mapping[str, Any], standing: RefreshSchedule | None) -> RefreshSchedule | None:
    given = asked.get("RefreshSchedule")
    if given is None:
        return standing
    frequency = given.get("Frequency", {})
    unit, value = frequency.get("Unit", ""), frequency.get("Value", 0)
    if frequency and (unit, value) not in _FREQUENCIES:
        raise InvalidParameterException(reason="A dashboard is refreshed every 1, 6, 12 or 24 HOURS, or every 1 DAYS.")
    return RefreshSchedule(
        status=given.get("Status", ""), unit=unit, value=value, time_of_day=given.get("TimeOfDay", "")
    )


def _widgets(call: Call, world: World) -> tuple[Widget, ...]:
    given = call.params.get("Widgets", ())
    if len(given) > _WIDGETS:
        raise ServiceQuotaExceededException(reason=f"The quota of {_WIDGETS} widgets is exceeded.")
    return tuple(_checked_widgets(call, world, given))


def _checked_widgets(call: Call, world: World, given: Iterable[Mapping[str, Any]]) -> Iterator[Widget]:
    """InvalidQueryStatementException, EventDataStoreNotFoundException, InactiveEventDataStoreException."""
    for each in given:
        query = each["QueryStatement"]
        stores = _FROM.findall(query)
        if not _SELECT.match(query) or not stores:
            raise InvalidQueryStatementException(
                reason="The query must be one SELECT statement that names an event data store."
            )
        for store in stores:
            check_active(find_store(call, world, store.lower()))
        yield Widget(
            alias=f"query-{world.chance.base36(12)}",
            query=query,
            view=dict(each["ViewProperties"]),
            parameters=tuple(each.get("QueryParameters", ())),
        )
