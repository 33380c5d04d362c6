"""The time of a member never goes back, whatever the clocks of the hosts do."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FROM_WHAT_IS_RECORDED = """
UPDATE member m SET last_recorded_at = greatest(m.created_at, f.latest, e.latest, t.latest, o.latest)
FROM member n
LEFT JOIN (SELECT business_id, member_id, max(recorded_at) AS latest FROM fact GROUP BY 1, 2) f
    USING (business_id, member_id)
LEFT JOIN (SELECT business_id, member_id, max(recorded_at) AS latest FROM effect GROUP BY 1, 2) e
    USING (business_id, member_id)
LEFT JOIN (SELECT business_id, member_id, max(recorded_at) AS latest FROM transfer GROUP BY 1, 2) t
    USING (business_id, member_id)
LEFT JOIN (SELECT business_id, member_id, max(recorded_at) AS latest FROM outbox GROUP BY 1, 2) o
    USING (business_id, member_id)
WHERE (n.business_id, n.member_id) = (m.business_id, m.member_id)
"""

REFUSE_GOING_BACK = """
CREATE FUNCTION refuse_going_back() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the time of a member goes forward'
        USING ERRCODE = 'restrict_violation', TABLE = 'member', COLUMN = 'last_recorded_at';
END
$$
"""


def upgrade() -> None:
    """Adds the column, fills it, and lets it grow only."""
    op.add_column("member", sa.Column("last_recorded_at", sa.DateTime(timezone=True)))
    op.execute(FROM_WHAT_IS_RECORDED)
    op.alter_column("member", "last_recorded_at", nullable=False)
    op.execute("GRANT UPDATE (last_recorded_at) ON member TO loyalty_app")
    op.execute(REFUSE_GOING_BACK)
    op.execute(
        "CREATE TRIGGER member_goes_forward BEFORE UPDATE ON member FOR EACH ROW "
        "WHEN (new.last_recorded_at < old.last_recorded_at) EXECUTE FUNCTION refuse_going_back()"
    )
