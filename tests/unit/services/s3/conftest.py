"""S3 over a SQLite store, seen by stock clients."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.s3.desk import Desk

from trailwarden.storage import open_storage


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    desk = Desk(storage)
    desk.settle()
    yield desk
    storage.close()


@pytest.fixture
def s3(desk: Desk) -> Any:
    return desk.client()


@pytest.fixture
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="trail-logs")
    return "trail-logs"
