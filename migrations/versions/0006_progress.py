"""Counters, parked causes and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "counter",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 500", name="counter_name_length_check"),
        sa.CheckConstraint("char_length(rule) <= 64", name="counter_rule_length_check"),
        sa.CheckConstraint("used BETWEEN 0 AND 9000000000000000", name="counter_used_bounds_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="counter_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "member_id", "rule", "name", name="counter_pkey"),
    )
    op.create_table(
        "parked",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("cause_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cause_key", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "cause_kind IN ('activity', 'value', 'boundary', 'enrolment', 'publication')",
            name="parked_cause_kind_check",
        ),
        sa.CheckConstraint("char_length(cause_key) BETWEEN 1 AND 1600", name="parked_cause_key_length_check"),
        sa.CheckConstraint("char_length(error) BETWEEN 1 AND 1000", name="parked_error_length_check"),
        sa.CheckConstraint("char_length(rule) BETWEEN 1 AND 64", name="parked_rule_length_check"),
        sa.CheckConstraint("resolved_at >= parked_at", name="parked_resolved_after_parked_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="parked_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "member_id", "cause_kind", "cause_key", "rule", name="parked_pkey"
        ),
    )
    op.create_index(
        "parked_open",
        "parked",
        ["business_id", "rule", "member_id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("member_sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("effect_id", sa.Uuid()),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger()),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("char_length(type) BETWEEN 1 AND 64", name="outbox_type_length_check"),
        sa.CheckConstraint("member_sequence >= 1", name="outbox_member_sequence_bounds_check"),
        sa.CheckConstraint(
            "num_nulls(position, published_at) IN (0, 2)", name="outbox_published_with_its_position_check"
        ),
        sa.CheckConstraint("position >= 1", name="outbox_position_bounds_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="outbox_business_id_effect_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="outbox_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "event_id", name="outbox_pkey"),
        sa.UniqueConstraint(
            "business_id",
            "member_id",
            "member_sequence",
            name="outbox_business_id_member_id_member_sequence_key",
        ),
        sa.UniqueConstraint("business_id", "position", name="outbox_business_id_position_key"),
    )
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["business_id", "event_id"],
        postgresql_where=sa.text("position IS NULL"),
    )
