"""A crowd for benches: members with everything that is stored of them, copied row for row from a few.

What is copied is what the engine itself wrote for the few, so that every copy is a member like any other,
which `loyalty verify` finds nothing wrong with. Names contain the mark of the member that they were copied
from, and get the copy's own.
"""

from __future__ import annotations

import psycopg
from psycopg import sql


def mark(number: int) -> str:
    """What every name of a member to be copied contains."""
    return f"member{number:04d}x"


def copy_members(admin_url: str, business_id: object, copies: int) -> int:
    """Copies every member of a business so often, as a superuser; the number of rows written."""
    written = 0
    with psycopg.connect(admin_url) as connection:
        # Constraints and triggers looked at these rows when the first of them were written.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        _name_own_ids(connection, business_id)
        for table in _tables(connection):
            written += _copy(connection, table, business_id, copies)
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


def _copy(connection: psycopg.Connection, table: str, business_id: object, copies: int) -> int:
    columns = _columns(connection, table)
    values = [_value(name, kind) for name, kind in columns]
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


def _value(name: str, kind: str) -> sql.Composable:
    column = sql.SQL("t.{}").format(sql.Identifier(name))
    if kind == "uuid":
        other = sql.SQL("md5({column}::text || copy)::uuid").format(column=column)
        known = sql.SQL("EXISTS (SELECT FROM own_id WHERE id = {column})").format(column=column)
        return sql.SQL("CASE WHEN {known} THEN {other} ELSE {column} END").format(
            known=known, other=other, column=column
        )
    if kind in ("text", "character varying", "jsonb"):
        return sql.SQL(
            r"regexp_replace({column}::text, '(member\d+x)', '\1' || copy || 'x', 'g')::{kind}"
        ).format(column=column, kind=sql.SQL(kind))
    if kind == "bytea":
        return sql.SQL(
            "CASE WHEN {column} IS NULL THEN NULL ELSE sha256({column} || copy::text::bytea) END"
        ).format(column=column)
    return column
