"""`make bench`: CPU a request and requests a core-second, for all servers in one run."""

import asyncio
import os
import platform
import subprocess
import sys

from bench import policy, servers
from bench.calls import CALLS, prepare, requests_for
from bench.load import drive
from bench.servers import Running, cpu_seconds

_SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
_CONNECTIONS = 16
_WARM = 1.0


def measure(server: Running, call: str) -> float:
    """CPU seconds a request; every answer must be a success."""
    requests = requests_for(call, server)
    if server.process is None:
        raise RuntimeError("a server of its own process is measured")
    asyncio.run(drive("127.0.0.1", server.port, requests, connections=_CONNECTIONS, seconds=_WARM))
    before = cpu_seconds(server.process.pid)
    load = asyncio.run(drive("127.0.0.1", server.port, requests, connections=_CONNECTIONS, seconds=_SECONDS))
    spent = cpu_seconds(server.process.pid) - before
    if server.name != "bare uvicorn" and set(load.statuses) != {200}:
        print(f"  {server.name} {call}: not every answer is a success: {dict(load.statuses)}", file=sys.stderr)
    return spent / max(load.answered, 1)


def main() -> None:
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {_CONNECTIONS} connections, {_SECONDS:.0f} s a row"
    )
    print(f"{'':28}{'CPU ms/request':>16}{'requests/core-s':>18}")
    spent: dict[tuple[str, str], float] = {}
    for start in (servers.bare, servers.trailwarden, servers.ministack, servers.moto):
        try:
            with start() as server:
                if server.name != "bare uvicorn":
                    prepare(server)
                for call in CALLS:
                    cost = spent[server.name, call] = measure(server, call)
                    print(f"{server.name:14}{call:28}{cost * 1000:8.3f}{1 / cost:14.0f}", flush=True)
        except (RuntimeError, OSError) as error:
            print(f"{start.__name__}: {error}")
    for peer in ("moto", "ministack", "bare uvicorn"):
        for call in CALLS:
            if (peer, call) in spent and ("trailwarden", call) in spent:
                print(f"{call:28} {spent[peer, call] / spent['trailwarden', call]:6.1f} times {peer}")


if sys.argv[1:] != ["policy"]:
    main()
    for bench in ("bench.stages", "bench.replay", "bench.validation", "bench.identity"):
        subprocess.run([sys.executable, "-m", bench], check=False)
policy.main()
