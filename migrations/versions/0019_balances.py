"""Balances are moved by transfers alone: the database does it, and the application cannot."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# As definer, because the application has no right to set a balance. Each account is written once for all the
# transfers of a statement, in the order of the accounts and by its key, however many transfers there are: a
# plan that is kept for the session is right for one purchase and for an import. A sum that is too large for
# a number breaks the bound of balances like any other that is too large.
MOVE_BALANCES = """
CREATE FUNCTION move_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account record;
BEGIN
    FOR account IN
        SELECT m.business_id, m.account_id, sum(m.change) AS change
        FROM (SELECT t.business_id, t.credit_account_id AS account_id, t.amount AS change FROM moved t
              UNION ALL
              SELECT t.business_id, t.debit_account_id, -t.amount FROM moved t) m
        GROUP BY m.business_id, m.account_id ORDER BY m.business_id, m.account_id
    LOOP
        UPDATE public.account a
        SET balance = greatest(least(a.balance + account.change, 9000000000000001), -9000000000000001)
        WHERE a.business_id = account.business_id AND a.account_id = account.account_id
          AND a.balance IS NOT NULL AND account.change <> 0;
    END LOOP;
    RETURN NULL;
END
$$
"""

REFUSE_FILLED_ACCOUNT = """
CREATE FUNCTION refuse_filled_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'an account is opened with nothing in it'
        USING ERRCODE = 'check_violation', TABLE = 'account', CONSTRAINT = 'account_opens_empty';
END
$$
"""


def upgrade() -> None:
    """Takes the right to set balances away, and attaches what moves them.

    PostgreSQL lets only those lock a row who may update a column of it: the application may update an
    account's instant of creation, which no update is allowed to touch.
    """
    op.execute(MOVE_BALANCES)
    op.execute("REVOKE ALL ON FUNCTION move_balances() FROM PUBLIC")
    op.execute(REFUSE_FILLED_ACCOUNT)
    op.execute(
        "CREATE TRIGGER transfer_moves AFTER INSERT ON transfer REFERENCING NEW TABLE AS moved "
        "FOR EACH STATEMENT EXECUTE FUNCTION move_balances()"
    )
    op.execute(
        "CREATE TRIGGER account_opens_empty BEFORE INSERT ON account FOR EACH ROW "
        "WHEN (new.balance <> 0) EXECUTE FUNCTION refuse_filled_account()"
    )
    op.execute(
        "CREATE TRIGGER account_stays BEFORE UPDATE OF created_at ON account "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("REVOKE UPDATE (balance) ON account FROM loyalty_app")
    op.execute("GRANT UPDATE (created_at) ON account TO loyalty_app")
