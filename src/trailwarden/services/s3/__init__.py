"""Amazon S3: buckets, their policies and configurations, and objects.

Importing this package registers its operations.
"""

from trailwarden.services.s3 import (
    bucket_policy,
    buckets,
    completion,
    copying,
    deletion,
    listing,
    objects,
    parts,
    uploads,
)

__all__ = [
    "bucket_policy",
    "buckets",
    "completion",
    "copying",
    "deletion",
    "listing",
    "objects",
    "parts",
    "uploads",
]
