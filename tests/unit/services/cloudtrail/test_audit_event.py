"""An event from outside of AWS: what is taken, and the record made of it."""

import json
from typing import Any

import pytest

from trailwarden.services.cloudtrail.audit_event import Refusal, event_id, opened, record
from trailwarden.services.cloudtrail.channel import Channel

CHANNEL = Channel(
    account="123456789012",
    region="us-east-1",
    id="EXAMPLE8-0558-4f7e-a06a-43969EXAMPLE",
    name="payroll",
    source="Custom",
    destinations=(),
)
EVENT: dict[str, Any] = {
    "version": "1",
    "UID": "u",
    "userIdentity": {"type": "Employee", "principalId": "marymajor"},
    "eventSource": "payroll.example.com",
    "eventName": "RaiseSalary",
    "eventTime": "2025-03-04T05:06:07",
    "recipientAccountId": "123456789012",
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        *(({name: None}, "FieldNotFound") for name in EVENT),
        ({"userIdentity": {"type": "Employee"}}, "FieldNotFound"),
        ({"userIdentity": "marymajor"}, "InvalidData"),
        ({"userIdentity": {"type": "x" * 129, "principalId": "marymajor"}}, "FieldTooLong"),
        ({"requestParameters": "text"}, "InvalidData"),
        ({"requestParameters": {"text": "x" * 102_400}}, "FieldTooLong"),
        ({"additionalEventData": {"text": "x" * 28_672}}, "FieldTooLong"),
        ({"eventTime": "yesterday"}, "InvalidData"),
        ({"eventTime": "2025-02-30T05:06:07"}, "InvalidData"),
        ({"recipientAccountId": "111122223333"}, "InvalidRecipient"),
        ({"version": 1}, "InvalidData"),
    ],
)
def test_what_is_not_taken(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        opened(json.dumps({**EVENT, **changed}), "", CHANNEL)
    assert refusal.value.code == code


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        opened(text, "", CHANNEL)
    assert refusal.value.code == "InvalidData"


def test_the_record() -> None:
    data = opened(json.dumps(EVENT), "", CHANNEL)
    made = json.loads(record(CHANNEL, data, now=1_750_000_000.0))
    assert made["eventData"] == EVENT
    assert (made["eventCategory"], made["eventType"]) == ("ActivityAuditLog", "ActivityLog")
    assert made["eventTime"] == "2025-03-04T05:06:07Z"
    assert made["metadata"] == {"ingestionTime": "2025-06-15T15:06:40Z", "channelARN": CHANNEL.arn}
    assert made["eventID"] == event_id(CHANNEL, {"UID": "u"}) != event_id(CHANNEL, {"UID": "v"})
