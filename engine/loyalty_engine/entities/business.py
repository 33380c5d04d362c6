"""Businesses, the credentials that act for them, and the programs that they published."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    Entity,
    belongs_to,
    document,
    hashed,
    instant,
    key_text,
    key_texts,
    lengths,
    octets,
    one_of,
    whole,
    words,
)

CREDENTIAL_KINDS = ("owner", "staff", "till", "frontend", "partner", "read_only", "test")
ENVIRONMENTS = ("live", "test")


class Business(Entity, table=True):
    """One business; its time zone and currency never change, because stored days and amounts rest on them."""

    __tablename__ = "business"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'", name="slug_form"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("sandbox OR clock_at IS NULL", name="only_a_sandbox_has_a_clock"),
        CheckConstraint("event_position >= 0", name="event_position_bounds"),
        *lengths(name=200, timezone=64, locale=35),
    )

    business_id: UUID = Field(primary_key=True)
    slug: str = key_text()
    name: str = words()
    timezone: str = key_text()
    currency: str = key_text()
    locale: str = key_text()
    sandbox: bool = Field(sa_column_kwargs={"server_default": text("false")})
    clock_at: datetime | None = instant()
    event_position: int = whole(sa_column_kwargs={"server_default": text("0")})
    created_at: datetime = instant()


class Credential(Entity, table=True):
    """One API key, of which only the hash is kept, with what its holder may do."""

    __tablename__ = "credential"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("partner", "partner_id"),
        one_of("kind", *CREDENTIAL_KINDS),
        one_of("environment", *ENVIRONMENTS),
        hashed("key_hash"),
        CheckConstraint("(kind = 'partner') = (partner_id IS NOT NULL)", name="partner"),
        CheckConstraint("array_position(scopes, NULL) IS NULL AND cardinality(scopes) <= 100", name="scopes"),
        CheckConstraint(
            "array_position(sources, NULL) IS NULL AND cardinality(sources) <= 100", name="sources"
        ),
        *lengths(name=200, key_id=64),
        # The one key that businesses share: whose a key is, is not known before it is found.
        Index("credential_key_id", "key_id", unique=True),
    )

    business_id: UUID = Field(primary_key=True)
    credential_id: UUID = Field(primary_key=True)
    kind: str = key_text()
    name: str = words()
    key_id: str = key_text()
    key_hash: bytes = octets()
    environment: str = key_text()
    scopes: list[str] = key_texts()
    sources: list[str] | None = key_texts()
    partner_id: UUID | None = Field()
    expires_at: datetime | None = instant()
    revoked_at: datetime | None = instant()
    created_at: datetime = instant()


class ProgramVersion(Entity, table=True):
    """One published program file, for ever as it was; the first version holds from the beginning of time.

    `plan` says what becomes of members when it takes effect; without one, claims stay.
    """

    __tablename__ = "program_version"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("credential", "credential_id", named="published_by"),
        UniqueConstraint("business_id", "version"),
        CheckConstraint("version >= 1", name="version_bounds"),
        CheckConstraint("(version = 1) = (effective_at IS NULL)", name="only_the_first_has_no_beginning"),
        CheckConstraint("(plan IS NULL) = (plan_hash IS NULL)", name="plan_is_hashed"),
        *lengths(source=1_000_000, hash=100, plan=100_000, plan_hash=100),
    )

    business_id: UUID = Field(primary_key=True)
    program_version_id: UUID = Field(primary_key=True)
    version: int = Field()
    source: str = words()
    hash: str = key_text()
    rule_versions: dict[str, Any] = document()
    effective_at: datetime | None = instant()
    published_at: datetime = instant()
    published_by: UUID | None = Field()
    plan: str | None = words()
    plan_hash: str | None = key_text()


class ProgramDraft(Entity, table=True):
    """A program file that was saved and found fit, and decides nothing until it is published."""

    __tablename__ = "program_draft"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("credential", "credential_id", named="created_by"),
        *lengths(source=1_000_000, hash=100),
    )

    business_id: UUID = Field(primary_key=True)
    program_draft_id: UUID = Field(primary_key=True)
    source: str = words()
    hash: str = key_text()
    created_at: datetime = instant()
    created_by: UUID | None = Field()
