"""`trailwarden validate` over what a live server delivered: in the bucket, and as a copy in a folder."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live import Live, live_server
from tests.trails import logging_trail
from typer.testing import CliRunner, Result

from trailwarden.cli import commands

BUCKET = "amzn-s3-demo-validate"
PERIODS = 3


@pytest.fixture(scope="module")
def delivered() -> Iterator[tuple[Live, str]]:
    """A server whose trail has gone through some digest periods and has stopped since."""
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2") as live:
        arn = logging_trail(live, "Validated-Trail", BUCKET, EnableLogFileValidation=True)
        end = time.monotonic() + 60
        while len(keys(live, "CloudTrail-Digest/")) <= PERIODS and time.monotonic() < end:
            live.client("iam").list_users()
            time.sleep(0.3)
        live.client("cloudtrail").stop_logging(Name="Validated-Trail")
        while not live.client("cloudtrail").get_trail_status(Name="Validated-Trail").get("LatestDigestDeliveryTime"):
            time.sleep(0.2)
        time.sleep(3)
        yield live, arn


def keys(live: Live, folder: str) -> list[str]:
    listing = live.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"AWSLogs/{live.account}/{folder}")
    return [each["Key"] for each in listing.get("Contents", [])]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands(["validate"]), ["validate", *map(str, arguments)])


def test_the_bucket_of_a_trail_is_valid(delivered: tuple[Live, str]) -> None:
    live, arn = delivered
    done = run("--trail-arn", arn, "--data", live.server.data)
    assert done.exit_code == 0, done.output
    digests, logs = (len(keys(live, folder)) for folder in ("CloudTrail-Digest/", "CloudTrail/"))
    assert done.output.splitlines()[-2:] == [
        f"{digests}/{digests} digest files valid",
        f"{logs}/{logs} log files valid",
    ]


def test_a_bucket_by_its_name_is_valid(delivered: tuple[Live, str]) -> None:
    live, _ = delivered
    done = run(f"s3://{BUCKET}", "--data", live.server.data, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["findings"] == []


def test_removed_newest_digests_are_found(delivered: tuple[Live, str]) -> None:
    """The stock command cannot: nothing behind them tells of them. The trail does."""
    live, arn = delivered
    s3, taken = live.client("s3"), []
    for key in keys(live, "CloudTrail-Digest/")[-3:]:
        found = s3.get_object(Bucket=BUCKET, Key=key)
        taken.append({"Key": key, "Body": found["Body"].read(), "Metadata": found["Metadata"]})
        s3.delete_object(Bucket=BUCKET, Key=key)
    done = run("--trail-arn", arn, "--data", live.server.data)
    for each in taken:
        s3.put_object(Bucket=BUCKET, **each)
    assert done.exit_code == 1
    assert "INVALID: not found: the trail delivered its newest digest file at" in done.output


def test_a_copy_is_validated_without_the_server(delivered: tuple[Live, str], tmp_path: Path) -> None:
    live, _ = delivered
    for key in keys(live, ""):
        path = tmp_path / "copy" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        live.client("s3").download_file(BUCKET, key, str(path))
    told = live.client("cloudtrail").list_public_keys()["PublicKeyList"]
    listed = [{"Value": base64.b64encode(each["Value"]).decode(), "Fingerprint": each["Fingerprint"]} for each in told]
    public = tmp_path / "keys.json"
    public.write_text(json.dumps({"PublicKeyList": listed}))
    done = run(tmp_path / "copy", "--keys", public, "--data", tmp_path / "none")
    assert done.exit_code == 0, done.output
    assert "unproved: its signature is kept in the bucket alone" in done.output
    log = tmp_path / "copy" / keys(live, "CloudTrail/")[0]
    log.write_bytes(log.read_bytes()[:-20])
    done = run(tmp_path / "copy", "--keys", public, "--data", tmp_path / "none")
    assert done.exit_code == 1
    assert f"Log file\t{log}\tINVALID: invalid format" in done.output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere"], "is no AWSLogs folder"),
        (["--trail-arn", "arn:aws:s3:::amzn-s3-demo-bucket"], "is no ARN of a trail"),
        (["--start-time", "2026-02-01", "--end-time", "2026-01-01"], "start-time must occur before end-time"),
        (["--start-time", "yesterday"], "yesterday"),
        ([], "name a folder, a bucket or --trail-arn"),
        (["s3://amzn-s3-demo-nowhere"], "NoSuchBucket"),
    ],
)
def test_what_cannot_be_validated_is_told(delivered: tuple[Live, str], arguments: list[str], text: str) -> None:
    done = run(*arguments, "--data", delivered[0].server.data)
    assert done.exit_code == 2, done.output
    assert text in done.output
