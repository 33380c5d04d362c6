"""Members are paused: since when and until when, and what a pause has moved."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

PAUSED = (
    "CASE status WHEN 'paused' THEN paused_at IS NOT NULL WHEN 'active' THEN paused_at IS NULL"
    " ELSE true END AND (paused_until IS NULL OR (paused_at IS NOT NULL AND paused_until > paused_at))"
)
CYCLE = (
    "(cycle_anchor IS NULL) = (cycle_began_at IS NULL)"
    " AND (cycle_source IS NULL) = (cycle_external_id IS NULL)"
    " AND (cycle_source IS NULL OR cycle_began_at IS NOT NULL)"
    " AND (cycle_ends_on IS NULL OR cycle_anchor IS NOT NULL)"
)


def upgrade() -> None:
    """Adds the pause of a member, the moved end of a cycle, and which claim a moved one was at first."""
    for name in ("paused_at", "paused_until"):
        op.add_column("member", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_check_constraint(sa.schema.conv("member_paused_since_check"), "member", PAUSED)
    op.execute("GRANT UPDATE (paused_at, paused_until) ON member TO loyalty_app")
    op.add_column("current_standing", sa.Column("cycle_ends_on", sa.Date()))
    whole = sa.schema.conv("current_standing_cycle_is_whole_check")
    op.drop_constraint(whole, "current_standing")
    op.create_check_constraint(whole, "current_standing", CYCLE)
    op.execute("GRANT UPDATE (cycle_ends_on) ON current_standing TO loyalty_app")
    op.add_column("claim", sa.Column("moves_claim_id", sa.Uuid()))
    op.create_check_constraint(
        sa.schema.conv("claim_moves_another_check"), "claim", "moves_claim_id <> claim_id"
    )
    op.create_foreign_key(
        sa.schema.conv("claim_business_id_moves_claim_id_fkey"),
        "claim",
        "claim",
        ["business_id", "moves_claim_id"],
        ["business_id", "claim_id"],
    )
