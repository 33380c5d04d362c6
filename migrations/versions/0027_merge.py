"""Members that went into others, and the activities by which what they had is carried over."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ABOUT_KINDS = ("capture", "void", "confirmation", "receipt", "gift", "absorption")
CARRYING_KINDS = ("merge", "absorption")
TRANSFER_CODES = (
    "earn",
    "partner_award",
    "repay_debt",
    "expire",
    "take_back",
    "owe",
    "open_budget",
    "withhold",
    "release",
    "redeem",
    "give_back",
    "hold",
    "unhold",
    "capture",
    "send",
    "receive",
    "give",
    "use_quota",
    "adjust",
    "merge",
    "supply",
    "write_off",
    "deliver",
    "restock",
)

# Both members are locked by whoever merges them, so that of two merges the second sees the first.
MERGE_INTO_NOBODY = """
CREATE FUNCTION refuse_merge_into_merged() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.merge g WHERE g.business_id = new.business_id
               AND g.absorbed_id = new.survivor_id AND g.is_direct) THEN
        RAISE EXCEPTION 'member % was merged itself', new.survivor_id
            USING ERRCODE = 'integrity_constraint_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$
"""


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(f"{table}_{name}_check", table, type_="check")
    op.create_check_constraint(sa.schema.conv(f"{table}_{name}_check"), table, condition)


def _merges() -> None:
    op.create_table(
        "merge",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("absorbed_id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint("absorbed_id <> survivor_id", name="merge_into_another_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "absorbed_id"],
            ["member.business_id", "member.member_id"],
            name="merge_business_id_absorbed_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "survivor_id"],
            ["member.business_id", "member.member_id"],
            name="merge_business_id_survivor_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="merge_business_id_credential_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "absorbed_id", "survivor_id", name="merge_pkey"),
    )
    op.create_index(
        "merge_once",
        "merge",
        ["business_id", "absorbed_id"],
        unique=True,
        postgresql_where=sa.text("is_direct"),
    )
    op.create_index("merge_by_survivor", "merge", ["business_id", "survivor_id"])


def _security() -> None:
    op.execute("ALTER TABLE merge ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE merge FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY app ON merge TO loyalty_app USING (business_id = current_business())")
    op.execute("CREATE POLICY owner ON merge TO loyalty_owner USING (true)")
    op.execute("GRANT SELECT, INSERT ON merge TO loyalty_app")
    op.execute(
        "CREATE TRIGGER merge_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON merge "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(MERGE_INTO_NOBODY)
    op.execute(
        "CREATE TRIGGER merge_into_who_goes_on BEFORE INSERT ON merge "
        "FOR EACH ROW EXECUTE FUNCTION refuse_merge_into_merged()"
    )
    op.execute(
        "CREATE TRIGGER member_stays_merged BEFORE UPDATE OF status ON member FOR EACH ROW "
        "WHEN (old.status = 'merged' AND new.status <> 'merged') EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:
    """Makes the table, which only grows, with its security and rights, and admits the activities."""
    _merges()
    _security()
    _replace_check(
        "fact",
        "points_have_a_currency",
        "num_nulls(points, points_terms) = 2 OR points_currency IS NOT NULL"
        f" OR (points IS NULL AND kind IN ({_listed(CARRYING_KINDS)}))",
    )
    _replace_check(
        "fact",
        "about_of_its_kind",
        f"about_fact_id IS NOT NULL OR kind NOT IN ({_listed(ABOUT_KINDS)}) OR reverses_fact_id IS NOT NULL",
    )
    _replace_check("transfer", "code", f"code IN ({_listed(TRANSFER_CODES)})")
