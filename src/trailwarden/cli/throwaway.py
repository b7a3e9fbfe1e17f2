"""A server for a demonstration: on a free port, in a folder that is gone afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Throwaway", "throwaway_server"]

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throwaway:
    """A running server: its data folder, and its `ready` line."""

    data: Path
    ready: str


@contextmanager
def throwaway_server(*options: str) -> Iterator[Throwaway]:
    """Start a server as a newcomer would, and end it. RuntimeError where it does not come up."""
    with tempfile.TemporaryDirectory(prefix="trailwarden-") as folder:
        data = Path(folder) / "data"
        process = _started(data, options)
        try:
            yield Throwaway(data=data, ready=_ready(process))
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _started(data: Path, options: tuple[str, ...]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "trailwarden.cli", "serve", "--data", str(data), "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603 — our own program


def _ready(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line.startswith("ready "):
        raise RuntimeError("the server did not start")
    return line
