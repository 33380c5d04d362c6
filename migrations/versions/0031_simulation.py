"""Simulations of a program, as work in the background."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

PROGRESS = (
    "state, started_at, heartbeat_at, ended_at, failure, chunks, attempts, members, members_done, "
    "after_member_id, through_member_id"
)
FORGOTTEN = "source, chosen, counted, moved"
"""The columns of a simulation that change: how far it is, and what is forgotten of one too many."""

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
        (SELECT m.business_id, 'boundary', m.member_id, v.effective_at,
                row_number() OVER (ORDER BY m.rulebook_version, m.member_id)
         FROM (SELECT max(p.version) AS version, max(p.effective_at) AS effective_at
               FROM public.program_version p
               WHERE p.business_id = b.business_id AND p.effective_at <= coalesce(b.clock_at, $1)) v
         JOIN public.member m ON m.business_id = b.business_id AND m.rulebook_version < v.version
         WHERE m.next_boundary_at IS NULL OR m.next_boundary_at > coalesce(b.clock_at, $1)
         ORDER BY m.rulebook_version, m.member_id
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
        SELECT b.business_id, 'simulation', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.simulation s
            WHERE s.business_id = b.business_id AND s.state IN ('queued', 'running'))
        UNION ALL
        SELECT b.business_id, 'repair', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.parked p WHERE p.business_id = b.business_id AND p.resolved_at IS NULL)
    ) d
    ORDER BY d.place, d.next_boundary_at, d.business_id, d.work, d.member_id
    LIMIT $2
$$
"""


def _simulations() -> None:
    op.create_table(
        "simulation",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("plan", sa.Text()),
        sa.Column("effective_at", sa.DateTime(timezone=True)),
        sa.Column("from_at", sa.DateTime(timezone=True)),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("sample", sa.BigInteger()),
        sa.Column("rulebook_version", sa.BigInteger(), nullable=False),
        sa.Column("findings", JSONB(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.Text(collation="C")),
        sa.Column("chunks", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.BigInteger()),
        sa.Column("members_done", sa.BigInteger(), nullable=False),
        sa.Column("after_member_id", sa.Uuid()),
        sa.Column("through_member_id", sa.Uuid()),
        sa.Column("chosen", JSONB()),
        sa.Column("counted", JSONB()),
        sa.Column("moved", JSONB()),
        sa.CheckConstraint(
            "(kind = 'preview') = (effective_at IS NOT NULL)", name="simulation_preview_of_an_instant_check"
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (failure IS NOT NULL)", name="simulation_failed_for_a_reason_check"
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (ended_at IS NULL)", name="simulation_ended_check"
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND 3", name="simulation_attempts_bounds_check"),
        sa.CheckConstraint(
            "failure IN ('overtaken', 'program', 'defect', 'lost')", name="simulation_failure_check"
        ),
        sa.CheckConstraint("kind IN ('preview', 'backtest')", name="simulation_kind_check"),
        sa.CheckConstraint(
            "num_nonnulls(from_at, until_at) = CASE kind WHEN 'backtest' THEN 2 ELSE 0 END",
            name="simulation_backtest_of_a_period_check",
        ),
        sa.CheckConstraint(
            "sample IS NULL OR kind = 'backtest'", name="simulation_backtest_of_a_sample_check"
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="simulation_state_check"
        ),
        sa.CheckConstraint(
            "state NOT IN ('running', 'done') OR started_at IS NOT NULL", name="simulation_started_check"
        ),
        sa.CheckConstraint("char_length(plan) BETWEEN 1 AND 100000", name="simulation_plan_length_check"),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 1000000", name="simulation_source_length_check"
        ),
        sa.CheckConstraint("chunks BETWEEN 0 AND 9000000000000000", name="simulation_chunks_bounds_check"),
        sa.CheckConstraint("from_at < until_at", name="simulation_begins_before_it_ends_check"),
        sa.CheckConstraint("members BETWEEN 0 AND 9000000000000000", name="simulation_members_bounds_check"),
        sa.CheckConstraint(
            "members_done BETWEEN 0 AND 9000000000000000", name="simulation_members_done_bounds_check"
        ),
        sa.CheckConstraint(
            "rulebook_version BETWEEN 1 AND 9000000000000000", name="simulation_rulebook_version_bounds_check"
        ),
        sa.CheckConstraint("sample BETWEEN 1 AND 5000", name="simulation_sample_bounds_check"),
        sa.CheckConstraint(
            "source IS NOT NULL OR num_nonnulls(chosen, counted, moved) = 0",
            name="simulation_forgotten_whole_check",
        ),
        sa.CheckConstraint(
            "source IS NOT NULL OR ended_at IS NOT NULL", name="simulation_forgotten_when_ended_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "asked_by"],
            ["credential.business_id", "credential.credential_id"],
            name="simulation_business_id_asked_by_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.business_id"], name="simulation_business_id_fkey"
        ),
        sa.PrimaryKeyConstraint("business_id", "simulation_id", name="simulation_pkey"),
    )
    op.create_index(
        "simulation_by_time", "simulation", ["business_id", "asked_at", "simulation_id"], unique=False
    )
    op.create_index(
        "simulation_open",
        "simulation",
        ["business_id", "asked_at", "simulation_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )


def _triggers() -> None:
    op.execute(
        "CREATE TRIGGER simulation_stays BEFORE DELETE OR TRUNCATE ON simulation "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER simulation_ended BEFORE UPDATE ON simulation FOR EACH ROW "
        "WHEN (new.source <> old.source OR old.ended_at IS NOT NULL "
        "AND (new.source IS NOT NULL OR new.state <> old.state)) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER simulation_only BEFORE UPDATE ON simulation "
        f"FOR EACH ROW EXECUTE FUNCTION allow_only({PROGRESS}, {FORGOTTEN})"
    )


def upgrade() -> None:
    """Makes the table, says who may do what in it, and lets workers find simulations."""
    _simulations()
    _triggers()
    op.execute("ALTER TABLE simulation ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE simulation FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY app ON simulation TO loyalty_app USING (business_id = current_business())")
    op.execute("CREATE POLICY owner ON simulation TO loyalty_owner USING (true)")
    op.execute("GRANT SELECT, INSERT ON simulation TO loyalty_app")
    op.execute(f"GRANT UPDATE ({PROGRESS}, {FORGOTTEN}) ON simulation TO loyalty_app")
    op.execute(DUE)
