"""Event patterns as rules and archives have them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.eventbridge.errors import Invalid, InvalidEventPattern
from trailwarden.services.patterns import EVENTS, Pattern, PatternFault, read_pattern
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["check_pattern", "takes", "test_event_pattern"]

_MANDATORY = ("id", "account", "source", "time", "region", "detail-type")
_LONGEST = 4096


@operation("events:TestEventPattern")
def test_event_pattern(call: Call, _world: World) -> Mapping[str, Any]:  # noqa: PT019 — the operation's name, no test
    """Whether an event would match a pattern.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
    """
    pattern = _checked(call.params["EventPattern"])
    try:
        event = json.loads(call.params["Event"])
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or any(name not in event for name in _MANDATORY):
        raise Invalid(reason="Parameter Event is not valid.")
    return {"Result": pattern.takes(event)}


def check_pattern(text: str) -> None:
    """InvalidEventPattern; Invalid for one that is too long.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    """
    if len(text) > _LONGEST:
        raise Invalid(reason=f"Event pattern must be {_LONGEST} characters at most.")
    _checked(text)


def takes(text: str, event: Mapping[str, Any]) -> bool:
    """Whether a pattern that was checked takes the event."""
    return _pattern(text).takes(event)


def _checked(text: str) -> Pattern:
    try:
        return _pattern(text)
    except PatternFault as fault:
        raise InvalidEventPattern(reason=fault.text) from None


@lru_cache(maxsize=2_048)
def _pattern(text: str) -> Pattern:
    return read_pattern(text, EVENTS)
