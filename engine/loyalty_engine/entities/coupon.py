"""Coupons, by codes of which only a keyed hash is kept, and what they were used for."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_KEY,
    Entity,
    belongs_to,
    bounded,
    hashed,
    instant,
    key_text,
    lengths,
    money,
    octets,
    one_of,
    whole,
)
from loyalty_engine.entities.reward import ON_RETURN


class Coupon(Entity, table=True):
    """A code that may be used so many times, by anybody or by one member.

    `used` is moved by the uses themselves, and by nothing else. Those that a redemption issued have no key.
    """

    __tablename__ = "coupon"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("credential", "credential_id"),
        belongs_to("member", "member_id"),
        belongs_to("reward", "reward_id"),
        belongs_to("redemption", "redemption_id"),
        UniqueConstraint("business_id", "key"),
        UniqueConstraint("business_id", "code_hash"),
        UniqueConstraint("business_id", "redemption_id"),
        one_of("on_return", *ON_RETURN),
        hashed("code_hash"),
        bounded("use_limit", least=1),
        bounded("member_limit", least=1),
        bounded("value_amount", least=0),
        bounded("value_percent", least=0, most=100),
        CheckConstraint("used >= 0 AND (use_limit IS NULL OR used <= use_limit)", name="within_limit"),
        CheckConstraint("num_nonnulls(value_amount, value_percent) <= 1", name="one_value"),
        CheckConstraint("valid_until > valid_from", name="valid_for_a_while"),
        CheckConstraint("num_nonnulls(key, redemption_id) = 1", name="made_or_issued"),
        *lengths(key=64),
    )

    business_id: UUID = Field(primary_key=True)
    coupon_id: UUID = Field(primary_key=True)
    key: str | None = key_text()
    code_hash: bytes = octets()
    use_limit: int | None = whole()
    member_limit: int | None = whole()
    used: int = whole()
    member_id: UUID | None = Field()
    reward_id: UUID | None = Field()
    redemption_id: UUID | None = Field()
    value_amount: Decimal | None = money()
    value_percent: Decimal | None = money()
    on_return: str = key_text()
    valid_from: datetime = instant()
    valid_until: datetime | None = instant()
    created_at: datetime = instant()
    credential_id: UUID | None = Field()


class CouponUse(Entity, table=True):
    """A use of a coupon by the activity of that id, until it is released by a return of that.

    `place` numbers the uses by one member that were not released, from 1 on. A use that was released is
    reopened by another one.
    """

    __tablename__ = "coupon_use"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("fact", "fact_id", named="coupon_use_id"),
        belongs_to("coupon", "coupon_id"),
        belongs_to("member", "member_id"),
        belongs_to("coupon_use", "coupon_use_id", named="reopens_use_id"),
        belongs_to("fact", "fact_id", named="released_fact_id"),
        UniqueConstraint("business_id", "reopens_use_id"),
        UniqueConstraint("business_id", "released_fact_id"),
        bounded("amount", least=0),
        bounded("discount", least=0),
        CheckConstraint(
            "place >= 1 AND (member_limit IS NULL OR place <= member_limit)", name="within_limit"
        ),
        CheckConstraint("discount > 0", name="has_an_effect"),
        CheckConstraint("reopens_use_id <> coupon_use_id", name="reopens_another"),
        CheckConstraint("num_nulls(purchase_source, purchase_external_id) <> 1", name="purchase_named_whole"),
        CheckConstraint(
            "(released_fact_id IS NOT NULL) = (released_at IS NOT NULL)", name="released_by_a_return"
        ),
        *lengths(purchase_source=64, purchase_external_id=LONGEST_KEY),
        Index(
            "coupon_use_place",
            "business_id",
            "coupon_id",
            "member_id",
            "place",
            unique=True,
            postgresql_where=text("released_fact_id IS NULL"),
        ),
        Index(
            "coupon_use_by_purchase",
            "business_id",
            "purchase_source",
            "purchase_external_id",
            postgresql_where=text("purchase_source IS NOT NULL AND released_fact_id IS NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    coupon_use_id: UUID = Field(primary_key=True)
    coupon_id: UUID = Field()
    member_id: UUID = Field()
    place: int = whole()
    member_limit: int | None = whole()
    used_at: datetime = instant()
    purchase_source: str | None = key_text()
    purchase_external_id: str | None = key_text()
    amount: Decimal | None = money()
    discount: Decimal | None = money()
    reopens_use_id: UUID | None = Field()
    released_at: datetime | None = instant()
    released_fact_id: UUID | None = Field()
