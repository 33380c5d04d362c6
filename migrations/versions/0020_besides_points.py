"""Tiers at other times are read without what was posted on points, which is most of a long history."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    op.create_index(
        "effect_besides_points",
        "effect",
        ["business_id", "member_id", "kind", "effective_at"],
        postgresql_where=sa.text("kind <> 'points'"),
    )
