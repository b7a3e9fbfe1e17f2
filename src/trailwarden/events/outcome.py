"""How a call ended: the last stage it reached, and its result or its error."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.stages import Authenticated, Authorized, Resolved
from trailwarden.errors import AwsError
from trailwarden.wire.parsed import Parsed

__all__ = ["Outcome", "Stage"]

Stage = Parsed | Authenticated | Resolved | Authorized


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The type of `reached` tells how far the call came; an error leaves `result` empty."""

    reached: Stage
    result: Mapping[str, Any] = msgspec.field(default_factory=dict)
    error: AwsError | None = None
