"""A PostgreSQL database for a test, where a server can be reached."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url

__all__ = ["SERVER", "postgres_database", "run_on_server"]

SERVER = os.environ.get("TRAILWARDEN_TEST_POSTGRES", "postgresql+pg8000://postgres@127.0.0.1/test")


def run_on_server(statement: str, url: str = SERVER) -> None:
    """Run one statement outside of any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"timeout": 5})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


@contextmanager
def postgres_database() -> Iterator[str]:
    """The URL of a new database, dropped afterwards; skips where there is no server."""
    name = f"test_{uuid.uuid4().hex}"
    try:
        run_on_server(f"CREATE DATABASE {name}")
    except Exception as error:  # noqa: BLE001 — whatever keeps us from it
        pytest.skip(f"no PostgreSQL at TRAILWARDEN_TEST_POSTGRES: {error}")
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        run_on_server(f"DROP DATABASE {name} WITH (FORCE)")
