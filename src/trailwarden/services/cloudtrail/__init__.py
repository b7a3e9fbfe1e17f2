"""CloudTrail: trails, event data stores, channels, dashboards, event history, keys, tags, resource policies.

Importing it registers its operations.
"""

from trailwarden.services.cloudtrail import (
    audit_events,
    channels,
    dashboards,
    delegation,
    event_configuration,
    event_data_stores,
    generation,
    history,
    imports,
    insights,
    insights_data,
    public_keys,
    queries,
    resource_policies,
    sample_queries,
    selectors,
    switch,
    tags,
    trails,
)
from trailwarden.services.cloudtrail.facts import cloudtrail_facts
from trailwarden.services.cloudtrail.importing import Importer
from trailwarden.services.cloudtrail.insights_watch import InsightsWatch
from trailwarden.services.cloudtrail.query import CLOUDTRAIL_LOOKUPS

__all__ = [
    "CLOUDTRAIL_LOOKUPS",
    "Importer",
    "InsightsWatch",
    "audit_events",
    "channels",
    "cloudtrail_facts",
    "dashboards",
    "delegation",
    "event_configuration",
    "event_data_stores",
    "generation",
    "history",
    "imports",
    "insights",
    "insights_data",
    "public_keys",
    "queries",
    "resource_policies",
    "sample_queries",
    "selectors",
    "switch",
    "tags",
    "trails",
]
