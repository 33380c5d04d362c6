"""Prints what is in a database, from its own catalogue, alike on every version of PostgreSQL."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, text

_TABLES = """
SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
       c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced
FROM pg_class c WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r' ORDER BY 1
"""

_COLUMNS = """
SELECT c.relname AS name,
       a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || coalesce((SELECT ' COLLATE ' || quote_ident(l.collname) FROM pg_collation l
                    WHERE l.oid = a.attcollation AND l.collname <> 'default'), '')
       || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS line
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r'
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""

# NOT NULL is a constraint with a name since PostgreSQL 18; it is printed with its column.
_CONSTRAINTS = """
SELECT c.relname AS name, 'CONSTRAINT ' || o.conname || ' ' || pg_get_constraintdef(o.oid, true) AS line
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND o.contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY c.relname, position(o.contype::text IN 'pufcx'), o.conname COLLATE "C"
"""

_INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid, 0, true) AS line
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
WHERE c.relnamespace = CAST(:schema AS regnamespace)
  AND NOT EXISTS (SELECT FROM pg_constraint o
                  WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
ORDER BY c.relname, n.relname COLLATE "C"
"""

_POLICIES = """
SELECT c.relname AS name,
       'CREATE POLICY ' || p.polname || ' ON ' || c.relname
       || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END
       || ' FOR ' || CASE p.polcmd WHEN '*' THEN 'ALL' ELSE p.polcmd::text END
       || ' TO ' || (SELECT string_agg(pg_get_userbyid(r), ', ' ORDER BY pg_get_userbyid(r))
                     FROM unnest(p.polroles) r)
       || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid, true) || ')', '')
       || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid, true) || ')', '') AS line
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = CAST(:schema AS regnamespace) ORDER BY c.relname, p.polname
"""

_TABLE_GRANTS = """
SELECT c.relname AS name,
       'GRANT ' || string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type) || ' ON ' || c.relname
       || ' TO ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'PUBLIC') AS line
FROM pg_class c CROSS JOIN aclexplode(c.relacl) g
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r' AND g.grantee <> c.relowner
GROUP BY c.relname, g.grantee ORDER BY 1, 2
"""

_COLUMN_GRANTS = """
SELECT c.relname AS name,
       'GRANT ' || g.privilege_type || ' (' || string_agg(a.attname, ', ' ORDER BY a.attnum) || ') ON '
       || c.relname || ' TO ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'PUBLIC') AS line
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN aclexplode(a.attacl) g
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r'
GROUP BY c.relname, g.privilege_type, g.grantee ORDER BY 1, 2
"""

_TRIGGERS = """
SELECT c.relname AS name, pg_get_triggerdef(t.oid, true) AS line
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND NOT t.tgisinternal ORDER BY c.relname, t.tgname
"""

_FUNCTIONS = """
SELECT p.proname AS name,
       'CREATE FUNCTION ' || p.proname || '(' || pg_get_function_arguments(p.oid) || ') RETURNS '
       || pg_get_function_result(p.oid) || ' LANGUAGE ' || l.lanname
       || CASE p.provolatile WHEN 'i' THEN ' IMMUTABLE' WHEN 's' THEN ' STABLE' ELSE '' END
       || CASE p.proparallel WHEN 's' THEN ' PARALLEL SAFE' ELSE '' END
       || CASE WHEN p.prosecdef THEN ' SECURITY DEFINER' ELSE '' END
       || coalesce(' SET ' || array_to_string(p.proconfig, ' SET '), '')
       || coalesce(' ' || pg_get_function_sqlbody(p.oid), ' AS $$' || p.prosrc || '$$')
       || E';\\nALTER FUNCTION ' || p.proname || ' OWNER TO ' || pg_get_userbyid(p.proowner)
       || coalesce((
            SELECT string_agg(
                E';\\nGRANT ' || g.privilege_type || ' ON FUNCTION ' || p.proname || ' TO '
                || coalesce(nullif(g.grantee, 0)::regrole::text, 'PUBLIC'), ''
                ORDER BY g.grantee::regrole::text)
            FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
            WHERE g.grantee <> p.proowner), '') AS line
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = CAST(:schema AS regnamespace) ORDER BY p.proname
"""


def printed_catalogue(connection: Connection, schema: str = "public") -> str:
    """Tables, columns, constraints, indexes, security, rights, triggers and functions of a schema, as SQL."""
    connection.execute(text("SELECT set_config('search_path', :schema, true)"), {"schema": schema})
    inner = _grouped(connection, schema, _COLUMNS, _CONSTRAINTS)
    after = _grouped(connection, schema, _INDEXES, _POLICIES, _TABLE_GRANTS, _COLUMN_GRANTS, _TRIGGERS)
    parts = [
        _printed_table(name, owner, (enabled, forced), inner[name], after[name])
        for name, owner, enabled, forced in connection.execute(text(_TABLES), {"schema": schema})
    ]
    functions = connection.execute(text(_FUNCTIONS), {"schema": schema})
    return "\n".join([*parts, *(f"{line};\n" for _, line in functions)])


def _grouped(connection: Connection, schema: str, *queries: str) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = defaultdict(list)
    for query in queries:
        for name, line in connection.execute(text(query), {"schema": schema}):
            lines[name].append(line)
    return lines


def _printed_table(
    name: str, owner: str, security: tuple[bool, bool], inner: Iterable[str], after: Iterable[str]
) -> str:
    body = ",\n".join(f"    {line}" for line in inner)
    wanted = (f"ALTER TABLE {name} {word} ROW LEVEL SECURITY" for word in ("ENABLE", "FORCE"))
    secured = [line for line, is_on in zip(wanted, security, strict=True) if is_on]
    statements = [
        f"CREATE TABLE {name} (\n{body}\n)",
        f"ALTER TABLE {name} OWNER TO {owner}",
        *secured,
        *after,
    ]
    return "".join(f"{statement};\n" for statement in statements)
