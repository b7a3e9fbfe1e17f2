"""Archive rules: create, show, list, change, delete, apply to what is there.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.accessanalyzer.analyzers import (
    ANALYZER,
    Analyzer,
    ArchiveRule,
    analyzer_by_arn,
    analyzer_named,
)
from trailwarden.services.accessanalyzer.archiving import archived, matches
from trailwarden.services.accessanalyzer.errors import (
    ConflictException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from trailwarden.services.accessanalyzer.findings import accesses
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "apply_archive_rule",
    "create_archive_rule",
    "delete_archive_rule",
    "get_archive_rule",
    "list_archive_rules",
    "update_archive_rule",
]

_MOST = 100


class TooManyRules(ServiceQuotaExceededException):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html."""

    code = "ServiceQuotaExceededException"
    message = "The maximum number of archive rules of an analyzer has been reached."


@operation("accessanalyzer:CreateArchiveRule")
def create_archive_rule(call: Call, world: World) -> None:
    """Have findings put aside that meet a filter, from now on.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateArchiveRule.html
    """
    analyzer, name = analyzer_named(call, world, call.params["analyzerName"]), call.params["ruleName"]
    if any(rule.name == name for rule in analyzer.rules):
        raise ConflictException(reason=f"An archive rule with name {name} already exists.", members=_named(name))
    if len(analyzer.rules) >= _MOST:
        raise TooManyRules(members=_named(name))
    rule = ArchiveRule(name=name, filter=dict(call.params["filter"]), created=call.now, updated=call.now)
    _keep(call, world, analyzer, _sparing(call, world, analyzer, rule))


@operation("accessanalyzer:GetArchiveRule")
def get_archive_rule(call: Call, world: World) -> Mapping[str, Any]:
    """Show a rule.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetArchiveRule.html
    """
    analyzer = analyzer_named(call, world, call.params["analyzerName"])
    return {"archiveRule": _shown(_rule(analyzer, call.params["ruleName"]))}


@operation("accessanalyzer:ListArchiveRules")
def list_archive_rules(call: Call, world: World) -> Mapping[str, Any]:
    """List an analyzer's rules.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListArchiveRules.html
    """
    return page(call, "archiveRules", analyzer_named(call, world, call.params["analyzerName"]).rules, _shown)


@operation("accessanalyzer:UpdateArchiveRule")
def update_archive_rule(call: Call, world: World) -> None:
    """Give a rule another filter. What is active stays so.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UpdateArchiveRule.html
    """
    analyzer = analyzer_named(call, world, call.params["analyzerName"])
    rule = _rule(analyzer, call.params["ruleName"])
    changed = msgspec.structs.replace(rule, filter=dict(call.params["filter"]), updated=call.now)
    kept = _keeping(call, world, analyzer, rule)
    _keep(call, world, kept, _sparing(call, world, analyzer, changed))


@operation("accessanalyzer:DeleteArchiveRule")
def delete_archive_rule(call: Call, world: World) -> None:
    """Delete a rule. What it put aside stays aside.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_DeleteArchiveRule.html
    """
    analyzer = analyzer_named(call, world, call.params["analyzerName"])
    rule = _rule(analyzer, call.params["ruleName"])
    left = tuple(each for each in analyzer.rules if each.name != rule.name)
    kept = msgspec.structs.replace(_keeping(call, world, analyzer, rule), rules=left)
    world.put(ANALYZER, call.account, call.region, kept.name, kept)


@operation("accessanalyzer:ApplyArchiveRule")
def apply_archive_rule(call: Call, world: World) -> None:
    """Put aside what meets a rule's filter now, however long it has been there.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ApplyArchiveRule.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    rule = _rule(analyzer, call.params["ruleName"])
    _keep(call, world, analyzer, msgspec.structs.replace(rule, spared=()))


def _rule(analyzer: Analyzer, name: str) -> ArchiveRule:
    for rule in analyzer.rules:
        if rule.name == name:
            return rule
    raise ResourceNotFoundException(name=name, members=_named(name))


def _sparing(call: Call, world: World, analyzer: Analyzer, rule: ArchiveRule) -> ArchiveRule:
    """The rule, which leaves alone what is active now."""
    active = sorted(each.id for each in accesses(call, world, analyzer) if not archived(analyzer, each))
    return msgspec.structs.replace(rule, spared=tuple(active))


def _keeping(call: Call, world: World, analyzer: Analyzer, rule: ArchiveRule) -> Analyzer:
    """The analyzer, with what the rule put aside put aside by itself."""
    aside = {each.id for each in accesses(call, world, analyzer) if each.id not in rule.spared and matches(rule, each)}
    return msgspec.structs.replace(analyzer, archived=tuple(sorted({*analyzer.archived, *aside})))


def _keep(call: Call, world: World, analyzer: Analyzer, rule: ArchiveRule) -> None:
    """Write the analyzer with the rule in its place, or behind the others."""
    there = any(each.name == rule.name for each in analyzer.rules)
    rules = tuple(rule if each.name == rule.name else each for each in analyzer.rules)
    changed = msgspec.structs.replace(analyzer, rules=rules if there else (*rules, rule))
    world.put(ANALYZER, call.account, call.region, analyzer.name, changed)


def _shown(rule: ArchiveRule) -> dict[str, Any]:
    return {"ruleName": rule.name, "filter": rule.filter, "createdAt": rule.created, "updatedAt": rule.updated}


def _named(name: str) -> dict[str, object]:
    """The members that these errors carry."""
    return {"resourceId": name, "resourceType": "ArchiveRule"}
