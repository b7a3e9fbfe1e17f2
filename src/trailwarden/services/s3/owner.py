"""Canonical user ids: how S3 names an account.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html
"""

import hashlib
from functools import lru_cache

__all__ = ["canonical_id"]


@lru_cache(maxsize=4096)
def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits, always the same ones."""
    return hashlib.sha256(f"canonical-user:{account}".encode()).hexdigest()
