"""What is kept beside the record, and which calls leave none."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cases.events.calls import NOW, outcome, parsed

from trailwarden.auth.errors import AccessDenied, UnknownAccessKey
from trailwarden.auth.record import read_decided
from trailwarden.clock import Chance
from trailwarden.events.outcome import Outcome
from trailwarden.events.record import Recorder
from trailwarden.storage import Storage, open_storage

DENIED = {
    "service": "iam",
    "operation": "DeleteUser",
    "caller": "mateojackson",
    "params": {"UserName": "marymajor"},
    "checks": [
        {
            "action": "iam:DeleteUser",
            "resource": "arn:aws:iam::123456789012:user/marymajor",
            "account": "123456789012",
        }
    ],
    "error": {"denied": True, "message": "not authorized"},
}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    yield storage
    storage.close()


def record(storage: Storage, ended: Outcome) -> None:
    transaction = storage.begin()
    Recorder(Chance(), lambda: NOW).record(ended, transaction)
    storage.commit(transaction).result()


def test_the_decision_behind_a_denial_is_kept(storage: Storage) -> None:
    ended = outcome(DENIED)
    assert isinstance(ended.error, AccessDenied)
    record(storage, ended)
    ((_, entry),) = storage.journal.read(0, 10)
    kept = storage.decision(ended.error.authorization_id)
    assert kept is not None
    assert (kept.event_id, kept.request_id, kept.account) == (entry.event_id, entry.request_id, entry.account)
    read = read_decided(kept.body)
    assert (read.operation, read.message, read.check.action) == ("iam:DeleteUser", "not authorized", "iam:DeleteUser")


def test_a_caller_who_is_not_proved_leaves_no_record(storage: Storage) -> None:
    record(storage, Outcome(reached=parsed(DENIED), error=UnknownAccessKey("query")))
    assert storage.journal.newest() == 0


def test_an_operation_without_a_model_entry_is_recorded_without_members(storage: Storage) -> None:
    record(storage, outcome({**DENIED, "operation": "NoSuchOperation"}))
    ((_, entry),) = storage.journal.read(0, 10)
    assert json.loads(entry.record)["requestParameters"] is None


def test_ids_differ_and_the_shared_one_is_shared(storage: Storage) -> None:
    object_ = {
        "service": "s3",
        "operation": "GetObject",
        "caller": "mateojackson",
        "params": {"Bucket": "amzn-s3-demo-bucket", "Key": "a"},
        "checks": [
            {"action": "s3:GetObject", "resource": "arn:aws:s3:::amzn-s3-demo-bucket/a", "account": "111122223333"}
        ],
    }
    record(storage, outcome(object_))
    first, second = (json.loads(entry.record) for _, entry in storage.journal.read(0, 10))
    assert first["eventID"] != second["eventID"]
    assert first["sharedEventID"] == second["sharedEventID"]
    assert first["sharedEventID"] not in {first["eventID"], second["eventID"]}


def test_a_long_agent_and_message_are_shortened(storage: Storage) -> None:
    call = {**DENIED, "headers": {"user-agent": "x" * 5000}, "error": {"denied": True, "message": "ü" * 5000}}
    record(storage, outcome(call))
    ((_, entry),) = storage.journal.read(0, 10)
    told = json.loads(entry.record)
    assert len(told["userAgent"]) == 1024
    assert len(told["errorMessage"].encode()) <= 1024
    assert told["errorMessage"].endswith("...")


def test_large_parameters_are_left_out(storage: Storage) -> None:
    call = {
        "service": "iam",
        "operation": "PutUserPolicy",
        "caller": "mateojackson",
        "params": {"UserName": "marymajor", "PolicyName": "p", "PolicyDocument": "x" * 200_000},
    }
    record(storage, outcome(call))
    ((_, entry),) = storage.journal.read(0, 10)
    assert json.loads(entry.record)["requestParameters"] is None
