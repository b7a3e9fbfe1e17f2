"""IAM Toolbox: what was evaluated for a denied request. Importing the package registers its operations."""

from trailwarden.services.toolbox import details

__all__ = ["details"]
