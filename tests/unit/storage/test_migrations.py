from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from trailwarden.storage import Lookup, migrations, open_storage
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


def test_a_database_of_the_first_version_opens_with_all_its_events(tmp_path: Path) -> None:
    url = str(tmp_path / "store.db")
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        place = "'123456789012', 'eu-west-1', 'Management'"
        connection.exec_driver_sql(
            f"INSERT INTO journal VALUES (1, 'event', 10.0, {place}, 'iam.amazonaws.com', 'CreateUser', 0, 'marymajor',"
            """ 'AKIAIOSFODNN7EXAMPLE', 'request', '', '[["AWS::IAM::User","mateojackson"]]', x'7b7d')"""
        )
        connection.exec_driver_sql(
            f"INSERT INTO resources VALUES (1, 0, {place}, 10.0, 'AWS::IAM::User', 'mateojackson')"
        )
        connection.exec_driver_sql("UPDATE counter SET seq = 1")
    database.close()
    storage = open_storage(url, blobs="memory://")
    for attribute, value in (("ResourceName", "mateojackson"), ("Username", "marymajor"), ("ReadOnly", "false")):
        question = Lookup(
            account="123456789012", region="eu-west-1", start=0, end=20, limit=5, attribute=attribute, value=value
        )
        assert [entry.event_id for _, entry in storage.journal.lookup(question)] == ["event"]
    storage.close()


def test_the_newest_version_is_the_one_that_opening_looks_for() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_heads() == [migrations._HEAD]
