"""No more is returned of an activity than it was, and nothing is returned whole twice (BEHAVIOUR L9)."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# As definer, because the lock needs a right to update that the application does not have. The lock makes
# simultaneous returns of one activity wait for each other.
REFUSE_EXCESS_RETURN = """
CREATE FUNCTION refuse_excess_return() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    original public.fact;
    amounts numeric;
    units numeric;
BEGIN
    SELECT * INTO STRICT original FROM public.fact f
    WHERE f.business_id = new.business_id AND f.fact_id = new.reverses_fact_id
    FOR NO KEY UPDATE;
    IF original.member_id <> new.member_id THEN
        RAISE EXCEPTION 'a return is of what the member did itself'
            USING ERRCODE = 'check_violation', TABLE = 'fact', CONSTRAINT = 'fact_returned_by_its_member';
    END IF;
    SELECT -sum(f.amount), -sum(f.units) INTO amounts, units FROM public.fact f
    WHERE f.business_id = new.business_id AND f.reverses_fact_id = new.reverses_fact_id;
    IF amounts > greatest(original.amount, 0) OR units > greatest(original.units, 0) THEN
        RAISE EXCEPTION 'the returns of an activity exceed it'
            USING ERRCODE = 'check_violation', TABLE = 'fact', CONSTRAINT = 'fact_returns_within';
    END IF;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Adds the index and the trigger."""
    op.create_index(
        "fact_returned_whole",
        "fact",
        ["business_id", "reverses_fact_id"],
        unique=True,
        postgresql_where=sa.text("ones = -1 AND reverses_fact_id IS NOT NULL"),
    )
    op.execute(REFUSE_EXCESS_RETURN)
    op.execute("REVOKE ALL ON FUNCTION refuse_excess_return() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER fact_return AFTER INSERT ON fact FOR EACH ROW "
        "WHEN (new.reverses_fact_id IS NOT NULL) EXECUTE FUNCTION refuse_excess_return()"
    )
