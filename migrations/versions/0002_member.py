"""Members, how they are recognised, and their personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "member",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(collation="C")),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("referred_by", sa.Text(collation="C")),
        sa.Column("last_occurred_at", sa.DateTime(timezone=True)),
        sa.Column("last_source", sa.Text(collation="C")),
        sa.Column("last_external_id", sa.Text(collation="C")),
        sa.Column("folded_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_boundary_at", sa.DateTime(timezone=True)),
        sa.Column("event_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'organisation')", name="member_kind_check"),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'blocked', 'closed', 'merged', 'erased')",
            name="member_status_check",
        ),
        sa.CheckConstraint("char_length(channel) BETWEEN 1 AND 64", name="member_channel_length_check"),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name="member_external_id_length_check"
        ),
        sa.CheckConstraint(
            "char_length(referred_by) BETWEEN 1 AND 200", name="member_referred_by_length_check"
        ),
        sa.CheckConstraint("event_count >= 0", name="member_event_count_bounds_check"),
        sa.CheckConstraint(
            "num_nulls(last_occurred_at, last_source, last_external_id) IN (0, 3)",
            name="member_last_place_is_whole_check",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="member_business_id_partner_id_fkey",
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="member_business_id_fkey"),
        sa.PrimaryKeyConstraint("business_id", "member_id", name="member_pkey"),
        sa.UniqueConstraint("business_id", "external_id", name="member_business_id_external_id_key"),
    )
    op.create_index("member_by_enrolment", "member", ["business_id", "enrolled_at", "member_id"])
    op.create_index("member_by_status", "member", ["business_id", "status", "enrolled_at", "member_id"])
    op.create_index(
        "member_due",
        "member",
        ["business_id", "next_boundary_at", "member_id"],
        postgresql_where=sa.text("next_boundary_at IS NOT NULL"),
    )
    op.create_table(
        "identity",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("identity_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(kind) BETWEEN 1 AND 64", name="identity_kind_length_check"),
        sa.CheckConstraint("octet_length(identity_hash) = 32", name="identity_identity_hash_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="identity_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "identity_id", name="identity_pkey"),
        sa.UniqueConstraint(
            "business_id", "kind", "identity_hash", name="identity_business_id_kind_identity_hash_key"
        ),
    )
    op.create_index("identity_by_member", "identity", ["business_id", "member_id"])
    op.create_table(
        "profile",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.Text()),
        sa.Column("family_name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("birth_date", sa.Date()),
        sa.Column("locale", sa.Text(collation="C")),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(email) BETWEEN 1 AND 320", name="profile_email_length_check"),
        sa.CheckConstraint(
            "char_length(family_name) BETWEEN 1 AND 200", name="profile_family_name_length_check"
        ),
        sa.CheckConstraint(
            "char_length(given_name) BETWEEN 1 AND 200", name="profile_given_name_length_check"
        ),
        sa.CheckConstraint("char_length(locale) BETWEEN 1 AND 35", name="profile_locale_length_check"),
        sa.CheckConstraint("char_length(phone) BETWEEN 1 AND 32", name="profile_phone_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["member.business_id", "member.member_id"],
            name="profile_business_id_member_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "member_id", name="profile_pkey"),
    )
