"""Aggregated events: what five minutes of a trail's data events amount to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.delivery.bench import ACCOUNT, NOON, Bench, bench

from trailwarden.clock import iso
from trailwarden.delivery.progress import AGGREGATED
from trailwarden.delivery.trail import Trail
from trailwarden.events.selectors import DataResource, EventSelector

OBJECTS = EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def trail(made: Bench, *templates: str, **settings: Any) -> Trail:
    standing = made.trail(event_selectors=(OBJECTS,), aggregations=templates, **settings)
    made.run()
    return standing


def access(made: Bench, user: str, name: str, key: str, count: int = 1, error: str = "") -> None:
    record = {
        "eventID": f"{user}-{name}-{key}",
        "eventCategory": "Data",
        "readOnly": name.startswith("Get"),
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "userIdentity": {"arn": f"arn:aws:iam::{ACCOUNT}:user/{user}"},
        "userAgent": "aws-cli",
        "sourceIPAddress": "192.0.2.1",
        **({"errorCode": error} if error else {}),
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::amzn-s3-demo-bucket/{key}"}],
    }
    encoded = msgspec.json.encode(record)
    made.record(count, category="Data", source="s3.amazonaws.com", name=name, record=encoded)


def aggregated(made: Bench) -> list[dict[str, Any]]:
    return [
        record for key in made.buckets.keys("CloudTrail-Aggregated") for record in made.buckets.content(key)["Records"]
    ]


def statistics(dimension: dict[str, Any]) -> dict[str, int]:
    return {each["name"]: each["value"] for each in dimension["statistics"]}


def test_calls_of_five_minutes_are_one_event_for_each_name(made: Bench) -> None:
    trail(made, "API_ACTIVITY")
    access(made, "mateojackson", "PutObject", "a", 3)
    access(made, "marymajor", "PutObject", "b", 1, error="AccessDenied")
    access(made, "marymajor", "GetObject", "b", 2)
    made.run(300)
    assert aggregated(made) == []  # the window waits for what is recorded late
    made.run(300)
    named = {next(iter(statistics(each["summary"]["primaryDimension"]))): each for each in aggregated(made)}
    got, put = named["GetObject"], named["PutObject"]
    assert statistics(got["summary"]["primaryDimension"]) == {"GetObject": 2}
    assert {key: put[key] for key in put if key not in {"eventId", "summary"}} == {
        "eventVersion": "1.0",
        "accountId": ACCOUNT,
        "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent",
        "awsRegion": "us-east-1",
        "eventSource": "s3.amazonaws.com",
        "timeWindow": {"windowStart": iso(NOON), "windowEnd": iso(NOON + 300), "windowSize": "PT5M"},
    }
    assert put["summary"]["primaryDimension"] == {
        "dimension": "eventName",
        "statistics": [{"name": "PutObject", "value": 4}],
        "aggregationType": "Count",
    }
    details = {each["dimension"]: statistics(each) for each in put["summary"]["details"]}
    assert details == {
        "resourceARN": {"arn:aws:s3:::amzn-s3-demo-bucket/a": 3, "arn:aws:s3:::amzn-s3-demo-bucket/b": 1},
        "userIdentity": {
            f"arn:aws:iam::{ACCOUNT}:user/mateojackson": 3,
            f"arn:aws:iam::{ACCOUNT}:user/marymajor": 1,
        },
        "userAgent": {"aws-cli": 4},
        "sourceIpAddress": {"192.0.2.1": 4},
        "errorCode": {"AccessDenied": 1},
    }


@pytest.mark.parametrize(
    ("template", "dimension", "expected"),
    [
        (
            "RESOURCE_ACCESS",
            "resourceARN",
            {"arn:aws:s3:::amzn-s3-demo-bucket/a": 1, "arn:aws:s3:::amzn-s3-demo-bucket/b": 2},
        ),
        (
            "USER_ACTIONS",
            "userIdentity",
            {f"arn:aws:iam::{ACCOUNT}:user/mateojackson": 2, f"arn:aws:iam::{ACCOUNT}:user/marymajor": 1},
        ),
    ],
)
def test_each_template_has_its_dimension(made: Bench, template: str, dimension: str, expected: dict[str, int]) -> None:
    trail(made, template)
    access(made, "mateojackson", "PutObject", "a")
    access(made, "mateojackson", "GetObject", "b")
    access(made, "marymajor", "GetObject", "b")
    made.run(600)
    found: dict[str, int] = {}
    for event in aggregated(made):
        primary = event["summary"]["primaryDimension"]
        assert primary["dimension"] == dimension
        found |= statistics(primary)
    assert found == expected


def test_windows_are_summed_up_once_and_apart_and_through_a_restart(made: Bench) -> None:
    trail(made, "API_ACTIVITY")
    access(made, "mateojackson", "PutObject", "a", 2)
    made.run(300)
    access(made, "mateojackson", "PutObject", "a", 5)
    made.restart()
    made.run(400)
    made.restart()
    made.run(400)
    counts = [statistics(each["summary"]["primaryDimension"])["PutObject"] for each in aggregated(made)]
    assert sorted(counts) == [2, 5]


def test_only_the_trail_with_aggregations_has_them_from_when_they_are_on(made: Bench) -> None:
    standing = made.trail(event_selectors=(OBJECTS,))
    other = made.trail("other", event_selectors=(OBJECTS,), prefix="other")
    made.run()
    access(made, "mateojackson", "PutObject", "a", 2)
    made.put(msgspec.structs.replace(standing, aggregations=("API_ACTIVITY",)))
    made.run(300)
    access(made, "mateojackson", "PutObject", "a", 3)
    made.run(600)
    (event,) = aggregated(made)
    assert statistics(event["summary"]["primaryDimension"]) == {"PutObject": 3}
    assert not [key for key in made.buckets.keys("CloudTrail-Aggregated") if key.startswith("other/")]
    assert made.storage.begin().get(AGGREGATED, ACCOUNT, "us-east-1", other.handle) is None
    made.put(standing)
    made.run(300)
    assert list(made.storage.begin().list(AGGREGATED)) == []
