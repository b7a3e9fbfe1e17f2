"""The composition root."""

from trailwarden.app.config import Config
from trailwarden.app.founding import Unusable
from trailwarden.app.server import Server, build

__all__ = ["Config", "Server", "Unusable", "build"]
