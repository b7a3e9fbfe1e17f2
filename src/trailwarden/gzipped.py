"""Gzip taken apart as every reader of it does: all members, one after the other, within bounds."""

from collections.abc import Iterator

from isal import isal_zlib
from isal.igzip_lib import IsalError

__all__ = ["Followed", "Spoilt", "pieces"]

_GZIP = 31
_HEAD = b"\x1f\x8b"
_PIECE = 4 * 1024 * 1024


class Spoilt(ValueError):
    """The bytes are no gzip, are cut off, are followed by others, or unpack to more than they may; the text says which."""


class Followed(Spoilt):
    """All members have been read; what is behind the last is none."""


def pieces(data: bytes, most: int) -> Iterator[bytes]:
    """The content, of all members, piece by piece; no more than `most` bytes. Raises Spoilt, Followed behind the last piece."""
    given, left = 0, data
    while True:
        member = isal_zlib.decompressobj(wbits=_GZIP)
        for piece in _member(member, left):
            given += len(piece)
            if given > most:
                raise Spoilt(f"it unpacks to more than {most >> 20} MiB")
            yield piece
        left = member.unused_data
        if not left:
            return
        if not left.startswith(_HEAD):
            raise Followed("there are other bytes behind its end")


def _member(member: "isal_zlib.Decompress", data: bytes) -> Iterator[bytes]:
    try:
        piece = member.decompress(data, _PIECE)
        while piece:
            yield piece
            piece = b"" if member.eof else member.decompress(member.unconsumed_tail, _PIECE)
    except IsalError as error:  # type: ignore[misc]  # its stubs say less than it is
        raise Spoilt(f"it is no gzip file: {error}") from None
    if not member.eof:
        raise Spoilt("it is cut off")
