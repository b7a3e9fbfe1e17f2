"""CloudTrail: trails, event data stores, channels, dashboards, event history, keys, tags, resource policies.

Importing it registers its operations.
"""

from trailwarden.services.cloudtrail import (
    audit_events,
    channels,
    dashboard_refresh,
    dashboards,
    delegation,
    event_configuration,
    event_data_stores,
    federation,
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
from trailwarden.services.cloudtrail.refreshing import Refresher

__all__ = [
    "CLOUDTRAIL_LOOKUPS",
    "Importer",
    "InsightsWatch",
    "Refresher",
    "audit_events",
    "channels",
    "cloudtrail_facts",
    "dashboard_refresh",
    "dashboards",
    "delegation",
    "event_configuration",
    "event_data_stores",
    "federation",
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
