"""CloudTrail: trails, their selectors and status, event history, keys and tags. Importing it registers its operations."""

from trailwarden.services.cloudtrail import delegation, history, public_keys, selectors, switch, tags, trails
from trailwarden.services.cloudtrail.facts import cloudtrail_facts

__all__ = ["cloudtrail_facts", "delegation", "history", "public_keys", "selectors", "switch", "tags", "trails"]
