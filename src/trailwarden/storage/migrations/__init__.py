"""The schema's versions; `bring_up` takes a database to the newest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from trailwarden.storage.database import Database
from trailwarden.storage.ports import StorageUnavailable

__all__ = ["bring_up"]

_HEAD = "0002"
_LOCK = "SELECT pg_advisory_xact_lock(7236412905)"


def bring_up(database: Database) -> None:
    """Migrate to the newest schema; one node does it while the others wait. Raises StorageUnavailable."""
    try:
        with database.engine.connect() as connection:
            _migrate(connection, sqlite=database.file is not None)
    except Exception as error:
        raise StorageUnavailable(f"the database cannot be opened: {error}") from error


def _migrate(connection: Connection, *, sqlite: bool) -> None:
    if _standing(connection, sqlite=sqlite) == _HEAD:
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    if not sqlite:
        connection.exec_driver_sql(_LOCK)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.exec_driver_sql("COMMIT")


def _standing(connection: Connection, *, sqlite: bool) -> str:
    """The schema's version in the database, "" for none."""
    there = (
        "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        if sqlite
        else "SELECT count(*) FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = current_schema()"
    )
    if not connection.exec_driver_sql(there).scalar():
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")
