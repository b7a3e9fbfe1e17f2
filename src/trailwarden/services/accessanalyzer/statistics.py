"""GetFindingsStatistics: findings counted."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from trailwarden.services.accessanalyzer.analyzers import analyzer_by_arn
from trailwarden.services.accessanalyzer.archiving import archived
from trailwarden.services.accessanalyzer.findings import accesses
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_findings_statistics"]


@operation("accessanalyzer:GetFindingsStatistics")
def get_findings_statistics(call: Call, world: World) -> Mapping[str, Any]:
    """Count an analyzer's findings, by type of resource. Access that is gone leaves no finding here, so none is resolved.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetFindingsStatistics.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["analyzerArn"])
    found = accesses(call, world, analyzer)
    active = [each for each in found if not archived(analyzer, each)]
    public = Counter(each.held.type for each in active if each.public)
    crossing = Counter(each.held.type for each in active if not each.public)
    told = {
        "resourceTypeStatistics": {
            kind: {
                "totalActivePublic": public[kind],
                "totalActiveCrossAccount": crossing[kind],
                "totalActiveErrors": 0,
            }
            for kind in sorted({*public, *crossing})
        },
        "totalActiveFindings": len(active),
        "totalArchivedFindings": len(found) - len(active),
        "totalResolvedFindings": 0,
    }
    return {"findingsStatistics": [{"externalAccessFindingsStatistics": told}], "lastUpdatedAt": call.now}
