"""What belongs to another business, and what only the owner of the tables may do."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import CHECK, FOREIGN, RIGHT, Case, of_fact, of_transfer, there

ELSEWHERE = {
    "a row is another business's": Case(
        copied("member", "member_id = :member", business_id=":other", member_id=":new", external_id=":new"),
        RIGHT,
        None,
        copied("member", "member_id = :member", member_id=":new", external_id=":new"),
    ),
    "a row becomes another business's": Case(
        "UPDATE member SET business_id = :other WHERE member_id = :member",
        RIGHT,
        None,
        "UPDATE member SET status = 'blocked' WHERE member_id = :member",
    ),
    "a member is paused since nobody knows when": Case(
        "UPDATE member SET status = 'paused' WHERE member_id = :member",
        CHECK,
        "member_paused_since_check",
        "UPDATE member SET status = 'paused', paused_at = folded_until WHERE member_id = :member",
    ),
    "a member has left since nobody knows when": Case(
        "UPDATE member SET status = 'closed' WHERE member_id = :member",
        CHECK,
        "member_closed_since_check",
        "UPDATE member SET status = 'closed', closed_at = folded_until, next_boundary_at = NULL"
        " WHERE member_id = :member",
    ),
    "points are another business's member's": Case(
        of_transfer(member_id=":stranger"),
        FOREIGN,
        "transfer_business_id_member_id_fkey",
        of_transfer(member_id=":second"),
    ),
    "points come from another business's account": Case(
        of_transfer(debit_account_id=":foreign_account"),
        FOREIGN,
        "transfer_business_id_debit_account_id_currency_fkey",
        of_transfer(debit_account_id=":second_wallet"),
    ),
    "points are moved by another business's effect": Case(
        of_transfer(effect_id=":foreign_effect"),
        FOREIGN,
        "transfer_business_id_effect_id_fkey",
        of_transfer(effect_id=":spare"),
    ),
    "another business's purchase is returned": Case(
        of_fact(reverses_fact_id=":foreign_fact", amount="-1", ones="0"),
        FOREIGN,
        "fact_business_id_reverses_fact_id_fkey",
        of_fact(reverses_fact_id=":fact", amount="-1", ones="0"),
    ),
}

POWERS = {
    "triggers are disabled": Case(
        "ALTER TABLE effect DISABLE TRIGGER ALL", RIGHT, None, "SELECT FROM effect WHERE effect_id = :effect"
    ),
    "triggers are skipped": Case(
        "SET LOCAL session_replication_role = replica", RIGHT, None, "SET LOCAL lock_timeout = '1s'"
    ),
    "a trigger is dropped": Case("DROP TRIGGER effect_stays ON effect", RIGHT, None, "SELECT 1"),
    "a table is altered": Case(
        "ALTER TABLE account DROP CONSTRAINT account_floor_check", RIGHT, None, "SELECT 1"
    ),
    "a table is dropped": Case("DROP TABLE outbox", RIGHT, None, there("outbox", "event_id", "event")),
    "a table is made": Case("CREATE TABLE public.more (id int)", RIGHT, None, "SELECT 1"),
    "an index is dropped": Case("DROP INDEX standing_place", RIGHT, None, "SELECT 1"),
    "security is switched off": Case(
        "ALTER TABLE member NO FORCE ROW LEVEL SECURITY", RIGHT, None, there("member", "member_id", "member")
    ),
    "a policy is added": Case(
        "CREATE POLICY all_of_them ON member USING (true)",
        RIGHT,
        None,
        there("member", "member_id", "member"),
    ),
    "security is passed by": Case(
        "SET LOCAL row_security = off; SELECT FROM member",
        RIGHT,
        None,
        "SET LOCAL row_security = on; SELECT FROM member",
    ),
    "the role becomes the owner": Case(
        "SET LOCAL ROLE loyalty_owner", RIGHT, None, "SET LOCAL ROLE loyalty_app"
    ),
    "the session becomes the owner's": Case(
        "SET LOCAL SESSION AUTHORIZATION loyalty_owner",
        RIGHT,
        None,
        "SET LOCAL SESSION AUTHORIZATION loyalty_app",
    ),
    "a role is made": Case("CREATE ROLE another", RIGHT, None, "SELECT 1"),
    "a function that acts as the owner is called": Case(
        "SELECT refuse_excess_reversal()", RIGHT, None, "SELECT current_business()"
    ),
    "a function that acts as the owner is made anew": Case(
        "CREATE OR REPLACE FUNCTION due(now timestamptz, at_most int) RETURNS int LANGUAGE sql RETURN 1",
        RIGHT,
        None,
        "SELECT FROM due(now(), 1) RIGHT JOIN (SELECT) one ON true",
    ),
    "the version of the schema is another": Case(
        "UPDATE alembic_version SET version_num = '0001'", RIGHT, None, "SELECT FROM alembic_version"
    ),
    "a file of the server is read": Case(
        "SELECT pg_read_file('postgresql.conf')", RIGHT, None, "SELECT current_setting('timezone')"
    ),
    "a program is run on the server": Case(
        "COPY member TO PROGRAM 'cat'", RIGHT, None, "SELECT FROM member WHERE member_id = :member"
    ),
}
