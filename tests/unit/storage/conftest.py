"""Stores over both databases, each test with its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.postgres import postgres_database, run_on_server

from trailwarden.storage import Storage, open_storage
from trailwarden.storage.tables import METADATA

Opener = Callable[[], Storage]


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """A database of this run."""
    with postgres_database() as url:
        open_storage(url, blobs="memory://").close()
        yield url


@pytest.fixture
def postgres_url(database: str) -> str:
    """The database, emptied."""
    emptied = "; ".join(f"DELETE FROM {name}" for name in METADATA.tables if name != "counter")
    run_on_server(f"DO $$ BEGIN {emptied}; UPDATE counter SET change = 0, seq = 0, indexed = 0; END $$", database)
    return database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def opened(url: str, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same store again and again; what is left open is closed at the end."""
    stores: list[Storage] = []

    def open_again() -> Storage:
        stores.append(open_storage(url, blobs=str(tmp_path / "blobs")))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


@pytest.fixture
def storage(opened: Opener) -> Storage:
    return opened()
