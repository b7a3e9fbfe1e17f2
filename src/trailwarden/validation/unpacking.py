"""The content of delivered files, as every reader of gzip finds it: all members, and nothing behind the last."""

import hashlib

from trailwarden.gzipped import pieces

__all__ = ["content_of", "hash_of"]

_MOST = 512 * 1024 * 1024
"""Bytes of content: ten times what CloudTrail puts into one file (50 MB)."""


def hash_of(data: bytes) -> str:
    """SHA-256 of the content, in hexadecimal. Raises Spoilt."""
    summed = hashlib.sha256()
    for piece in pieces(data, _MOST):
        summed.update(piece)
    return summed.hexdigest()


def content_of(data: bytes) -> bytes:
    """The content. Raises Spoilt."""
    return b"".join(pieces(data, _MOST))
