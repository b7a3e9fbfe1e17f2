"""A dashboard as it is stored and shown."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.storage.ports import Kind

__all__ = ["DASHBOARD", "HIGHLIGHTS", "Dashboard", "RefreshSchedule", "Widget", "shown_dashboard"]

HIGHLIGHTS = "AWSCloudTrail-Highlights"


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """A widget: a query and how its rows are drawn."""

    alias: str
    query: str
    view: dict[str, str]
    parameters: tuple[str, ...] = ()


class RefreshSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a dashboard is refreshed by itself."""

    status: str = ""
    unit: str = ""
    value: int = 0
    time_of_day: str = ""


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard. Key: (account, region, name). `policy` is its resource-based policy or "".

    `refreshed` is when it was last refreshed, `last_refresh` that refresh's id; `scheduled` is when its schedule was last
    followed, `failure` why that did not succeed. Times are seconds since the epoch, 0 for never.
    """

    account: str
    region: str
    name: str
    created: float
    updated: float
    widgets: tuple[Widget, ...] = ()
    schedule: RefreshSchedule | None = None
    protected: bool = False
    tags: dict[str, str] = {}
    policy: str = ""
    last_refresh: str = ""
    refreshed: float = 0.0
    scheduled: float = 0.0
    failure: str = ""

    @property
    def arn(self) -> str:
        """`arn:aws:cloudtrail:us-east-1:123456789012:dashboard/name`."""
        resource = f"dashboard/{self.name}"
        return str(Arn(service="cloudtrail", region=self.region, account=self.account, resource=resource))

    @property
    def type(self) -> str:
        """CloudTrail itself fills the Highlights dashboard."""
        return "MANAGED" if self.name == HIGHLIGHTS else "CUSTOM"


DASHBOARD = Kind("cloudtrail.dashboard", Dashboard)


def shown_dashboard(dashboard: Dashboard) -> dict[str, Any]:
    """What the operations on one dashboard have in common.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateDashboard.html#API_CreateDashboard_ResponseSyntax
    """
    shown: dict[str, Any] = {
        "DashboardArn": dashboard.arn,
        "Type": dashboard.type,
        "Widgets": [_shown_widget(each) for each in dashboard.widgets],
        "TerminationProtectionEnabled": dashboard.protected,
    }
    if dashboard.schedule is not None:
        shown["RefreshSchedule"] = _shown_schedule(dashboard.schedule)
    return shown


def _shown_widget(widget: Widget) -> dict[str, Any]:
    shown = {"QueryAlias": widget.alias, "QueryStatement": widget.query, "ViewProperties": widget.view}
    return {**shown, "QueryParameters": list(widget.parameters)} if widget.parameters else shown


def _shown_schedule(schedule: RefreshSchedule) -> dict[str, Any]:
    optional: Mapping[str, Any] = {
        "Frequency": {"Unit": schedule.unit, "Value": schedule.value} if schedule.unit else None,
        "Status": schedule.status,
        "TimeOfDay": schedule.time_of_day,
    }
    return {member: value for member, value in optional.items() if value}
