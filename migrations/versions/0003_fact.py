"""Facts and the lines of activities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "fact",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("credential_id", sa.Uuid()),
        sa.Column("kind", sa.Text(collation="C")),
        sa.Column("amount", sa.Numeric(precision=20, scale=4)),
        sa.Column("units", sa.Numeric(precision=20, scale=4)),
        sa.Column("currency", sa.Text(collation="C")),
        sa.Column("channel", sa.Text(collation="C")),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("attributes", postgresql.JSONB()),
        sa.Column("reverses_fact_id", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.Column("counts_as", sa.Text(collation="C")),
        sa.Column("counts_on", sa.Date()),
        sa.Column("ones", sa.SmallInteger()),
        sa.Column("closing_units", sa.Numeric(20, 4)),
        sa.Column("value_kind", sa.Text(collation="C")),
        sa.Column("value_key", sa.Text(collation="C")),
        sa.Column("value", postgresql.JSONB()),
        sa.Column("asked_cause_kind", sa.Text(collation="C")),
        sa.Column("asked_cause_key", sa.Text(collation="C")),
        sa.Column("asked_rule", sa.Text(collation="C")),
        sa.Column("asked_slot", sa.Text(collation="C")),
        sa.Column("asked", sa.BigInteger()),
        sa.Column("granted", sa.BigInteger()),
        sa.CheckConstraint(
            "CASE type"
            " WHEN 'activity' THEN num_nulls(kind, attributes, counts_as, counts_on, ones) = 0"
            " AND num_nonnulls(value_kind, value_key, value,"
            " asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0"
            " WHEN 'value' THEN num_nulls(value_kind, value_key, value) = 0"
            " AND num_nonnulls(amount, units, currency, channel, partner_id, attributes,"
            " reverses_fact_id, reason, kind, counts_as, counts_on, ones, closing_units,"
            " asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0"
            " ELSE num_nulls(asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0"
            " AND num_nonnulls(amount, units, currency, channel, partner_id, attributes,"
            " reverses_fact_id, reason, kind, counts_as, counts_on, ones, closing_units,"
            " value_kind, value_key, value) = 0 END",
            name="fact_columns_of_its_type_check",
        ),
        sa.CheckConstraint(
            "asked_cause_kind IN ('activity', 'value', 'boundary', 'enrolment', 'publication')",
            name="fact_asked_cause_kind_check",
        ),
        sa.CheckConstraint(
            "occurred_at - recorded_at <= interval '5 minutes'", name="fact_not_in_the_future_check"
        ),
        sa.CheckConstraint("type IN ('activity', 'value', 'answer')", name="fact_type_check"),
        sa.CheckConstraint(
            "value_kind IN ('attribute', 'segment', 'score', 'consent', 'offer_sent', 'partner_status')",
            name="fact_value_kind_check",
        ),
        sa.CheckConstraint(
            "amount BETWEEN -9000000000000000 AND 9000000000000000", name="fact_amount_bounds_check"
        ),
        sa.CheckConstraint(
            "amount IS NULL OR currency IS NOT NULL", name="fact_an_amount_has_a_currency_check"
        ),
        sa.CheckConstraint(
            "abs(asked) <= 9000000000000000 AND granted BETWEEN least(asked, 0) AND greatest(asked, 0)",
            name="fact_granted_bounds_check",
        ),
        sa.CheckConstraint(
            "char_length(asked_cause_key) BETWEEN 1 AND 1600", name="fact_asked_cause_key_length_check"
        ),
        sa.CheckConstraint("char_length(asked_rule) <= 64", name="fact_asked_rule_length_check"),
        sa.CheckConstraint("char_length(asked_slot) BETWEEN 1 AND 200", name="fact_asked_slot_length_check"),
        sa.CheckConstraint("char_length(channel) BETWEEN 1 AND 64", name="fact_channel_length_check"),
        sa.CheckConstraint("char_length(counts_as) BETWEEN 1 AND 64", name="fact_counts_as_length_check"),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 3", name="fact_currency_length_check"),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name="fact_external_id_length_check"
        ),
        sa.CheckConstraint("char_length(kind) BETWEEN 1 AND 64", name="fact_kind_length_check"),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="fact_reason_length_check"),
        sa.CheckConstraint("char_length(source) BETWEEN 1 AND 64", name="fact_source_length_check"),
        sa.CheckConstraint("char_length(value_key) BETWEEN 1 AND 64", name="fact_value_key_length_check"),
        sa.CheckConstraint("octet_length(body_hash) = 32", name="fact_body_hash_length_check"),
        sa.CheckConstraint("ones BETWEEN -1 AND 1", name="fact_ones_bounds_check"),
        sa.CheckConstraint("closing_units IS NULL OR ones = -1", name="fact_closed_when_complete_check"),
        sa.CheckConstraint(
            "closing_units BETWEEN -9000000000000000 AND 9000000000000000",
            name="fact_closing_units_bounds_check",
        ),
        sa.CheckConstraint(
            "reverses_fact_id IS NULL OR (reverses_fact_id <> fact_id"
            " AND coalesce(amount, 0) <= 0 AND coalesce(units, 0) <= 0 AND ones <= 0)",
            name="fact_a_reversal_takes_away_check",
        ),
        sa.CheckConstraint(
            "units BETWEEN -9000000000000000 AND 9000000000000000", name="fact_units_bounds_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "credential_id"],
            ["credential.business_id", "credential.credential_id"],
            name="fact_business_id_credential_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="fact_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="fact_business_id_partner_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reverses_fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="fact_business_id_reverses_fact_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "fact_id", name="fact_pkey"),
        sa.UniqueConstraint(
            "business_id", "source", "external_id", name="fact_business_id_source_external_id_key"
        ),
    )
    op.create_index(
        "fact_by_place", "fact", ["business_id", "member_id", "occurred_at", "source", "external_id"]
    )
    op.create_index(
        "fact_measured",
        "fact",
        ["business_id", "member_id", "counts_on"],
        postgresql_where=sa.text("type = 'activity'"),
    )
    op.create_index(
        "fact_reversing",
        "fact",
        ["business_id", "reverses_fact_id"],
        postgresql_where=sa.text("reverses_fact_id IS NOT NULL"),
    )
    op.create_table(
        "activity_line",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("line_key", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("units", sa.Numeric(precision=20, scale=4)),
        sa.Column("closing_units", sa.Numeric(20, 4)),
        sa.Column("category", sa.Text(collation="C")),
        sa.Column("product", sa.Text(collation="C")),
        sa.CheckConstraint(
            "closing_units BETWEEN -9000000000000000 AND 9000000000000000",
            name="activity_line_closing_units_bounds_check",
        ),
        sa.CheckConstraint(
            "amount BETWEEN -9000000000000000 AND 9000000000000000", name="activity_line_amount_bounds_check"
        ),
        sa.CheckConstraint(
            "char_length(category) BETWEEN 1 AND 64", name="activity_line_category_length_check"
        ),
        sa.CheckConstraint(
            "char_length(line_key) BETWEEN 1 AND 64", name="activity_line_line_key_length_check"
        ),
        sa.CheckConstraint(
            "char_length(product) BETWEEN 1 AND 200", name="activity_line_product_length_check"
        ),
        sa.CheckConstraint(
            "units BETWEEN -9000000000000000 AND 9000000000000000", name="activity_line_units_bounds_check"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "fact_id"],
            ["fact.business_id", "fact.fact_id"],
            name="activity_line_business_id_fact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="activity_line_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "fact_id", "line_key", name="activity_line_pkey"),
    )
    op.create_index("activity_line_by_member", "activity_line", ["business_id", "member_id", "fact_id"])
