"""Golden records: a call and how it ended, and the events that it must leave."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cases.events.calls import ACCOUNT, NOW, outcome

from trailwarden.auth.identities import ACCOUNT as ACCOUNTS
from trailwarden.auth.identities import Account
from trailwarden.clock import Chance
from trailwarden.events.record import Recorder
from trailwarden.storage import Storage, open_storage

FOLDER = Path(__file__).parent
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted(FOLDER.glob("*.json"))
    for case in json.loads(file.read_text())
]
COMMON = {
    "eventVersion": "1.11",
    "eventTime": "2026-03-04T20:43:17Z",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.7",
    "userAgent": "aws-cli/2.0",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "b6663854-b4eb-4be3-8de0-9c5471904762",
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": ACCOUNT,
    "eventCategory": "Management",
}
"""What most records say; a case tells only what its record adds or says otherwise."""


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    folder = tmp_path_factory.mktemp("records")
    storage = open_storage(str(folder / "store.db"), blobs=str(folder / "blobs"))
    transaction = storage.begin()
    account = Account(id=ACCOUNT, created=0.0, alias="example-corp", organization="o-exampleorgid")
    transaction.put(ACCOUNTS, ACCOUNT, "", ACCOUNT, account)
    storage.commit(transaction).result()
    yield storage
    storage.close()


@pytest.mark.parametrize("case", CASES)
def test_record(case: dict[str, Any], storage: Storage) -> None:
    before = storage.journal.newest()
    transaction = storage.begin()
    Recorder(Chance(), lambda: NOW).record(outcome(case), transaction)
    storage.commit(transaction).result()
    entries = [entry for _, entry in storage.journal.read(before, 10)]
    records = [json.loads(entry.record) for entry in entries]
    assert [_comparable(record) for record in records] == [_expected(each) for each in case["records"]]
    assert [record["eventID"] for record in records] == [entry.event_id for entry in entries]
    if "lookup" in case:
        assert {f"{kind} {name}" for kind, name in entries[0].resources} == set(case["lookup"])
    if "username" in case:
        assert entries[0].username == case["username"]


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in record.items() if name != "eventID"}
    if "sharedEventID" in told:
        told["sharedEventID"] = "shared"
    return told


def _expected(record: dict[str, Any]) -> dict[str, Any]:
    return {**COMMON, **record}
