"""Whether the database has the schema that this code needs."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.migrate import configuration


class OutdatedSchemaError(RuntimeError):
    """The database's schema is not the one that this code was written for."""

    code = "outdated_schema"


async def refuse_outdated_schema(connection: Connection) -> None:
    """Raises OutdatedSchemaError unless the newest migration of this code is the last one applied."""
    wanted = ScriptDirectory.from_config(configuration()).get_current_head()
    exists = await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL")
    found = await connection.fetchval("SELECT version_num FROM alembic_version") if exists else None
    if found != wanted:
        raise OutdatedSchemaError(
            f"The database is at revision {found or 'none'}, and this code needs {wanted}: "
            "run `loyalty migrate` with the code that is to be served."
        )
