"""Effects, accounts, transfers and lots."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "effect",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_key", sa.Text(collation="C"), nullable=False),
        sa.Column("activity_id", sa.Uuid()),
        sa.Column("boundary_at", sa.DateTime(timezone=True)),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("slot", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("program_version_id", sa.Uuid(), nullable=False),
        sa.Column("trigger_fact_id", sa.Uuid()),
        sa.Column("corrects_effect_id", sa.Uuid()),
        sa.CheckConstraint(
            "(cause_kind = 'activity') = (activity_id IS NOT NULL)", name="effect_activity_cause_check"
        ),
        sa.CheckConstraint(
            "(cause_kind = 'boundary') = (boundary_at IS NOT NULL)", name="effect_boundary_cause_check"
        ),
        sa.CheckConstraint(
            "cause_kind IN ('activity', 'value', 'boundary', 'enrolment', 'publication')",
            name="effect_cause_kind_check",
        ),
        sa.CheckConstraint(
            "effective_at - recorded_at <= interval '5 minutes'", name="effect_not_in_the_future_check"
        ),
        sa.CheckConstraint("kind = 'points' OR value IN (-1, 1)", name="effect_value_of_its_kind_check"),
        sa.CheckConstraint("kind IN ('points', 'standing', 'claim', 'withdrawal')", name="effect_kind_check"),
        sa.CheckConstraint("char_length(cause_key) BETWEEN 1 AND 1600", name="effect_cause_key_length_check"),
        sa.CheckConstraint("char_length(rule) <= 64", name="effect_rule_length_check"),
        sa.CheckConstraint("char_length(slot) BETWEEN 1 AND 2000", name="effect_slot_length_check"),
        sa.CheckConstraint("corrects_effect_id <> effect_id", name="effect_corrects_another_check"),
        sa.CheckConstraint("value <> 0", name="effect_value_not_zero_check"),
        sa.CheckConstraint(
            "value BETWEEN -9000000000000000 AND 9000000000000000", name="effect_value_bounds_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "activity_id"],
            ["fact.business_id", "fact.fact_id"],
            name="effect_business_id_activity_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "corrects_effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="effect_business_id_corrects_effect_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="effect_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_version_id"],
            ["program_version.business_id", "program_version.program_version_id"],
            name="effect_business_id_program_version_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "trigger_fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="effect_business_id_trigger_fact_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "effect_id", name="effect_pkey"),
    )
    op.create_index(
        "effect_by_activity",
        "effect",
        ["business_id", "activity_id"],
        postgresql_where=sa.text("activity_id IS NOT NULL"),
    )
    op.create_index("effect_by_member", "effect", ["business_id", "member_id", "effective_at", "effect_id"])
    op.create_index(
        "effect_by_trigger",
        "effect",
        ["business_id", "trigger_fact_id"],
        postgresql_where=sa.text("trigger_fact_id IS NOT NULL"),
    )
    op.create_table(
        "account",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("promotion_id", sa.Uuid()),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'budget') = (promotion_id IS NOT NULL)", name="account_promotion_of_its_kind_check"
        ),
        sa.CheckConstraint(
            "(kind = 'budget') = (partner_id IS NOT NULL)", name="account_partner_of_its_kind_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="account_business_id_partner_id_fkey",
        ),
        sa.CheckConstraint(
            "(kind IN ('wallet', 'debt', 'pending')) = (member_id IS NOT NULL)",
            name="account_member_of_its_kind_check",
        ),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('wallet', 'pending') THEN balance IS NOT NULL AND balance >= 0"
            " WHEN kind = 'debt' THEN balance IS NOT NULL AND balance <= 0"
            " WHEN kind = 'budget' THEN balance IS NULL OR balance >= 0 ELSE balance IS NULL END",
            name="account_floor_check",
        ),
        sa.CheckConstraint(
            "kind IN ('wallet', 'debt', 'pending', 'issuance', 'breakage',"
            " 'redeemed', 'adjustment', 'budget', 'funding')",
            name="account_kind_check",
        ),
        sa.CheckConstraint(
            "balance BETWEEN -9000000000000000 AND 9000000000000000", name="account_balance_bounds_check"
        ),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="account_currency_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="account_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "promotion_id"],
            ["promotion.business_id", "promotion.promotion_id"],
            name="account_business_id_promotion_id_fkey",
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="account_business_id_fkey"),
        sa.PrimaryKeyConstraint("business_id", "account_id", name="account_pkey"),
        sa.UniqueConstraint(
            "business_id", "account_id", "currency", name="account_business_id_account_id_currency_key"
        ),
        sa.UniqueConstraint(
            "business_id",
            "kind",
            "currency",
            "member_id",
            "promotion_id",
            "partner_id",
            name="account_of_its_kind_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "account_by_member",
        "account",
        ["business_id", "member_id"],
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_table(
        "transfer",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("effect_id", sa.Uuid()),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("debit_account_id", sa.Uuid(), nullable=False),
        sa.Column("credit_account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses_transfer_id", sa.Uuid()),
        sa.CheckConstraint(
            "(code = 'open_budget') = (effect_id IS NULL) AND (effect_id IS NULL) = (member_id IS NULL)",
            name="transfer_only_a_budget_opens_without_effect_check",
        ),
        sa.CheckConstraint(
            "code IN ('earn', 'partner_award', 'repay_debt', 'expire', 'take_back', 'owe', 'open_budget')",
            name="transfer_code_check",
        ),
        sa.CheckConstraint(
            "effective_at - recorded_at <= interval '5 minutes'", name="transfer_not_in_the_future_check"
        ),
        sa.CheckConstraint("amount BETWEEN 1 AND 9000000000000000", name="transfer_amount_bounds_check"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="transfer_two_accounts_check"),
        sa.CheckConstraint("reverses_transfer_id <> transfer_id", name="transfer_reverses_another_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "credit_account_id", "currency"],
            ["account.business_id", "account.account_id", "account.currency"],
            name="transfer_business_id_credit_account_id_currency_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "debit_account_id", "currency"],
            ["account.business_id", "account.account_id", "account.currency"],
            name="transfer_business_id_debit_account_id_currency_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="transfer_business_id_effect_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="transfer_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reverses_transfer_id"],
            ["transfer.business_id", "transfer.transfer_id"],
            name="transfer_business_id_reverses_transfer_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "transfer_id", name="transfer_pkey"),
    )
    op.create_index("transfer_by_effect", "transfer", ["business_id", "effect_id"])
    op.create_index(
        "transfer_by_member",
        "transfer",
        ["business_id", "member_id", "currency", "recorded_at", "transfer_id"],
    )
    op.create_index(
        "transfer_reversing",
        "transfer",
        ["business_id", "reverses_transfer_id"],
        postgresql_where=sa.text("reverses_transfer_id IS NOT NULL"),
    )
    op.create_table(
        "lot",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_key", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("slot", sa.Text(collation="C"), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earned_source", sa.Text(collation="C"), nullable=False),
        sa.Column("earned_external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "cause_kind IN ('activity', 'value', 'boundary', 'enrolment', 'publication')",
            name="lot_cause_kind_check",
        ),
        sa.CheckConstraint("amount BETWEEN 0 AND 9000000000000000", name="lot_amount_bounds_check"),
        sa.CheckConstraint("char_length(cause_key) BETWEEN 1 AND 1600", name="lot_cause_key_length_check"),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="lot_currency_length_check"),
        sa.CheckConstraint(
            "char_length(earned_external_id) <= 200", name="lot_earned_external_id_length_check"
        ),
        sa.CheckConstraint("char_length(earned_source) <= 64", name="lot_earned_source_length_check"),
        sa.CheckConstraint("char_length(rule) <= 64", name="lot_rule_length_check"),
        sa.CheckConstraint("char_length(slot) BETWEEN 1 AND 200", name="lot_slot_length_check"),
        sa.CheckConstraint(
            "remaining >= 0 AND expired >= 0 AND remaining + expired <= amount", name="lot_parts_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="lot_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "lot_id", name="lot_pkey"),
        sa.UniqueConstraint(
            "business_id",
            "member_id",
            "cause_kind",
            "cause_key",
            "rule",
            "slot",
            name="lot_business_id_member_id_cause_kind_cause_key_rule_slot_key",
        ),
    )
