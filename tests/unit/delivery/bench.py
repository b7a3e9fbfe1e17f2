"""A store, a folder of buckets and a deliverer under a clock that the test moves."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance, iso
from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed
from trailwarden.delivery.progress import settled
from trailwarden.delivery.trail import TRAIL, Trail, start_logging, stop_logging
from trailwarden.delivery.worker import Deliverer
from trailwarden.storage import Entry, Storage, open_storage

ACCOUNT = "123456789012"
REGION = "us-east-1"
BUCKET = "amzn-s3-demo-bucket"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()


@dataclass
class Buckets:
    """A destination in memory; `refusing` holds the code with which it refuses, "" for none."""

    files: dict[tuple[str, str], DeliveredFile] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    refusing: str = ""

    def put(self, file: DeliveredFile) -> None:
        if self.refusing:
            raise DeliveryFailed(self.refusing)
        self.files[file.bucket, file.key] = file
        self.puts.append(file.key)

    def keys(self, word: str) -> list[str]:
        return sorted(key for _, key in self.files if f"/{word}/" in key)

    def content(self, key: str, bucket: str = BUCKET) -> Any:
        return msgspec.json.decode(gzip.decompress(self.files[bucket, key].data))

    def event_ids(self) -> list[str]:
        return [record["eventID"] for key in self.keys("CloudTrail") for record in self.content(key)["Records"]]


@dataclass
class Bench:
    storage: Storage
    buckets: Buckets
    deliverer: Deliverer
    now: float = NOON
    recorded: int = 0

    def trail(self, name: str = "My-Trail", **settings: Any) -> Trail:
        trail = Trail(
            account=ACCOUNT,
            home_region=REGION,
            name=name,
            created=self.now,
            bucket=BUCKET,
            **{"log_file_validation": True, **settings},
        )
        return self.put(start_logging(trail, now=self.now, position=self.storage.journal.newest()))

    def put(self, trail: Trail) -> Trail:
        settled(self.storage, lambda tx: tx.put(TRAIL, trail.account, trail.home_region, trail.name, trail))
        return trail

    def stop(self, trail: Trail) -> Trail:
        return self.put(stop_logging(trail, now=self.now))

    def record(self, count: int = 1, **changed: Any) -> list[str]:
        made = []
        for _ in range(count):
            self.recorded += 1
            entry = event(self.recorded, self.now, **changed)
            settled(self.storage, lambda tx, entry=entry: tx.append(entry))  # type: ignore[misc]
            made.append(entry.event_id)
        return made

    def run(self, after: float = 0.0, **how: bool) -> None:
        self.now += after
        self.deliverer.run_once(self.now, **how)

    def restart(self) -> None:
        self.deliverer = deliverer(self.storage, self.buckets)


def event(number: int, time: float, **changed: Any) -> Entry:
    event_id = f"00000000-0000-4000-8000-{number:012d}"
    fields: dict[str, Any] = {
        "event_id": event_id,
        "time": time,
        "account": ACCOUNT,
        "region": REGION,
        "category": "Management",
        "source": "iam.amazonaws.com",
        "name": "CreateUser",
        "read_only": False,
        **changed,
    }
    record = {
        "eventTime": iso(time),
        "eventSource": fields["source"],
        "eventName": fields["name"],
        "awsRegion": fields["region"],
        "eventID": event_id,
        "readOnly": fields["read_only"],
        "eventCategory": fields["category"],
    }
    return Entry(**{"record": msgspec.json.encode(record), **fields})


def deliverer(storage: Storage, buckets: Buckets) -> Deliverer:
    return Deliverer(
        storage,
        buckets,
        vault=Vault(b"k" * 32),
        clock=lambda: NOON,
        chance=Chance(),
        delivery_interval=300.0,
        digest_interval=3600.0,
    )


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    storage = open_storage(str(folder / "store.db"), blobs=str(folder / "blobs"))
    buckets = Buckets()
    try:
        yield Bench(storage, buckets, deliverer(storage, buckets))
    finally:
        storage.close()
