"""How a call ended: the last stage it reached, and its result or its error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trailwarden.auth.stages import Authenticated, Authorized, Resolved
from trailwarden.errors import AwsError
from trailwarden.wire.parsed import Parsed

__all__ = ["Outcome", "Stage"]

Stage = Parsed | Authenticated | Resolved | Authorized


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The type of `reached` tells how far the call came; an error leaves `result` empty."""

    reached: Stage
    result: Mapping[str, Any] = field(default_factory=dict)
    error: AwsError | None = None
