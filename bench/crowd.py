"""A crowd for benches: members with everything that is stored of them, copied row for row from a few.

What is copied is what the engine itself wrote for the few, so that every copy is a member like any other,
which `loyalty verify` finds nothing wrong with. Names contain the mark of the member that they were copied
from, and get the copy's own; ids are in the order of the copies, as those of members who come one by one.
Indexes are built when all rows are there.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

MOST_COPIES = 64_000
"""A copy is told by the first 16 bits of its ids, beside those that any id of these decades begins with."""

_BEGINS = 1024
_MARKED = r"member\d+x"


def mark(number: int) -> str:
    """What every name of a member to be copied contains."""
    return f"member{number:04d}x"


def copy_members(admin_url: str, business_id: object, copies: int) -> int:
    """Copies every member of a business so often, as a superuser; the number of rows written."""
    if copies > MOST_COPIES:
        raise ValueError(f"at most {MOST_COPIES} copies of a member have ids")
    written = 0
    with psycopg.connect(admin_url) as connection:
        # Constraints and triggers looked at these rows when the first of them were written.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        tables = _tables(connection)
        _name_own_ids(connection, business_id)
        for table in tables:
            _leave_indexes(connection, table)
        for table in tables:
            written += _copy(connection, table, business_id, copies)
        for table in tables:
            connection.execute(sql.SQL("REINDEX TABLE {}").format(sql.Identifier(table)))
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    return written


def _tables(connection: psycopg.Connection) -> list[str]:
    """The tables that hold rows of members."""
    rows = connection.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'member_id'
           WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1"""
    ).fetchall()
    return [name for (name,) in rows]


def _columns(connection: psycopg.Connection, table: str) -> list[tuple[str, str]]:
    rows = connection.execute(
        """SELECT attname, atttypid::regtype::text FROM pg_attribute
           WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
           ORDER BY attnum""",
        [table],
    ).fetchall()
    return [(name, kind) for name, kind in rows]


def _name_own_ids(connection: psycopg.Connection, business_id: object) -> None:
    """Every id of a row that belongs to one member: a copy has another one, and shares all others."""
    connection.execute("CREATE TEMP TABLE own_id (id uuid PRIMARY KEY)")
    for table in _tables(connection):
        keys = connection.execute(
            """SELECT a.attname FROM pg_index i JOIN pg_attribute a
               ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
               WHERE i.indrelid = %s::regclass AND i.indisprimary
                 AND a.atttypid = 'uuid'::regtype AND a.attname <> 'business_id'""",
            [table],
        ).fetchall()
        for (key,) in keys:
            _own(connection, table, key, business_id)
    connection.execute("ANALYZE own_id")


def _own(connection: psycopg.Connection, table: str, column: str, business_id: object) -> None:
    connection.execute(
        sql.SQL(
            "INSERT INTO own_id SELECT {column} FROM {table} WHERE business_id = %s"
            " AND member_id IS NOT NULL AND {column} IS NOT NULL ON CONFLICT DO NOTHING"
        ).format(column=sql.Identifier(column), table=sql.Identifier(table)),
        [business_id],
    )


def _leave_indexes(connection: psycopg.Connection, table: str) -> None:
    """Indexes of the table are neither kept nor used until they are built again."""
    connection.execute(
        "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = %s::regclass", [table]
    )


def _copy(connection: psycopg.Connection, table: str, business_id: object, copies: int) -> int:
    columns = _columns(connection, table)
    values = [_value(connection, table, name, kind) for name, kind in columns]
    statement = sql.SQL(
        "INSERT INTO {table} ({names})"
        " SELECT {values} FROM {table} t CROSS JOIN generate_series(1, %s) AS copy"
        " WHERE t.business_id = %s AND t.member_id IS NOT NULL"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        values=sql.SQL(", ").join(values),
    )
    return connection.execute(statement, [copies, business_id]).rowcount


def _value(connection: psycopg.Connection, table: str, name: str, kind: str) -> sql.Composable:
    column = sql.SQL("t.{}").format(sql.Identifier(name))
    if kind == "uuid" and _any(connection, table, sql.SQL("{} IN (SELECT id FROM own_id)").format(column)):
        return sql.SQL(
            "CASE WHEN {column} IN (SELECT id FROM own_id)"
            " THEN overlay({column}::text PLACING lpad(to_hex(copy + {begins}), 4, '0') FROM 1)::uuid"
            " ELSE {column} END"
        ).format(column=column, begins=_BEGINS)
    if kind in ("text", "character varying", "jsonb"):
        marked = sql.SQL("{}::text ~ {}").format(column, _MARKED)
        if _any(connection, table, marked):
            return sql.SQL("regexp_replace({column}::text, {marked}, {named}, 'g')::{kind}").format(
                column=column,
                marked=f"({_MARKED})",
                named=sql.SQL(r"'\1' || copy || 'x'"),
                kind=sql.SQL(kind),
            )
    if kind == "bytea":
        return sql.SQL(
            "CASE WHEN {column} IS NULL THEN NULL ELSE sha256({column} || copy::text::bytea) END"
        ).format(column=column)
    return column


def _any(connection: psycopg.Connection, table: str, condition: sql.Composable) -> bool:
    """Whether a row of the table meets a condition, before any is copied."""
    statement = sql.SQL("SELECT EXISTS (SELECT FROM {} t WHERE {})").format(sql.Identifier(table), condition)
    row = connection.execute(statement).fetchone()
    return row is not None and row[0]
