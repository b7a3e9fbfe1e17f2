"""When dashboards are refreshed by themselves, and what keeps them from it."""

import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, Desk

from trailwarden.lake.query import QUERY
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.cloudtrail.dashboard import RefreshSchedule
from trailwarden.services.cloudtrail.refreshing import Refresher, latest_slot
from trailwarden.services.iam.facts import iam_facts

HOUR, DAY = 3_600.0, 86_400.0
MIDNIGHT = NOW // DAY * DAY


@pytest.mark.parametrize(
    ("unit", "value", "time_of_day", "now", "slot"),
    [
        ("HOURS", 1, "", 2.5 * HOUR, 2 * HOUR),
        ("HOURS", 1, "07:30", 2.4 * HOUR, 1.5 * HOUR),
        ("HOURS", 6, "01:00", 12 * HOUR, 7 * HOUR),
        ("HOURS", 24, "05:00", 4 * HOUR, 5 * HOUR - DAY),
        ("DAYS", 1, "05:00", 5 * HOUR, 5 * HOUR),
    ],
)
def test_the_latest_slot(unit: str, value: int, time_of_day: str, now: float, slot: float) -> None:
    schedule = RefreshSchedule(status="ENABLED", unit=unit, value=value, time_of_day=time_of_day)
    assert latest_slot(schedule, MIDNIGHT + now) == MIDNIGHT + slot


@pytest.mark.parametrize(
    "schedule",
    [RefreshSchedule(), RefreshSchedule(status="DISABLED", unit="HOURS", value=1), RefreshSchedule(status="ENABLED")],
)
def test_a_schedule_that_is_off_has_none(schedule: RefreshSchedule) -> None:
    assert latest_slot(schedule, NOW) is None


def allow(desk: Desk, arn: str, action: str, source: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": action,
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceArn": source, "AWS:SourceAccount": ACCOUNT}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    desk.call("cloudtrail:PutResourcePolicy", {"ResourceArn": arn, "ResourcePolicy": text})


def test_a_schedule_is_followed_once_a_slot_where_policies_let_it(desk: Desk) -> None:
    desk.facts = {"cloudtrail": cloudtrail_facts, "iam": iam_facts}
    desk.now = MIDNIGHT + HOUR / 2
    store = str(desk.call("cloudtrail:CreateEventDataStore", {"Name": "events"})["EventDataStoreArn"])
    widget = {
        "QueryStatement": f"SELECT count(*) AS n FROM {store.rpartition('/')[2]} WHERE eventTime > '?'",
        "QueryParameters": ["$StartTime$"],
        "ViewProperties": {"View": "Table"},
    }
    schedule = {"Status": "ENABLED", "Frequency": {"Unit": "HOURS", "Value": 1}}
    made = desk.call("cloudtrail:CreateDashboard", {"Name": "board", "Widgets": [widget], "RefreshSchedule": schedule})
    refresher = Refresher(desk.storage, desk.world_on, lambda: desk.now)

    def shown() -> Any:
        return desk.call("cloudtrail:GetDashboard", {"DashboardId": "board"})

    def queries() -> list[Any]:
        return [document.body for document in desk.storage.begin().list(QUERY)]

    refresher.run_once(desk.now)
    assert "LastRefreshId" not in shown()
    desk.now = MIDNIGHT + HOUR
    refresher.run_once(desk.now)
    assert "cloudtrail:StartDashboardRefresh" in shown()["LastRefreshFailureReason"]
    allow(desk, made["DashboardArn"], "cloudtrail:StartDashboardRefresh", made["DashboardArn"])
    refresher.run_once(desk.now + 1)
    assert queries() == []
    desk.now = MIDNIGHT + 2 * HOUR
    refresher.run_once(desk.now)
    assert [query.status for query in queries()] == ["FAILED"]
    assert "cloudtrail:StartQuery" in queries()[0].error
    allow(desk, store, "cloudtrail:StartQuery", made["DashboardArn"])
    desk.now = MIDNIGHT + 3 * HOUR
    refresher.run_once(desk.now)
    refresher.run_once(desk.now + 1)
    last = shown()
    assert "LastRefreshFailureReason" not in last
    started = [query for query in queries() if query.refresh_id == last["LastRefreshId"]]
    assert [query.status for query in started] == ["QUEUED"]
    assert started[0].alias == made["Widgets"][0]["QueryAlias"]
    assert started[0].parameters[0].endswith("03:00:00")
