"""Businesses, partners and promotions, credentials, program versions, operations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; who may do what in them comes last, in the revision about security."""
    op.create_table(
        "business",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(collation="C"), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("locale", sa.Text(collation="C"), nullable=False),
        sa.Column("sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True)),
        sa.Column("event_position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="business_currency_form_check"),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'", name="business_slug_form_check"),
        sa.CheckConstraint("char_length(locale) BETWEEN 1 AND 35", name="business_locale_length_check"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="business_name_length_check"),
        sa.CheckConstraint("char_length(timezone) BETWEEN 1 AND 64", name="business_timezone_length_check"),
        sa.CheckConstraint("event_position >= 0", name="business_event_position_bounds_check"),
        sa.CheckConstraint("sandbox OR clock_at IS NULL", name="business_only_a_sandbox_has_a_clock_check"),
        sa.PrimaryKeyConstraint("business_id", name="business_pkey"),
        sa.UniqueConstraint("slug", name="business_slug_key"),
    )
    op.create_table(
        "partner",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 64", name="partner_key_length_check"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="partner_name_length_check"),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="partner_business_id_fkey"),
        sa.PrimaryKeyConstraint("business_id", "partner_id", name="partner_pkey"),
        sa.UniqueConstraint("business_id", "key", name="partner_business_id_key_key"),
    )
    op.create_table(
        "promotion",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(currency) BETWEEN 1 AND 64", name="promotion_currency_length_check"),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 64", name="promotion_key_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="promotion_business_id_partner_id_fkey",
        ),
        sa.PrimaryKeyConstraint("business_id", "promotion_id", name="promotion_pkey"),
        sa.UniqueConstraint("business_id", "key", name="promotion_business_id_key_key"),
    )
    op.create_table(
        "credential",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(collation="C"), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("environment", sa.Text(collation="C"), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text(collation="C"))),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'partner') = (partner_id IS NOT NULL)", name="credential_partner_check"),
        sa.CheckConstraint("environment IN ('live', 'test')", name="credential_environment_check"),
        sa.CheckConstraint(
            "kind IN ('owner', 'staff', 'till', 'frontend', 'partner', 'read_only', 'test')",
            name="credential_kind_check",
        ),
        sa.CheckConstraint(
            "array_position(scopes, NULL) IS NULL AND cardinality(scopes) <= 100",
            name="credential_scopes_check",
        ),
        sa.CheckConstraint(
            "array_position(sources, NULL) IS NULL AND cardinality(sources) <= 100",
            name="credential_sources_check",
        ),
        sa.CheckConstraint("char_length(key_id) BETWEEN 1 AND 64", name="credential_key_id_length_check"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="credential_name_length_check"),
        sa.CheckConstraint("octet_length(key_hash) = 32", name="credential_key_hash_length_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "partner_id"],
            ["partner.business_id", "partner.partner_id"],
            name="credential_business_id_partner_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.business_id"], name="credential_business_id_fkey"
        ),
        sa.PrimaryKeyConstraint("business_id", "credential_id", name="credential_pkey"),
    )
    op.create_index("credential_key_id", "credential", ["key_id"], unique=True)
    op.create_table(
        "program_version",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("program_version_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(collation="C"), nullable=False),
        sa.Column("rule_versions", postgresql.JSONB(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid()),
        sa.CheckConstraint(
            "(version = 1) = (effective_at IS NULL)",
            name="program_version_only_the_first_has_no_beginning_check",
        ),
        sa.CheckConstraint("char_length(hash) BETWEEN 1 AND 100", name="program_version_hash_length_check"),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 1000000", name="program_version_source_length_check"
        ),
        sa.CheckConstraint("version >= 1", name="program_version_version_bounds_check"),
        sa.ForeignKeyConstraint(
            ["business_id", "published_by"],
            ["credential.business_id", "credential.credential_id"],
            name="program_version_business_id_published_by_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.business_id"], name="program_version_business_id_fkey"
        ),
        sa.PrimaryKeyConstraint("business_id", "program_version_id", name="program_version_pkey"),
        sa.UniqueConstraint("business_id", "version", name="program_version_business_id_version_key"),
    )
    op.create_table(
        "operation",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("mutation", sa.Text(collation="C"), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(actor) BETWEEN 1 AND 64", name="operation_actor_length_check"),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 200", name="operation_key_length_check"),
        sa.CheckConstraint("char_length(mutation) BETWEEN 1 AND 64", name="operation_mutation_length_check"),
        sa.CheckConstraint("octet_length(input_hash) = 32", name="operation_input_hash_length_check"),
        sa.ForeignKeyConstraint(["business_id"], ["business.business_id"], name="operation_business_id_fkey"),
        sa.PrimaryKeyConstraint("business_id", "actor", "key", name="operation_pkey"),
    )
