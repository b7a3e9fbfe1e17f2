"""AWS Security Token Service. Importing the package registers its operations."""

from trailwarden.services.sts import assume_role, identity, tokens

__all__ = ["assume_role", "identity", "tokens"]
