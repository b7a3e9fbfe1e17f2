"""Buses, rules, targets, permissions, tags, archives and replays, against texts recorded from AWS."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.eventbridge import events_facts

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/b"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
PATTERN = json.dumps({"source": ["s"]})


@pytest.fixture
def events(desk: Desk) -> Desk:
    assert desk.call("events:CreateEventBus", {"Name": "b"}) == {"EventBusArn": BUS}
    return desk


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(f"events:{operation}", params)
    return told.value.code_in("json"), told.value.text


def rule(desk: Desk, **more: Any) -> str:
    return str(desk.call("events:PutRule", {"Name": "r", "EventPattern": PATTERN, **more})["RuleArn"])


def test_every_account_has_a_default_bus(events: Desk) -> None:
    shown = events.call("events:DescribeEventBus")
    assert (shown["Name"], shown["Arn"]) == ("default", BUS.replace("/b", "/default"))
    assert [each["Name"] for each in events.call("events:ListEventBuses")["EventBuses"]] == ["b", "default"]
    first = events.call("events:ListEventBuses", {"Limit": 1})
    rest = events.call("events:ListEventBuses", {"Limit": 1, "NextToken": first["NextToken"]})
    assert [each["Name"] for each in rest["EventBuses"]] == ["default"]
    assert refused(events, "DeleteEventBus", {"Name": "default"}) == (
        "ValidationException", "Cannot delete event bus default.",
    )  # fmt: skip


def test_buses_are_created_once_and_changed(events: Desk) -> None:
    assert refused(events, "CreateEventBus", {"Name": "b"}) == (
        "ResourceAlreadyExistsException", "Event bus b already exists.",
    )  # fmt: skip
    assert refused(events, "DescribeEventBus", {"Name": "x"}) == (
        "ResourceNotFoundException", "Event bus x does not exist.",
    )  # fmt: skip
    events.call("events:UpdateEventBus", {"Name": "b", "Description": "d"})
    assert events.call("events:DescribeEventBus", {"Name": "b"})["Description"] == "d"
    rule(events, EventBusName="b")
    assert refused(events, "DeleteEventBus", {"Name": "b"})[0] == "ValidationException"
    events.call("events:DeleteRule", {"Name": "r", "EventBusName": "b"})
    events.call("events:DeleteEventBus", {"Name": "b"})


def test_permissions_come_by_statement_or_whole(events: Desk) -> None:
    given = {"EventBusName": "b", "Action": "events:PutEvents", "Principal": OTHER, "StatementId": "s"}
    events.call("events:PutPermission", given)
    policy = json.loads(events.call("events:DescribeEventBus", {"Name": "b"})["Policy"])
    assert policy["Statement"] == [
        {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
         "Action": "events:PutEvents", "Resource": BUS}
    ]  # fmt: skip
    organization = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    events.call("events:PutPermission", {**given, "StatementId": "o", "Principal": "*", "Condition": organization})
    policy = json.loads(events.call("events:DescribeEventBus", {"Name": "b"})["Policy"])
    assert policy["Statement"][1]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
    arn = Arn.parse(BUS)
    assert arn is not None
    facts = events_facts(arn, events.storage.begin())
    assert facts is not None
    assert facts.account == ACCOUNT
    assert len(facts.policies) == 1
    assert (
        refused(events, "RemovePermission", {"EventBusName": "b", "StatementId": "x"})[0] == "ResourceNotFoundException"
    )
    events.call("events:RemovePermission", {"EventBusName": "b", "StatementId": "s"})
    events.call("events:RemovePermission", {"EventBusName": "b", "RemoveAllPermissions": True})
    assert "Policy" not in events.call("events:DescribeEventBus", {"Name": "b"})
    assert refused(events, "PutPermission", {"EventBusName": "b", "Policy": "{"})[0] == "ValidationException"
    assert (
        refused(events, "PutPermission", {"EventBusName": "b", "Action": "events:PutEvents"})[0]
        == "ValidationException"
    )
    assert (
        refused(events, "RemovePermission", {"EventBusName": "x", "StatementId": "s"})[1]
        == "Event bus x does not exist."
    )


def test_rules_are_put_switched_and_deleted(events: Desk) -> None:
    assert rule(events) == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
    assert rule(events, EventBusName=BUS) == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/b/r"
    shown = events.call("events:DescribeRule", {"Name": "r"})
    assert shown == {
        "Name": "r", "Arn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r", "EventPattern": PATTERN, "State": "ENABLED",
        "EventBusName": "default", "CreatedBy": ACCOUNT,
    }  # fmt: skip
    events.call("events:DisableRule", {"Name": "r"})
    assert events.call("events:DescribeRule", {"Name": "r"})["State"] == "DISABLED"
    events.call("events:EnableRule", {"Name": "r"})
    assert events.call("events:ListRules", {"NamePrefix": "r"})["Rules"][0]["State"] == "ENABLED"
    assert refused(events, "DescribeRule", {"Name": "x"}) == (
        "ResourceNotFoundException", "Rule x does not exist on EventBus default.",
    )  # fmt: skip
    events.call("events:PutTargets", {"Rule": "r", "Targets": [{"Id": "t", "Arn": QUEUE}]})
    assert events.call("events:ListRuleNamesByTarget", {"TargetArn": QUEUE}) == {"RuleNames": ["r"]}
    assert refused(events, "DeleteRule", {"Name": "r"})[1] == "Rule can't be deleted since it has targets."
    rule(events, Description="again")
    assert events.call("events:ListTargetsByRule", {"Rule": "r"}) == {"Targets": [{"Id": "t", "Arn": QUEUE}]}
    events.call("events:RemoveTargets", {"Rule": "r", "Ids": ["t", "none"]})
    events.call("events:DeleteRule", {"Name": "r"})
    events.call("events:DeleteRule", {"Name": "r"})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")),
        ({"ScheduleExpression": "rate(1 minute)", "EventBusName": "b"}, ("ValidationException", "ScheduleExpression is supported only on the default event bus.")),
        ({"ScheduleExpression": "rate(1 minutes)"}, ("ValidationException", "Parameter ScheduleExpression is not valid.")),
        ({"EventPattern": '{"a": 1}'}, ("InvalidEventPatternException", 'Event pattern is not valid. Reason: "a" must be an object or an array\n at [Source: (String)"{"a": 1}"; line: 1, column: 8]')),
        ({"EventPattern": PATTERN, "EventBusName": "x"}, ("ResourceNotFoundException", "Event bus x does not exist.")),
        ({"EventPattern": PATTERN, "Tags": [{"Key": "aws:x", "Value": ""}]}, ("ValidationException", "System tags cannot be added/updated by requester")),
    ],
)  # fmt: skip
def test_rules_that_cannot_be(events: Desk, given: dict[str, Any], wanted: tuple[str, str]) -> None:
    assert refused(events, "PutRule", {"Name": "r", **given}) == wanted


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Arn": "x"}, "Parameter x is not valid. Reason: Provided Arn is not in correct format."),
        ({"Arn": f"{QUEUE}.fifo"}, "Parameter(s) SqsParameters must be specified for target: t."),
        ({"Arn": QUEUE, "DeadLetterConfig": {"Arn": "x"}}, "Parameter DeadLetterConfig.Arn is not valid for target t."),
        ({"Arn": QUEUE, "Input": "{}", "InputPath": "$"}, "Only one of Input, InputPath, or InputTransformer must be provided for target t."),
    ],
)  # fmt: skip
def test_targets_that_cannot_be(events: Desk, target: dict[str, Any], text: str) -> None:
    rule(events)
    assert refused(events, "PutTargets", {"Rule": "r", "Targets": [{"Id": "t", **target}]})[1] == text


def test_a_rule_has_five_targets_at_most(events: Desk) -> None:
    rule(events)
    targets = [{"Id": str(number), "Arn": QUEUE} for number in range(6)]
    assert refused(events, "PutTargets", {"Rule": "r", "Targets": targets}) == (
        "LimitExceededException", "The requested resource exceeds the maximum number allowed.",
    )  # fmt: skip


def test_patterns_are_tried(events: Desk) -> None:
    event = dict.fromkeys(("id", "account", "source", "time", "region", "detail-type"), "s")
    asked = {"EventPattern": PATTERN, "Event": json.dumps(event)}
    assert events.call("events:TestEventPattern", asked) == {"Result": True}
    assert events.call("events:TestEventPattern", {**asked, "EventPattern": '{"source": ["x"]}'}) == {"Result": False}
    for bad in ("text", "[]", json.dumps({"testEvent": 1}), "[" * 50_000):
        assert refused(events, "TestEventPattern", {**asked, "Event": bad})[1] == "Parameter Event is not valid."


def test_tags_of_buses_and_rules(events: Desk) -> None:
    for arn in (BUS, rule(events, EventBusName="b"), rule(events), BUS.replace("/b", "/default")):
        events.call("events:TagResource", {"ResourceARN": arn, "Tags": [{"Key": "a", "Value": "1"}]})
        events.call("events:TagResource", {"ResourceARN": arn, "Tags": [{"Key": "b", "Value": "2"}]})
        events.call("events:UntagResource", {"ResourceARN": arn, "TagKeys": ["a", "none"]})
        assert events.call("events:ListTagsForResource", {"ResourceARN": arn}) == {"Tags": [{"Key": "b", "Value": "2"}]}
    for arn, text in (
        (f"{BUS}x", "Event bus bx does not exist."),
        (f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x", "Rule x does not exist on EventBus default."),
    ):
        assert refused(events, "ListTagsForResource", {"ResourceARN": arn}) == ("ResourceNotFoundException", text)


def test_put_events_answers_each_entry(events: Desk) -> None:
    fine = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    entries = [
        fine, {**fine, "Source": ""}, {**fine, "Detail": "[1]"}, {**fine, "Source": "aws.ec2"},
        {**fine, "EventBusName": "nowhere"},
    ]  # fmt: skip
    told = events.call("events:PutEvents", {"Entries": entries})
    assert told["FailedEntryCount"] == 3
    assert [each.get("ErrorCode") for each in told["Entries"]] == [
        None, "InvalidArgument", "MalformedDetail", "NotAuthorizedForSourceException", None,
    ]  # fmt: skip
    large = {**fine, "Detail": json.dumps({"x": "x" * 1_048_576})}
    assert refused(events, "PutEvents", {"Entries": [large]})[1] == (
        "Total size of the entries in the request is over the limit."
    )


def test_archives(events: Desk) -> None:
    asked = {"ArchiveName": "a", "EventSourceArn": BUS, "EventPattern": PATTERN, "RetentionDays": 1}
    made = events.call("events:CreateArchive", asked)
    assert (made["ArchiveArn"], made["State"]) == (f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a", "ENABLED")
    assert refused(events, "CreateArchive", asked)[1] == "Archive a already exists."
    assert refused(events, "CreateArchive", {**asked, "ArchiveName": "x", "EventSourceArn": f"{BUS}x"})[1] == (
        "Event bus bx does not exist."
    )
    for source in ("s", "other"):
        entry = {"Source": source, "DetailType": "t", "Detail": "{}", "EventBusName": "b"}
        events.call("events:PutEvents", {"Entries": [entry]})
    shown = events.call("events:DescribeArchive", {"ArchiveName": "a"})
    assert (shown["EventCount"], shown["RetentionDays"], shown["EventPattern"]) == (1, 1, PATTERN)
    assert events.call("events:ListArchives", {"State": "DISABLED"}) == {"Archives": []}
    assert refused(events, "UpdateArchive", {"ArchiveName": "x"})[1] == (
        "At least one of EventPattern, RetentionDays or Description must be provided."
    )
    events.call("events:UpdateArchive", {"ArchiveName": "a", "RetentionDays": 2})
    assert events.call("events:ListArchives", {"EventSourceArn": BUS})["Archives"][0]["RetentionDays"] == 2
    events.call("events:DeleteArchive", {"ArchiveName": "a"})
    assert refused(events, "DescribeArchive", {"ArchiveName": "a"})[1] == "Archive a does not exist."


def test_replays_that_cannot_be(events: Desk) -> None:
    archive = events.call("events:CreateArchive", {"ArchiveName": "a", "EventSourceArn": BUS})["ArchiveArn"]
    start, end = (datetime.fromtimestamp(NOW + offset, UTC) for offset in (-60, 60))
    asked = {
        "ReplayName": "p", "EventSourceArn": archive, "EventStartTime": start, "EventEndTime": end,
        "Destination": {"Arn": BUS},
    }  # fmt: skip
    for change, text in (
        (
            {"EventSourceArn": f"{archive}x"},
            "Parameter EventSourceArn is not valid. Reason: Archive ax does not exist.",
        ),
        ({"Destination": {"Arn": f"{BUS}x"}}, "Event bus bx does not exist."),
        (
            {"Destination": {"Arn": BUS.replace("/b", "/default")}},
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
        ),
        (
            {"EventEndTime": start},
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ),
    ):
        assert refused(events, "StartReplay", {**asked, **change})[1] == text
    assert events.call("events:StartReplay", asked)["State"] == "STARTING"
    assert refused(events, "StartReplay", asked)[1] == "Replay p already exists."
    assert events.call("events:CancelReplay", {"ReplayName": "p"})["State"] == "CANCELLING"
    assert refused(events, "CancelReplay", {"ReplayName": "p"})[0] == "IllegalStatusException"
    assert refused(events, "DescribeReplay", {"ReplayName": "x"})[1] == "Replay x does not exist."
    assert events.call("events:ListReplays", {"EventSourceArn": archive})["Replays"][0]["State"] == "CANCELLED"
