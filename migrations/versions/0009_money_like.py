"""What makes points money-like: pending lots, holds, and which lots each spending used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ACCOUNT_KINDS = (
    "wallet",
    "debt",
    "pending",
    "held",
    "issuance",
    "breakage",
    "redeemed",
    "adjustment",
    "clearing",
    "budget",
    "funding",
)
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
    "adjust",
)
CAUSE_KINDS = "'activity', 'value', 'boundary', 'enrolment', 'publication'"
ACTIVITY_ONLY = (
    "amount, units, currency, channel, partner_id, attributes, reverses_fact_id, reason, "
    "kind, counts_as, counts_on, ones, closing_units, "
    "points_currency, points, points_terms, about_fact_id"
)
VALUE_ONLY = "value_kind, value_key, value"
ANSWER_ONLY = "asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(f"{table}_{name}_check", table, type_="check")
    op.create_check_constraint(sa.schema.conv(f"{table}_{name}_check"), table, condition)


def _fact() -> None:
    for column in (
        sa.Column("points_currency", sa.Text(collation="C")),
        sa.Column("points", sa.BigInteger()),
        sa.Column("points_terms", postgresql.JSONB()),
        sa.Column("about_fact_id", sa.Uuid()),
    ):
        op.add_column("fact", column)
    _replace_check(
        "fact",
        "columns_of_its_type",
        "CASE type"
        " WHEN 'activity' THEN num_nulls(kind, attributes, counts_as, counts_on, ones) = 0"
        f" AND num_nonnulls({VALUE_ONLY}, {ANSWER_ONLY}) = 0"
        f" WHEN 'value' THEN num_nulls({VALUE_ONLY}) = 0"
        f" AND num_nonnulls({ACTIVITY_ONLY}, {ANSWER_ONLY}) = 0"
        f" ELSE num_nulls({ANSWER_ONLY}) = 0"
        f" AND num_nonnulls({ACTIVITY_ONLY}, {VALUE_ONLY}) = 0 END",
    )
    for name, condition in {
        "points_bounds": "points BETWEEN -9000000000000000 AND 9000000000000000",
        "points_have_a_currency": "num_nulls(points, points_terms) = 2 OR points_currency IS NOT NULL",
        "points_of_their_kind": (
            "reverses_fact_id IS NOT NULL OR (points_currency IS NOT NULL) ="
            " (kind IS NOT NULL AND kind IN"
            " ('redemption', 'hold', 'capture', 'void', 'transfer', 'receipt', 'adjustment'))"
        ),
        "about_of_its_kind": (
            "about_fact_id IS NOT NULL OR kind NOT IN ('capture', 'void', 'confirmation', 'receipt')"
            " OR reverses_fact_id IS NOT NULL"
        ),
        "points_currency_length": "char_length(points_currency) BETWEEN 1 AND 64",
    }.items():
        op.create_check_constraint(sa.schema.conv(f"fact_{name}_check"), "fact", condition)
    op.create_foreign_key(
        "fact_business_id_about_fact_id_fkey",
        "fact",
        "fact",
        ["business_id", "about_fact_id"],
        ["business_id", "fact_id"],
    )
    op.create_index(
        "fact_about",
        "fact",
        ["business_id", "about_fact_id"],
        postgresql_where=sa.text("about_fact_id IS NOT NULL"),
    )
    op.create_index(
        "fact_closing_a_hold",
        "fact",
        ["business_id", "about_fact_id"],
        unique=True,
        postgresql_where=sa.text("kind IN ('capture', 'void')"),
    )


def _ledger() -> None:
    _replace_check("account", "kind", f"kind IN ({_listed(ACCOUNT_KINDS)})")
    _replace_check(
        "account",
        "member_of_its_kind",
        "(kind IN ('wallet', 'debt', 'pending', 'held')) = (member_id IS NOT NULL)",
    )
    _replace_check(
        "account",
        "floor",
        "CASE WHEN kind IN ('wallet', 'pending', 'held') THEN balance IS NOT NULL AND balance >= 0"
        " WHEN kind = 'debt' THEN balance IS NOT NULL AND balance <= 0"
        " WHEN kind = 'budget' THEN balance IS NULL OR balance >= 0 ELSE balance IS NULL END",
    )
    _replace_check("transfer", "code", f"code IN ({_listed(TRANSFER_CODES)})")
    op.add_column("lot", sa.Column("pending", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("lot", sa.Column("releases_at", sa.DateTime(timezone=True)))
    op.add_column("lot", sa.Column("funding", postgresql.JSONB(), nullable=False, server_default="[]"))
    for column in ("pending", "funding"):
        op.alter_column("lot", column, server_default=None)


def _uses_and_holds() -> None:
    op.create_table(
        "point_use",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("point_use_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_key", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("slot", sa.Text(collation="C"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_source", sa.Text(collation="C"), nullable=False),
        sa.Column("used_external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("lot_id", sa.Uuid()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"cause_kind IN ({CAUSE_KINDS})", name="point_use_cause_kind_check"),
        sa.CheckConstraint("amount BETWEEN 0 AND 9000000000000000", name="point_use_amount_bounds_check"),
        sa.CheckConstraint(
            "char_length(cause_key) BETWEEN 1 AND 1600", name="point_use_cause_key_length_check"
        ),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="point_use_currency_length_check"),
        sa.CheckConstraint("char_length(rule) <= 64", name="point_use_rule_length_check"),
        sa.CheckConstraint("char_length(slot) BETWEEN 1 AND 200", name="point_use_slot_length_check"),
        sa.CheckConstraint("char_length(used_source) <= 64", name="point_use_used_source_length_check"),
        sa.CheckConstraint(
            "char_length(used_external_id) <= 200", name="point_use_used_external_id_length_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "lot_id"],
            ["lot.business_id", "lot.lot_id"],
            name="point_use_business_id_lot_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="point_use_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "point_use_id", name="point_use_pkey"),
        sa.UniqueConstraint(
            "business_id",
            "member_id",
            "cause_kind",
            "cause_key",
            "rule",
            "slot",
            "lot_id",
            name="point_use_of_a_lot_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("point_use_by_lot", "point_use", ["business_id", "lot_id"])
    op.create_index(
        "point_use_owed",
        "point_use",
        ["business_id", "member_id"],
        postgresql_where=sa.text("lot_id IS NULL AND amount > 0"),
    )
    op.create_table(
        "hold",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount BETWEEN 1 AND 9000000000000000", name="hold_amount_bounds_check"),
        sa.CheckConstraint("captured BETWEEN 0 AND amount", name="hold_captured_bounds_check"),
        sa.CheckConstraint("(captured > 0) = (state = 'captured')", name="hold_captured_of_its_state_check"),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'open')", name="hold_closed_of_its_state_check"),
        sa.CheckConstraint("expires_at > opened_at", name="hold_expires_after_opened_check"),
        sa.CheckConstraint("state IN ('open', 'captured', 'voided', 'expired')", name="hold_state_check"),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="hold_currency_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "hold_id"],
            ["fact.business_id", "fact.fact_id"],
            name="hold_business_id_hold_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="hold_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "hold_id", name="hold_pkey"),
    )
    op.create_index(
        "hold_open", "hold", ["business_id", "member_id"], postgresql_where=sa.text("state = 'open'")
    )


RIGHTS = {"point_use": "amount", "hold": "captured, state, closed_at"}
"""For each new table the columns that the application may update."""


def upgrade() -> None:
    """Adds the columns, the tables, and who may do what in them."""
    _fact()
    _ledger()
    _uses_and_holds()
    op.execute("GRANT UPDATE (pending, releases_at, funding) ON lot TO loyalty_app")
    for table, columns in RIGHTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app ON {table} TO loyalty_app USING (business_id = current_business())")
        op.execute(f"CREATE POLICY owner ON {table} TO loyalty_owner USING (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO loyalty_app")
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO loyalty_app")
