"""Amazon CloudWatch Logs: log groups, streams, events, filter patterns, policies.

Importing this package registers its operations.
"""

from trailwarden.services.logs import (
    events,
    groups,
    metric_filters,
    resource_policies,
    streams,
    subscription_filters,
    tags,
)
from trailwarden.services.logs.destination import GroupDestination
from trailwarden.services.logs.facts import logs_facts

__all__ = [
    "GroupDestination",
    "events",
    "groups",
    "logs_facts",
    "metric_filters",
    "resource_policies",
    "streams",
    "subscription_filters",
    "tags",
]
