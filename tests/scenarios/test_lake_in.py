"""What comes into event data stores from elsewhere, and what the lake offers to ask of them, as stock clients see it."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

ENDED = {"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"}
WHEN = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 86_400))
AUDIT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


@pytest.fixture(scope="module")
def lake() -> Iterator[Live]:
    with live_server("--seal-interval", "1") as running:
        yield running


@pytest.fixture(scope="module")
def audits(lake: Live) -> str:
    """The id of an event data store for events from outside of AWS."""
    made = lake.client("cloudtrail").create_event_data_store(Name="audits", AdvancedEventSelectors=AUDIT)
    return str(made["EventDataStoreArn"]).rpartition("/")[2]


@pytest.fixture(scope="module")
def channel(lake: Live, audits: str) -> str:
    made = lake.client("cloudtrail").create_channel(
        Name="payroll", Source="Custom", Destinations=[{"Type": "EVENT_DATA_STORE", "Location": audits}]
    )
    return str(made["ChannelArn"])


def rows_of(client: Any, statement: str) -> list[dict[str, str]]:
    asked = client.start_query(QueryStatement=statement)["QueryId"]
    for _ in range(600):
        described = client.describe_query(QueryId=asked)
        if described["QueryStatus"] in ENDED:
            break
        time.sleep(0.05)
    assert described["QueryStatus"] == "FINISHED", described
    found = client.get_query_results(QueryId=asked)["QueryResultRows"]
    return [{name: value for cell in row for name, value in cell.items()} for row in found]


def refusal(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**params)
    return str(error.value.response["Error"]["Code"])


def audit_event(account: str, number: int, **more: Any) -> dict[str, str]:
    data = {
        "version": "1",
        "UID": f"uid-{number}",
        "userIdentity": {"type": "Employee", "principalId": "marymajor", "details": {"desk": "4"}},
        "eventSource": "payroll.example.com",
        "eventName": "RaiseSalary",
        "eventTime": WHEN,
        "requestParameters": {"by": str(number)},
        "recipientAccountId": account,
        **more,
    }
    text = json.dumps({name: value for name, value in data.items() if value is not None})
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"id": f"event-{number}", "eventData": text, "eventDataChecksum": digest}


def test_an_applications_events_are_stored_once_each(lake: Live, audits: str, channel: str) -> None:
    data, trails = lake.client("cloudtrail-data"), lake.client("cloudtrail")
    events = [audit_event(lake.account, number) for number in range(100)]
    first = data.put_audit_events(channelArn=channel, auditEvents=events)
    assert (len(first["successful"]), first["failed"]) == (100, [])
    again = data.put_audit_events(channelArn=channel, auditEvents=events[:10])
    assert again["successful"] == first["successful"][:10]
    time.sleep(2.5)
    data.put_audit_events(channelArn=channel, auditEvents=events[:10])
    counted = f"SELECT count(*) AS n, count(DISTINCT eventID) AS ids, min(eventTime) AS first FROM {audits}"
    assert rows_of(trails, counted) == [{"n": "100", "ids": "100", "first": f"{WHEN[:10]} {WHEN[11:19]}.000"}]
    one = rows_of(
        trails,
        "SELECT eventData.eventName AS name, eventData.userIdentity.principalId AS who, eventType, metadata.channelARN AS "
        f"via, element_at(eventData.requestParameters, 'by') AS amount FROM {audits} WHERE eventData.UID = 'uid-7'",
    )
    assert one == [
        {"name": "RaiseSalary", "who": "marymajor", "eventType": "ActivityLog", "via": channel, "amount": "7"}
    ]
    status = trails.get_channel(Channel=channel)["IngestionStatus"]
    assert status["LatestIngestionSuccessEventID"] == first["successful"][9]["eventID"]
    assert "LatestIngestionErrorCode" not in status


def test_each_event_that_is_not_taken_is_named(lake: Live, channel: str) -> None:
    data = lake.client("cloudtrail-data")
    account = lake.account
    answer = data.put_audit_events(
        channelArn=channel,
        auditEvents=[
            audit_event(account, 201),
            {**audit_event(account, 202), "eventDataChecksum": "bm90aGluZw=="},
            audit_event(account, 203, eventName=None),
            audit_event(account, 204, errorCode="x" * 300),
            audit_event("111122223333", 205),
            {"id": "event-206", "eventData": "{"},
        ],
    )
    assert [each["id"] for each in answer["successful"]] == ["event-201"]
    assert [(each["id"], each["errorCode"]) for each in answer["failed"]] == [
        ("event-202", "InvalidChecksum"),
        ("event-203", "FieldNotFound"),
        ("event-204", "FieldTooLong"),
        ("event-205", "InvalidRecipient"),
        ("event-206", "InvalidData"),
    ]
    status = lake.client("cloudtrail").get_channel(Channel=channel)["IngestionStatus"]
    assert status["LatestIngestionErrorCode"] == "InvalidData"


def test_what_no_channel_takes(lake: Live, channel: str) -> None:
    put = lake.client("cloudtrail-data").put_audit_events
    event = audit_event(lake.account, 301)
    assert refusal(put, channelArn=channel, auditEvents=[event, event]) == "DuplicatedAuditEventId"
    assert refusal(put, channelArn=channel.replace("channel/", "trail/"), auditEvents=[event]) == "InvalidChannelARN"
    assert refusal(put, channelArn=channel[:-8] + "00000000", auditEvents=[event]) == "ChannelNotFound"
    assert refusal(put, channelArn=channel, auditEvents=[{"id": "a", "eventData": "<xml/>"}]) == (
        "ChannelUnsupportedSchema"
    )


def test_who_may_use_a_channel(lake: Live, channel: str) -> None:
    """The channel's policy admits a user of its account who gives the external id."""
    user = lake.user("marymajor")
    put, event = user.client("cloudtrail-data").put_audit_events, audit_event(lake.account, 401)
    assert refusal(put, channelArn=channel, auditEvents=[event]) == "ChannelInsufficientPermission"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{lake.account}:user/marymajor"},
                "Action": "cloudtrail-data:PutAuditEvents",
                "Resource": channel,
                "Condition": {"StringEquals": {"cloudtrail:ExternalId": "pass-phrase"}},
            }
        ],
    }
    lake.client("cloudtrail").put_resource_policy(ResourceArn=channel, ResourcePolicy=json.dumps(policy))
    assert refusal(put, channelArn=channel, auditEvents=[event]) == "ChannelInsufficientPermission"
    assert put(channelArn=channel, auditEvents=[event], externalId="pass-phrase")["failed"] == []
