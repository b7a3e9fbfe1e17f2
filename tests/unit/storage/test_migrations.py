from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from trailwarden.storage import migrations
from trailwarden.storage.database import Database
from trailwarden.storage.migrations import bring_up
from trailwarden.storage.tables import METADATA


def test_the_migrations_lead_to_the_tables_as_they_are_used(url: str) -> None:
    database = Database(url)
    bring_up(database)
    bring_up(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == migrations._HEAD
    database.close()


def test_the_newest_version_is_the_one_that_opening_looks_for() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_heads() == [migrations._HEAD]
