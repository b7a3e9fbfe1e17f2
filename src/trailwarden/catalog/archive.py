"""Built facts, read piece by piece: a small header, then one compressed blob for each service or policy.

`tools/build_catalog.py` writes such files; nothing here is typed by hand.

    8 bytes    magic
    4 bytes    length of the header, big-endian
    header     zlib of JSON: {"sources": …, "counts": …, "index": {name: [offset, length]}}
    blobs      zlib of JSON, or LZMA where it starts with its magic
"""

import lzma
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

__all__ = ["ACTIONS", "MAGIC", "POLICIES", "Archive", "Header"]

MAGIC = b"TWFACTS1"
_LENGTH = 4
_LZMA = b"\xfd7zXZ"
_DATA = Path(__file__).parent / "data"


class Header(msgspec.Struct, frozen=True):
    """What an archive was built from, how much is in it, and where."""

    sources: Mapping[str, str]
    counts: Mapping[str, int]
    index: Mapping[str, tuple[int, int]]


class Archive:
    """A file of facts. Opening it costs nothing; the header is read at the first question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _opened(self) -> tuple[Header, int]:
        with self.path.open("rb") as file:
            start = file.read(len(MAGIC) + _LENGTH)
            if not start.startswith(MAGIC):
                raise ValueError(f"{self.path.name} is not an archive of facts")
            length = int.from_bytes(start[len(MAGIC) :], "big")
            header = msgspec.json.decode(zlib.decompress(file.read(length)), type=Header)
        return header, len(start) + length

    @property
    def header(self) -> Header:
        """Sources, counts and index."""
        return self._opened[0]

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of the blobs of a kind: "iam", "s3", … for the kind "actions"."""
        return tuple(name.removeprefix(f"{kind}/") for name in self.header.index if name.startswith(f"{kind}/"))

    def blob(self, name: str) -> bytes | None:
        """The JSON of that name, or None where there is none."""
        place = self.header.index.get(name)
        if place is None:
            return None
        offset, length = place
        with self.path.open("rb") as file:
            file.seek(self._opened[1] + offset)
            packed = file.read(length)
        return lzma.decompress(packed) if packed.startswith(_LZMA) else zlib.decompress(packed)


ACTIONS = Archive(_DATA / "actions.bin")
POLICIES = Archive(_DATA / "policies.bin")
