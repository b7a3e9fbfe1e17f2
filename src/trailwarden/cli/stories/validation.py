"""The end of the demonstration: the stock client validates the record of it all."""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from trailwarden.cli.env import client_environment
from trailwarden.cli.stories.stage import DemoFailed, Stage

__all__ = ["validation"]

_BUCKET, _TRAIL = "amzn-s3-demo-logging-bucket", "My-Trail"
_PERIODS = 3
_PATIENCE = 40.0


def validation(stage: Stage, began: datetime) -> None:
    """`aws cloudtrail validate-logs` over at least three digest files."""
    stage.say(f"All of it was recorded; the stock client validates the record over at least {_PERIODS} digest files.")
    _wait_for_digests(stage)
    arn = f"arn:aws:cloudtrail:{stage.admin.connection.region}:{stage.account}:trail/{_TRAIL}"
    start = (began - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    arguments = ["cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", start]
    stage.typed(stage.admin, f"aws {' '.join(arguments)}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603 — the stock client with our arguments
        [sys.executable, "-m", "awscli", *arguments],
        env={**environment, **client_environment(stage.server.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    stage.shown(done.stdout.strip())
    if done.returncode != 0 or "log files valid" not in done.stdout:
        raise DemoFailed(f"validate-logs: exit {done.returncode} {done.stderr.strip()}")


def _wait_for_digests(stage: Stage) -> None:
    s3, deadline = stage.admin.client("s3"), time.monotonic() + _PATIENCE
    prefix = f"AWSLogs/{stage.account}/CloudTrail-Digest/"
    while time.monotonic() < deadline:
        keys: list[Any] = s3.list_objects_v2(Bucket=_BUCKET, Prefix=prefix).get("Contents", [])
        if len(keys) >= _PERIODS:
            return
        time.sleep(0.5)
    raise DemoFailed(f"fewer than {_PERIODS} digest files after {_PATIENCE:.0f} seconds")
