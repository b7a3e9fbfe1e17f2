"""The servers that are measured side by side, each started as its users start it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Running", "bare", "cpu_seconds", "ministack", "moto", "trailwarden"]

_PEERS = Path(sys.prefix) / "peers" / "bin"
_KEY, _SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    name: str
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    access_key: str = _KEY
    secret_key: str = _SECRET


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its descendants so far."""
    ticks, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
                ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(each, 0) for each in family) / os.sysconf("SC_CLK_TCK")


@contextmanager
def trailwarden() -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        command = [
            sys.executable, "-m", "trailwarden.cli", "serve", "--data", folder, "--port", str(port),
            "--root-access-key", _KEY, "--root-secret-key", _SECRET,
        ]  # fmt: skip
        yield from _run("trailwarden", command, port, "/_trailwarden/health")


@contextmanager
def moto() -> Iterator[Running]:
    port = _free_port()
    yield from _run("moto", [str(_PEERS / "moto_server"), "-p", str(port)], port, "/moto-api/")


@contextmanager
def ministack() -> Iterator[Running]:
    port = _free_port()
    settings = {
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "GATEWAY_PORT": str(port),
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
    }
    yield from _run("ministack", [str(_PEERS / "ministack")], port, "/_ministack/health", **settings)


@contextmanager
def bare() -> Iterator[Running]:
    port = _free_port()
    command = [
        sys.executable, "-m", "uvicorn", "bench.bare:answer", "--port", str(port), "--http", "httptools",
        "--loop", "uvloop", "--no-access-log", "--log-level", "warning", "--lifespan", "off",
    ]  # fmt: skip
    yield from _run("bare uvicorn", command, port, "/")


def _run(name: str, command: list[str], port: int, page: str, **settings: str) -> Iterator[Running]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")} | settings
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, page, process)
        yield Running(name=name, port=port, process=process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(port: int, page: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=2).close()
        except OSError as error:
            if getattr(error, "code", None):
                return
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not come up")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
