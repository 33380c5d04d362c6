"""Rewards with versions of their terms, their units as accounts, and redemptions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ACCOUNT_KINDS = (
    "'wallet', 'debt', 'pending', 'held', 'issuance', 'breakage', 'redeemed', 'adjustment', 'clearing', "
    "'budget', 'funding', 'stock', 'supplied', 'delivered'"
)
TRANSFER_CODES = (
    "'earn', 'partner_award', 'repay_debt', 'expire', 'take_back', 'owe', 'open_budget', 'withhold', "
    "'release', 'redeem', 'give_back', 'hold', 'unhold', 'capture', 'send', 'receive', 'give', 'adjust', "
    "'supply', 'write_off', 'deliver', 'restock'"
)
WITHOUT_EFFECT = "'open_budget', 'supply', 'write_off', 'deliver', 'restock'"


def _replace_check(table: str, name: str, condition: str, *, instead_of: str | None = None) -> None:
    op.drop_constraint(f"{table}_{instead_of or name}_check", table, type_="check")
    op.create_check_constraint(sa.schema.conv(f"{table}_{name}_check"), table, condition)


def _rewards() -> None:
    op.create_table(
        "reward",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("coupon_bearer", sa.Boolean()),
        sa.Column("coupon_on_return", sa.Text(collation="C")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint(
            "num_nonnulls(coupon_bearer, coupon_on_return) = CASE kind WHEN 'coupon' THEN 2 ELSE 0 END",
            name="reward_coupon_of_its_kind_check",
        ),
        sa.CheckConstraint("coupon_on_return IN ('release', 'keep')", name="reward_coupon_on_return_check"),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="reward_currency_length_check"),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 64", name="reward_key_length_check"),
        sa.CheckConstraint(
            "kind IN ('goods', 'service', 'coupon', 'discount', 'draw_ticket')", name="reward_kind_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="reward_business_id_credential_id_fkey",
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="reward_business_id_fkey"),
        sa.PrimaryKeyConstraint("business_id", "reward_id", name="reward_pkey"),
        sa.UniqueConstraint("business_id", "key", name="reward_business_id_key_key"),
    )
    op.create_table(
        "reward_terms",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("prices", postgresql.JSONB(), nullable=False),
        sa.Column("eligible", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("value_amount", sa.Numeric(20, 4)),
        sa.Column("value_percent", sa.Numeric(20, 4)),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("redemption_days", sa.BigInteger()),
        sa.Column("member_limit", sa.BigInteger()),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.CheckConstraint(
            "member_limit BETWEEN 1 AND 9000000000000000", name="reward_terms_member_limit_bounds_check"
        ),
        sa.CheckConstraint(
            "num_nonnulls(value_amount, value_percent) <= 1", name="reward_terms_one_value_check"
        ),
        sa.CheckConstraint("price BETWEEN 1 AND 9000000000000000", name="reward_terms_price_bounds_check"),
        sa.CheckConstraint(
            "redemption_days BETWEEN 1 AND 3660", name="reward_terms_redemption_days_bounds_check"
        ),
        sa.CheckConstraint("state IN ('active', 'retired')", name="reward_terms_state_check"),
        sa.CheckConstraint("valid_until > valid_from", name="reward_terms_valid_for_a_while_check"),
        sa.CheckConstraint(
            "value_amount BETWEEN 0 AND 9000000000000000", name="reward_terms_value_amount_bounds_check"
        ),
        sa.CheckConstraint(
            "value_amount <> 0 AND value_percent <> 0", name="reward_terms_value_of_something_check"
        ),
        sa.CheckConstraint("value_percent BETWEEN 0 AND 100", name="reward_terms_value_percent_bounds_check"),
        sa.CheckConstraint(
            "version BETWEEN 1 AND 9000000000000000", name="reward_terms_version_bounds_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="reward_terms_business_id_credential_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reward_id"],
            ["reward.business_id", "reward.reward_id"],
            name="reward_terms_business_id_reward_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "reward_id", "version", name="reward_terms_pkey"),
    )


def _redemptions() -> None:
    op.create_table(
        "redemption",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.Text(collation="C")),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("member_limit", sa.BigInteger()),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("delivery_transfer_id", sa.Uuid()),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_fact_id", sa.Uuid()),
        sa.Column("restock_transfer_id", sa.Uuid()),
        sa.CheckConstraint(
            "(cancelled_fact_id IS NOT NULL) = (cancelled_at IS NOT NULL)",
            name="redemption_cancelled_by_a_return_check",
        ),
        sa.CheckConstraint(
            "fulfilled_at < expires_at AND cancelled_at < expires_at", name="redemption_ends_in_time_check"
        ),
        sa.CheckConstraint("expires_at > redeemed_at", name="redemption_expires_after_redeemed_check"),
        sa.CheckConstraint("num_nonnulls(fulfilled_at, cancelled_at) <= 1", name="redemption_one_end_check"),
        sa.CheckConstraint("price BETWEEN 1 AND 9000000000000000", name="redemption_price_bounds_check"),
        sa.CheckConstraint(
            "(restock_transfer_id IS NOT NULL) ="
            " (cancelled_at IS NOT NULL AND delivery_transfer_id IS NOT NULL)",
            name="redemption_restocked_when_cancelled_check",
        ),
        sa.CheckConstraint("char_length(tier) BETWEEN 1 AND 200", name="redemption_tier_length_check"),
        sa.CheckConstraint(
            "place >= 1 AND (member_limit IS NULL OR place <= member_limit)",
            name="redemption_within_limit_check",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "cancelled_fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="redemption_business_id_cancelled_fact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "delivery_transfer_id"],
            ["transfer.business_id", "transfer.transfer_id"],
            name="redemption_business_id_delivery_transfer_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="redemption_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "redemption_id"],
            ["fact.business_id", "fact.fact_id"],
            name="redemption_business_id_redemption_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "restock_transfer_id"],
            ["transfer.business_id", "transfer.transfer_id"],
            name="redemption_business_id_restock_transfer_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reward_id", "version"],
            ["reward_terms.business_id", "reward_terms.reward_id", "reward_terms.version"],
            name="redemption_business_id_reward_id_version_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "redemption_id", name="redemption_pkey"),
        sa.UniqueConstraint(
            "business_id", "cancelled_fact_id", name="redemption_business_id_cancelled_fact_id_key"
        ),
        sa.UniqueConstraint(
            "business_id", "delivery_transfer_id", name="redemption_business_id_delivery_transfer_id_key"
        ),
        sa.UniqueConstraint(
            "business_id", "restock_transfer_id", name="redemption_business_id_restock_transfer_id_key"
        ),
    )
    op.create_index(
        "redemption_by_member", "redemption", ["business_id", "member_id", "redeemed_at", "redemption_id"]
    )
    op.create_index(
        "redemption_place",
        "redemption",
        ["business_id", "reward_id", "member_id", "place"],
        unique=True,
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )


def _units() -> None:
    op.add_column("account", sa.Column("reward_id", sa.Uuid()))
    op.create_foreign_key(
        "account_business_id_reward_id_fkey",
        "account",
        "reward",
        ["business_id", "reward_id"],
        ["business_id", "reward_id"],
    )
    _replace_check("account", "kind", f"kind IN ({ACCOUNT_KINDS})")
    op.create_check_constraint(
        sa.schema.conv("account_reward_of_its_kind_check"),
        "account",
        "CASE WHEN kind IN ('stock', 'supplied', 'delivered')"
        " THEN reward_id IS NOT NULL AND currency = 'reward/' || CAST(reward_id AS text)"
        " ELSE reward_id IS NULL AND position('/' IN currency) = 0 END",
    )
    _replace_check(
        "account",
        "floor",
        "CASE WHEN kind IN ('wallet', 'pending', 'held') THEN balance IS NOT NULL AND balance >= 0"
        " WHEN kind = 'debt' THEN balance IS NOT NULL AND balance <= 0"
        " WHEN kind IN ('budget', 'stock') THEN balance IS NULL OR balance >= 0 ELSE balance IS NULL END",
    )
    _replace_check("transfer", "code", f"code IN ({TRANSFER_CODES})")
    _replace_check(
        "transfer",
        "effect_of_its_code",
        f"(code IN ({WITHOUT_EFFECT})) = (effect_id IS NULL) AND (effect_id IS NULL) = (member_id IS NULL)",
        instead_of="only_a_budget_opens_without_effect",
    )


ENDS = "fulfilled_at, cancelled_at, cancelled_fact_id, restock_transfer_id"
"""The columns of a redemption that are set, once."""


def upgrade() -> None:
    """Makes the tables, and says who may do what in them."""
    _rewards()
    _redemptions()
    _units()
    for table in ("reward", "reward_terms", "redemption"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app ON {table} TO loyalty_app USING (business_id = current_business())")
        op.execute(f"CREATE POLICY owner ON {table} TO loyalty_owner USING (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO loyalty_app")
        changes = "DELETE OR TRUNCATE" if table == "redemption" else "UPDATE OR DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE {changes} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(f"GRANT UPDATE ({ENDS}) ON redemption TO loyalty_app")
    op.execute(
        "CREATE TRIGGER redemption_once BEFORE UPDATE ON redemption "
        f"FOR EACH ROW EXECUTE FUNCTION allow_once({ENDS})"
    )
