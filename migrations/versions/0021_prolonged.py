"""Claims that prolong others: by grace, and until a notice is old enough."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CLAIM_ORIGINS = ("rules", "override", "grant", "match", "paid", "migration", "grace", "notice")


def upgrade() -> None:
    """Adds the origins."""
    listed = ", ".join(f"'{origin}'" for origin in CLAIM_ORIGINS)
    op.drop_constraint("claim_origin_check", "claim", type_="check")
    op.create_check_constraint(sa.schema.conv("claim_origin_check"), "claim", f"origin IN ({listed})")
