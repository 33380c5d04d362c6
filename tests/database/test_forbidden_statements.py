"""What no bug of the application can do, because the database refuses it to the application's own role.

Beside each statement stands one of the same kind that is allowed, so that nothing is refused by accident.
"""

from __future__ import annotations

import asyncpg
import pytest

from loyalty_engine.entities import metadata
from loyalty_engine.store.database import Database
from tests.database.crowded import Crowded, crowded
from tests.database.forbidden.applications import APPLICATIONS
from tests.database.forbidden.cases import Case
from tests.database.forbidden.once import ONCE
from tests.database.forbidden.points import POINTS
from tests.database.forbidden.posted import POSTED
from tests.database.forbidden.powers import ELSEWHERE, POWERS
from tests.database.forbidden.rewards import REWARDS

CASES = POSTED | POINTS | ONCE | ELSEWHERE | POWERS | REWARDS | APPLICATIONS


@pytest.fixture(scope="module")
async def rows(app_database: Database) -> Crowded:
    return await crowded(app_database)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
async def test_the_database_refuses_it(app_database: Database, rows: Crowded, case: Case) -> None:
    assert await outcome(app_database, rows, case.allowed) == "done"
    error = await outcome(app_database, rows, case.refused)
    assert isinstance(error, asyncpg.PostgresError), f"not refused: {error}"
    assert (error.sqlstate, error.constraint_name) == (case.state, case.constraint), error


ERASABLE = {"identity", "profile"}
"""What names a person; an erasure deletes it."""

REMOVALS = [
    (statement, table)
    for statement in ("DELETE FROM {}", "TRUNCATE {} CASCADE", "DROP TABLE {} CASCADE")
    for table in sorted(metadata.tables)
    if not (statement.startswith("DELETE") and table in ERASABLE)
]


@pytest.mark.parametrize(("statement", "table"), REMOVALS)
async def test_no_row_is_removed_but_what_names_a_person(
    app_database: Database, rows: Crowded, statement: str, table: str
) -> None:
    assert await outcome(app_database, rows, f"SELECT count(*) FROM {table}") == "done"  # noqa: S608
    error = await outcome(app_database, rows, statement.format(table))
    assert isinstance(error, asyncpg.InsufficientPrivilegeError), error


async def outcome(database: Database, rows: Crowded, statement: str) -> str | asyncpg.PostgresError:
    """What came of a statement that is taken back afterwards: `done`, `nothing done`, or the error."""
    async with database.reading(rows.business_id) as connection:
        await connection.begin(rows.business_id)
        try:
            status = await connection.execute(rows.said(statement))
            await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except asyncpg.PostgresError as error:
            return error
        finally:
            await connection.rollback()
    return "nothing done" if status.endswith(" 0") else "done"
