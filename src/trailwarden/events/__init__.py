"""The CloudTrail record: build, redact, cut, select."""

from trailwarden.events.outcome import Outcome, Stage
from trailwarden.events.record import Recorder
from trailwarden.events.selecting import Takes, compile_selectors
from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector, refusal

__all__ = [
    "AdvancedSelector",
    "DataResource",
    "EventSelector",
    "FieldSelector",
    "Outcome",
    "Recorder",
    "Stage",
    "Takes",
    "compile_selectors",
    "refusal",
]
