"""The build writes the same bytes for the same facts, and refuses to lose any."""

from pathlib import Path

import pytest
from tools.build_catalog import write

from trailwarden.catalog.archive import Archive

SOURCES = {"somewhere": "1.0"}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    import lzma
    import zlib

    archive = Archive(tmp_path / "facts.bin")
    write(
        archive, SOURCES, {"things": 2}, {"b/two": lzma.compress(b"[2]"), "a/one": zlib.compress(b"[1]")}, shrink=False
    )
    read = Archive(tmp_path / "facts.bin")
    assert (read.blob("a/one"), read.blob("b/two"), read.blob("c")) == (b"[1]", b"[2]", None)
    assert read.names("a") == ("one",)
    assert read.header.sources == SOURCES


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    blobs = {"b": b"x", "a": b"y"}
    for name, given in (("one", blobs), ("two", dict(reversed(blobs.items())))):
        write(Archive(tmp_path / name), SOURCES, {"things": 2}, given, shrink=False)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_build_that_loses_facts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.bin"
    write(Archive(path), SOURCES, {"things": 2, "others": 1}, {}, shrink=False)
    before = path.read_bytes()
    for fewer in ({"things": 1, "others": 1}, {"things": 3}):
        with pytest.raises(ValueError, match="fewer facts"):
            write(Archive(path), SOURCES, fewer, {}, shrink=False)
    assert path.read_bytes() == before
    write(Archive(path), SOURCES, {"things": 1}, {}, shrink=True)
    assert Archive(path).header.counts == {"things": 1}
