"""Stock clients, unchanged: the `aws` command line and the AWS SDK for JavaScript."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import Live
from tests.trails import logging_trail

from trailwarden.cli.env import client_environment

SCRIPTS = Path(__file__).parent / "javascript"


def environment(live: Live) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **client_environment(live.server.data)}


def aws(live: Live, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "awscli", *arguments]
    return subprocess.run(command, env=environment(live), capture_output=True, text=True, check=False)


def test_the_command_line(live: Live) -> None:
    bucket = "amzn-s3-demo-command-line"
    logging_trail(live, "Command-Line", bucket)
    assert json.loads(aws(live, "sts", "get-caller-identity").stdout)["Arn"] == f"arn:aws:iam::{live.account}:root"
    assert bucket in aws(live, "s3", "ls").stdout
    status = aws(live, "cloudtrail", "get-trail-status", "--name", "Command-Line")
    assert json.loads(status.stdout)["IsLogging"] is True
    refused = aws(live, "cloudtrail", "get-trail-status", "--name", "No-Such-Trail")
    assert refused.returncode != 0
    assert (
        "An error occurred (TrailNotFoundException) when calling the GetTrailStatus operation: Unknown trail: "
        f"arn:aws:cloudtrail:us-east-1:{live.account}:trail/No-Such-Trail for the user: {live.account}"
    ) in refused.stderr


def test_copying_with_the_command_line(live: Live, tmp_path: Path) -> None:
    bucket, sent, back = "amzn-s3-demo-copy", tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(os.urandom(9 * 1024 * 1024))
    assert aws(live, "s3", "mb", f"s3://{bucket}").returncode == 0
    for step in (("cp", str(sent), f"s3://{bucket}/a/b c"), ("cp", f"s3://{bucket}/a/b c", str(back))):
        done = aws(live, "s3", *step)
        assert done.returncode == 0, done.stderr
    assert back.read_bytes() == sent.read_bytes()
    assert aws(live, "s3", "rb", f"s3://{bucket}", "--force").returncode == 0


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK installed beside the script; the tests that need it are skipped where that cannot be done."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("package.json", "story.mjs"):
        shutil.copy(SCRIPTS / name, folder)
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"the AWS SDK for JavaScript cannot be installed: {done.stderr[-300:]}")
    return folder


@pytest.mark.slow
def test_the_javascript_sdk(live: Live, modules: Path) -> None:
    logging_trail(live, "From-JavaScript", "amzn-s3-demo-javascript")
    done = subprocess.run(
        ["node", "story.mjs", "amzn-s3-demo-javascript", "From-JavaScript", "marymajor-js"],
        cwd=modules,
        env=environment(live),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["account"] == live.account
    assert seen["object"] == ["hello", "b"]
    assert seen["denied"][0] == "AccessDeniedException"
    assert seen["denied"][1].endswith("because no identity-based policy allows the cloudtrail:GetTrailStatus action")
    assert seen["logging"] is True
