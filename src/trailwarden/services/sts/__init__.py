"""AWS Security Token Service. Importing the package registers its operations."""

from trailwarden.services.sts import assume_role, assume_root, identity, tokens

__all__ = ["assume_role", "assume_root", "identity", "tokens"]
