"""Events into log groups and notices to topics: once each, and never in the way of files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.delivery.bench import ACCOUNT, BUCKET, NOON, REGION, Bench, bench

from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance
from trailwarden.delivery.destination import DeliveryFailed
from trailwarden.delivery.integrations import LogBatch, Notice
from trailwarden.delivery.progress import STREAMED
from trailwarden.delivery.trail import Trail, TrailStatus, retire, status_of
from trailwarden.delivery.worker import Deliverer
from trailwarden.storage import Transaction

GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trails:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:told"


@dataclass
class Groups:
    """Log groups in memory."""

    written: list[LogBatch] = field(default_factory=list)
    refusing: str = ""

    def write(self, batch: LogBatch, transaction: Transaction, *, now: float) -> None:
        assert now >= NOON
        assert transaction is not None
        if self.refusing:
            raise DeliveryFailed(self.refusing)
        self.written.append(batch)

    def event_ids(self) -> list[str]:
        return [json.loads(text)["eventID"] for batch in self.written for _, text in batch.events]


@dataclass
class Topics:
    """Topics in memory."""

    told: list[Notice] = field(default_factory=list)
    refusing: str = ""

    def publish(self, notice: Notice, transaction: Transaction, *, now: float) -> None:
        assert now >= NOON
        assert transaction is not None
        if self.refusing:
            raise DeliveryFailed(self.refusing)
        self.told.append(notice)


@dataclass
class Integrated:
    bench: Bench
    groups: Groups
    topics: Topics

    def restart(self) -> None:
        self.bench.deliverer = Deliverer(
            self.bench.storage,
            self.bench.buckets,
            vault=Vault(b"k" * 32),
            clock=lambda: NOON,
            chance=Chance(),
            delivery_interval=300.0,
            digest_interval=3600.0,
            log_groups=self.groups,
            notices=self.topics,
        )

    def status(self, trail: Trail) -> TrailStatus:
        return status_of(self.bench.storage.begin(), trail, region=REGION)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Integrated]:
    with bench(tmp_path) as opened:
        made = Integrated(opened, Groups(), Topics())
        made.restart()
        yield made


def with_logs(here: Integrated, **settings: Any) -> Trail:
    return here.bench.trail(log_group_arn=GROUP, log_role_arn=ROLE, **settings)


def test_events_are_written_once(here: Integrated) -> None:
    trail = with_logs(here)
    made = here.bench.record(3)
    here.bench.run()
    here.restart()
    here.bench.run(300)
    made += here.bench.record(2)
    here.bench.run(300)
    assert here.groups.event_ids() == made
    batch = here.groups.written[0]
    assert (batch.stream, batch.role, batch.source_arn) == (f"{ACCOUNT}_CloudTrail_{REGION}", ROLE, trail.arn)
    assert batch.events[0][0] == round(NOON * 1000)
    assert here.status(trail).latest_logs_delivery_time == here.bench.now


def test_a_refusal_holds_nothing_up_and_is_made_good(here: Integrated) -> None:
    trail = with_logs(here)
    here.groups.refusing = "Access denied."
    made = here.bench.record(3)
    here.bench.run()
    assert here.bench.buckets.event_ids() == made
    assert here.status(trail).latest_logs_delivery_error == "Access denied."
    here.groups.refusing = ""
    here.bench.run(300)
    assert here.groups.event_ids() == made
    assert here.bench.buckets.event_ids() == made
    assert here.status(trail).latest_logs_delivery_error == ""


def test_a_fault_of_ours_holds_nothing_up(here: Integrated) -> None:
    with_logs(here)
    here.groups.write = None  # type: ignore[assignment,method-assign]
    made = here.bench.record(1)
    here.bench.run()
    assert here.bench.buckets.event_ids() == made


def test_a_group_that_comes_later_gets_what_comes_later(here: Integrated) -> None:
    trail = here.bench.trail()
    here.bench.record(2)
    here.bench.run()
    trail = here.bench.put(msgspec.structs.replace(trail, log_group_arn=GROUP, log_role_arn=ROLE))
    made = here.bench.record(2)
    here.bench.run(300)
    assert here.groups.event_ids() == made
    here.bench.put(msgspec.structs.replace(trail, log_group_arn="", log_role_arn=""))
    here.bench.run(300)
    assert not here.bench.storage.begin().list(STREAMED)


def test_a_deleted_trail_leaves_no_position(here: Integrated) -> None:
    trail = with_logs(here)
    made = here.bench.record(1)
    here.bench.run()
    transaction = here.bench.storage.begin()
    retire(transaction, trail, now=here.bench.now)
    here.bench.storage.commit(transaction).result(10)
    for _ in range(3):
        here.bench.run(300)
    assert here.groups.event_ids() == made
    assert not here.bench.storage.begin().list(STREAMED)


def test_streams_of_an_organization_trail_are_named_by_it(here: Integrated) -> None:
    with_logs(here, organization="o-exampleorgid")
    here.bench.record(1, organization="o-exampleorgid")
    here.bench.record(1, organization="o-exampleorgid", account="111122223333")
    here.bench.run()
    assert [batch.stream for batch in here.groups.written] == [
        f"o-exampleorgid_{ACCOUNT}_CloudTrail_{REGION}",
        f"o-exampleorgid_111122223333_CloudTrail_{REGION}",
    ]


def test_topics_are_told_of_every_file_once(here: Integrated) -> None:
    trail = here.bench.trail(topic_arn=TOPIC)
    here.bench.record(1)
    here.bench.run()
    here.bench.run(4000)
    here.bench.run(4000)
    keys = [notice.key for notice in here.topics.told]
    assert sorted(keys) == sorted(here.bench.buckets.puts)
    assert any("/CloudTrail-Digest/" in key for key in keys)
    first = here.topics.told[0]
    assert (first.bucket, first.topic_arn, first.source_arn) == (BUCKET, TOPIC, trail.arn)
    assert here.status(trail).latest_notification_error == ""


def test_a_topic_that_refuses_holds_nothing_up(here: Integrated) -> None:
    trail = here.bench.trail(topic_arn=TOPIC)
    here.topics.refusing = "AuthorizationError"
    made = here.bench.record(1)
    here.bench.run()
    here.bench.run(300)
    assert here.bench.buckets.event_ids() == made
    status = here.status(trail)
    assert (status.latest_notification_error, status.latest_notification_time) == ("AuthorizationError", None)
    assert (status.latest_notification_attempt_time, status.latest_delivery_error) == (NOON, "")
