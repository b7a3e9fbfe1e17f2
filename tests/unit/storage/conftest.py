"""Stores over both databases, each test with its own."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from trailwarden.storage import Storage, open_storage
from trailwarden.storage.tables import METADATA

SERVER = os.environ.get("TRAILWARDEN_TEST_POSTGRES", "postgresql+pg8000://postgres@127.0.0.1/test")

Opener = Callable[[], Storage]


def run_on_server(statement: str, url: str = SERVER) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"timeout": 5})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """A database of this run."""
    name = f"test_{uuid.uuid4().hex}"
    try:
        run_on_server(f"CREATE DATABASE {name}")
    except Exception as error:  # noqa: BLE001 — whatever keeps us from it
        pytest.skip(f"no PostgreSQL at TRAILWARDEN_TEST_POSTGRES: {error}")
    url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    open_storage(url, blobs="memory://").close()
    yield url
    run_on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The database, emptied."""
    emptied = "; ".join(f"DELETE FROM {name}" for name in METADATA.tables if name != "counter")
    run_on_server(f"DO $$ BEGIN {emptied}; UPDATE counter SET change = 0, seq = 0; END $$", postgres_database)
    return postgres_database


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
