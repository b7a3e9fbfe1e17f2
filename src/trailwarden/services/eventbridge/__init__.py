"""Amazon EventBridge: buses, rules, targets, archives, and what CloudTrail tells of.

Importing this package registers its operations. It is called `events` on the wire.
"""

from trailwarden.services.eventbridge import (
    archives,
    buses,
    patterns,
    permissions,
    putting,
    replays,
    rules,
    tags,
    targets,
)
from trailwarden.services.eventbridge.carrier import Carrier
from trailwarden.services.eventbridge.facts import events_facts

__all__ = [
    "Carrier",
    "archives",
    "buses",
    "events_facts",
    "patterns",
    "permissions",
    "putting",
    "replays",
    "rules",
    "tags",
    "targets",
]
