"""Facts about AWS: operation → action → resource → condition key; managed policies; how operations are recorded.

Read from archives that `tools/build_catalog.py` makes, piece by piece, and from the tables in `overlays/`.
"""

from trailwarden.catalog.actions import (
    ActionFacts,
    ResourceType,
    action,
    actions,
    condition_keys,
    expand,
    prefixes,
    rcp_services,
)
from trailwarden.catalog.asking import Lookup
from trailwarden.catalog.checks import Check
from trailwarden.catalog.denials import denial_code
from trailwarden.catalog.errors import UnknownAction
from trailwarden.catalog.managed import ManagedFacts, ManagedVersion, managed_policies, managed_policy
from trailwarden.catalog.recording import (
    api_version,
    data_event,
    event_name,
    event_source,
    event_version,
    is_global,
    read_only,
    recorded_code,
    service_principal,
)
from trailwarden.catalog.resolving import checks_of, filled_keys

__all__ = [
    "ActionFacts",
    "Check",
    "Lookup",
    "ManagedFacts",
    "ManagedVersion",
    "ResourceType",
    "UnknownAction",
    "action",
    "actions",
    "api_version",
    "checks_of",
    "condition_keys",
    "data_event",
    "denial_code",
    "event_name",
    "event_source",
    "event_version",
    "expand",
    "filled_keys",
    "is_global",
    "managed_policies",
    "managed_policy",
    "prefixes",
    "rcp_services",
    "read_only",
    "recorded_code",
    "service_principal",
]
