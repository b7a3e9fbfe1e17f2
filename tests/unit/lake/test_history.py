"""Event history over a real journal."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trailwarden.lake.history import RETENTION, InvalidToken, Question, lookup_events
from trailwarden.storage import Entry, Storage, open_storage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
ACCOUNT = "123456789012"


def entry(number: int, time: float, **changed: Any) -> Entry:
    fields: dict[str, Any] = {
        "event_id": f"id-{number}",
        "time": time,
        "account": ACCOUNT,
        "region": "us-east-1",
        "category": "Management",
        "source": "iam.amazonaws.com",
        "name": "CreateUser",
        "read_only": False,
        "record": json.dumps({"eventID": f"id-{number}"}).encode(),
        "username": "mateojackson",
        "access_key": "AKIAIOSFODNN7EXAMPLE",
        "resources": (("AWS::IAM::User", "marymajor"),),
        **changed,
    }
    return Entry(**fields)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    yield storage
    storage.close()


def keep(storage: Storage, *entries: Entry) -> None:
    transaction = storage.begin()
    for each in entries:
        transaction.append(each)
    storage.commit(transaction).result()


def question(**changed: Any) -> Question:
    return Question(**{"account": ACCOUNT, "region": "us-east-1", "start": 0.0, "end": NOW, **changed})


def ids(storage: Storage, asked: Question, **how: Any) -> list[str]:
    return [event["EventId"] for event in lookup_events(storage.journal, asked, now=NOW, **how).events]


def test_an_event_as_aws_answers_it(storage: Storage) -> None:
    keep(storage, entry(1, NOW - 10.5))
    (event,) = lookup_events(storage.journal, question(), now=NOW).events
    assert event == {
        "EventId": "id-1",
        "EventName": "CreateUser",
        "ReadOnly": "false",
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "EventTime": datetime(2026, 3, 4, 11, 59, 49, tzinfo=UTC),
        "EventSource": "iam.amazonaws.com",
        "Username": "mateojackson",
        "Resources": [{"ResourceType": "AWS::IAM::User", "ResourceName": "marymajor"}],
        "CloudTrailEvent": '{"eventID": "id-1"}',
    }


def test_newest_first_in_pages_without_gap_or_repeat(storage: Storage) -> None:
    keep(storage, *(entry(number, NOW - 100 + number // 2) for number in range(7)))
    seen: list[str] = []
    token = ""
    pages = 0
    while True:
        page = lookup_events(storage.journal, question(), limit=3, token=token, now=NOW)
        seen += [event["EventId"] for event in page.events]
        pages += 1
        token = page.next_token
        if not token:
            break
        # What arrives between pages belongs to no page that is already begun.
        keep(storage, entry(100 + pages, NOW))
    assert seen == [f"id-{number}" for number in reversed(range(7))]
    assert pages == 3


def test_only_ninety_days_of_this_account_region_and_category(storage: Storage) -> None:
    keep(
        storage,
        entry(1, NOW - RETENTION - 1),
        entry(2, NOW, account="111122223333"),
        entry(3, NOW, region="eu-west-1"),
        entry(4, NOW, category="Data"),
        entry(5, NOW, category="Insight"),
        entry(6, NOW - RETENTION + 1),
    )
    assert ids(storage, question()) == ["id-6"]
    assert ids(storage, question(category="Insight")) == ["id-5"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("EventId", "id-2"),
        ("EventName", "DeleteUser"),
        ("EventSource", "sts.amazonaws.com"),
        ("ReadOnly", "true"),
        ("Username", "marymajor"),
        ("AccessKeyId", "ASIAIOSFODNN7EXAMPLE"),
        ("ResourceType", "AWS::IAM::Role"),
        ("ResourceName", "Auditor"),
    ],
)
def test_attributes(storage: Storage, attribute: str, value: str) -> None:
    other = {
        "name": "DeleteUser",
        "source": "sts.amazonaws.com",
        "read_only": True,
        "username": "marymajor",
        "access_key": "ASIAIOSFODNN7EXAMPLE",
        "resources": (("AWS::IAM::Role", "Auditor"),),
    }
    keep(storage, entry(1, NOW - 1), entry(2, NOW - 2, **other))
    assert ids(storage, question(attribute=attribute, value=value)) == ["id-2"]


def test_a_token_is_bound_to_its_question(storage: Storage) -> None:
    keep(storage, *(entry(number, NOW - number) for number in range(3)))
    token = lookup_events(storage.journal, question(), limit=1, now=NOW).next_token
    for wrong in ("nonsense", "e30=", token[:-4], "ä"):
        with pytest.raises(InvalidToken):
            lookup_events(storage.journal, question(), limit=1, token=wrong, now=NOW)
    with pytest.raises(InvalidToken):
        lookup_events(storage.journal, question(account="111122223333"), limit=1, token=token, now=NOW)
    with pytest.raises(InvalidToken):
        lookup_events(storage.journal, question(attribute="EventName", value="x"), limit=1, token=token, now=NOW)
