"""Withdrawn claims of a member are found by an index as well: a fold from the beginning reads them."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index in the place of another."""
    op.drop_index("claim_by_member", "claim")
    op.create_index("claim_by_member", "claim", ["business_id", "member_id", "ladder", "from_at"])
