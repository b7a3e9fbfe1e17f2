"""A server whose folder outlives it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from trailwarden.cli.env import client_environment

__all__ = ["Server"]


class Server:
    """A server on a folder that outlives it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        options = ["--port", "0", "--delivery-interval", "0.5", "--digest-interval", "2"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "trailwarden.cli", "serve", "--data", str(self.data), *options],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        return process

    def end(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def restart(self) -> None:
        self.process = self._start()

    def client(self, service: str) -> Any:
        variables = client_environment(self.data)
        session: Any = boto3.session.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )
        return session.client(
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            config=Config(retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=10),
        )
