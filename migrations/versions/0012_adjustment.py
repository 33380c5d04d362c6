"""Adjustments, and who asked for and approved them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, its rights and its triggers."""
    op.create_table(
        "adjustment",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.Text(collation="C"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(collation="C")),
        sa.Column("decided_by", sa.Text(collation="C")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("fact_id", sa.Uuid()),
        sa.CheckConstraint(
            "amount <> 0 AND amount BETWEEN -9000000000000000 AND 9000000000000000",
            name="adjustment_amount_bounds_check",
        ),
        sa.CheckConstraint("decision IN ('approved', 'declined')", name="adjustment_decision_check"),
        sa.CheckConstraint(
            "num_nulls(decision, decided_by, decided_at) IN (0, 3)", name="adjustment_decided_at_once_check"
        ),
        sa.CheckConstraint(
            "(fact_id IS NOT NULL) = (decision IS NOT NULL AND decision = 'approved')",
            name="adjustment_made_when_approved_check",
        ),
        sa.CheckConstraint(
            "NOT needs_approval OR decision IS NULL OR decision = 'declined' OR decided_by <> asked_by",
            name="adjustment_approved_by_another_check",
        ),
        sa.CheckConstraint("char_length(asked_by) BETWEEN 1 AND 64", name="adjustment_asked_by_length_check"),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="adjustment_currency_length_check"),
        sa.CheckConstraint(
            "char_length(decided_by) BETWEEN 1 AND 64", name="adjustment_decided_by_length_check"
        ),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="adjustment_reason_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="adjustment_business_id_fact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="adjustment_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "adjustment_id", name="adjustment_pkey"),
        sa.UniqueConstraint("business_id", "fact_id", name="adjustment_business_id_fact_id_key"),
    )
    op.create_index(
        "adjustment_by_member", "adjustment", ["business_id", "member_id", "asked_at", "adjustment_id"]
    )
    op.create_index(
        "adjustment_waiting",
        "adjustment",
        ["business_id", "asked_at", "adjustment_id"],
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.execute("ALTER TABLE adjustment ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE adjustment FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY app ON adjustment TO loyalty_app USING (business_id = current_business())")
    op.execute("CREATE POLICY owner ON adjustment TO loyalty_owner USING (true)")
    op.execute("GRANT SELECT, INSERT ON adjustment TO loyalty_app")
    op.execute("GRANT UPDATE (decision, decided_by, decided_at, fact_id) ON adjustment TO loyalty_app")
    op.execute(
        "CREATE TRIGGER adjustment_once BEFORE UPDATE ON adjustment FOR EACH ROW "
        "EXECUTE FUNCTION allow_once(decision, decided_by, decided_at, fact_id)"
    )
    op.execute(
        "CREATE TRIGGER adjustment_stays BEFORE DELETE OR TRUNCATE ON adjustment "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
