"""Refreshes of dashboards: the queries of the widgets, asked by CloudTrail where the stores' policies let it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard-refresh-schedule.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.lake.query import ENDED, QUERY, Query
from trailwarden.lake.store import STORE, EventDataStore, is_gone
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.dashboard import DASHBOARD, Dashboard, Widget
from trailwarden.services.cloudtrail.dashboards import ServiceQuotaExceededException, find_dashboard
from trailwarden.services.cloudtrail.errors import InvalidParameterException
from trailwarden.services.cloudtrail.event_data_store import (
    EventDataStoreNotFoundException,
    InactiveEventDataStoreException,
)
from trailwarden.services.cloudtrail.query import read_statement, start
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["refresh", "start_dashboard_refresh"]

_START, _END, _PERIOD = "$StartTime$", "$EndTime$", "$Period$"
_DAY = 86_400.0
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z?\Z")
_FORM = "%Y-%m-%d %H:%M:%S"


@operation("cloudtrail:StartDashboardRefresh")
def start_dashboard_refresh(call: Call, world: World) -> Mapping[str, Any]:
    """Run the queries of the dashboard's widgets; DescribeQuery tells of each by its alias and the refresh.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartDashboardRefresh.html
    """
    given = call.params.get("QueryParameterValues", {})
    unknown = sorted(set(given) - {_START, _END, _PERIOD})
    if unknown:
        raise InvalidParameterException(reason=f"The query parameter {unknown[0]} is not valid for a custom dashboard.")
    return {"RefreshId": refresh(world, find_dashboard(call, world), given, now=call.now)}


def refresh(world: World, dashboard: Dashboard, given: Mapping[str, str], *, now: float) -> str:
    """Ask every widget's query; gives the refresh's id. Without values the last 24 hours are meant, by the hour.

    ServiceQuotaExceededException while another refresh of the dashboard runs, EventDataStoreNotFoundException,
    InactiveEventDataStoreException, InvalidQueryStatementException, MaxConcurrentQueriesException.
    """
    if _is_running(world, dashboard):
        raise ServiceQuotaExceededException(reason="A refresh of the dashboard is already running.")
    values = {**_usual(now), **{name: _lake_time(value) for name, value in given.items()}}
    refresh_id = str(int(now * 1_000_000))
    for widget in dashboard.widgets:
        _ask(world, dashboard, widget, values, refresh_id, now=now)
    changed = msgspec.structs.replace(dashboard, last_refresh=refresh_id, refreshed=now)
    world.put(DASHBOARD, dashboard.account, dashboard.region, dashboard.name, changed)
    return refresh_id


def _is_running(world: World, dashboard: Dashboard) -> bool:
    if not dashboard.last_refresh:
        return False
    found = (document.body for document in world.list(QUERY, dashboard.account, dashboard.region))
    return any(query.refresh_id == dashboard.last_refresh and query.status not in ENDED for query in found)


def _ask(
    world: World, dashboard: Dashboard, widget: Widget, values: Mapping[str, str], refresh_id: str, *, now: float
) -> None:
    """Start one query; one that a store's policy keeps CloudTrail from has failed at once, and says so."""
    text = widget.query.replace("'?'", "?")
    parameters = tuple(values.get(name, name) for name in widget.parameters)
    stores = {name: _store(world, dashboard, name) for name in read_statement(text, parameters).stores}
    query = Query(
        account=dashboard.account,
        region=dashboard.region,
        id=world.chance.uuid(),
        statement=text,
        parameters=parameters,
        stores={name: store.arn for name, store in stores.items()},
        created=now,
        alias=widget.alias,
        refresh_id=refresh_id,
    )
    refused = [store.arn for store in stores.values() if not _may_ask(world, dashboard, store)]
    if refused:
        reason = f"The policy of {refused[0]} does not let {SERVICE} run cloudtrail:StartQuery for the dashboard."
        failed = msgspec.structs.replace(query, status="FAILED", error=reason, ended=now)
        world.put(QUERY, query.account, query.region, query.id, failed)
    else:
        start(world, query)


def _store(world: World, dashboard: Dashboard, name: str) -> EventDataStore:
    """A widget reads the stores of its own account."""
    named = Arn.parse(name)
    found = world.find(STORE, dashboard.account, dashboard.region, (named.name if named else name).lower())
    if found is None or is_gone(found, world.now) or (named and named.account != dashboard.account):
        raise EventDataStoreNotFoundException(given=name)
    if found.deletion is not None:
        raise InactiveEventDataStoreException(arn=found.arn)
    return found


def _may_ask(world: World, dashboard: Dashboard, store: EventDataStore) -> bool:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_resource-based-policy-examples.html#security_iam_resource-based-policy-examples-eds-dashboard."""
    context = {"aws:SourceArn": dashboard.arn, "aws:SourceAccount": dashboard.account}
    return world.service_may(SERVICE, "cloudtrail:StartQuery", store.arn, context)


def _usual(now: float) -> Mapping[str, str]:
    times = {_START: now - _DAY, _END: now}
    told = {name: datetime.fromtimestamp(time, UTC).strftime(_FORM) for name, time in times.items()}
    return {**told, _PERIOD: "hour"}


def _lake_time(value: str) -> str:
    """A value has no blank on the wire, a time in the lake has."""
    found = _TIME.match(value)
    return f"{found[1]} {found[2]}" if found else value
