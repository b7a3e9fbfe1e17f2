"""The record is delivered, and the stock client proves it: valid as it stands, and every tampering found."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.live import Live, live_server
from tests.trails import logging_trail
from tests.validating import validate_logs

BUCKET = "amzn-s3-demo-record"
PERIODS = 3


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[Live, str]]:
    """A server whose trail has gone through at least three digest periods and has stopped since."""
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2") as live:
        arn = logging_trail(live, "Record-Trail", BUCKET, EnableLogFileValidation=True)
        end = time.monotonic() + 60
        while len(_keys(live, "CloudTrail-Digest/")) < PERIODS + 1 and time.monotonic() < end:
            live.client("iam").list_users()
            time.sleep(0.3)
        live.client("cloudtrail").stop_logging(Name="Record-Trail")
        time.sleep(3)
        yield live, arn


def _keys(live: Live, folder: str) -> list[str]:
    listing = live.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"AWSLogs/{live.account}/{folder}")
    return [each["Key"] for each in listing.get("Contents", [])]


def _bytes(live: Live, key: str) -> bytes:
    data: bytes = live.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return data


def test_the_record_is_valid(recorded: tuple[Live, str]) -> None:
    live, arn = recorded
    assert len(_keys(live, "CloudTrail-Digest/")) >= PERIODS
    code, output = validate_logs(live.server.data, arn)
    assert code == 0, output
    assert "INVALID" not in output


def test_a_changed_byte_is_found(recorded: tuple[Live, str]) -> None:
    live, arn = recorded
    key = _keys(live, "CloudTrail/")[0]
    right = _bytes(live, key)
    wrong = right[:-9] + bytes([right[-9] ^ 1]) + right[-8:]
    live.client("s3").put_object(Bucket=BUCKET, Key=key, Body=wrong)
    code, output = validate_logs(live.server.data, arn)
    live.client("s3").put_object(Bucket=BUCKET, Key=key, Body=right)
    assert code == 1
    assert "INVALID: hash value doesn't match" in output


def test_a_moved_file_is_found(recorded: tuple[Live, str]) -> None:
    live, arn = recorded
    s3, key = live.client("s3"), _keys(live, "CloudTrail/")[0]
    _move(s3, key, f"{key}.moved")
    code, output = validate_logs(live.server.data, arn)
    _move(s3, f"{key}.moved", key)
    assert code == 1
    assert "INVALID: not found" in output


def test_a_removed_digest_is_found(recorded: tuple[Live, str]) -> None:
    live, arn = recorded
    s3, key = live.client("s3"), _keys(live, "CloudTrail-Digest/")[1]
    _move(s3, key, "elsewhere")
    code, output = validate_logs(live.server.data, arn)
    _move(s3, "elsewhere", key)
    assert code == 1
    assert "INVALID: not found" in output


def _move(s3: Any, key: str, to: str) -> None:
    s3.copy_object(Bucket=BUCKET, Key=to, CopySource={"Bucket": BUCKET, "Key": key})
    s3.delete_object(Bucket=BUCKET, Key=key)
