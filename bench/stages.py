"""Where the time of a call goes: the server in this process, a clock around each stage.

python -m bench.stages [calls a row]
"""

import asyncio
import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.calls import CALLS, preparations, requests_for
from bench.servers import Running

from trailwarden import wire
from trailwarden.app import Config, build
from trailwarden.app.front import Front
from trailwarden.wire import HttpRequest

__all__ = ["main"]

_STAGES = ("route", "read", "authenticate", "resolve", "authorize", "handle", "record", "write", "loop", "commit")
_IN_PIPELINE = ("authenticate", "resolve", "authorize", "handle", "record")
_IN_WIRE = ("route", "read", "write")
_AT_ONCE = 16
_WARM = 400
_LOOKS = 20_000


class Watch:
    """Processor time by stage, of the thread that runs it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._look = _cost_of_a_look()

    def over(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time taken, the watch's own taken off."""

        def timed(*given: Any) -> Any:
            begun = time.thread_time()
            try:
                return function(*given)
            finally:
                self.spent[stage] = self.spent.get(stage, 0.0) + time.thread_time() - begun - self._look

        return timed


def _cost_of_a_look() -> float:
    begun = time.thread_time()
    for _ in range(_LOOKS):
        time.thread_time()
    return (time.thread_time() - begun) / _LOOKS


def _watch(front: Front) -> Watch:
    """A watch over every stage. `loop` is what the event loop's thread spends besides, `commit` what the others spend."""
    watch = Watch()
    stages: dict[str, Any] = {name: watch.over(name, getattr(front.pipeline, name)) for name in _IN_PIPELINE}
    front.pipeline = dataclasses.replace(front.pipeline, **stages)
    for name in _IN_WIRE:
        setattr(wire, name, watch.over(name, getattr(wire, name)))
    return watch


def _request(raw: bytes) -> HttpRequest:
    """A request as the edge makes it of these bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return HttpRequest(method=method, raw_path=path, query=query, headers=headers, body=body, client="127.0.0.1")


async def _ask(front: Front, requests: list[HttpRequest], count: int) -> None:
    """That many answers, some at once; each must be a success."""
    supply = islice(cycle(requests), count)
    while together := list(islice(supply, _AT_ONCE)):
        for answer in await asyncio.gather(*map(front.answer, together)):
            if answer.status >= 300:
                raise RuntimeError(answer.body.decode())


async def _measure(front: Front, watch: Watch, requests: list[HttpRequest], count: int) -> dict[str, float]:
    """Microseconds a call by stage."""
    await _ask(front, requests, _WARM)
    watch.spent.clear()
    whole, here = time.process_time(), time.thread_time()
    await _ask(front, requests, count)
    whole, here = time.process_time() - whole, time.thread_time() - here
    spent = watch.spent | {"loop": here - sum(watch.spent.values()), "commit": whole - here}
    return {name: spent[name] / count * 1e6 for name in _STAGES}


async def _rows(front: Front, server: Running, count: int) -> dict[str, dict[str, float]]:
    for raw in preparations(server):
        await _ask(front, [_request(raw)], 1)
    watch = _watch(front)
    return {
        call: await _measure(front, watch, [_request(raw) for raw in requests_for(call, server)], count)
        for call in CALLS
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    with tempfile.TemporaryDirectory() as folder:
        at = Running(name="trailwarden", port=4566)
        config = Config(data=Path(folder), root_access_key=at.access_key, root_secret_key=at.secret_key)
        server = build(config)
        front: Front = server.asgi.answer.__self__  # type: ignore[attr-defined]  # the very one that is served
        rows = asyncio.run(_rows(front, at, count))
        server.storage.close()
    print(f"\nCPU us/call by stage, in process, {_AT_ONCE} at once")
    print(f"{'':14}{''.join(f'{call:>28}' for call in CALLS)}")
    for name in _STAGES:
        print(f"{name:14}{''.join(f'{rows[call][name]:28.0f}' for call in CALLS)}")
    print(f"{'sum':14}{''.join(f'{sum(rows[call].values()):28.0f}' for call in CALLS)}", flush=True)


if __name__ == "__main__":
    main()
