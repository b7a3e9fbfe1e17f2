"""This server's own service: diagnosis, and access requests. Importing the package registers its operations."""

from trailwarden.services.access import deciding, refusals, requests
from trailwarden.services.access.expiring import RETENTION, Expirer
from trailwarden.services.access.facts import access_facts

__all__ = ["RETENTION", "Expirer", "access_facts", "deciding", "refusals", "requests"]
