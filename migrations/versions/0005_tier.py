"""Claims, changes of standing, and where members stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "claim",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("ladder", sa.Text(collation="C"), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("origin", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C")),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_effect_id", sa.Uuid()),
        sa.CheckConstraint(
            "origin IN ('rules', 'override', 'grant', 'match', 'paid', 'migration')",
            name="claim_origin_check",
        ),
        sa.CheckConstraint("char_length(ladder) BETWEEN 1 AND 64", name="claim_ladder_length_check"),
        sa.CheckConstraint("char_length(rule) BETWEEN 1 AND 64", name="claim_rule_length_check"),
        sa.CheckConstraint("char_length(tier) BETWEEN 1 AND 64", name="claim_tier_length_check"),
        sa.CheckConstraint("until_at > from_at", name="claim_until_after_from_check"),
        sa.CheckConstraint("withdrawn_effect_id <> effect_id", name="claim_withdrawn_by_another_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="claim_business_id_effect_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="claim_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "withdrawn_effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="claim_business_id_withdrawn_effect_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "claim_id", name="claim_pkey"),
        sa.UniqueConstraint("business_id", "effect_id", name="claim_business_id_effect_id_key"),
    )
    op.create_index(
        "claim_by_member",
        "claim",
        ["business_id", "member_id", "ladder", "from_at"],
        postgresql_where=sa.text("withdrawn_effect_id IS NULL"),
    )
    op.create_table(
        "standing",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("standing_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("ladder", sa.Text(collation="C"), nullable=False),
        sa.Column("from_tier", sa.Text(collation="C")),
        sa.Column("to_tier", sa.Text(collation="C"), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_boundary", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("ruling", postgresql.JSONB(), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_effect_id", sa.Uuid()),
        sa.CheckConstraint(
            "NOT is_boundary OR (source = '' AND external_id = '')", name="standing_boundary_check"
        ),
        sa.CheckConstraint("char_length(external_id) <= 200", name="standing_external_id_length_check"),
        sa.CheckConstraint("char_length(from_tier) BETWEEN 1 AND 64", name="standing_from_tier_length_check"),
        sa.CheckConstraint("char_length(ladder) BETWEEN 1 AND 64", name="standing_ladder_length_check"),
        sa.CheckConstraint("char_length(source) <= 64", name="standing_source_length_check"),
        sa.CheckConstraint("char_length(to_tier) BETWEEN 1 AND 64", name="standing_to_tier_length_check"),
        sa.CheckConstraint("from_tier <> to_tier", name="standing_a_change_check"),
        sa.CheckConstraint("withdrawn_effect_id <> effect_id", name="standing_withdrawn_by_another_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="standing_business_id_effect_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="standing_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "withdrawn_effect_id"],
            ["effect.business_id", "effect.effect_id"],
            name="standing_business_id_withdrawn_effect_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "standing_id", name="standing_pkey"),
        sa.UniqueConstraint("business_id", "effect_id", name="standing_business_id_effect_id_key"),
    )
    op.create_index(
        "standing_place",
        "standing",
        ["business_id", "member_id", "ladder", "effective_at", "is_boundary", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_effect_id IS NULL"),
    )
    op.create_table(
        "current_standing",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("ladder", sa.Text(collation="C"), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("next_review_at", sa.DateTime(timezone=True)),
        sa.Column("standing_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_anchor", sa.Date()),
        sa.Column("cycle_began_at", sa.DateTime(timezone=True)),
        sa.Column("cycle_source", sa.Text(collation="C")),
        sa.Column("cycle_external_id", sa.Text(collation="C")),
        sa.CheckConstraint(
            "(cycle_anchor IS NULL) = (cycle_began_at IS NULL)"
            " AND (cycle_source IS NULL) = (cycle_external_id IS NULL)"
            " AND (cycle_source IS NULL OR cycle_began_at IS NOT NULL)",
            name="current_standing_cycle_is_whole_check",
        ),
        sa.CheckConstraint(
            "char_length(ladder) BETWEEN 1 AND 64", name="current_standing_ladder_length_check"
        ),
        sa.CheckConstraint("char_length(tier) BETWEEN 1 AND 64", name="current_standing_tier_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="current_standing_business_id_member_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "standing_id"],
            ["standing.business_id", "standing.standing_id"],
            name="current_standing_business_id_standing_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "member_id", "ladder", name="current_standing_pkey"),
    )
    op.create_index(
        "current_standing_by_tier", "current_standing", ["business_id", "ladder", "tier", "member_id"]
    )
