"""The migrations make what the entities say, and what is printed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from loyalty_engine.entities import metadata
from loyalty_engine.shipped import shipped
from loyalty_engine.store.catalogue import printed_catalogue
from loyalty_engine.store.migrate import migrate
from tests.server import create_database, drop_database

REVISIONS = tuple(
    path.name.split("_")[0] for path in sorted(shipped("migrations").glob("versions/[0-9]*.py"))
)
NOT_TABLES = ("ALTER TABLE", "CREATE POLICY", "CREATE TRIGGER", "GRANT")


@pytest.fixture
def empty(admin_url: str, worker_id: str) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"empty_{worker_id}"
    yield create_database(admin_url, name)
    drop_database(admin_url, name)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """The superuser's connection to the worker's database, where nothing is kept."""
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as opened:
        yield opened


def test_an_empty_database_is_brought_to_the_newest_revision_once(empty: str) -> None:
    assert migrate(empty) == REVISIONS
    assert migrate(empty) == ()


def test_a_failed_migration_leaves_nothing(empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE outbox ()")
    with pytest.raises(Exception, match="outbox"):
        migrate(empty)
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT relname FROM pg_class WHERE relname IN ('member', 'outbox')")
        assert tables.fetchall() == [("outbox",)]


def test_two_migrations_of_one_database_at_once_apply_everything_once(empty: str) -> None:
    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(migrate, [empty, empty])) == [(), REVISIONS]


def test_a_role_that_is_no_superuser_can_migrate_its_own_database(empty: str, worker_id: str) -> None:
    role = sql.Identifier(f"operator_{worker_id}")
    name = sql.Identifier(str(make_url(empty).database))
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(role))
        # What the maker of a role gets: since PostgreSQL 16 it may grant the role, but not become it.
        terms = "ADMIN TRUE, SET FALSE" if connection.info.server_version >= 160000 else "ADMIN OPTION"
        grant = sql.SQL("GRANT loyalty_owner TO {} WITH {}")
        connection.execute(grant.format(role, sql.SQL(terms)))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, role))
    url = make_url(empty).set(username=f"operator_{worker_id}").render_as_string(hide_password=False)
    try:
        assert migrate(url) == REVISIONS
    finally:
        with psycopg.connect(empty, autocommit=True) as connection:
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_autogenerate_finds_no_difference(connection: Connection) -> None:
    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and name == "alembic_version")

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    assert compare_metadata(context, metadata) == []


def test_the_migrated_tables_are_those_of_the_entities_with_their_checks(connection: Connection) -> None:
    migrated = _tables_only(printed_catalogue(connection))
    connection.rollback()
    connection.execute(text("CREATE SCHEMA mirror"))
    connection.execute(text("SET LOCAL search_path TO mirror"))
    metadata.create_all(connection)
    assert _tables_only(printed_catalogue(connection, "mirror")) == migrated


def test_the_printed_catalogue_is_the_committed_one(connection: Connection) -> None:
    committed = shipped("migrations/schema.sql").read_text()
    assert printed_catalogue(connection) == committed, "print it anew: python -m tests.database.schema"


def _tables_only(printed: str) -> list[str]:
    """Tables with columns, constraints and indexes, without what revisions about security add."""
    tables = [part for part in printed.split("\n\n") if part.startswith("CREATE TABLE")]
    return [
        "\n".join(line for line in table.splitlines() if not line.startswith(NOT_TABLES)).strip()
        for table in tables
        if not table.startswith("CREATE TABLE alembic_version")
    ]
