"""Coupons by the hashes of their codes, and their uses, which count themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# A use that is written, or released, moves the counter; the limit is a check on the coupon's row, at which
# all that use one coupon wait for each other.
COUNT_COUPON_USE = """
CREATE FUNCTION count_coupon_use() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.coupon c SET used = c.used + CASE tg_op WHEN 'INSERT' THEN 1 ELSE -1 END
    WHERE c.business_id = new.business_id AND c.coupon_id = new.coupon_id;
    RETURN NULL;
END
$$
"""

RELEASE = "released_at, released_fact_id"
"""The columns of a use that are set, once."""


def _coupons() -> None:
    op.create_table(
        "coupon",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C")),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("use_limit", sa.BigInteger()),
        sa.Column("member_limit", sa.BigInteger()),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("reward_id", sa.Uuid()),
        sa.Column("redemption_id", sa.Uuid()),
        sa.Column("value_amount", sa.Numeric(20, 4)),
        sa.Column("value_percent", sa.Numeric(20, 4)),
        sa.Column("on_return", sa.Text(collation="C"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint("octet_length(code_hash) = 32", name="coupon_code_hash_length_check"),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 64", name="coupon_key_length_check"),
        sa.CheckConstraint("num_nonnulls(key, redemption_id) = 1", name="coupon_made_or_issued_check"),
        sa.CheckConstraint(
            "member_limit BETWEEN 1 AND 9000000000000000", name="coupon_member_limit_bounds_check"
        ),
        sa.CheckConstraint("on_return IN ('release', 'keep')", name="coupon_on_return_check"),
        sa.CheckConstraint("num_nonnulls(value_amount, value_percent) <= 1", name="coupon_one_value_check"),
        sa.CheckConstraint("use_limit BETWEEN 1 AND 9000000000000000", name="coupon_use_limit_bounds_check"),
        sa.CheckConstraint("valid_until > valid_from", name="coupon_valid_for_a_while_check"),
        sa.CheckConstraint(
            "value_amount BETWEEN 0 AND 9000000000000000", name="coupon_value_amount_bounds_check"
        ),
        sa.CheckConstraint("value_percent BETWEEN 0 AND 100", name="coupon_value_percent_bounds_check"),
        sa.CheckConstraint(
            "used >= 0 AND (use_limit IS NULL OR used <= use_limit)", name="coupon_within_limit_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="coupon_business_id_credential_id_fkey",
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="coupon_business_id_fkey"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="coupon_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "redemption_id"],
            ["redemption.business_id", "redemption.redemption_id"],
            name="coupon_business_id_redemption_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reward_id"],
            ["reward.business_id", "reward.reward_id"],
            name="coupon_business_id_reward_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "coupon_id", name="coupon_pkey"),
        sa.UniqueConstraint("business_id", "code_hash", name="coupon_business_id_code_hash_key"),
        sa.UniqueConstraint("business_id", "key", name="coupon_business_id_key_key"),
        sa.UniqueConstraint("business_id", "redemption_id", name="coupon_business_id_redemption_id_key"),
    )


def _uses() -> None:
    op.create_table(
        "coupon_use",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_use_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("member_limit", sa.BigInteger()),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purchase_source", sa.Text(collation="C")),
        sa.Column("purchase_external_id", sa.Text(collation="C")),
        sa.Column("amount", sa.Numeric(20, 4)),
        sa.Column("discount", sa.Numeric(20, 4)),
        sa.Column("reopens_use_id", sa.Uuid()),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_fact_id", sa.Uuid()),
        sa.CheckConstraint("amount BETWEEN 0 AND 9000000000000000", name="coupon_use_amount_bounds_check"),
        sa.CheckConstraint(
            "discount BETWEEN 0 AND 9000000000000000", name="coupon_use_discount_bounds_check"
        ),
        sa.CheckConstraint("discount > 0", name="coupon_use_has_an_effect_check"),
        sa.CheckConstraint(
            "char_length(purchase_external_id) BETWEEN 1 AND 200",
            name="coupon_use_purchase_external_id_length_check",
        ),
        sa.CheckConstraint(
            "num_nulls(purchase_source, purchase_external_id) <> 1",
            name="coupon_use_purchase_named_whole_check",
        ),
        sa.CheckConstraint(
            "char_length(purchase_source) BETWEEN 1 AND 64", name="coupon_use_purchase_source_length_check"
        ),
        sa.CheckConstraint(
            "(released_fact_id IS NOT NULL) = (released_at IS NOT NULL)",
            name="coupon_use_released_by_a_return_check",
        ),
        sa.CheckConstraint("reopens_use_id <> coupon_use_id", name="coupon_use_reopens_another_check"),
        sa.CheckConstraint(
            "place >= 1 AND (member_limit IS NULL OR place <= member_limit)",
            name="coupon_use_within_limit_check",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "coupon_id"],
            ["coupon.business_id", "coupon.coupon_id"],
            name="coupon_use_business_id_coupon_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "coupon_use_id"],
            ["fact.business_id", "fact.fact_id"],
            name="coupon_use_business_id_coupon_use_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="coupon_use_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "released_fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="coupon_use_business_id_released_fact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reopens_use_id"],
            ["coupon_use.business_id", "coupon_use.coupon_use_id"],
            name="coupon_use_business_id_reopens_use_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "coupon_use_id", name="coupon_use_pkey"),
        sa.UniqueConstraint(
            "business_id", "released_fact_id", name="coupon_use_business_id_released_fact_id_key"
        ),
        sa.UniqueConstraint(
            "business_id", "reopens_use_id", name="coupon_use_business_id_reopens_use_id_key"
        ),
    )
    op.create_index(
        "coupon_use_by_purchase",
        "coupon_use",
        ["business_id", "purchase_source", "purchase_external_id"],
        postgresql_where=sa.text("purchase_source IS NOT NULL AND released_fact_id IS NULL"),
    )
    op.create_index(
        "coupon_use_place",
        "coupon_use",
        ["business_id", "coupon_id", "member_id", "place"],
        unique=True,
        postgresql_where=sa.text("released_fact_id IS NULL"),
    )


def _triggers() -> None:
    op.execute(COUNT_COUPON_USE)
    op.execute(
        "CREATE TRIGGER coupon_use_counts AFTER INSERT ON coupon_use "
        "FOR EACH ROW WHEN (new.released_fact_id IS NULL) EXECUTE FUNCTION count_coupon_use()"
    )
    op.execute(
        "CREATE TRIGGER coupon_use_released AFTER UPDATE ON coupon_use FOR EACH ROW "
        "WHEN (old.released_fact_id IS NULL AND new.released_fact_id IS NOT NULL) "
        "EXECUTE FUNCTION count_coupon_use()"
    )
    op.execute(
        "CREATE TRIGGER coupon_use_once BEFORE UPDATE ON coupon_use "
        f"FOR EACH ROW EXECUTE FUNCTION allow_once({RELEASE})"
    )
    op.execute(
        "CREATE TRIGGER coupon_counted_by_uses BEFORE UPDATE ON coupon "
        "FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_change()"
    )
    for table in ("coupon", "coupon_use"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def upgrade() -> None:
    """Makes the tables, and says who may do what in them."""
    _coupons()
    _uses()
    _triggers()
    for table, columns in {"coupon": "used", "coupon_use": RELEASE}.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app ON {table} TO loyalty_app USING (business_id = current_business())")
        op.execute(f"CREATE POLICY owner ON {table} TO loyalty_owner USING (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO loyalty_app")
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO loyalty_app")
