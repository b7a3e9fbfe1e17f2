"""Putting a version on top of its key, and taking one away: all that versioning does.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

import msgspec

from trailwarden.services.s3.bucket import Bucket
from trailwarden.services.s3.stored import NULL, OBJECT, Stored, forget, latest, older, retire, version_of
from trailwarden.storage.ports import Transaction

__all__ = ["add", "discard_bytes", "remove"]


def discard_bytes(transaction: Transaction, stored: Stored) -> None:
    """Let the version's bytes go when the transaction commits."""
    for blob in stored.blobs:
        transaction.discard(blob)


def add(transaction: Transaction, bucket: Bucket, stored: Stored, version: str) -> Stored:
    """Make `stored` the newest version of its key. `version` is its id if versioning is on; gives what was written.

    Without versioning, and while it is suspended, the new one is the null version and the old null version goes.
    """
    newest = latest(transaction, bucket, stored.key)
    wanted = version if bucket.versioning == "Enabled" else NULL
    if newest is not None:
        if newest.version == wanted:
            discard_bytes(transaction, newest)
        else:
            retire(transaction, bucket, newest)
            if wanted == NULL:
                _drop_older_null(transaction, bucket, stored.key)
        stored = msgspec.structs.replace(stored, sequence=newest.sequence + 1, version=wanted)
    elif wanted != stored.version:
        stored = msgspec.structs.replace(stored, version=wanted)
    transaction.put(OBJECT, bucket.account, bucket.name, stored.key, stored)
    return stored


def remove(transaction: Transaction, bucket: Bucket, stored: Stored) -> None:
    """Take one version away for good; the one behind the newest takes its place."""
    discard_bytes(transaction, stored)
    newest = latest(transaction, bucket, stored.key)
    if newest is None or newest.version != stored.version:
        forget(transaction, bucket, stored)
        return
    behind = older(transaction, bucket, stored.key) if bucket.versioning else []
    if behind:
        forget(transaction, bucket, behind[0])
        transaction.put(OBJECT, bucket.account, bucket.name, stored.key, behind[0])
    else:
        transaction.delete(OBJECT, bucket.account, bucket.name, stored.key)


def _drop_older_null(transaction: Transaction, bucket: Bucket, key: str) -> None:
    standing = version_of(transaction, bucket, key, NULL)
    if standing is not None and standing.version == NULL:
        discard_bytes(transaction, standing)
        forget(transaction, bucket, standing)
