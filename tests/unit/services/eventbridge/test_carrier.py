"""Deliveries: into queues, topics, log groups and other buses; schedules, replays, and recorded calls."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk

from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.services.eventbridge import Carrier, events_facts
from trailwarden.services.eventbridge.archive import ARCHIVED
from trailwarden.services.eventbridge.delivery import DELIVERY
from trailwarden.services.eventbridge.trails import READ
from trailwarden.services.iam import iam_facts
from trailwarden.services.logs import logs_facts
from trailwarden.services.sns import sns_facts
from trailwarden.services.sns.message import MESSAGE
from trailwarden.services.sqs import sqs_facts
from trailwarden.storage.ports import Entry

BASE = f"http://127.0.0.1:4566/{ACCOUNT}"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/b"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
PATTERN = json.dumps({"source": ["s"]})


def policy(action: str, resource: str, **principal: Any) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, **principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": action, "Resource": resource}]})


@pytest.fixture
def events(desk: Desk) -> Desk:
    desk.facts = {
        "iam": iam_facts, "sqs": sqs_facts, "sns": sns_facts, "logs": logs_facts, "events": events_facts,
    }  # fmt: skip
    for name in ("q", "dead"):
        attributes = {"Policy": policy("sqs:SendMessage", f"{QUEUE}{name}")}
        desk.call("sqs:CreateQueue", {"QueueName": name, "Attributes": attributes})
    return desk


def aim(desk: Desk, target: dict[str, Any], *, pattern: str = PATTERN, name: str = "r", **more: Any) -> None:
    desk.call("events:PutRule", {"Name": name, "EventPattern": pattern, **more})
    bus = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
    desk.call("events:PutTargets", {"Rule": name, "Targets": [{"Id": "t", **target}], **bus})


def put(desk: Desk, detail: Any = None, **more: Any) -> str:
    entry = {"Source": "s", "DetailType": "t", "Detail": json.dumps(detail or {}), **more}
    return str(desk.call("events:PutEvents", {"Entries": [entry]})["Entries"][0]["EventId"])


def carrier(desk: Desk) -> Carrier:
    return Carrier(desk.storage, desk.world_on, lambda: desk.now)


def carried(desk: Desk, queue: str = "q", worker: Carrier | None = None) -> list[Any]:
    """What is in the queue once everything is carried; some things take two turns."""
    for _ in range(3):
        (worker or carrier(desk)).run_once(desk.now)
    asked = {"QueueUrl": f"{BASE}/{queue}", "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    found = list(desk.call("sqs:ReceiveMessage", asked).get("Messages", []))
    for message in found:
        desk.call("sqs:DeleteMessage", {"QueueUrl": f"{BASE}/{queue}", "ReceiptHandle": message["ReceiptHandle"]})
    return found


def test_an_event_reaches_a_queue_once(events: Desk) -> None:
    aim(events, {"Arn": f"{QUEUE}q"})
    identifier = put(events, {"x": 1}, Resources=["r"], Time=datetime(2026, 1, 1, tzinfo=UTC))
    put(events, Source="other")
    assert [json.loads(each["Body"]) for each in carried(events)] == [
        {
            "version": "0", "id": identifier, "detail-type": "t", "source": "s", "account": ACCOUNT,
            "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": ["r"], "detail": {"x": 1},
        }
    ]  # fmt: skip
    assert carried(events) == []
    assert not events.storage.begin().list(DELIVERY)


def test_two_servers_deliver_once(events: Desk) -> None:
    aim(events, {"Arn": f"{QUEUE}q"})
    put(events)
    reader = events.storage.begin()
    seen = reader.list(DELIVERY)
    first, second = carrier(events), carrier(events)
    first.run_once(events.now)
    for document in seen:
        transaction = events.storage.begin()
        second._carry(transaction, document)
        events.storage.commit(transaction).result(10)
    assert len(carried(events)) == 1


def test_a_disabled_rule_hears_nothing(events: Desk) -> None:
    aim(events, {"Arn": f"{QUEUE}q"}, State="DISABLED")
    put(events)
    assert carried(events) == []


def test_a_queue_that_refuses_makes_a_dead_letter(events: Desk) -> None:
    aim(events, {"Arn": f"{QUEUE}q", "DeadLetterConfig": {"Arn": f"{QUEUE}dead"}})
    events.call("sqs:SetQueueAttributes", {"QueueUrl": f"{BASE}/q", "Attributes": {"Policy": ""}})
    put(events)
    letter = carried(events, "dead")[0]
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (told["ERROR_CODE"], told["RULE_ARN"], told["TARGET_ARN"]) == ("NO_PERMISSIONS", RULE, f"{QUEUE}q")
    assert json.loads(letter["Body"])["source"] == "s"


@pytest.mark.parametrize(
    "arn",
    [
        f"{QUEUE}none",
        f"arn:aws:sns:us-east-1:{ACCOUNT}:none",
        f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:none",
        f"{BUS}none",
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
    ],
)
def test_a_target_that_is_not_there_makes_a_dead_letter(events: Desk, arn: str) -> None:
    aim(events, {"Arn": arn, "DeadLetterConfig": {"Arn": f"{QUEUE}dead"}})
    put(events)
    letter = carried(events, "dead")[0]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_fifo_queue_gets_the_group_of_the_target(events: Desk) -> None:
    attributes = {
        "FifoQueue": "true", "ContentBasedDeduplication": "true",
        "Policy": policy("sqs:SendMessage", f"{QUEUE}q.fifo"),
    }  # fmt: skip
    events.call("sqs:CreateQueue", {"QueueName": "q.fifo", "Attributes": attributes})
    aim(events, {"Arn": f"{QUEUE}q.fifo", "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail"})
    put(events, {"x": 1})
    assert [each["Body"] for each in carried(events, "q.fifo")] == ['{"x":1}']


def test_a_topic_asks_its_policy(events: Desk) -> None:
    topic = events.call("sns:CreateTopic", {"Name": "t"})["TopicArn"]
    aim(events, {"Arn": topic})
    put(events)
    carried(events)
    assert not events.storage.begin().list(MESSAGE)
    allowed = policy("sns:Publish", topic)
    events.call("sns:SetTopicAttributes", {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": allowed})
    put(events, {"x": 2})
    carried(events)
    assert [json.loads(each.body.body)["detail"] for each in events.storage.begin().list(MESSAGE)] == [{"x": 2}]


def test_a_log_group_asks_the_accounts_policies(events: Desk) -> None:
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/g"
    events.call("logs:CreateLogGroup", {"logGroupName": "/aws/events/g"})
    aim(events, {"Arn": group, "DeadLetterConfig": {"Arn": f"{QUEUE}dead"}})
    put(events)
    assert carried(events, "dead")[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    document = json.loads(policy("logs:PutLogEvents", f"{group}:*"))
    document["Statement"][0]["Action"] = ["logs:CreateLogStream", "logs:PutLogEvents"]
    document["Statement"][0]["Principal"] = {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
    events.call("logs:PutResourcePolicy", {"policyName": "p", "policyDocument": json.dumps(document)})
    identifier = put(events, {"x": 3})
    carried(events)
    asked = {"logGroupName": "/aws/events/g", "logStreamName": identifier, "startFromHead": True}
    found = events.call("logs:GetLogEvents", asked)["events"]
    assert [json.loads(each["message"])["detail"] for each in found] == [{"x": 3}]


def trusted_role(desk: Desk, name: str, *, trust: str = "events.amazonaws.com", action: str = "sqs:SendMessage") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    desk.call("iam:CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": document})
    allowed = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    )
    desk.call("iam:PutRolePolicy", {"RoleName": name, "PolicyName": "p", "PolicyDocument": allowed})
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@pytest.mark.parametrize(
    ("settings", "count"),
    [({}, 1), ({"trust": "lambda.amazonaws.com"}, 0), ({"action": "sqs:ReceiveMessage"}, 0)],
)
def test_a_role_stands_in_for_the_queues_policy(events: Desk, settings: dict[str, str], count: int) -> None:
    events.call("sqs:SetQueueAttributes", {"QueueUrl": f"{BASE}/q", "Attributes": {"Policy": ""}})
    aim(events, {"Arn": f"{QUEUE}q", "RoleArn": trusted_role(events, "carrier", **settings)})
    put(events)
    assert len(carried(events)) == count


def test_another_bus_has_rules_of_its_own(events: Desk) -> None:
    events.call("events:CreateEventBus", {"Name": "b"})
    aim(events, {"Arn": BUS})
    aim(events, {"Arn": f"{QUEUE}q"}, name="r2", EventBusName="b")
    identifier = put(events)
    assert [json.loads(each["Body"])["id"] for each in carried(events)] == [identifier]


def test_a_bus_that_leads_to_itself_ends(events: Desk) -> None:
    aim(events, {"Arn": BUS.replace("/b", "/default"), "DeadLetterConfig": {"Arn": f"{QUEUE}dead"}})
    put(events)
    for _ in range(5):
        carrier(events).run_once(events.now)
    assert not events.storage.begin().list(DELIVERY)
    assert carried(events, "dead")[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "THIRD_ACCOUNT_HOP_DETECTED"


def test_the_bus_of_another_account_must_let_this_one_in(events: Desk) -> None:
    theirs = f"arn:aws:events:us-east-1:{OTHER}:event-bus/theirs"
    events.call("events:CreateEventBus", {"Name": "theirs"}, account=OTHER)
    events.call("events:CreateArchive", {"ArchiveName": "a", "EventSourceArn": theirs}, account=OTHER)
    aim(events, {"Arn": theirs, "DeadLetterConfig": {"Arn": f"{QUEUE}dead"}})
    put(events)
    assert carried(events, "dead")[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    permission = {"EventBusName": "theirs", "Action": "events:PutEvents", "Principal": ACCOUNT, "StatementId": "s"}
    events.call("events:PutPermission", permission, account=OTHER)
    put(events)
    assert carried(events, "dead") == []
    assert len(events.storage.begin().list(ARCHIVED)) == 1


def test_a_fault_of_ours_is_tried_again_within_the_retry_policy(events: Desk) -> None:
    aim(
        events,
        {
            "Arn": f"{QUEUE}q",
            "DeadLetterConfig": {"Arn": f"{QUEUE}dead"},
            "RetryPolicy": {"MaximumRetryAttempts": 1},
        },
    )
    put(events)
    document = events.storage.begin().list(DELIVERY)[0]
    transaction = events.storage.begin()
    broken = dataclasses.replace(document, body=document.body.__class__(**{**_fields(document.body), "event": "{"}))
    transaction.put(DELIVERY, document.account, document.region, document.name, broken.body)
    events.storage.commit(transaction).result(10)
    assert carried(events, "dead") == []
    events.now += 2
    letter = carried(events, "dead")[0]
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (told["ERROR_CODE"], told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == (
        "INTERNAL_ERROR", "MaximumRetryAttempts", "1",
    )  # fmt: skip


def _fields(body: Any) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}


def test_a_schedule_makes_an_event_when_it_is_due(events: Desk) -> None:
    events.call("events:PutRule", {"Name": "r", "ScheduleExpression": "rate(5 minutes)"})
    events.call("events:PutTargets", {"Rule": "r", "Targets": [{"Id": "t", "Arn": f"{QUEUE}q"}]})
    assert carried(events) == []
    events.now += 300
    body = json.loads(carried(events)[0]["Body"])
    assert (body["source"], body["detail-type"], body["resources"], body["detail"]) == (
        "aws.events", "Scheduled Event", [RULE], {},
    )  # fmt: skip
    assert carried(events) == []
    events.now += 10_000
    assert len(carried(events)) == 1
    events.call("events:DisableRule", {"Name": "r"})
    events.now += 300
    assert carried(events) == []


def test_archived_events_are_replayed_to_some_rules(events: Desk) -> None:
    events.call("events:CreateEventBus", {"Name": "b"})
    archive = events.call("events:CreateArchive", {"ArchiveName": "a", "EventSourceArn": BUS})["ArchiveArn"]
    put(events, {"x": 1}, EventBusName="b")
    aim(events, {"Arn": f"{QUEUE}q"}, EventBusName="b")
    aim(events, {"Arn": f"{QUEUE}dead"}, name="r2", EventBusName="b")
    asked = {
        "ReplayName": "p", "EventSourceArn": archive,
        "EventStartTime": datetime.fromtimestamp(NOW - 60, UTC), "EventEndTime": datetime.fromtimestamp(NOW + 60, UTC),
        "Destination": {"Arn": BUS, "FilterArns": [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/b/r"]},
    }  # fmt: skip
    events.call("events:StartReplay", asked)
    body = json.loads(carried(events)[0]["Body"])
    assert (body["replay-name"], body["detail"]) == ("p", {"x": 1})
    assert carried(events, "dead") == []
    assert events.call("events:DescribeReplay", {"ReplayName": "p"})["State"] == "COMPLETED"
    assert events.call("events:DescribeArchive", {"ArchiveName": "a"})["EventCount"] == 1
    events.call("events:DeleteArchive", {"ArchiveName": "a"})
    carrier(events).run_once(events.now)
    assert not events.storage.begin().list(ARCHIVED)


def recorded(desk: Desk, number: int, **more: Any) -> None:
    """An event in the journal, as a call leaves it."""
    transaction = desk.storage.begin()
    transaction.append(_entry(desk, number, more))
    desk.storage.commit(transaction).result(10)


def _entry(desk: Desk, number: int, more: dict[str, Any]) -> Entry:
    record = {"eventTime": "2026-01-01T00:00:00Z", "eventType": "AwsApiCall", "eventName": "PutThing", **more}
    return Entry(
        event_id=f"e-{number}",
        time=desk.now,
        account=ACCOUNT,
        region=record.pop("region", "us-east-1"),
        category=record.pop("category", "Management"),
        source="iam.amazonaws.com",
        name=record["eventName"],
        read_only=record.get("readOnly", False),
        record=json.dumps(record).encode(),
    )


CALLS = json.dumps({"source": ["aws.iam"]})


def names(messages: list[Any]) -> list[str]:
    return sorted(json.loads(each["Body"])["detail"]["eventName"] for each in messages)


def test_recorded_calls_come_onto_the_default_bus(events: Desk) -> None:
    worker = carrier(events)
    recorded(events, 1, eventName="Earlier")
    worker.run_once(events.now)
    aim(events, {"Arn": f"{QUEUE}q"}, pattern=CALLS)
    recorded(events, 2, eventName="CreateUser")
    recorded(events, 3, eventName="ListUsers", readOnly=True)
    recorded(events, 4, eventName="AssumeRole", readOnly=True)
    recorded(events, 5, eventName="CreateUser", region="eu-west-1")
    recorded(events, 6, eventName="TooLarge", padding="x" * 262_144)
    messages = carried(events, worker=worker)
    assert names(messages) == ["AssumeRole", "CreateUser"]
    body = json.loads(messages[0]["Body"])
    assert (body["detail-type"], body["source"], body["time"]) == (
        "AWS API Call via CloudTrail", "aws.iam", "2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert carried(events, worker=worker) == []
    assert carried(events, worker=carrier(events)) == []


def test_reading_calls_go_to_rules_that_ask_for_them(events: Desk) -> None:
    worker = carrier(events)
    worker.run_once(events.now)
    aim(events, {"Arn": f"{QUEUE}q"}, pattern=CALLS, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    recorded(events, 1, eventName="ListUsers", readOnly=True)
    recorded(events, 2, eventName="ConsoleLogin", eventType="AwsConsoleSignIn")
    messages = carried(events, worker=worker)
    assert names(messages) == ["ConsoleLogin", "ListUsers"]
    kinds = {json.loads(each["Body"])["detail-type"] for each in messages}
    assert kinds == {"AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"}


def test_data_events_come_only_where_a_trail_logs_them(events: Desk) -> None:
    worker = carrier(events)
    worker.run_once(events.now)
    aim(events, {"Arn": f"{QUEUE}q"}, pattern=CALLS)
    recorded(events, 1, eventName="GetObject", category="Data", readOnly=True)
    assert carried(events, worker=worker) == []
    selector = {
        "name": "all", "field_selectors": ({"field": "eventCategory", "equals": ("Data",)},),
    }  # fmt: skip
    trail = _trail(selector)
    transaction = events.storage.begin()
    transaction.put(TRAIL, ACCOUNT, "us-east-1", "t", trail)
    events.storage.commit(transaction).result(10)
    recorded(events, 2, eventName="GetObject", category="Data", readOnly=True, eventCategory="Data")
    assert names(carried(events, worker=worker)) == ["GetObject"]


def _trail(selector: dict[str, Any]) -> Trail:
    plain = {
        "account": ACCOUNT, "home_region": "us-east-1", "name": "t", "created": NOW, "bucket": "b", "logging": True,
        "started": NOW, "advanced_selectors": [selector], "multi_region": True,
    }  # fmt: skip
    return msgspec.convert(plain, Trail)


def test_nothing_hears_of_what_was_before_it(events: Desk) -> None:
    """Also not after a start that reads the journal anew."""
    carrier(events).run_once(events.now)
    recorded(events, 1, eventName="Before")
    events.now += 10
    aim(events, {"Arn": f"{QUEUE}q"}, pattern=CALLS)
    default = BUS.replace("/b", "/default")
    events.call("events:CreateArchive", {"ArchiveName": "a", "EventSourceArn": default})
    recorded(events, 2, eventName="After")
    assert names(carried(events, worker=carrier(events))) == ["After"]
    assert events.call("events:DescribeArchive", {"ArchiveName": "a"})["EventCount"] == 1


def test_a_long_way_without_rules_is_remembered(events: Desk) -> None:
    worker = carrier(events)
    worker.run_once(events.now)
    transaction = events.storage.begin()
    for number in range(1_100):
        transaction.append(_entry(events, number, {"eventName": "Many"}))
    events.storage.commit(transaction).result(10)
    events.now += 61
    worker.run_once(events.now)
    document = events.storage.begin().get(READ, "", "", "cloudtrail")
    assert document is not None
    assert document.body.position == events.storage.journal.newest()


def test_two_readers_of_the_journal_hand_on_once(events: Desk) -> None:
    first, second = carrier(events), carrier(events)
    first.run_once(events.now)
    second.run_once(events.now)
    aim(events, {"Arn": f"{QUEUE}q"}, pattern=CALLS)
    recorded(events, 1)
    first._recorded.read_on()
    second._recorded.read_on()
    assert len(events.storage.begin().list(DELIVERY)) == 1
