"""`trailwarden validate` over 2,000 log files, in a bucket of a server and in a copied folder, beside the stock command in the same run."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lasting import Server
from tests.trails import bucket_policy

from trailwarden.app import Config
from trailwarden.app.founding import open_vault
from trailwarden.cli.env import client_environment
from trailwarden.clock import Chance
from trailwarden.delivery.digest import Span, signed_digest
from trailwarden.delivery.keys import Keyring, Signer
from trailwarden.delivery.logfile import file_name, log_file
from trailwarden.delivery.progress import Delivered
from trailwarden.delivery.trail import Trail, TrailStatus
from trailwarden.storage import Entry, open_storage

__all__ = ["main"]

_DIGESTS, _LOGS, _EVENTS = 20, 100, 100
_BUCKET, _REGION, _HOUR = "amzn-s3-demo-bench", "us-east-1", 3_600
_RECORD = b'{"eventVersion":"1.11","eventName":"GetUser","padding":"' + b"0123456789abcdef" * 60 + b'"}'
_File = tuple[str, bytes, Mapping[str, str]]


def main() -> None:
    """Print seconds and CPU seconds of each, and how many times faster than the stock command."""
    with tempfile.TemporaryDirectory() as folder:
        data, copy = Path(folder) / "data", Path(folder) / "copy"
        server = Server(data)
        account = server.client("sts").get_caller_identity()["Account"]
        server.end()
        files = list(
            _delivered(Trail(account=account, home_region=_REGION, name="Bench", created=0.0, bucket=_BUCKET), data)
        )
        server.restart()
        try:
            arn, keys = _set_up(server, account, files, copy)
            _compare(data, arn, copy, keys)
        finally:
            server.end()


def _compare(data: Path, arn: str, copy: Path, keys: Path) -> None:
    own = [sys.executable, "-m", "trailwarden.cli", "validate"]
    stock = [sys.executable, "-m", "awscli", "cloudtrail", "validate-logs", "--start-time", "2020-01-01T00:00:00Z"]
    runs = {
        "aws cloudtrail validate-logs": [*stock, "--trail-arn", arn],
        "trailwarden validate, bucket": [*own, f"s3://{_BUCKET}", "--data", str(data)],
        "trailwarden validate, folder": [*own, str(copy), "--keys", str(keys), "--data", str(copy)],
    }
    print(f"validation of {_DIGESTS * _LOGS:,} log files in {_DIGESTS} digests")
    first = 0.0
    for name, command in runs.items():
        wall, spent = _timed(command, data)
        first = first or wall
        print(f"  {name:32}{wall:8.2f} s{spent:8.2f} CPU s{first / wall:8.1f} times", flush=True)


def _timed(command: Sequence[str], data: Path) -> tuple[float, float]:
    """Seconds by the clock and of CPU; everything must be valid."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, env={**environment, **client_environment(data)}, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or f"{_DIGESTS * _LOGS}/{_DIGESTS * _LOGS} log files valid" not in done.stdout:
        raise RuntimeError(f"not everything is valid: {done.stdout[-500:]}{done.stderr[-500:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _delivered(trail: Trail, data: Path) -> Iterator[_File]:
    """A chain signed with a key of the (stopped) server's: key, bytes and metadata of each file."""
    config = Config(data=data)
    storage = open_storage(config.database_url, blobs=config.blobs_url)
    transaction, now = storage.begin(), time.time()
    signer = Keyring(open_vault(data, Chance())).signer(transaction, region=_REGION, now=now)
    storage.commit(transaction).result()
    storage.close()
    status, start = TrailStatus(), int(now) - (_DIGESTS + 1) * _HOUR
    for number in range(_DIGESTS):
        begun = start + number * _HOUR
        logs = [_log(trail, begun + 30.0 * each) for each in range(_LOGS)]
        yield from ((delivered.key, data, {}) for delivered, data in logs)
        status, file = _digest(trail, begun, [delivered for delivered, _ in logs], status, signer)
        yield file


def _digest(
    trail: Trail, start: int, logs: Sequence[Delivered], status: TrailStatus, signer: Signer
) -> tuple[TrailStatus, _File]:
    span = Span(account=trail.account, region=_REGION, start=start, end=start + _HOUR)
    made = signed_digest(trail, span, logs, previous=status, signer=signer)
    after = TrailStatus(
        previous_bucket=_BUCKET, previous_key=made.key, previous_hash=made.file.hash, previous_signature=made.signature
    )
    return after, (made.key, made.file.data, made.metadata)


def _log(trail: Trail, at: float) -> tuple[Delivered, bytes]:
    key = file_name(trail, kind="CloudTrail", account=trail.account, region=_REGION, now=at, chance=Chance())
    file = log_file([_entry(trail.account, at + number / _EVENTS) for number in range(_EVENTS)])
    return Delivered(bucket=_BUCKET, key=key, hash=file.hash, newest=at, oldest=at, time=at), file.data


def _entry(account: str, at: float) -> Entry:
    return Entry(
        event_id=str(at),
        time=at,
        account=account,
        region=_REGION,
        category="Management",
        source="iam.amazonaws.com",
        name="GetUser",
        read_only=True,
        record=_RECORD,
    )


def _set_up(server: Server, account: str, files: Sequence[_File], copy: Path) -> tuple[str, Path]:
    """The trail's ARN with everything in its bucket, and the file of its public keys beside the copy."""
    s3, trails = server.client("s3"), server.client("cloudtrail")
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(bucket_policy(_BUCKET, account)))
    arn: str = trails.create_trail(Name="Bench", S3BucketName=_BUCKET)["TrailARN"]

    def put(file: _File) -> None:
        key, data, metadata = file
        s3.put_object(Bucket=_BUCKET, Key=key, Body=data, Metadata=metadata)
        path = copy / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, files))
    keys = copy / "keys.json"
    listed = subprocess.run(
        [sys.executable, "-m", "awscli", "cloudtrail", "list-public-keys", "--output", "json"],
        env={**os.environ, **client_environment(server.data)},
        capture_output=True,
        check=True,
    )
    keys.write_bytes(listed.stdout)
    return arn, keys


if __name__ == "__main__":
    main()
