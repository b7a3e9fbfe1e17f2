"""Access previews: the findings that a resource would have under other permissions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-access-preview.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from trailwarden.policy import MalformedPolicy
from trailwarden.services.accessanalyzer.analyzers import Analyzer, analyzer_by_arn
from trailwarden.services.accessanalyzer.archiving import archived
from trailwarden.services.accessanalyzer.errors import ConflictException, NotValid, ResourceNotFoundException
from trailwarden.services.accessanalyzer.external import Access, external_access
from trailwarden.services.accessanalyzer.filters import meets
from trailwarden.services.accessanalyzer.findings import accesses, resources_of, zone_of
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.accessanalyzer.previewed import proposed
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["create_access_preview", "get_access_preview", "list_access_preview_findings", "list_access_previews"]

_COMPLETED, _FAILED = "COMPLETED", "FAILED"


class AccessPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A preview with its findings, as they were when it was made. Key: (account, region, its id)."""

    id: str
    analyzer: str
    created: float
    status: str
    configurations: dict[str, Any]
    findings: tuple[dict[str, Any], ...] = ()


PREVIEW = Kind("accessanalyzer.preview", AccessPreview)


@operation("accessanalyzer:CreateAccessPreview")
def create_access_preview(call: Call, world: World) -> Mapping[str, Any]:
    """Find out who would get in from outside under a proposed configuration, and what of that is new.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAccessPreview.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    if analyzer.type != "ACCOUNT":
        raise NotValid(reason="Access previews are only available for analyzers of type ACCOUNT.")
    configurations = {arn: dict(each) for arn, each in call.params["configurations"].items()}
    if any(len(each) != 1 for each in configurations.values()):
        raise NotValid(reason="Each configuration must be that of exactly one type of resource.")
    try:
        findings = tuple(_compared(call, world, analyzer, configurations))
        status = _COMPLETED
    except (MalformedPolicy, json.JSONDecodeError, AttributeError, TypeError):
        findings, status = (), _FAILED
    preview = AccessPreview(
        id=world.chance.uuid(),
        analyzer=analyzer.arn,
        created=call.now,
        status=status,
        configurations=configurations,
        findings=findings,
    )
    world.put(PREVIEW, call.account, call.region, preview.id, preview)
    return {"id": preview.id}


@operation("accessanalyzer:GetAccessPreview")
def get_access_preview(call: Call, world: World) -> Mapping[str, Any]:
    """Show a preview with its configuration.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetAccessPreview.html
    """
    preview = _preview(call, world)
    return {"accessPreview": {**_shown(preview), "configurations": preview.configurations}}


@operation("accessanalyzer:ListAccessPreviews")
def list_access_previews(call: Call, world: World) -> Mapping[str, Any]:
    """List an analyzer's previews.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAccessPreviews.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    every = (document.body for document in world.list(PREVIEW, call.account, call.region))
    return page(call, "accessPreviews", [each for each in every if each.analyzer == analyzer.arn], _shown)


@operation("accessanalyzer:ListAccessPreviewFindings")
def list_access_preview_findings(call: Call, world: World) -> Mapping[str, Any]:
    """List what a preview found.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAccessPreviewFindings.html
    """
    preview = _preview(call, world)
    if preview.status != _COMPLETED:
        raise ConflictException(
            reason="The access preview has not been completed.",
            members={"resourceId": preview.id, "resourceType": "AccessPreview"},
        )
    wanted = [each for each in preview.findings if meets(each, call.params.get("filter", {}))]
    return page(call, "findings", wanted, dict)


def _preview(call: Call, world: World) -> AccessPreview:
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    name = call.params["accessPreviewId"]
    found = world.find(PREVIEW, call.account, call.region, name)
    if found is None or found.analyzer != analyzer.arn:
        raise ResourceNotFoundException(name=name, members={"resourceId": name, "resourceType": "AccessPreview"})
    return found


def _shown(preview: AccessPreview) -> dict[str, Any]:
    failed = {"statusReason": {"code": "INVALID_CONFIGURATION"}} if preview.status == _FAILED else {}
    return {
        "id": preview.id,
        "analyzerArn": preview.analyzer,
        "createdAt": preview.created,
        "status": preview.status,
        **failed,
    }


def _compared(
    call: Call, world: World, analyzer: Analyzer, configurations: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """What would be found, each as new, changed or unchanged; then what would be found no more."""
    zone = zone_of(call, world, analyzer)
    standing = {held.arn: held for held in resources_of(call, world, analyzer)}
    now = [each for each in accesses(call, world, analyzer) if each.held.arn in configurations]
    would = [
        access
        for arn, configuration in configurations.items()
        for held in proposed(arn, call.account, configuration, standing.get(arn))
        for access in external_access(world, held, zone)
    ]
    kept = set()
    for access in {each.id: each for each in would}.values():
        before = _before(access, now)
        if before is not None:
            kept.add(before.id)
        yield _finding(call, world, analyzer, access, before)
    for gone in now:
        if gone.id not in kept:
            yield {**_finding(call, world, analyzer, gone, gone), "changeType": "CHANGED", "status": "RESOLVED"}


def _before(access: Access, now: list[Access]) -> Access | None:
    """The finding that there is: the same one, else one about the same principal and resource."""
    same = [each for each in now if (each.held.arn, each.principal) == (access.held.arn, access.principal)]
    return next((each for each in same if each.id == access.id), same[0] if same else None)


def _finding(call: Call, world: World, analyzer: Analyzer, access: Access, before: Access | None) -> dict[str, Any]:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_AccessPreviewFinding.html."""
    aside = archived(analyzer, before or access)
    existing = {}
    if before is not None:
        existing = {"existingFindingId": before.id, "existingFindingStatus": "ARCHIVED" if aside else "ACTIVE"}
    change = "NEW" if before is None else "UNCHANGED" if before.id == access.id else "CHANGED"
    return {
        "id": world.chance.uuid(),
        **existing,
        "principal": {access.kind: access.principal},
        "action": list(access.actions),
        "condition": dict(access.conditions),
        "resource": access.held.arn,
        "isPublic": access.public,
        "resourceType": access.held.type,
        "createdAt": call.now,
        "changeType": change,
        "status": "ARCHIVED" if aside else "ACTIVE",
        "resourceOwnerAccount": access.held.account,
        "sources": [{"type": "POLICY"}],
    }
