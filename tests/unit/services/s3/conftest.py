"""S3 over a SQLite store, seen by stock clients."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.services.s3.desk import Desk

from trailwarden.services.s3.bucket import BUCKET
from trailwarden.services.s3.stored import OBJECT, PART, UPLOAD, VERSION
from trailwarden.storage import Kind, Storage, open_storage


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One store for all tests of S3, with its accounts and users."""
    folder = tmp_path_factory.mktemp("s3")
    storage = open_storage(str(folder / "store.db"), blobs=str(folder / "blobs"))
    Desk(storage).settle()
    yield storage
    storage.close()


@pytest.fixture
def desk(settled: Storage) -> Iterator[Desk]:
    """S3 with nothing in it, before and behind each test."""
    yield Desk(settled)
    transaction = settled.begin()
    kinds: tuple[Kind[Any], ...] = (BUCKET, OBJECT, VERSION, UPLOAD, PART)
    for kind in kinds:
        for document in transaction.list(kind):
            transaction.delete(kind, document.account, document.region, document.name)
    settled.commit(transaction).result()


@pytest.fixture
def s3(desk: Desk) -> Any:
    return desk.client()


@pytest.fixture
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="trail-logs")
    return "trail-logs"
