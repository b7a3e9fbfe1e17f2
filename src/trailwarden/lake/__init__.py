"""Questions to recorded events: event history."""

from trailwarden.lake.history import InvalidToken, Page, Question, lookup_events

__all__ = ["InvalidToken", "Page", "Question", "lookup_events"]
