"""Findings of external access, computed from the policies as they stand when they are asked for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.organization import MEMBER_ACCOUNT, membership
from trailwarden.services.accessanalyzer.analyzers import ANALYZER, Analyzer, analyzer_by_arn
from trailwarden.services.accessanalyzer.archiving import archived, taken_up
from trailwarden.services.accessanalyzer.errors import NotValid, ResourceNotFoundException
from trailwarden.services.accessanalyzer.external import Access, Zone, external_access
from trailwarden.services.accessanalyzer.filters import meets
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.accessanalyzer.resources import Held, held_resources
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["accesses", "get_analyzed_resource", "get_finding", "get_finding_v2", "list_analyzed_resources", "list_findings",
           "list_findings_v2", "resources_of", "start_resource_scan", "update_findings", "zone_of"]  # fmt: skip

_ARCHIVED, _ACTIVE = "ARCHIVED", "ACTIVE"


@operation("accessanalyzer:ListFindings")
def list_findings(call: Call, world: World) -> Mapping[str, Any]:
    """List the findings of an analyzer that meet the filter.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListFindings.html
    """
    return _listed(call, world, _finding)


@operation("accessanalyzer:ListFindingsV2")
def list_findings_v2(call: Call, world: World) -> Mapping[str, Any]:
    """List the findings of an analyzer that meet the filter, in the newer shape.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListFindingsV2.html
    """
    return _listed(call, world, _summary)


@operation("accessanalyzer:GetFinding")
def get_finding(call: Call, world: World) -> Mapping[str, Any]:
    """Show a finding.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetFinding.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    return {"finding": _finding(call, analyzer, _access(call, world, analyzer))}


@operation("accessanalyzer:GetFindingV2")
def get_finding_v2(call: Call, world: World) -> Mapping[str, Any]:
    """Show a finding in the newer shape.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetFindingV2.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    access = _access(call, world, analyzer)
    told = _finding(call, analyzer, access)
    details = {name: told[name] for name in ("principal", "action", "condition", "isPublic", "sources")}
    return {**_summary(call, analyzer, access), "findingDetails": [{"externalAccessDetails": details}]}


@operation("accessanalyzer:UpdateFindings")
def update_findings(call: Call, world: World) -> None:
    """Put findings aside, or take them up again: those named, or all about a resource.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UpdateFindings.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    ids, resource = call.params.get("ids"), call.params.get("resourceArn")
    if (ids is None) is (resource is None):
        raise NotValid(reason="Either ids or a resourceArn must be given.")
    there = accesses(call, world, analyzer)
    named = {each.id for each in there if each.held.arn == resource} if ids is None else set(ids)
    if not named <= {each.id for each in there}:
        raise ResourceNotFoundException(name=", ".join(sorted(named)), members={"resourceType": "Finding"})
    if call.params["status"] == _ARCHIVED:
        aside = tuple(sorted({*analyzer.archived, *named}))
        changed = msgspec.structs.replace(analyzer, archived=aside)
    else:
        changed = taken_up(analyzer, named)
    world.put(ANALYZER, call.account, call.region, analyzer.name, changed)


@operation("accessanalyzer:StartResourceScan")
def start_resource_scan(call: Call, world: World) -> None:
    """Have a resource analyzed; findings are always up to date, so that nothing is left to do for one that is there.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_StartResourceScan.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    _held(call, world, analyzer)


@operation("accessanalyzer:GetAnalyzedResource")
def get_analyzed_resource(call: Call, world: World) -> Mapping[str, Any]:
    """Show what is known of a resource.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetAnalyzedResource.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    held = _held(call, world, analyzer)
    found = list(external_access(world, held, zone_of(call, world, analyzer)))
    told = {
        "resourceArn": held.arn,
        "resourceType": held.type,
        "resourceOwnerAccount": held.account,
        "createdAt": analyzer.created,
        "analyzedAt": call.now,
        "updatedAt": call.now,
        "isPublic": any(each.public for each in found),
    }
    if found:
        told |= {
            "status": _ACTIVE,
            "sharedVia": ["POLICY"],
            "actions": sorted({action for each in found for action in each.actions}),
        }
    return {"resource": told}


@operation("accessanalyzer:ListAnalyzedResources")
def list_analyzed_resources(call: Call, world: World) -> Mapping[str, Any]:
    """List the resources that are analyzed.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAnalyzedResources.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    kind = call.params.get("resourceType")
    found = [held for held in resources_of(call, world, analyzer) if kind in {None, held.type}]
    return page(call, "analyzedResources", found, _resource)


def _resource(held: Held) -> dict[str, Any]:
    return {"resourceArn": held.arn, "resourceType": held.type, "resourceOwnerAccount": held.account}


def _held(call: Call, world: World, analyzer: Analyzer) -> Held:
    arn = call.params["resourceArn"]
    for held in resources_of(call, world, analyzer):
        if held.arn == arn:
            return held
    raise ResourceNotFoundException(name=arn, members={"resourceId": arn, "resourceType": "Resource"})


def _listed(call: Call, world: World, shown: Any) -> Mapping[str, Any]:
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    pairs = [(_finding(call, analyzer, access), access) for access in accesses(call, world, analyzer)]
    wanted = [access for told, access in pairs if meets(told, call.params.get("filter", {}))]
    return page(call, "findings", wanted, lambda access: shown(call, analyzer, access))


def accesses(call: Call, world: World, analyzer: Analyzer) -> list[Access]:
    """The access from outside that there is now, by resource."""
    zone = zone_of(call, world, analyzer)
    found = {
        each.id: each for held in resources_of(call, world, analyzer) for each in external_access(world, held, zone)
    }
    return sorted(found.values(), key=lambda access: (access.held.arn, access.id))


def resources_of(call: Call, world: World, analyzer: Analyzer) -> list[Held]:
    """The resources in the analyzer's zone."""
    accounts = sorted(zone_of(call, world, analyzer).accounts) if analyzer.type == "ORGANIZATION" else [call.account]
    return [held for account in accounts for held in held_resources(world, account, call.region)]


def zone_of(call: Call, world: World, analyzer: Analyzer) -> Zone:
    """The analyzer's zone of trust."""
    place = membership(call.account, world.transaction)
    if analyzer.type == "ACCOUNT" or place is None:
        return Zone(accounts=frozenset({call.account}))
    members = frozenset(document.name for document in world.list(MEMBER_ACCOUNT, place.organization.id, ""))
    return Zone(accounts=members | {call.account}, organization=place.organization.id)


def _access(call: Call, world: World, analyzer: Analyzer) -> Access:
    for access in accesses(call, world, analyzer):
        if access.id == call.params["id"]:
            return access
    members = {"resourceId": call.params["id"], "resourceType": "Finding"}
    raise ResourceNotFoundException(name=call.params["id"], members=members)


def _summary(call: Call, analyzer: Analyzer, access: Access) -> dict[str, Any]:
    return {
        "id": access.id,
        "resource": access.held.arn,
        "resourceType": access.held.type,
        "resourceOwnerAccount": access.held.account,
        "createdAt": analyzer.created,
        "analyzedAt": call.now,
        "updatedAt": call.now,
        "status": _ARCHIVED if archived(analyzer, access) else _ACTIVE,
        "findingType": "ExternalAccess",
    }


def _finding(call: Call, analyzer: Analyzer, access: Access) -> dict[str, Any]:
    told = _summary(call, analyzer, access)
    del told["findingType"]
    return told | {
        "principal": {access.kind: access.principal},
        "action": list(access.actions),
        "condition": dict(access.conditions),
        "isPublic": access.public,
        "sources": [{"type": "POLICY"}],
    }
