"""What is packed, gzip or zip, taken apart within bounds: whole, or not at all."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress

from trailwarden.gzipped import Followed, pieces

__all__ = ["UNPACKED_MAX", "parts_of"]

UNPACKED_MAX = 256 * 1024 * 1024
"""Bytes that one input may unpack to: five times what CloudTrail puts into a log file."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_MEMBERS_MAX = 10_000


def parts_of(data: bytes) -> Iterator[bytes]:
    """The files in a zip, the content of a gzip file (all its members), or the data itself; each part is unpacked in turn.

    ValueError for what is no such file, cut off, too large, or a zip file in a zip file.
    """
    if data.startswith(_ZIP):
        yield from map(_plain, _members(data))
    else:
        yield _plain(data)


def _plain(data: bytes) -> bytes:
    return _unpacked(data) if data.startswith(_GZIP) else data


def _members(data: bytes) -> Iterator[bytes]:
    """The files in a zip, all of them together within the bound."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise ValueError(f"it is no zip file: {error}") from error
    names = [info for info in archive.infolist() if not info.is_dir()]
    if len(names) > _MEMBERS_MAX or sum(info.file_size for info in names) > UNPACKED_MAX:
        raise ValueError(f"the zip holds more than {_MEMBERS_MAX} files or {UNPACKED_MAX >> 20} MiB")
    for info in names:
        try:
            with archive.open(info) as member:
                part = member.read(UNPACKED_MAX)
        except (
            zipfile.BadZipFile,
            EOFError,
            RuntimeError,
        ) as error:  # RuntimeError: encrypted, or packed in a way of its own
            raise ValueError(f"{info.filename} in the zip cannot be read: {error}") from error
        if part.startswith(_ZIP):
            raise ValueError("there is a zip file in a zip file: unpack it first")
        yield part


def _unpacked(data: bytes) -> bytes:
    """All members of a gzip file, one after the other; what may be behind them is no part of it."""
    parts: list[bytes] = []
    with suppress(Followed):
        for piece in pieces(data, UNPACKED_MAX):
            parts.append(piece)  # noqa: PERF402 — so that what came before stays
    return b"".join(parts)
