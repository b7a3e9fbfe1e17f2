"""Gzip taken apart as every reader of it does: all members, nothing behind the last, no more than is bounded."""

import hashlib
from collections.abc import Iterator

from isal import isal_zlib
from isal.igzip_lib import IsalError

__all__ = ["Spoilt", "content_of", "hash_of"]

_GZIP = 31
_PIECE = 4 * 1024 * 1024
_MOST = 512 * 1024 * 1024
"""Bytes of content: ten times what CloudTrail puts into one file (50 MB)."""


class Spoilt(Exception):
    """The bytes are no gzip, are cut short, are followed by others, or hold more than any log file does."""


def hash_of(data: bytes) -> str:
    """SHA-256 of the content, in hexadecimal. Raises Spoilt."""
    summed = hashlib.sha256()
    for piece in _pieces(data):
        summed.update(piece)
    return summed.hexdigest()


def content_of(data: bytes) -> bytes:
    """The content. Raises Spoilt."""
    return b"".join(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    left, given = data, 0
    while True:
        member = isal_zlib.decompressobj(wbits=_GZIP)
        for piece in _member(member, left):
            given += len(piece)
            if given > _MOST:
                raise Spoilt(f"more than {_MOST // 1024 // 1024} MiB of content")
            yield piece
        left = member.unused_data
        if not left:
            return


def _member(member: "isal_zlib.Decompress", data: bytes) -> Iterator[bytes]:
    try:
        piece = member.decompress(data, _PIECE)
        while piece:
            yield piece
            piece = b"" if member.eof else member.decompress(member.unconsumed_tail, _PIECE)
    except IsalError as error:  # type: ignore[misc]  # its stubs say less than it is
        raise Spoilt(str(error)) from None
    if not member.eof:
        raise Spoilt("cut short")
