"""Schedule expressions: what they mean, and what is none."""

from datetime import UTC, datetime

import pytest

from trailwarden.services.eventbridge.schedule import read_schedule


def after(expression: str, time: str) -> str:
    moment = datetime.strptime(time, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    found = read_schedule(expression).after(moment.timestamp())
    return "" if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "time", "wanted"),
    [
        ("rate(1 minute)", "2026-01-01 00:00", "2026-01-01 00:01"),
        ("rate(12 hours)", "2026-01-01 00:00", "2026-01-01 12:00"),
        ("rate(7 days)", "2026-01-01 00:00", "2026-01-08 00:00"),
        ("cron(0 10 * * ? *)", "2026-01-01 10:00", "2026-01-02 10:00"),
        ("cron(15 12 * * ? *)", "2026-01-01 10:00", "2026-01-01 12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02 18:00", "2026-01-05 18:00"),
        ("cron(0 8 1 * ? *)", "2026-01-01 08:00", "2026-02-01 08:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01 00:31", "2026-01-01 00:45"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-02 17:58", "2026-01-05 08:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-01-06 00:00", "2026-02-02 09:00"),
        ("cron(30 0 ? * 6L *)", "2026-01-01 00:00", "2026-01-30 00:30"),
        ("cron(0 0 L * ? *)", "2026-02-01 00:00", "2026-02-28 00:00"),
        ("cron(0 0 15W * ? *)", "2026-03-01 00:00", "2026-03-16 00:00"),
        ("cron(0 0 1W 8 ? *)", "2026-03-01 00:00", "2026-08-03 00:00"),
        ("cron(0 0 31W 5 ? *)", "2026-03-01 00:00", "2026-05-29 00:00"),
        ("cron(0 0 ? * L *)", "2026-01-01 00:00", "2026-01-03 00:00"),
        ("cron(0 0 29 FEB ? *)", "2026-01-01 00:00", "2028-02-29 00:00"),
        ("cron(0 0 1 NOV-JAN ? *)", "2026-02-01 00:00", "2026-11-01 00:00"),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01 00:00", ""),
    ],
)
def test_when_it_is_due_next(expression: str, time: str, wanted: str) -> None:
    assert after(expression, time) == wanted


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)", "rate(2 minute)", "rate(0 minutes)", "rate(5 seconds)", "rate(5)", "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)", "cron(7 20 * * NOT *)", "cron(71 8 1 * ? *)", "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)", "cron(0 1 * * ?)", "cron(*/0 1 * * ? *)", "cron(0 0 32W * ? *)", "every day", "",
        "cron(0 0 ? * 8 *)", "cron(0 0 ? * 2#6 *)", "cron(0 24 * * ? *)",
    ],
)  # fmt: skip
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_schedule(expression)
