"""Versions take effect by a plan, for members found by the rulebook they were folded with; drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# Who was folded before has been told of every version that was published by then.
FOLDED_WITH = """
UPDATE member m SET rulebook_version = v.latest
FROM (SELECT business_id, max(version) AS latest FROM program_version GROUP BY business_id) v
WHERE v.business_id = m.business_id
"""

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
        SELECT b.business_id, 'repair', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.parked p WHERE p.business_id = b.business_id AND p.resolved_at IS NULL)
    ) d
    ORDER BY d.place, d.next_boundary_at, d.business_id, d.work, d.member_id
    LIMIT $2
$$
"""


def upgrade() -> None:
    """Adds the columns, finds members by them, and makes the table of drafts."""
    op.add_column("program_version", sa.Column("plan", sa.Text()))
    op.add_column("program_version", sa.Column("plan_hash", sa.Text(collation="C")))
    op.create_check_constraint(
        "program_version_plan_length_check", "program_version", "char_length(plan) BETWEEN 1 AND 100000"
    )
    op.create_check_constraint(
        "program_version_plan_hash_length_check",
        "program_version",
        "char_length(plan_hash) BETWEEN 1 AND 100",
    )
    op.create_check_constraint(
        "program_version_plan_is_hashed_check", "program_version", "(plan IS NULL) = (plan_hash IS NULL)"
    )
    op.add_column("member", sa.Column("rulebook_version", sa.Integer(), nullable=False, server_default="0"))
    op.execute(FOLDED_WITH)
    op.create_index("member_by_rulebook", "member", ["business_id", "rulebook_version", "member_id"])
    op.execute("GRANT UPDATE (rulebook_version) ON member TO loyalty_app")
    op.execute(DUE)
    _drafts()


def _drafts() -> None:
    op.create_table(
        "program_draft",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("program_draft_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.CheckConstraint("char_length(hash) BETWEEN 1 AND 100", name="program_draft_hash_length_check"),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 1000000", name="program_draft_source_length_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.business_id"], name="program_draft_business_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "created_by"],
            ["credential.business_id", "credential.credential_id"],
            name="program_draft_business_id_created_by_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "program_draft_id", name="program_draft_pkey"),
    )
    op.execute("ALTER TABLE program_draft ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE program_draft FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY app ON program_draft TO loyalty_app USING (business_id = current_business())")
    op.execute("CREATE POLICY owner ON program_draft TO loyalty_owner USING (true)")
    op.execute("GRANT SELECT, INSERT ON program_draft TO loyalty_app")
    op.execute(
        "CREATE TRIGGER program_draft_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON program_draft "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
