"""Bytes that went away between the look and the read."""

from pathlib import Path

import pytest
from tests.unit.services.s3.desk import Desk

from trailwarden.services.s3.objects import source_bytes
from trailwarden.services.s3.stored import Stored
from trailwarden.storage import open_storage
from trailwarden.storage.ports import Conflict


def test_a_source_that_is_gone_is_a_lost_race(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    try:
        world = Desk(storage).world(storage.begin())
        with pytest.raises(Conflict):
            source_bytes(world, Stored(key="k", modified=1.0, size=3, blob="s0123"), 0, 3)
    finally:
        storage.close()
