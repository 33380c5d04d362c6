"""Whether the database keeps what it acknowledged, whatever happens to its machine."""

from __future__ import annotations

import asyncpg

from loyalty_engine.store.connection import Connection

_OFF = """
SELECT s.name, s.source, quote_ident(session_user) AS role, quote_ident(current_database()) AS database
FROM pg_settings s
WHERE s.name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND s.setting = 'off'
ORDER BY s.name
"""

_ENDED_BY = {
    "global": "ALTER ROLE ALL RESET {name}",
    "database": "ALTER DATABASE {database} RESET {name}",
    "user": "ALTER ROLE {role} RESET {name}",
    "database user": "ALTER ROLE {role} IN DATABASE {database} RESET {name}",
    "client": "take it out of the address of the database",
}
"""What ends a setting, by where PostgreSQL says that it comes from; all else is the server's own."""

_SERVERS_OWN = "set it to on in the server's configuration or on its command line, and reload or restart it"


class UnsafeDatabaseError(RuntimeError):
    """A crash could lose what this database acknowledged, or ruin it."""

    code = "unsafe_database"


async def refuse_unsafe_database(connection: Connection) -> None:
    """Raises UnsafeDatabaseError where `fsync`, `full_page_writes` or `synchronous_commit` is off.

    They are read in a session like those that will write, so what an address, a role or a database sets for
    its sessions counts. Every other `synchronous_commit` waits at least for the server's own disk.
    """
    found = await connection.fetch(_OFF)
    if found:
        raise UnsafeDatabaseError(
            "A crash of the database's machine could lose purchases and points that were acknowledged: "
            f"{'; '.join(_told(row) for row in found)}."
        )


def _told(row: asyncpg.Record) -> str:
    advice = _ENDED_BY.get(row["source"], _SERVERS_OWN)
    return f"{row['name']} is off ({advice.format(**dict(row))})"
