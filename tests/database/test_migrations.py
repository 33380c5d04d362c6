"""The migrations make what the entities say, and what is printed."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

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


BEFORE_0010 = """
INSERT INTO business (business_id, slug, name, timezone, currency, locale, sandbox, created_at)
VALUES (%(business)s, 'shop', 'A shop', 'UTC', 'EUR', 'en', false, '2026-01-01Z');
INSERT INTO member (business_id, member_id, external_id, kind, status, enrolled_at, joined_on, folded_until,
                    created_at)
SELECT %(business)s, gen_random_uuid(), name, 'person', 'active', '2026-01-01Z', '2026-01-01', '2026-01-01Z',
       '2026-01-02Z'
FROM unnest(ARRAY['ann', 'bob']) AS given(name);
INSERT INTO fact (business_id, fact_id, member_id, type, source, external_id, occurred_at, recorded_at,
                  local_day, body_hash, value_kind, value_key, value)
SELECT business_id, gen_random_uuid(), member_id, 'value', 'desk', 'first', '2026-01-03Z', '2026-01-04Z',
       '2026-01-03', decode(repeat('00', 32), 'hex'), 'attribute', 'colour', '"red"'
FROM member WHERE external_id = 'ann';
"""


BEFORE_0011 = (
    BEFORE_0010.replace("created_at)\nSELECT", "created_at, last_recorded_at)\nSELECT").replace(
        "       '2026-01-02Z'\n", "       '2026-01-02Z', '2026-01-04Z'\n"
    )
    + """
INSERT INTO program_version (business_id, program_version_id, version, source, hash, rule_versions,
                             published_at)
VALUES (%(business)s, gen_random_uuid(), 1, '[program]', 'hash', '{}', '2026-01-01Z');
INSERT INTO effect (business_id, effect_id, member_id, kind, cause_kind, cause_key, rule, slot, value,
                    effective_at, recorded_at, program_version_id, corrects_effect_id)
SELECT business_id, number::uuid, member_id, 'points', 'enrolment', 'enrolment', rule, 'p/-/earned',
       value, '2026-01-03Z', '2026-01-03Z', program_version_id, corrects::uuid
FROM member JOIN program_version USING (business_id) CROSS JOIN (VALUES
    ('00000000-0000-7000-8000-000000000001', 'a', 5, NULL),
    ('00000000-0000-7000-8000-000000000002', 'a', -5, '00000000-0000-7000-8000-000000000001'),
    ('00000000-0000-7000-8000-000000000003', 'b', 7, NULL),
    ('00000000-0000-7000-8000-000000000004', 'a', 5, NULL)) AS given(number, rule, value, corrects)
WHERE external_id = 'ann';
"""
)


def migrated_before(revision: str, empty: str, folder: Path) -> None:
    """Brings an empty database to where it was before a revision."""
    newer = [f"{each}_*" for each in REVISIONS if each >= revision]
    shutil.copytree(shipped("migrations"), folder, ignore=shutil.ignore_patterns(*newer, "__pycache__"))
    assert migrate(empty, location=folder) == tuple(each for each in REVISIONS if each < revision)


def test_members_that_are_there_know_the_latest_instant_recorded_of_them(empty: str, tmp_path: Path) -> None:
    migrated_before("0010", empty, tmp_path / "migrations")
    with psycopg.ClientCursor(psycopg.connect(empty, autocommit=True)) as cursor, cursor.connection:
        cursor.execute(BEFORE_0010, {"business": uuid4()})
        migrate(empty)
        known = cursor.execute(
            "SELECT external_id, to_char(last_recorded_at AT TIME ZONE 'UTC', 'MM-DD') FROM member ORDER BY 1"
        )
        assert known.fetchall() == [("ann", "01-04"), ("bob", "01-02")]


def test_effects_that_are_there_become_a_chain_for_each_key(empty: str, tmp_path: Path) -> None:
    migrated_before("0011", empty, tmp_path / "migrations")
    with psycopg.ClientCursor(psycopg.connect(empty, autocommit=True)) as cursor, cursor.connection:
        cursor.execute(BEFORE_0011, {"business": uuid4()})
        migrate(empty)
        chained = cursor.execute(
            "SELECT right(effect_id::text, 1), right(corrects_effect_id::text, 1) FROM effect ORDER BY 1"
        )
        assert chained.fetchall() == [("1", None), ("2", "1"), ("3", None), ("4", "2")]
        with pytest.raises(psycopg.errors.RestrictViolation):
            cursor.execute("UPDATE effect SET corrects_effect_id = NULL")


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
