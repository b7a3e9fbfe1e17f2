"""KMS: keys, aliases, key policies, grants, cryptography. Importing it registers its operations."""

from trailwarden.services.kms import (
    aliases,
    data_keys,
    encryption,
    grants,
    keys,
    policies,
    rotation,
    signing,
    tags,
)
from trailwarden.services.kms.facts import KMS_LOOKUPS, kms_facts

__all__ = [
    "KMS_LOOKUPS",
    "aliases",
    "data_keys",
    "encryption",
    "grants",
    "keys",
    "kms_facts",
    "policies",
    "rotation",
    "signing",
    "tags",
]
