"""Rewards, the versions of their terms, and what members redeemed."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    Entity,
    belongs_to,
    bounded,
    document,
    instant,
    key_text,
    key_texts,
    lengths,
    money,
    one_of,
    whole,
)

REWARD_KINDS = ("goods", "service", "coupon", "discount", "draw_ticket")
REWARD_STATES = ("active", "retired")
ON_RETURN = ("release", "keep")
"""What becomes of a coupon's use when the purchase that it was used for is returned wholly."""


class Reward(Entity, table=True):
    """Something that members redeem points of one currency for; its units are in an account of their own.

    What it costs and for whom it is are terms, which have versions.
    """

    __tablename__ = "reward"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("credential", "credential_id"),
        UniqueConstraint("business_id", "key"),
        one_of("kind", *REWARD_KINDS),
        one_of("coupon_on_return", *ON_RETURN),
        CheckConstraint(
            "num_nonnulls(coupon_bearer, coupon_on_return) = CASE kind WHEN 'coupon' THEN 2 ELSE 0 END",
            name="coupon_of_its_kind",
        ),
        *lengths(key=64, currency=64),
    )

    business_id: UUID = Field(primary_key=True)
    reward_id: UUID = Field(primary_key=True)
    key: str = key_text()
    kind: str = key_text()
    currency: str = key_text()
    coupon_bearer: bool | None = Field()
    coupon_on_return: str | None = key_text()
    created_at: datetime = instant()
    credential_id: UUID | None = Field()


class RewardTerms(Entity, table=True):
    """What a reward is called, what it costs, for whom and how long; the latest version is in force.

    Prices are in smallest units, by `ladder.tier`.
    """

    __tablename__ = "reward_terms"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("reward", "reward_id"),
        belongs_to("credential", "credential_id"),
        one_of("state", *REWARD_STATES),
        bounded("version", least=1),
        bounded("price", least=1),
        bounded("redemption_days", least=1, most=3660),
        bounded("member_limit", least=1),
        bounded("value_amount", least=0),
        bounded("value_percent", least=0, most=100),
        CheckConstraint("num_nonnulls(value_amount, value_percent) <= 1", name="one_value"),
        CheckConstraint("value_amount <> 0 AND value_percent <> 0", name="value_of_something"),
        CheckConstraint("valid_until > valid_from", name="valid_for_a_while"),
    )

    business_id: UUID = Field(primary_key=True)
    reward_id: UUID = Field(primary_key=True)
    version: int = whole(primary_key=True)
    names: dict[str, str] = document()
    price: int = whole()
    prices: dict[str, int] = document()
    eligible: list[str] = key_texts()
    value_amount: Decimal | None = money()
    value_percent: Decimal | None = money()
    valid_from: datetime = instant()
    valid_until: datetime | None = instant()
    redemption_days: int | None = whole()
    member_limit: int | None = whole()
    state: str = key_text()
    recorded_at: datetime = instant()
    credential_id: UUID | None = Field()


class Redemption(Entity, table=True):
    """A reward redeemed by the activity of that id; open until it is fulfilled, cancelled, or time is up.

    `place` numbers the redemptions of a reward by a member that were not cancelled, from 1 on, so that no
    more of them can be than the limit of then.
    """

    __tablename__ = "redemption"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("fact", "fact_id", named="redemption_id"),
        belongs_to("member", "member_id"),
        belongs_to("reward_terms", "reward_id", "version"),
        belongs_to("transfer", "transfer_id", named="delivery_transfer_id"),
        belongs_to("transfer", "transfer_id", named="restock_transfer_id"),
        belongs_to("fact", "fact_id", named="cancelled_fact_id"),
        UniqueConstraint("business_id", "delivery_transfer_id"),
        UniqueConstraint("business_id", "restock_transfer_id"),
        UniqueConstraint("business_id", "cancelled_fact_id"),
        bounded("price", least=1),
        CheckConstraint(
            "place >= 1 AND (member_limit IS NULL OR place <= member_limit)", name="within_limit"
        ),
        CheckConstraint("expires_at > redeemed_at", name="expires_after_redeemed"),
        CheckConstraint("num_nonnulls(fulfilled_at, cancelled_at) <= 1", name="one_end"),
        CheckConstraint("fulfilled_at < expires_at AND cancelled_at < expires_at", name="ends_in_time"),
        CheckConstraint(
            "(cancelled_fact_id IS NOT NULL) = (cancelled_at IS NOT NULL)", name="cancelled_by_a_return"
        ),
        CheckConstraint(
            "(restock_transfer_id IS NOT NULL) ="
            " (cancelled_at IS NOT NULL AND delivery_transfer_id IS NOT NULL)",
            name="restocked_when_cancelled",
        ),
        *lengths(tier=200),
        Index(
            "redemption_place",
            "business_id",
            "reward_id",
            "member_id",
            "place",
            unique=True,
            postgresql_where=text("cancelled_at IS NULL"),
        ),
        Index("redemption_by_member", "business_id", "member_id", "redeemed_at", "redemption_id"),
    )

    business_id: UUID = Field(primary_key=True)
    redemption_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    reward_id: UUID = Field()
    version: int = whole()
    price: int = whole()
    tier: str | None = key_text()
    place: int = whole()
    member_limit: int | None = whole()
    redeemed_at: datetime = instant()
    expires_at: datetime | None = instant()
    delivery_transfer_id: UUID | None = Field()
    fulfilled_at: datetime | None = instant()
    cancelled_at: datetime | None = instant()
    cancelled_fact_id: UUID | None = Field()
    restock_transfer_id: UUID | None = Field()
