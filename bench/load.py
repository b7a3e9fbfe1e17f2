"""Sends prepared requests over kept connections as fast as the answers come."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

__all__ = ["Load", "drive"]


@dataclass(slots=True)
class Load:
    """What came back: answers by status."""

    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())


async def drive(host: str, port: int, requests: list[bytes], *, connections: int, seconds: float) -> Load:
    """Keep `connections` busy for that long; requests are taken in turn, again from the first when they are used up."""
    load, supply = Load(), cycle(requests)
    end = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(_one(host, port, supply, load, end) for _ in range(connections)))
    return load


async def _one(host: str, port: int, supply: "cycle[bytes]", load: Load, end: float) -> None:
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(host, port)
    while loop.time() < end:
        writer.write(next(supply))
        try:
            status, keep = await _answer(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            status, keep = 0, False
        load.statuses[status] += 1
        if not keep:
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    keep = b"connection: close" not in head and not head.startswith(b"http/1.0")
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    if length:
        await reader.readexactly(int(length))
    elif b"transfer-encoding: chunked" in head:
        while (size := int(await reader.readuntil(b"\r\n"), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return status, keep
