"""What came too late is booked later and keeps its own instant; joining may move back to an activity."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

REFUSE_JOINING_LATER = """
CREATE FUNCTION refuse_joining_later() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'joining moves back only'
        USING ERRCODE = 'restrict_violation', TABLE = 'member', COLUMN = 'enrolled_at';
END
$$
"""


def upgrade() -> None:
    """Adds the instant at which a fact really happened, and the right to move joining."""
    op.add_column("fact", sa.Column("original_effective_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        sa.schema.conv("fact_booked_later_check"),
        "fact",
        "original_effective_at IS NULL OR (type <> 'answer' AND original_effective_at < occurred_at)",
    )
    op.execute(REFUSE_JOINING_LATER)
    op.execute(
        "CREATE TRIGGER member_joins_earlier BEFORE UPDATE ON member FOR EACH ROW "
        "WHEN ((new.enrolled_at, new.joined_on) IS DISTINCT FROM (old.enrolled_at, old.joined_on) "
        "AND (new.enrolled_at >= old.enrolled_at OR new.joined_on > old.joined_on)) "
        "EXECUTE FUNCTION refuse_joining_later()"
    )
    op.execute("GRANT UPDATE (enrolled_at, joined_on) ON member TO loyalty_app")
