"""Applications for membership, their events, electorates and votes; votes whose time is up are due."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CHANGES = "state, step, fee, closes_at, ended_at, fact_id, event_count"
"""The columns of an application that follow its events, until it has ended."""

DUE = """
CREATE OR REPLACE FUNCTION due(now timestamptz, at_most integer)
RETURNS TABLE (business_id uuid, work text, member_id uuid, next_boundary_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.business_id, d.work, d.member_id, d.next_boundary_at
    FROM public.business b
    CROSS JOIN LATERAL (
        (SELECT m.business_id, 'boundary' AS work, m.member_id, m.next_boundary_at,
                row_number() OVER (ORDER BY m.next_boundary_at, m.member_id) AS place
         FROM public.member m
         WHERE m.business_id = b.business_id AND m.next_boundary_at <= coalesce(b.clock_at, $1)
         ORDER BY m.next_boundary_at, m.member_id
         LIMIT $2)
        UNION ALL
        (SELECT a.business_id, 'vote', a.member_id, a.closes_at,
                row_number() OVER (ORDER BY a.closes_at, a.member_id)
         FROM public.application a
         WHERE a.business_id = b.business_id AND a.closes_at <= coalesce(b.clock_at, $1)
         ORDER BY a.closes_at, a.member_id
         LIMIT $2)
        UNION ALL
        SELECT b.business_id, 'events', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.outbox o WHERE o.business_id = b.business_id AND o.position IS NULL)
        UNION ALL
        SELECT b.business_id, 'repair', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.parked p WHERE p.business_id = b.business_id AND p.resolved_at IS NULL)
    ) d
    ORDER BY d.place, d.next_boundary_at, d.business_id, d.work, d.member_id
    LIMIT $2
$$
"""


def _applications() -> None:
    op.create_table(
        "application",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("program_version_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.Text(collation="C")),
        sa.Column("fee", sa.Numeric(20, 4)),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("fact_id", sa.Uuid()),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'admitted') = (fact_id IS NOT NULL)", name="application_admitted_by_a_fact_check"
        ),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="application_ended_check"),
        sa.CheckConstraint(
            "(state = 'open') = (step IS NOT NULL)", name="application_waits_while_open_check"
        ),
        sa.CheckConstraint(
            "closes_at IS NULL OR coalesce(step, '') = 'vote'", name="application_closes_a_vote_check"
        ),
        sa.CheckConstraint("fee IS NULL OR coalesce(step, '') = 'pay'", name="application_fee_to_pay_check"),
        sa.CheckConstraint("kind IN ('entry', 'renewal')", name="application_kind_check"),
        sa.CheckConstraint(
            "state IN ('open', 'admitted', 'rejected', 'withdrawn')", name="application_state_check"
        ),
        sa.CheckConstraint(
            "step IN ('invite', 'review', 'inspect', 'vote', 'sign', 'pay')", name="application_step_check"
        ),
        sa.CheckConstraint("char_length(rule) BETWEEN 1 AND 64", name="application_rule_length_check"),
        sa.CheckConstraint("closes_at > opened_at", name="application_closes_after_opened_check"),
        sa.CheckConstraint(
            "event_count BETWEEN 1 AND 9000000000000000", name="application_event_count_bounds_check"
        ),
        sa.CheckConstraint("fee BETWEEN 0 AND 9000000000000000", name="application_fee_bounds_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="application_business_id_fact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="application_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_version_id"],
            ["program_version.business_id", "program_version.program_version_id"],
            name="application_business_id_program_version_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "application_id", name="application_pkey"),
        sa.UniqueConstraint("business_id", "fact_id", name="application_business_id_fact_id_key"),
    )
    op.create_index(
        "application_by_member",
        "application",
        ["business_id", "member_id", "opened_at", "application_id"],
        unique=False,
    )
    op.create_index(
        "application_closing",
        "application",
        ["business_id", "closes_at", "member_id"],
        unique=False,
        postgresql_where=sa.text("closes_at IS NOT NULL"),
    )
    op.create_index(
        "application_open",
        "application",
        ["business_id", "member_id", "rule"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _events() -> None:
    op.create_table(
        "application_event",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.Text(collation="C")),
        sa.Column("approved", sa.Boolean()),
        sa.Column("paid", sa.Numeric(20, 4)),
        sa.Column("reason", sa.Text()),
        sa.Column("electors", sa.BigInteger()),
        sa.Column("in_favour", sa.BigInteger()),
        sa.Column("against", sa.BigInteger()),
        sa.Column("abstained", sa.BigInteger()),
        sa.Column("result", sa.Text(collation="C")),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint(
            "(kind = 'decided') = (approved IS NOT NULL)", name="application_event_decided_either_way_check"
        ),
        sa.CheckConstraint(
            "kind <> 'decided' OR step IS NOT NULL", name="application_event_decides_a_step_check"
        ),
        sa.CheckConstraint(
            "kind IN ('applied', 'decided', 'closed', 'withdrawn')", name="application_event_kind_check"
        ),
        sa.CheckConstraint(
            "num_nonnulls(electors, in_favour, against, abstained, result)"
            " = CASE kind WHEN 'closed' THEN 5 ELSE 0 END",
            name="application_event_tally_when_closed_check",
        ),
        sa.CheckConstraint(
            "paid IS NULL OR coalesce(step, '') = 'pay'", name="application_event_paid_at_its_step_check"
        ),
        sa.CheckConstraint(
            "result IN ('carried', 'lost', 'tie', 'no_quorum')", name="application_event_result_check"
        ),
        sa.CheckConstraint(
            "step IN ('invite', 'review', 'inspect', 'vote', 'sign', 'pay')",
            name="application_event_step_check",
        ),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 500", name="application_event_reason_length_check"
        ),
        sa.CheckConstraint(
            "least(in_favour, against, abstained) >= 0 AND in_favour + against + abstained <= electors",
            name="application_event_tally_of_electors_check",
        ),
        sa.CheckConstraint(
            "number BETWEEN 1 AND 9000000000000000", name="application_event_number_bounds_check"
        ),
        sa.CheckConstraint("paid BETWEEN 0 AND 9000000000000000", name="application_event_paid_bounds_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "application_id"],
            ["application.business_id", "application.application_id"],
            name="application_event_business_id_application_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="application_event_business_id_credential_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "application_id", "number", name="application_event_pkey"),
    )


def _electors() -> None:
    op.create_table(
        "application_elector",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "application_id"],
            ["application.business_id", "application.application_id"],
            name="application_elector_business_id_application_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="application_elector_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "application_id", "member_id", name="application_elector_pkey"
        ),
    )


def _votes() -> None:
    op.create_table(
        "application_vote",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.Text(collation="C"), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint(
            "choice IN ('in_favour', 'against', 'abstained')", name="application_vote_choice_check"
        ),
        sa.CheckConstraint(
            "version BETWEEN 1 AND 9000000000000000", name="application_vote_version_bounds_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "application_id", "member_id"],
            [
                "application_elector.business_id",
                "application_elector.application_id",
                "application_elector.member_id",
            ],
            name="application_vote_business_id_application_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="application_vote_business_id_credential_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "application_id", "member_id", "version", name="application_vote_pkey"
        ),
    )


def _triggers() -> None:
    for table in ("application_event", "application_elector", "application_vote"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER application_stays BEFORE DELETE OR TRUNCATE ON application "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER application_ended BEFORE UPDATE ON application "
        "FOR EACH ROW WHEN (old.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER application_only BEFORE UPDATE ON application "
        f"FOR EACH ROW EXECUTE FUNCTION allow_only({CHANGES})"
    )


def upgrade() -> None:
    """Makes the tables, says who may do what in them, and lets workers find votes to close."""
    _applications()
    _events()
    _electors()
    _votes()
    _triggers()
    for table in ("application", "application_event", "application_elector", "application_vote"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app ON {table} TO loyalty_app USING (business_id = current_business())")
        op.execute(f"CREATE POLICY owner ON {table} TO loyalty_owner USING (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO loyalty_app")
    op.execute(f"GRANT UPDATE ({CHANGES}) ON application TO loyalty_app")
    op.execute(DUE)
