"""Personal data can be erased."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lets the application delete what names a person, and nothing else."""
    for table in ("identity", "profile"):
        op.execute(f"GRANT DELETE ON {table} TO loyalty_app")
