"""The stock client's `aws cloudtrail validate-logs` against a server."""

import os
import subprocess
import sys
from pathlib import Path

from trailwarden.cli.env import client_environment

__all__ = ["validate_logs"]


def validate_logs(data: Path, arn: str, start: str = "2026-01-01T00:00:00Z", *, account: str = "") -> tuple[int, str]:
    """Its exit status and what it says; `account` is a member's, for an organization's trail."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "awscli",
            "cloudtrail",
            "validate-logs",
            "--trail-arn",
            arn,
            "--start-time",
            start,
            "--verbose",
            *(("--account-id", account) if account else ()),
        ],
        env={**environment, **client_environment(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
