"""Members leave: since when."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CLOSED = (
    "CASE status WHEN 'closed' THEN closed_at IS NOT NULL WHEN 'erased' THEN true"
    " ELSE closed_at IS NULL END AND (closed_at IS NULL OR next_boundary_at IS NULL)"
)


def upgrade() -> None:
    """Adds when a member left."""
    op.add_column("member", sa.Column("closed_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(sa.schema.conv("member_closed_since_check"), "member", CLOSED)
    op.execute("GRANT UPDATE (closed_at) ON member TO loyalty_app")
