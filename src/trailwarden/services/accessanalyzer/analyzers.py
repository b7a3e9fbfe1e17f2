"""Analyzers of external access: create, show, list, delete.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-getting-started.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.organization import membership
from trailwarden.services.accessanalyzer.errors import (
    ConflictException,
    NotValid,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "ANALYZER",
    "Analyzer",
    "ArchiveRule",
    "analyzer_by_arn",
    "analyzer_named",
    "create_analyzer",
    "delete_analyzer",
    "get_analyzer",
    "list_analyzers",
]

_EXTERNAL = ("ACCOUNT", "ORGANIZATION")


class ArchiveRule(msgspec.Struct, frozen=True, kw_only=True):
    """Findings that appear after the rule and meet its filter are put aside. `spared` are ids that it leaves alone.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html
    """

    name: str
    filter: dict[str, dict[str, Any]]
    created: float
    updated: float
    spared: tuple[str, ...] = ()


class Analyzer(msgspec.Struct, frozen=True, kw_only=True):
    """An analyzer. Key: (account, region, name). `archived` are ids of findings put aside."""

    name: str
    arn: str
    type: str
    created: float
    tags: dict[str, str] = {}
    archived: tuple[str, ...] = ()
    rules: tuple[ArchiveRule, ...] = ()


ANALYZER = Kind("accessanalyzer.analyzer", Analyzer)


@operation("accessanalyzer:CreateAnalyzer")
def create_analyzer(call: Call, world: World) -> Mapping[str, Any]:
    """Create an analyzer of external access; its zone of trust is the account or the organization.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
    """
    name, kind = call.params["analyzerName"], call.params["type"]
    if kind not in _EXTERNAL:
        raise NotValid(reason=f"Analyzers of type {kind} are not available on this server.")
    if kind == "ORGANIZATION" and membership(call.account, world.transaction) is None:
        raise NotValid(reason="The account is not a member of an organization.")
    standing = [document.body for document in world.list(ANALYZER, call.account, call.region)]
    if any(each.name == name for each in standing):
        raise ConflictException(reason=f"An analyzer with name {name} already exists.", members=_named(name))
    if any(each.type == kind for each in standing):
        raise ServiceQuotaExceededException(type=kind, members=_named(name))
    arn = str(Arn(service="access-analyzer", region=call.region, account=call.account, resource=f"analyzer/{name}"))
    rules = tuple(
        ArchiveRule(name=each["ruleName"], filter=dict(each["filter"]), created=call.now, updated=call.now)
        for each in call.params.get("archiveRules", ())
    )
    made = Analyzer(
        name=name, arn=arn, type=kind, created=call.now, tags=dict(call.params.get("tags", {})), rules=rules
    )
    world.put(ANALYZER, call.account, call.region, name, made)
    return {"arn": arn}


@operation("accessanalyzer:GetAnalyzer")
def get_analyzer(call: Call, world: World) -> Mapping[str, Any]:
    """Show an analyzer.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetAnalyzer.html
    """
    return {"analyzer": _shown(analyzer_named(call, world, call.params["analyzerName"]))}


@operation("accessanalyzer:ListAnalyzers")
def list_analyzers(call: Call, world: World) -> Mapping[str, Any]:
    """List the Region's analyzers.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAnalyzers.html
    """
    kind = call.params.get("type")
    found = [document.body for document in world.list(ANALYZER, call.account, call.region)]
    return page(call, "analyzers", [each for each in found if kind in {None, each.type}], _shown)


@operation("accessanalyzer:DeleteAnalyzer")
def delete_analyzer(call: Call, world: World) -> None:
    """Delete an analyzer.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_DeleteAnalyzer.html
    """
    analyzer = analyzer_named(call, world, call.params["analyzerName"])
    world.delete(ANALYZER, call.account, call.region, analyzer.name)


def analyzer_named(call: Call, world: World, name: str) -> Analyzer:
    """The analyzer, or ResourceNotFoundException."""
    found = world.find(ANALYZER, call.account, call.region, name)
    if found is None:
        raise ResourceNotFoundException(name=name, members=_named(name))
    return found


def analyzer_by_arn(call: Call, world: World, arn: str) -> Analyzer:
    """The analyzer of the caller's account and Region; ResourceNotFoundException."""
    parsed = Arn.parse(arn)
    found = world.find(ANALYZER, call.account, call.region, parsed.name) if parsed else None
    if found is None or found.arn != arn:
        raise ResourceNotFoundException(name=arn, members=_named(arn))
    return found


def _named(name: str) -> dict[str, object]:
    """The members that these errors carry."""
    return {"resourceId": name, "resourceType": "Analyzer"}


def _shown(analyzer: Analyzer) -> dict[str, Any]:
    return {
        "arn": analyzer.arn,
        "name": analyzer.name,
        "type": analyzer.type,
        "createdAt": analyzer.created,
        "tags": analyzer.tags,
        "status": "ACTIVE",
    }
