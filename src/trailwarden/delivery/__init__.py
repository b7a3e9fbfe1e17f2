"""What becomes of recorded events: log files, digests and notices of trails."""

from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed, Destination
from trailwarden.delivery.trail import (
    RETIRED,
    STATUS,
    TRAIL,
    InsightSelector,
    Trail,
    TrailStatus,
    retire,
    start_logging,
    status_of,
    stop_logging,
)

__all__ = [
    "RETIRED",
    "STATUS",
    "TRAIL",
    "DeliveredFile",
    "DeliveryFailed",
    "Destination",
    "InsightSelector",
    "Trail",
    "TrailStatus",
    "retire",
    "start_logging",
    "status_of",
    "stop_logging",
]
