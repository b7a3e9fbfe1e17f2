"""The CloudTrail record: build, redact, cut, select."""

from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector

__all__ = ["AdvancedSelector", "DataResource", "EventSelector", "FieldSelector"]
