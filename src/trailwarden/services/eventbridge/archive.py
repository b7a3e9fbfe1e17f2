"""An archive: what is stored of it, and the events that it keeps.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive-event.html
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.eventbridge.bus import Bus
from trailwarden.services.eventbridge.patterns import takes
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Kind, Reader

__all__ = ["ARCHIVE", "ARCHIVED", "Archive", "Archived", "archived_in", "keep_in_archives", "time_of"]

_MICROSECONDS = 1_000_000


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """An archive. Key: (account, region, name). `id` tells it from a later one of its name; `days` 0 keeps for ever."""

    account: str
    region: str
    name: str
    id: str
    source: str
    created: float
    pattern: str = ""
    description: str = ""
    days: int = 0
    key: str = ""

    @property
    def arn(self) -> str:
        """`arn:aws:events:us-east-1:123456789012:archive/name`."""
        return str(Arn(service="events", region=self.region, account=self.account, resource=f"archive/{self.name}"))


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """An event in an archive. Key: (account, region, `archive id:time-event id`). `blob` holds its JSON."""

    blob: str
    size: int
    time: float
    kept: float


ARCHIVE = Kind("events.archive", Archive)
ARCHIVED = Kind("events.archived", Archived)


def keep_in_archives(world: World, bus: Bus, event: Mapping[str, Any], *, seen: float) -> int:
    """Keep the event, which came at `seen`, in each archive of the bus that wants it and was there; gives how many do."""
    kept = 0
    for document in world.list(ARCHIVE, bus.account, bus.region):
        archive = document.body
        if (
            archive.source != bus.arn
            or archive.created > seen + 1.0
            or (archive.pattern and not takes(archive.pattern, event))
        ):
            continue
        data = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        time = time_of(event, world.now)
        name = f"{archive.id}:{int(time * _MICROSECONDS):017d}-{event['id']}"
        body = Archived(blob=world.transaction.store(data), size=len(data), time=time, kept=world.now)
        world.put(ARCHIVED, archive.account, archive.region, name, body)
        kept += 1
    return kept


def archived_in(
    reader: Reader, archive: Archive, *, after: str = "", limit: int | None = None
) -> Sequence[Document[Archived]]:
    """The events of an archive in order of their time."""
    return reader.list(ARCHIVED, archive.account, archive.region, prefix=f"{archive.id}:", after=after, limit=limit)


def time_of(event: Mapping[str, Any], otherwise: float) -> float:
    """When the event happened."""
    try:
        return datetime.strptime(str(event["time"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except (KeyError, ValueError):
        return otherwise
