"""What has happened stays: triggers that refuse changes, behind the rights that do not allow them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GROWING_ONLY = ("program_version", "fact", "activity_line", "effect", "transfer")

ONLY_ONCE = {
    "standing": "withdrawn_effect_id",
    "operation": "outcome",
    "outbox": "position, published_at",
}
"""For each table the columns that may be set, once; all others stay as they were."""

ONLY_THESE = {"claim": "figures, withdrawn_effect_id"}
"""For each table the columns that may change, again and again; all others stay as they were."""

KEPT = ("claim", "standing")
"""Tables of which rows are never removed, although a column of them may be set."""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % stay as they are', tg_table_name
        USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
END
$$
"""

ALLOW_ONCE = """
CREATE FUNCTION allow_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := to_jsonb(old);
    after jsonb := to_jsonb(new);
    allowed text;
BEGIN
    FOREACH allowed IN ARRAY tg_argv LOOP
        IF before ->> allowed IS NOT NULL AND before -> allowed <> after -> allowed THEN
            RAISE EXCEPTION '%.% is set once', tg_table_name, allowed
                USING ERRCODE = 'restrict_violation', TABLE = tg_table_name, COLUMN = allowed;
        END IF;
    END LOOP;
    IF before - tg_argv <> after - tg_argv THEN
        RAISE EXCEPTION 'rows of % stay as they are, but for %', tg_table_name, array_to_string(tg_argv, ', ')
            USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$
"""

ALLOW_ONLY = """
CREATE FUNCTION allow_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(old) - tg_argv <> to_jsonb(new) - tg_argv THEN
        RAISE EXCEPTION 'rows of % stay as they are, but for %', tg_table_name, array_to_string(tg_argv, ', ')
            USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$
"""

# As definer, because the lock needs a right to update that the application does not have. The lock makes
# simultaneous reversals of one transfer wait for each other.
REFUSE_EXCESS_REVERSAL = """
CREATE FUNCTION refuse_excess_reversal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    original public.transfer;
    reversed numeric;
BEGIN
    SELECT * INTO STRICT original FROM public.transfer t
    WHERE t.business_id = new.business_id AND t.transfer_id = new.reverses_transfer_id
    FOR NO KEY UPDATE;
    IF (original.debit_account_id, original.credit_account_id)
        <> (new.credit_account_id, new.debit_account_id) THEN
        RAISE EXCEPTION 'a reversal goes the other way between the same accounts'
            USING ERRCODE = 'check_violation', TABLE = 'transfer', CONSTRAINT = 'transfer_reversal_goes_back';
    END IF;
    SELECT sum(t.amount) INTO reversed FROM public.transfer t
    WHERE t.business_id = new.business_id AND t.reverses_transfer_id = new.reverses_transfer_id;
    IF reversed > original.amount THEN
        RAISE EXCEPTION 'the reversals of a transfer exceed it'
            USING ERRCODE = 'check_violation', TABLE = 'transfer', CONSTRAINT = 'transfer_reversals_within';
    END IF;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Makes the functions and attaches them."""
    for function in (REFUSE_CHANGE, ALLOW_ONCE, ALLOW_ONLY, REFUSE_EXCESS_REVERSAL):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION refuse_excess_reversal() FROM PUBLIC")
    for table in GROWING_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, columns in ONLY_ONCE.items():
        op.execute(
            f"CREATE TRIGGER {table}_once BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION allow_once({columns})"
        )
    for table, columns in ONLY_THESE.items():
        op.execute(
            f"CREATE TRIGGER {table}_only BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION allow_only({columns})"
        )
    op.execute(
        "CREATE TRIGGER transfer_reversal AFTER INSERT ON transfer FOR EACH ROW "
        "WHEN (new.reverses_transfer_id IS NOT NULL) EXECUTE FUNCTION refuse_excess_reversal()"
    )
