"""Amazon S3: buckets, their policies and configurations, and objects.

Importing this package registers its operations.
"""

from trailwarden.services.s3 import (
    acls,
    attributes,
    bucket_logging,
    bucket_policy,
    bucket_settings,
    buckets,
    completion,
    copying,
    cors,
    deletion,
    lifecycle,
    listing,
    notification,
    objects,
    parts,
    replication,
    reports,
    retention,
    tagging,
    transfer,
    uploads,
    website,
)
from trailwarden.services.s3.destination import BucketDestination
from trailwarden.services.s3.facts import s3_facts
from trailwarden.services.s3.regions import signing_region

__all__ = [
    "BucketDestination",
    "acls",
    "attributes",
    "bucket_logging",
    "bucket_policy",
    "bucket_settings",
    "buckets",
    "completion",
    "copying",
    "cors",
    "deletion",
    "lifecycle",
    "listing",
    "notification",
    "objects",
    "parts",
    "replication",
    "reports",
    "retention",
    "s3_facts",
    "signing_region",
    "tagging",
    "transfer",
    "uploads",
    "website",
]
