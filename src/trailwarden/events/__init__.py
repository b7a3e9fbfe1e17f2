"""The CloudTrail record: build, redact, cut, select."""

from trailwarden.events.selecting import Takes, compile_selectors
from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector, refusal

__all__ = [
    "AdvancedSelector",
    "DataResource",
    "EventSelector",
    "FieldSelector",
    "Takes",
    "compile_selectors",
    "refusal",
]
