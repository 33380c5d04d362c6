"""Periods that are closed, of a business or of one of its partners."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, which only grows, with its security and rights."""
    op.create_table(
        "settlement",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint("until_at <= closed_at", name="settlement_only_the_past_check"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.business_id"], name="settlement_business_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="settlement_business_id_partner_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="settlement_business_id_credential_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "settlement_id", name="settlement_pkey"),
        sa.UniqueConstraint(
            "business_id",
            "partner_id",
            "until_at",
            name="settlement_business_id_partner_id_until_at_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute("ALTER TABLE settlement ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE settlement FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY app ON settlement TO loyalty_app USING (business_id = current_business())")
    op.execute("CREATE POLICY owner ON settlement TO loyalty_owner USING (true)")
    op.execute("GRANT SELECT, INSERT ON settlement TO loyalty_app")
    op.execute(
        "CREATE TRIGGER settlement_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
