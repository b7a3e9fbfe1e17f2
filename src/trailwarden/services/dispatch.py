"""From an authorized call to its handler's answer; the only place where handlers are called."""

from collections.abc import Mapping
from typing import Any

from trailwarden import wire
from trailwarden.auth.stages import Authorized
from trailwarden.services.call import Call
from trailwarden.services.errors import OperationNotBuilt
from trailwarden.services.registry import HANDLERS
from trailwarden.services.world import World

__all__ = ["dispatch"]


def dispatch(authorized: Authorized, world: World) -> Mapping[str, Any]:
    """Hold the input to the model, then run the operation's function.

    Raises what that raises, ValidationException, OperationNotBuilt.
    """
    parsed = authorized.resolved.authenticated.parsed
    handler = HANDLERS.get(f"{parsed.route.service}:{parsed.route.operation}")
    if handler is None:
        raise OperationNotBuilt(operation=parsed.route.operation)
    wire.validate(parsed)
    return handler(Call(authorized), world) or {}
