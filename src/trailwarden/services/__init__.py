"""One package a service, one function an operation. A service registers its operations when its package is imported."""

from trailwarden.services.call import Call
from trailwarden.services.registry import HANDLERS, operation
from trailwarden.services.settings import Settings
from trailwarden.services.world import World

__all__ = ["HANDLERS", "Call", "Settings", "World", "operation"]
