"""The stock `aws cloudtrail validate-logs` over what was delivered."""

import base64
import contextlib
import gzip
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from awscli.customizations.cloudtrail.validation import (
    CloudTrailValidateLogs,
    S3ClientProvider,
    normalize_date,
    parse_date,
)
from botocore.exceptions import ClientError
from tests.unit.delivery.bench import BUCKET, NOON, REGION, Bench, bench

from trailwarden.clock import iso
from trailwarden.delivery.keys import public_keys
from trailwarden.delivery.trail import TRAIL, Trail, start_logging

HOUR = 3600.0


@dataclass
class CloudTrailClient:
    """ListPublicKeys over the store, as the command line gets it: blobs in base 64."""

    bench: Bench

    def list_public_keys(self, *, StartTime: datetime, EndTime: datetime) -> Mapping[str, Any]:  # noqa: N803
        reader = self.bench.storage.begin()
        keys = public_keys(reader, region=REGION, start=StartTime.timestamp(), end=EndTime.timestamp())
        return {
            "PublicKeyList": [
                {"Value": base64.b64encode(key.value).decode(), "Fingerprint": key.fingerprint} for key in keys
            ]
        }


@dataclass
class S3Client:
    """ListObjects, GetObject and GetBucketLocation over the delivered files."""

    bench: Bench

    def get_bucket_location(self, *, Bucket: str) -> Mapping[str, Any]:  # noqa: ARG002, N803
        return {"LocationConstraint": None}

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:  # noqa: N803
        file = self.bench.buckets.files.get((Bucket, Key))
        if file is None:
            raise ClientError(
                {"Error": {"Code": "NoSuchKey", "Message": "The specified key does not exist."}}, "GetObject"
            )
        return {"Body": io.BytesIO(file.data), "Metadata": dict(file.metadata)}

    def get_paginator(self, name: str) -> "S3Client":
        assert name == "list_objects"
        return self

    def paginate(self, *, Bucket: str, Marker: str, Prefix: str) -> "Listing":  # noqa: N803
        keys = sorted(key for bucket, key in self.bench.buckets.files if bucket == Bucket)
        return Listing([key for key in keys if key.startswith(Prefix) and key > Marker])


@dataclass
class Listing:
    keys: list[str]

    def search(self, expression: str) -> Iterator[str]:
        assert expression == "Contents[*].Key"
        return iter(self.keys)


class Clients(S3ClientProvider):  # type: ignore[misc]  # awscli is untyped
    def __init__(self, client: S3Client) -> None:
        super().__init__(None)
        self.client = client

    def _create_client(self, region_name: str) -> S3Client:  # noqa: ARG002
        return self.client


@dataclass(frozen=True)
class Told:
    out: str
    err: str


def validate(bench: Bench, trail: Trail, *, start: float = NOON) -> Told:
    """Run the command's own code; only its clients are ours."""
    command = CloudTrailValidateLogs(None)
    command.trail_arn, command.is_verbose, command.account_id = trail.arn, True, None
    command.s3_bucket, command.s3_prefix = trail.bucket, trail.prefix or None
    command.start_time = normalize_date(parse_date(iso(start)))
    command.end_time = normalize_date(parse_date(iso(bench.now)))
    command._source_region = REGION
    command.s3_client_provider = Clients(S3Client(bench))
    command.cloudtrail_client, command.organization_client = CloudTrailClient(bench), None
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        command._call()
    return Told(out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Trail]]:
    """Four hours of a trail with three log files, one hour of it empty."""
    with bench(tmp_path_factory.mktemp("day")) as made:
        trail = made.trail(prefix="audit")
        for quiet in (False, True, False, False):
            if not quiet:
                made.record(3)
            made.run(HOUR / 2)
            made.run(HOUR / 2 + 10)
        made.run(HOUR)
        yield made, trail


@pytest.fixture
def delivered(day: tuple[Bench, Trail]) -> Iterator[tuple[Bench, Trail]]:
    """The day, put back after a test changed the buckets."""
    bench, trail = day
    before = dict(bench.buckets.files)
    yield bench, trail
    bench.buckets.files.clear()
    bench.buckets.files.update(before)


def test_what_was_delivered_is_valid(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    told = validate(bench, trail)
    assert "3/3 log files valid" in told.out
    assert "4/4 digest files valid" in told.out
    assert "INVALID" not in told.out + told.err


def test_an_empty_hour_has_its_digest(delivered: tuple[Bench, Trail]) -> None:
    bench, _ = delivered
    lists = [bench.buckets.content(key)["logFiles"] for key in bench.buckets.keys("CloudTrail-Digest")]
    assert [] in lists
    assert sum(map(len, lists)) == 3


def test_a_changed_log_file_is_found(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    key = bench.buckets.keys("CloudTrail")[0]
    file = bench.buckets.files[BUCKET, key]
    content = gzip.decompress(file.data).replace(b"CreateUser", b"DeleteUser", 1)
    bench.buckets.files[BUCKET, key] = replace(file, data=gzip.compress(content))
    told = validate(bench, trail)
    assert f"Log file\ts3://{BUCKET}/{key}\tINVALID: hash value doesn't match" in told.err
    assert "2/3 log files valid, 1/3 log files INVALID" in told.out


def test_a_removed_log_file_is_found(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    key = bench.buckets.keys("CloudTrail")[1]
    del bench.buckets.files[BUCKET, key]
    assert f"Log file\ts3://{BUCKET}/{key}\tINVALID: not found" in validate(bench, trail).err


def test_a_changed_digest_is_found(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    key = bench.buckets.keys("CloudTrail-Digest")[1]
    file = bench.buckets.files[BUCKET, key]
    content = gzip.decompress(file.data).replace(b'"awsAccountId":"1', b'"awsAccountId":"9', 1)
    bench.buckets.files[BUCKET, key] = replace(file, data=gzip.compress(content))
    assert f"Digest file\ts3://{BUCKET}/{key}\tINVALID: signature verification failed" in validate(bench, trail).err


def test_a_moved_digest_is_found(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    first, second = bench.buckets.keys("CloudTrail-Digest")[:2]
    bench.buckets.files[BUCKET, second] = bench.buckets.files[BUCKET, first]
    told = validate(bench, trail)
    assert f"Digest file\ts3://{BUCKET}/{second}\tINVALID: has been moved from its original location" in told.err


def test_a_removed_digest_is_found(delivered: tuple[Bench, Trail]) -> None:
    bench, trail = delivered
    key = bench.buckets.keys("CloudTrail-Digest")[1]
    del bench.buckets.files[BUCKET, key]
    assert f"Digest file\ts3://{BUCKET}/{key}\tINVALID: not found" in validate(bench, trail).err


def test_a_key_of_another_owner_is_not_trusted(delivered: tuple[Bench, Trail], tmp_path: Path) -> None:
    bench_, trail = delivered
    with bench(tmp_path) as stranger:
        stranger.trail()
        stranger.run(HOUR + 2)
        stranger.run(HOUR + 2)
        key = stranger.buckets.keys("CloudTrail-Digest")[0]
        forged = bench_.buckets.keys("CloudTrail-Digest")[0]
        bench_.buckets.files[BUCKET, forged] = stranger.buckets.files[BUCKET, key]
        assert "INVALID" in validate(bench_, trail).err


def test_the_chain_goes_on_through_a_restart(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        trail = made.trail()
        for _ in range(3):
            made.record(2)
            made.run(HOUR + 1)
            made.restart()
        made.run(HOUR + 1)
        told = validate(made, trail)
        assert "INVALID" not in told.out + told.err
        assert "No log files were delivered" not in told.err


def test_stop_closes_the_chain_and_start_begins_another(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        trail = made.trail()
        made.run()
        made.record(2)
        made.now += 100
        made.stop(trail)
        made.run(10)
        closed = made.buckets.keys("CloudTrail-Digest")
        assert [len(made.buckets.content(key)["logFiles"]) for key in closed] == [1]
        made.now += HOUR
        made.put(logging_again(made, trail))
        made.run()
        made.record()
        made.run(HOUR + 2)
        made.run(HOUR + 2)
        told = validate(made, trail)
        assert "INVALID" not in told.out + told.err
        assert "No log files were delivered by CloudTrail between" in told.err
        assert "2/2 log files valid" in told.out


def logging_again(made: Bench, trail: Trail) -> Trail:
    document = made.storage.begin().get(TRAIL, trail.account, trail.home_region, trail.name)
    assert document is not None
    return start_logging(document.body, now=made.now, position=made.storage.journal.newest())


def test_files_that_come_after_the_chain_was_closed_have_a_backfill_digest(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        trail = made.trail()
        made.run()
        made.record(2)
        made.buckets.refusing = "AccessDenied"
        made.now += 100
        made.stop(trail)
        made.run(10)
        made.buckets.refusing = ""
        made.run(HOUR)
        made.run(10)
        late = [key for key in made.buckets.keys("CloudTrail-Digest") if key.endswith("_backfill.json.gz")]
        assert len(late) == 1
        assert "backfill-generation-timestamp" in made.buckets.files[BUCKET, late[0]].metadata
        told = validate(made, trail)
        assert "1/1 backfill digest files valid" in told.out
        assert "1/1 log files valid" in told.out
        assert "INVALID" not in told.out + told.err
