"""Archives: create, describe, list, update, delete."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.eventbridge.archive import ARCHIVE, Archive, archived_in
from trailwarden.services.eventbridge.bus import find_bus
from trailwarden.services.eventbridge.errors import Invalid, LimitExceeded, ResourceAlreadyExists, ResourceNotFound
from trailwarden.services.eventbridge.paging import PAGES
from trailwarden.services.eventbridge.patterns import check_pattern
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_archive", "delete_archive", "describe_archive", "find_archive", "list_archives", "update_archive"]

_MOST = 100
_ENABLED = "ENABLED"


@operation("events:CreateArchive")
def create_archive(call: Call, world: World) -> Mapping[str, Any]:
    """Keep the events of a bus that match a pattern, from now on.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
    """
    asked = call.params
    if world.find(ARCHIVE, call.account, call.region, asked["ArchiveName"]) is not None:
        raise ResourceAlreadyExists(what="Archive", name=asked["ArchiveName"])
    bus = find_bus(call, world, asked["EventSourceArn"])
    if asked.get("EventPattern"):
        check_pattern(asked["EventPattern"])
    if len(world.list(ARCHIVE, call.account, call.region)) >= _MOST:
        raise LimitExceeded
    archive = Archive(
        account=call.account,
        region=call.region,
        name=asked["ArchiveName"],
        id=world.chance.uuid(),
        source=bus.arn,
        created=call.now,
        pattern=asked.get("EventPattern") or "",
        description=asked.get("Description") or "",
        days=asked.get("RetentionDays") or 0,
        key=asked.get("KmsKeyIdentifier") or "",
    )
    world.put(ARCHIVE, archive.account, archive.region, archive.name, archive)
    return _made(archive)


@operation("events:UpdateArchive")
def update_archive(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateArchive.html."""
    asked = call.params
    if not any(name in asked for name in ("EventPattern", "RetentionDays", "Description", "KmsKeyIdentifier")):
        raise Invalid(reason="At least one of EventPattern, RetentionDays or Description must be provided.")
    archive = find_archive(call, world)
    if asked.get("EventPattern"):
        check_pattern(asked["EventPattern"])
    archive = msgspec.structs.replace(
        archive,
        pattern=asked.get("EventPattern", archive.pattern),
        description=asked.get("Description", archive.description),
        days=asked.get("RetentionDays", archive.days),
        key=asked.get("KmsKeyIdentifier", archive.key),
    )
    world.put(ARCHIVE, archive.account, archive.region, archive.name, archive)
    return _made(archive)


@operation("events:DeleteArchive")
def delete_archive(call: Call, world: World) -> None:
    """Delete an archive; its events go in the background.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteArchive.html
    """
    archive = find_archive(call, world)
    world.delete(ARCHIVE, archive.account, archive.region, archive.name)


@operation("events:DescribeArchive")
def describe_archive(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeArchive.html."""
    archive = find_archive(call, world)
    told = {
        "ArchiveArn": archive.arn,
        **_listed(world, archive),
        "Description": archive.description,
        "EventPattern": archive.pattern,
        "KmsKeyIdentifier": archive.key,
    }
    return {name: value for name, value in told.items() if value != ""}


@operation("events:ListArchives")
def list_archives(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListArchives.html."""
    asked, source = call.params, call.params.get("EventSourceArn") or ""
    if source:
        find_bus(call, world, source)
    prefix, state = asked.get("NamePrefix") or "", asked.get("State") or _ENABLED
    bodies = [each.body for each in world.list(ARCHIVE, call.account, call.region, prefix=prefix)]
    found = [each for each in bodies if (not source or each.source == source) and state == _ENABLED]
    return PAGES.page(
        call, "Archives", found, key=lambda archive: archive.name, shown=lambda archive: _listed(world, archive)
    )


def find_archive(call: Call, world: World) -> Archive:
    """ResourceNotFound."""
    name = call.params["ArchiveName"]
    archive = world.find(ARCHIVE, call.account, call.region, name)
    if archive is None:
        raise ResourceNotFound(reason=f"Archive {name} does not exist.")
    return archive


def _made(archive: Archive) -> Mapping[str, Any]:
    return {
        "ArchiveArn": archive.arn,
        "State": _ENABLED,
        "CreationTime": datetime.fromtimestamp(archive.created, UTC),
    }


def _listed(world: World, archive: Archive) -> Mapping[str, Any]:
    events = archived_in(world.storage.begin(), archive)
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.source,
        "State": _ENABLED,
        "RetentionDays": archive.days,
        "SizeBytes": sum(each.body.size for each in events),
        "EventCount": len(events),
        "CreationTime": datetime.fromtimestamp(archive.created, UTC),
    }
