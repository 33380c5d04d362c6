"""Notices of downgrades: effects, and what a member was told last."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

EFFECT_KINDS = ("points", "standing", "claim", "withdrawal", "caused", "quota", "forgone", "notice")
CHECKS = {
    "notice_tier_length": "char_length(notice_tier) BETWEEN 1 AND 64",
    "notice_is_whole": "num_nulls(notice_tier, notice_at, noticed_at) IN (0, 3)",
    "notice_of_a_fall": "notice_at > noticed_at AND notice_tier <> tier",
}


def upgrade() -> None:
    """Adds the kind and the columns."""
    listed = ", ".join(f"'{kind}'" for kind in EFFECT_KINDS)
    op.drop_constraint("effect_kind_check", "effect", type_="check")
    op.create_check_constraint(sa.schema.conv("effect_kind_check"), "effect", f"kind IN ({listed})")
    op.add_column("current_standing", sa.Column("notice_tier", sa.Text(collation="C")))
    op.add_column("current_standing", sa.Column("notice_at", sa.DateTime(timezone=True)))
    op.add_column("current_standing", sa.Column("noticed_at", sa.DateTime(timezone=True)))
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            sa.schema.conv(f"current_standing_{name}_check"), "current_standing", condition
        )
    op.execute("GRANT UPDATE (notice_tier, notice_at, noticed_at) ON current_standing TO loyalty_app")
