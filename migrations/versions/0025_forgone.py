"""What returns want back of points that have expired is an effect that moves nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _replace_check(name: str, condition: str) -> None:
    op.drop_constraint(f"effect_{name}_check", "effect", type_="check")
    op.create_check_constraint(sa.schema.conv(f"effect_{name}_check"), "effect", condition)


def upgrade() -> None:
    """Adds the kind."""
    kinds = "'points', 'standing', 'claim', 'withdrawal', 'caused', 'quota', 'forgone'"
    _replace_check("kind", f"kind IN ({kinds})")
    _replace_check("value_of_its_kind", "kind IN ('points', 'caused', 'forgone') OR value IN (-1, 1)")
