"""The two roles of the database, which belong to the server and not to one database."""

from sqlalchemy import Connection, text

APP_ROLE = "loyalty_app"
"""What the API and the workers connect as, or the group that their role is a member of."""

OWNER_ROLE = "loyalty_owner"
"""Owns the tables and the functions that cross businesses; nobody connects as it."""

# Migrations of several databases of one server may make the roles at the same time.
_MAKE_ROLES = """
DO $$
DECLARE
    missing text;
BEGIN
    FOREACH missing IN ARRAY ARRAY['loyalty_app', 'loyalty_owner'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = missing) THEN
            BEGIN
                EXECUTE 'CREATE ROLE ' || quote_ident(missing) || ' NOLOGIN';
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$
"""

# Since PostgreSQL 16 a role that made another may grant it, but is not yet allowed to become it.
_LET_ME_BECOME_OWNER = """
DO $$
DECLARE
    version int := current_setting('server_version_num');
    needed text := CASE WHEN version >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT pg_has_role(current_user, 'loyalty_owner', needed) THEN
        EXECUTE 'GRANT loyalty_owner TO ' || quote_ident(current_user);
    END IF;
END
$$
"""

_LET_ROLES_USE_THE_SCHEMA = """
DO $$
BEGIN
    IF NOT has_schema_privilege('loyalty_owner', 'public', 'CREATE') THEN
        GRANT USAGE, CREATE ON SCHEMA public TO loyalty_owner;
    END IF;
    IF NOT has_schema_privilege('loyalty_app', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO loyalty_app;
    END IF;
END
$$
"""

_ALLOW_LOGIN = """
DO $$
BEGIN
    IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'loyalty_app') THEN
        ALTER ROLE loyalty_app LOGIN;
    END IF;
END
$$
"""


def make_roles(connection: Connection) -> None:
    """Makes the roles that are missing and lets this connection's role become the owner of the tables."""
    for statement in (_MAKE_ROLES, _LET_ME_BECOME_OWNER, _LET_ROLES_USE_THE_SCHEMA):
        connection.exec_driver_sql(statement)


def become_owner(connection: Connection) -> None:
    """Makes what this transaction creates belong to the owner role."""
    connection.execute(text("SET LOCAL ROLE loyalty_owner"))


def allow_login(connection: Connection) -> None:
    """Lets the app role itself connect, which only a server of our own (embedded, or of a test) needs."""
    connection.exec_driver_sql(_ALLOW_LOGIN)
