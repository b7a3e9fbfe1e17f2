"""Which findings are put aside: by hand, or by an archive rule that came before them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from trailwarden.services.accessanalyzer.analyzers import Analyzer, ArchiveRule
from trailwarden.services.accessanalyzer.external import Access
from trailwarden.services.accessanalyzer.filters import meets

__all__ = ["archived", "matches", "taken_up"]


def archived(analyzer: Analyzer, access: Access) -> bool:
    """Whether the finding is put aside."""
    return access.id in analyzer.archived or any(
        access.id not in rule.spared and matches(rule, access) for rule in analyzer.rules
    )


def matches(rule: ArchiveRule, access: Access) -> bool:
    """Whether the finding meets the rule's filter."""
    told: dict[str, Any] = {
        "id": access.id,
        "resource": access.held.arn,
        "resourceType": access.held.type,
        "resourceOwnerAccount": access.held.account,
        "principal": {access.kind: access.principal},
        "action": list(access.actions),
        "condition": dict(access.conditions),
        "isPublic": access.public,
        "findingType": "ExternalAccess",
    }
    return meets(told, rule.filter)


def taken_up(analyzer: Analyzer, ids: Iterable[str]) -> Analyzer:
    """The analyzer with findings active again, whatever its rules say."""
    named = set(ids)
    return msgspec.structs.replace(
        analyzer,
        archived=tuple(each for each in analyzer.archived if each not in named),
        rules=tuple(
            msgspec.structs.replace(rule, spared=tuple(sorted({*rule.spared, *named}))) for rule in analyzer.rules
        ),
    )
