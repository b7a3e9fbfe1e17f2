"""Log events: put, read in both directions, filtered, expired."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.services.desk import NOW, Desk

import trailwarden.services.logs
from trailwarden.errors import AwsError
from trailwarden.services.logs.stream import CHUNK

assert trailwarden.services.logs.__all__

MS = int(NOW * 1000)
DAY = 86_400_000
PLACE = {"logGroupName": "g", "logStreamName": "s"}


@pytest.fixture
def logs(desk: Desk) -> Desk:
    desk.call("logs:CreateLogGroup", {"logGroupName": "g"})
    desk.call("logs:CreateLogStream", PLACE)
    return desk


def put(desk: Desk, *events: tuple[int, str], stream: str = "s") -> Any:
    told = [{"timestamp": time, "message": message} for time, message in events]
    return desk.call("logs:PutLogEvents", {**PLACE, "logStreamName": stream, "logEvents": told})


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.code_in("json"), told.value.text


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_events_are_read_in_order_of_time(logs: Desk) -> None:
    put(logs, (MS - 5, "b"), (MS, "d"))
    put(logs, (MS - 9, "a"), (MS - 1, "c"))
    assert messages(logs.call("logs:GetLogEvents", {**PLACE, "startFromHead": True})) == list("abcd")
    assert messages(logs.call("logs:GetLogEvents", {**PLACE, "limit": 2})) == list("cd")
    within = {**PLACE, "startTime": MS - 5, "endTime": MS}
    assert messages(logs.call("logs:GetLogEvents", within)) == list("bc")


def test_tokens_lead_on_in_both_directions(logs: Desk) -> None:
    put(logs, *[(MS + at, str(at)) for at in range(7)])
    page = logs.call("logs:GetLogEvents", {**PLACE, "startFromHead": True, "limit": 3})
    page = logs.call("logs:GetLogEvents", {**PLACE, "limit": 3, "nextToken": page["nextForwardToken"]})
    assert messages(page) == ["3", "4", "5"]
    back = logs.call("logs:GetLogEvents", {**PLACE, "limit": 2, "nextToken": page["nextBackwardToken"]})
    assert messages(back) == ["1", "2"]
    last = logs.call("logs:GetLogEvents", {**PLACE, "nextToken": page["nextForwardToken"]})
    end = logs.call("logs:GetLogEvents", {**PLACE, "nextToken": last["nextForwardToken"]})
    assert (messages(end), end["nextForwardToken"]) == ([], last["nextForwardToken"])
    put(logs, (MS + 9, "new"))
    assert messages(logs.call("logs:GetLogEvents", {**PLACE, "nextToken": end["nextForwardToken"]})) == ["new"]


def test_an_empty_stream_can_be_followed(logs: Desk) -> None:
    page = logs.call("logs:GetLogEvents", PLACE)
    put(logs, (MS, "first"))
    assert messages(logs.call("logs:GetLogEvents", {**PLACE, "nextToken": page["nextForwardToken"]})) == ["first"]


def test_many_small_puts_make_few_chunks(logs: Desk) -> None:
    for at in range(60):
        put(logs, (MS + at, f"message {at}"))
    assert len(logs.storage.begin().list(CHUNK)) == 1
    put(logs, *[(MS + 100, "x" * 1000)] * 1000)
    put(logs, (MS + 200, "y"))
    assert len(logs.storage.begin().list(CHUNK)) == 2
    assert len(messages(logs.call("logs:GetLogEvents", {**PLACE, "startFromHead": True, "limit": 70}))) == 70


def test_a_large_group_is_searched_page_by_page(logs: Desk) -> None:
    for batch in range(4):
        put(logs, *[(MS + batch, f"{batch}-{at} {'needle' if at == 2999 else 'hay'}") for at in range(3000)])
    found: list[str] = []
    pages = 0
    token: dict[str, str] = {}
    while True:
        answer = logs.call("logs:FilterLogEvents", {"logGroupName": "g", "filterPattern": "needle", **token})
        found += messages(answer)
        pages += 1
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert (len(found), pages) == (4, 2)


def test_filter_merges_streams(logs: Desk) -> None:
    logs.call("logs:CreateLogStream", {**PLACE, "logStreamName": "t"})
    put(logs, (MS, "a"), (MS + 2, "c"))
    put(logs, (MS + 1, "b"), (MS + 3, "d"), stream="t")
    asked = {"logGroupName": "g"}
    answer = logs.call("logs:FilterLogEvents", asked)
    assert [(event["logStreamName"], event["message"]) for event in answer["events"]] == [
        ("s", "a"), ("t", "b"), ("s", "c"), ("t", "d"),
    ]  # fmt: skip
    assert len({event["eventId"] for event in answer["events"]}) == 4
    assert all(len(event["eventId"]) == 56 for event in answer["events"])
    assert messages(logs.call("logs:FilterLogEvents", {**asked, "logStreamNamePrefix": "t"})) == ["b", "d"]
    assert messages(logs.call("logs:FilterLogEvents", {**asked, "startFromHead": False, "limit": 3})) == ["d", "c", "b"]
    assert messages(logs.call("logs:FilterLogEvents", {**asked, "startTime": MS + 1, "endTime": MS + 2})) == ["b", "c"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=30), max_size=8), st.integers(1, 9))
def test_pages_join_to_the_whole(desk: Desk, batches: list[list[int]], limit: int) -> None:
    try:
        desk.call("logs:DeleteLogGroup", {"logGroupName": "g"})
    except AwsError:
        assert not desk.storage.begin().list(CHUNK)
    desk.call("logs:CreateLogGroup", {"logGroupName": "g"})
    desk.call("logs:CreateLogStream", PLACE)
    told = [
        [(MS + time, f"{number}.{at}") for at, time in enumerate(sorted(batch))] for number, batch in enumerate(batches)
    ]
    for batch in told:
        put(desk, *batch)
    wanted = [
        message for _, message in sorted((event for batch in told for event in batch), key=lambda event: event[0])
    ]
    forward: list[str] = []
    page = desk.call("logs:GetLogEvents", {**PLACE, "startFromHead": True, "limit": limit})
    while page["events"]:
        forward += messages(page)
        page = desk.call("logs:GetLogEvents", {**PLACE, "limit": limit, "nextToken": page["nextForwardToken"]})
    assert forward == wanted
    backward: list[str] = []
    page = desk.call("logs:GetLogEvents", {**PLACE, "limit": limit})
    while page["events"]:
        backward = messages(page) + backward
        page = desk.call("logs:GetLogEvents", {**PLACE, "limit": limit, "nextToken": page["nextBackwardToken"]})
    assert backward == wanted


def test_what_is_too_old_too_new_or_expired_is_left_out(logs: Desk) -> None:
    answer = put(logs, (MS - 15 * DAY, "old"), (MS - 1, "good"), (MS + 3 * 3_600_000, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    logs.call("logs:PutRetentionPolicy", {"logGroupName": "g", "retentionInDays": 3})
    answer = put(logs, (MS - 4 * DAY, "expired"), (MS, "kept"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages(logs.call("logs:GetLogEvents", PLACE)) == ["good", "kept"]
    logs.now += 4 * 86_400
    assert messages(logs.call("logs:GetLogEvents", PLACE)) == []
    assert messages(logs.call("logs:FilterLogEvents", {"logGroupName": "g"})) == []


def test_batches_that_are_refused(logs: Desk) -> None:
    def told(*events: tuple[int, str]) -> tuple[str, str]:
        batch = [{"timestamp": time, "message": message} for time, message in events]
        return refused(logs, "logs:PutLogEvents", {**PLACE, "logEvents": batch})

    code = "InvalidParameterException"
    assert told((MS, "b"), (MS - 1, "a")) == (
        code, "Log events in a single PutLogEvents request must be in chronological order.",
    )  # fmt: skip
    assert told((MS - 2 * DAY, "a"), (MS, "b")) == (
        code, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    )  # fmt: skip
    assert told(*[(MS, "x" * 200_000)] * 6) == (code, "Upload too large: 1200156 bytes exceeds limit of 1048576")
    assert told((MS, "x" * 1_048_576)) == (code, "Log event too large: 1048602 bytes exceeds limit of 1048576")


@pytest.mark.parametrize("operation", ["logs:GetLogEvents", "logs:FilterLogEvents"])
def test_tokens_of_nobody_are_refused(logs: Desk, operation: str) -> None:
    params = {"logGroupName": "g", "nextToken": "invalid"} | ({"logStreamName": "s"} if "Get" in operation else {})
    assert refused(logs, operation, params) == ("InvalidParameterException", "The specified nextToken is invalid.")


def test_what_does_not_exist(logs: Desk) -> None:
    events = {"logEvents": [{"timestamp": MS, "message": "x"}]}
    code = "ResourceNotFoundException"
    assert refused(logs, "logs:PutLogEvents", {**PLACE, **events, "logStreamName": "no"}) == (
        code, "The specified log stream does not exist.",
    )  # fmt: skip
    assert refused(logs, "logs:GetLogEvents", {**PLACE, "logGroupName": "no"}) == (
        code, "The specified log group does not exist.",
    )  # fmt: skip
