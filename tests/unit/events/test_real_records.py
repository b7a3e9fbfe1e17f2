"""Real records of AWS: every member that they tell is one that ours would tell, under the same name."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trailwarden import catalog
from trailwarden.events.members import Render
from trailwarden.events.operation import Recorded, recorded_operation
from trailwarden.wire.library import model
from trailwarden.wire.model import Shape

FOLDER = Path(__file__).parents[4] / "shared" / "events"
SERVICES = ("iam", "sts", "kms", "cloudtrail", "organizations", "logs", "secretsmanager", "ssm", "s3", "ce", "account")
NEWER = {"arn", "interactive"}
"""What real records tell that no model has; Secrets Manager writes both `arn` and `aRN`."""


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], Recorded]:
    return {
        (catalog.event_source(service), catalog.event_name(service, operation)): recorded_operation(service, operation)
        for service in SERVICES
        for operation in model(service).operations
    }


def records() -> Iterator[dict[str, Any]]:
    for file in sorted(FOLDER.glob("*.jsonl.gz")):
        with gzip.open(file, "rt") as lines:
            yield from map(json.loads, lines)


EXAMPLES: dict[str, Any] = {"structure": {}, "map": {}, "list": [], "timestamp": datetime(2026, 3, 4, tzinfo=UTC)}


def told(shape: Shape | None, render: Render | None) -> set[str]:
    """Every name that our record could tell."""
    if shape is None or render is None:
        return set()
    return set(render({member: EXAMPLES.get(inner.type, "x") for member, inner in shape.members.items()}))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real records are not here")
def test_facts_are_those_of_real_records(operations: dict[tuple[str, str], Recorded]) -> None:
    seen = 0
    for record in records():
        operation = operations.get((record["eventSource"], record["eventName"]))
        if operation is None:
            continue
        seen += 1
        facts = (operation.read_only, "Data" if operation.data_type else "Management")
        assert facts == (record["readOnly"], record["eventCategory"]), record["eventName"]
        assert operation.answers or not record.get("responseElements"), record["eventName"]
    assert seen > 1_000


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real records are not here")
def test_members_are_named_as_in_real_records(operations: dict[tuple[str, str], Recorded]) -> None:
    seen = 0
    for record in records():
        operation = operations.get((record["eventSource"], record["eventName"]))
        if operation is None or operation.service == "s3":
            continue
        asked = set(record.get("requestParameters") or {}) - NEWER
        answered = set(record.get("responseElements") or {}) - NEWER
        seen += len(asked) + len(answered)
        assert asked <= told(operation.input, operation.asked), record["eventName"]
        assert answered <= told(operation.output, operation.answered), record["eventName"]
    assert seen > 1_000
