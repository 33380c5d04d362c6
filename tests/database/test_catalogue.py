"""What Alembic does not see: keys within the business, row-level security, rights, triggers."""

from collections import defaultdict
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

Connection = psycopg.Connection[tuple[str, ...]]

SHARED_BY_BUSINESSES = {("business", "business_slug_key"), ("credential", "credential_key_id")}
"""The only keys that are not within one business: how a business and a credential are found at first."""

GROWING_ONLY = {
    "program_draft", "program_version", "fact", "activity_line", "effect", "transfer", "reward",
    "reward_terms", "settlement", "application_event", "application_elector", "application_vote", "merge",
}  # fmt: skip
KEPT = {"adjustment", "application", "claim", "coupon", "coupon_use", "redemption", "simulation", "standing"}

UPDATABLE = {
    "account": {"created_at"},  # so that it may lock accounts; a trigger refuses the change
    "adjustment": {"decision", "decided_by", "decided_at", "fact_id"},
    "application": {"state", "step", "fee", "closes_at", "ended_at", "fact_id", "event_count"},
    "business": {"name", "locale", "clock_at", "event_position"},
    "claim": {"figures", "withdrawn_effect_id"},
    "counter": {"used"},
    "coupon": {"used"},
    "coupon_use": {"released_at", "released_fact_id"},
    "credential": {"name", "expires_at", "revoked_at"},
    "current_standing": {
        "tier", "since", "until_at", "next_review_at", "standing_id",
        "cycle_anchor", "cycle_began_at", "cycle_source", "cycle_external_id", "cycle_ends_on",
        "notice_tier", "notice_at", "noticed_at",
    },
    "hold": {"captured", "state", "closed_at"},
    "lot": {"amount", "remaining", "expired", "expires_at", "pending", "releases_at", "funding"},
    "member": {
        "status", "enrolled_at", "joined_on", "last_occurred_at", "last_source", "last_external_id",
        "folded_until", "next_boundary_at", "event_count", "last_recorded_at", "paused_at", "paused_until",
        "closed_at", "rulebook_version",
    },
    "operation": {"outcome"},
    "outbox": {"position", "published_at"},
    "parked": {"error", "parked_at", "resolved_at"},
    "partner": {"name"},
    "point_use": {"amount"},
    "profile": {"given_name", "family_name", "email", "phone", "birth_date", "locale", "updated_at"},
    "redemption": {"fulfilled_at", "cancelled_at", "cancelled_fact_id", "restock_transfer_id"},
    "simulation": {
        "state", "started_at", "heartbeat_at", "ended_at", "failure", "chunks", "attempts", "members",
        "members_done", "after_member_id", "through_member_id", "source", "chosen", "counted", "moved",
    },
    "standing": {"withdrawn_effect_id"},
}  # fmt: skip


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with psycopg.connect(database) as opened:
        yield opened


@pytest.fixture
def tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        """SELECT c.relname FROM pg_class c
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1"""
    )
    return [name for (name,) in rows]


def _by_table(connection: Connection, query: LiteralString) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for table, value in connection.execute(query):
        found[table].add(value)
    return found


def test_every_table_but_the_schema_s_version_has_the_business(
    connection: Connection, tables: list[str]
) -> None:
    with_business = connection.execute(
        """SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           WHERE a.attname = 'business_id' AND a.attnotnull AND c.relkind = 'r'
             AND c.relnamespace = 'public'::regnamespace"""
    )
    assert {name for (name,) in with_business} == set(tables) - {"alembic_version"}
    assert len(tables) == 38


def test_the_business_leads_every_primary_unique_and_foreign_key(connection: Connection) -> None:
    keys = connection.execute(
        """SELECT c.relname, o.conname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.conkey[1]
           WHERE c.relnamespace = 'public'::regnamespace AND o.contype IN ('p', 'u', 'f')
             AND a.attname <> 'business_id' AND c.relname <> 'alembic_version'
           UNION
           SELECT c.relname, n.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
           JOIN pg_class n ON n.oid = i.indexrelid
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
           WHERE c.relnamespace = 'public'::regnamespace
             AND a.attname <> 'business_id' AND c.relname <> 'alembic_version'"""
    )
    assert set(keys) == SHARED_BY_BUSINESSES


def test_every_foreign_key_leads_to_the_same_business(connection: Connection) -> None:
    elsewhere = connection.execute(
        """SELECT o.conname FROM pg_constraint o
           JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = o.confkey[1]
           WHERE o.contype = 'f' AND a.attname <> 'business_id'"""
    )
    assert elsewhere.fetchall() == []


def test_row_level_security_is_enabled_and_forced_everywhere(
    connection: Connection, tables: list[str]
) -> None:
    secured = connection.execute(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity"""
    )
    assert {name for (name,) in secured} == set(tables) - {"alembic_version"}


def test_every_table_has_exactly_the_two_policies(connection: Connection, tables: list[str]) -> None:
    found = _by_table(
        connection,
        """SELECT c.relname, concat_ws(' ', polname, polpermissive, polcmd, polroles::regrole[]::text,
                  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
           FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid""",
    )
    expected = {
        "app t * {loyalty_app} (business_id = current_business())",
        "owner t * {loyalty_owner} true",
    }
    assert found == {table: expected for table in tables if table != "alembic_version"}


def test_everything_belongs_to_the_owner_role(connection: Connection) -> None:
    others = connection.execute(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND pg_get_userbyid(relowner) <> 'loyalty_owner'
           UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
           AND pg_get_userbyid(proowner) <> 'loyalty_owner'"""
    )
    assert others.fetchall() == []


def test_the_application_reads_and_adds_everywhere_and_deletes_what_names_a_person_alone(
    connection: Connection, tables: list[str]
) -> None:
    rights = _by_table(
        connection,
        """SELECT c.relname, g.grantee::regrole || ' ' || g.privilege_type
           FROM pg_class c CROSS JOIN aclexplode(c.relacl) g
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
             AND g.grantee <> c.relowner""",
    )
    expected = {table: {"loyalty_app SELECT", "loyalty_app INSERT"} for table in tables}
    for table in ("identity", "profile"):
        expected[table].add("loyalty_app DELETE")
    expected["alembic_version"] = {"loyalty_app SELECT"}
    assert rights == expected


def test_the_application_updates_only_what_changes(connection: Connection) -> None:
    rights = _by_table(
        connection,
        """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
             AND has_column_privilege('loyalty_app', c.oid, a.attnum, 'UPDATE')""",
    )
    assert rights == UPDATABLE


def test_what_only_grows_refuses_changes_by_trigger(connection: Connection) -> None:
    found = _by_table(
        connection,
        """SELECT c.relname, concat_ws(' ', p.proname, t.tgtype, t.tgenabled,
                  (SELECT string_agg(a.attname, ' ') FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr)))
           FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
           WHERE NOT t.tgisinternal AND p.proname = 'refuse_change'""",
    )
    before, delete, update, truncate = 2, 8, 16, 32
    everything = {f"refuse_change {before | delete | update | truncate} O"}
    removal = {f"refuse_change {before | delete | truncate} O"}
    expected = dict.fromkeys(GROWING_ONLY, everything) | dict.fromkeys(KEPT, removal)
    by_hand = f"refuse_change {1 | before | update} O"  # a coupon is counted by its uses alone
    expected["coupon"] = removal | {by_hand}
    expected["application"] = removal | {f"refuse_change {1 | before | update} O"}  # once it has ended
    expected["simulation"] = removal | {
        f"refuse_change {1 | before | update} O"
    }  # its file, and once it has ended
    expected["account"] = {f"refuse_change {before | update} O created_at"}
    expected["member"] = {f"refuse_change {1 | before | update} O status"}  # what is merged stays merged
    assert found == expected


def test_only_two_functions_cross_businesses_and_only_the_application_calls_them(
    connection: Connection,
) -> None:
    definers = connection.execute(
        """SELECT proname, array_to_string(proconfig, ' '),
                  has_function_privilege('loyalty_app', oid, 'EXECUTE')::text,
                  EXISTS (SELECT FROM aclexplode(proacl) g WHERE g.grantee = 0)::text
           FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1"""
    )
    fixed = "search_path=pg_catalog, pg_temp"
    assert definers.fetchall() == [
        ("authenticate", fixed, "true", "false"),
        ("due", fixed, "true", "false"),
        ("move_balances", fixed, "false", "false"),
        ("refuse_excess_return", fixed, "false", "false"),
        ("refuse_excess_reversal", fixed, "false", "false"),
    ]


def test_the_roles_have_no_power_over_the_server(connection: Connection) -> None:
    powers = connection.execute(
        """SELECT rolname FROM pg_roles WHERE rolname IN ('loyalty_app', 'loyalty_owner')
           AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication) ORDER BY 1"""
    )
    assert powers.fetchall() == [("loyalty_app",), ("loyalty_owner",)]
