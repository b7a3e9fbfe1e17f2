"""AWS Config: the recorder, its delivery channel, and what was recorded of resources.

Importing this package registers its operations.
"""

from trailwarden.services.config import channels, recorders, resources
from trailwarden.services.config.facts import config_facts
from trailwarden.services.config.recorder import CONFIG_LOOKUPS

__all__ = ["CONFIG_LOOKUPS", "channels", "config_facts", "recorders", "resources"]
