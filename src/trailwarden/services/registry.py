"""One AWS operation = one function, found by the name the model gives it."""

from collections.abc import Callable, Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.world import World

__all__ = ["HANDLERS", "Handler", "operation"]

Handler = Callable[[Call, World], Mapping[str, Any] | None]

HANDLERS: dict[str, Handler] = {}
"""`service:Operation` → function. Filled at import, never changed after."""


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register the function as the handler of `service:Operation` (botocore's service directory and operation name).

    TypeError where that operation has a handler already.
    """

    def register(handler: Handler) -> Handler:
        if name in HANDLERS:
            raise TypeError(f"{name} has two handlers: {HANDLERS[name].__qualname__} and {handler.__qualname__}")
        HANDLERS[name] = handler
        return handler

    return register
