"""The ledger: effects by key, the transfers that they make between accounts, and lots for expiry."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_CAUSE,
    LONGEST_KEY,
    LONGEST_SLOT,
    Entity,
    belongs_to,
    bounded,
    document,
    instant,
    key_text,
    lengths,
    lengths_or_empty,
    listed,
    one_of,
    whole,
)
from loyalty_engine.entities.fact import CAUSE_KINDS

EFFECT_KINDS = ("points", "standing", "claim", "withdrawal", "caused", "quota", "forgone", "notice")
COUNTED_KINDS = ("points", "caused", "forgone")
"""Kinds of effects of which there are so many; all others are there or not."""

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
    "quota",
    "used",
    "funding",
    "stock",
    "supplied",
    "delivered",
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
    "give",
    "use_quota",
    "adjust",
    "merge",
    "supply",
    "write_off",
    "deliver",
    "restock",
)
HOLD_STATES = ("open", "captured", "voided", "expired")

_KEY_OF_AN_EFFECT = (
    "sha256(decode(replace((((((cause_kind || chr(10)) || cause_key) || chr(10)) || rule) || chr(10)) || slot"
    ", chr(92), repeat(chr(92), 2)), 'escape'))"
)
"""A digest, because the texts together are longer than a key of an index may be; none holds a line's end."""

WITHOUT_EFFECT = ("open_budget", "supply", "write_off", "deliver", "restock")
"""Codes of transfers that no member's fold makes: budgets that open, and units of rewards."""

_NOT_IN_THE_FUTURE = "effective_at - recorded_at <= interval '5 minutes'"


class Effect(Entity, table=True):
    """One posting under the key (member, cause, rule, slot); what stands is the sum of the values.

    Each but the first corrects the one before it.
    """

    __tablename__ = "effect"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("fact", "fact_id", named="activity_id"),
        belongs_to("fact", "fact_id", named="trigger_fact_id"),
        belongs_to("program_version", "program_version_id"),
        belongs_to("effect", "effect_id", named="corrects_effect_id"),
        one_of("kind", *EFFECT_KINDS),
        one_of("cause_kind", *CAUSE_KINDS),
        CheckConstraint("value <> 0", name="value_not_zero"),
        CheckConstraint(f"kind IN ({listed(*COUNTED_KINDS)}) OR value IN (-1, 1)", name="value_of_its_kind"),
        CheckConstraint("(cause_kind = 'activity') = (activity_id IS NOT NULL)", name="activity_cause"),
        CheckConstraint("(cause_kind = 'boundary') = (boundary_at IS NOT NULL)", name="boundary_cause"),
        CheckConstraint("corrects_effect_id <> effect_id", name="corrects_another"),
        CheckConstraint(_NOT_IN_THE_FUTURE, name="not_in_the_future"),
        bounded("value"),
        *lengths(cause_key=LONGEST_CAUSE, slot=LONGEST_SLOT),
        *lengths_or_empty(rule=64),
        Index(
            "effect_posted_first_once",
            "business_id",
            "member_id",
            text(_KEY_OF_AN_EFFECT),
            unique=True,
            postgresql_where=text("corrects_effect_id IS NULL"),
        ),
        Index(
            "effect_corrected_once",
            "business_id",
            "corrects_effect_id",
            unique=True,
            postgresql_where=text("corrects_effect_id IS NOT NULL"),
        ),
        Index("effect_by_member", "business_id", "member_id", "effective_at", "effect_id"),
        Index(
            "effect_besides_points",
            "business_id",
            "member_id",
            "kind",
            "effective_at",
            postgresql_where=text("kind <> 'points'"),
        ),
        Index(
            "effect_by_activity",
            "business_id",
            "activity_id",
            postgresql_where=text("activity_id IS NOT NULL"),
        ),
        Index(
            "effect_by_trigger",
            "business_id",
            "trigger_fact_id",
            postgresql_where=text("trigger_fact_id IS NOT NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    effect_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    kind: str = key_text()
    cause_kind: str = key_text()
    cause_key: str = key_text()
    activity_id: UUID | None = Field()
    boundary_at: datetime | None = instant()
    rule: str = key_text()
    slot: str = key_text()
    value: int = whole()
    effective_at: datetime = instant()
    recorded_at: datetime = instant()
    program_version_id: UUID = Field()
    trigger_fact_id: UUID | None = Field()
    corrects_effect_id: UUID | None = Field()


class Account(Entity, table=True):
    """A pot of one points currency; `balance` (credits - debits) is kept only where a floor is checked.

    Wallets, pending and held points and limited budgets never fall below zero, debts never rise above it;
    accounts of the whole business, and unlimited budgets, keep no balance: no row is written by everyone.
    A promotion's `quota` holds awards in place of points, and what was used of it is in `used`.
    The units of a reward are a currency of their own, which is never one of points: they come from
    `supplied`, are in `stock` (without a balance: unlimited), and are `delivered`.
    An account is opened empty; only the database moves its balance, with every transfer that is written.
    """

    __tablename__ = "account"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("member", "member_id"),
        belongs_to("promotion", "promotion_id"),
        belongs_to("partner", "partner_id"),
        belongs_to("reward", "reward_id"),
        UniqueConstraint(
            "business_id",
            "kind",
            "currency",
            "member_id",
            "promotion_id",
            "partner_id",
            name="account_of_its_kind_key",
            postgresql_nulls_not_distinct=True,
        ),
        UniqueConstraint("business_id", "account_id", "currency"),
        one_of("kind", *ACCOUNT_KINDS),
        CheckConstraint(
            "(kind IN ('wallet', 'debt', 'pending', 'held')) = (member_id IS NOT NULL)",
            name="member_of_its_kind",
        ),
        CheckConstraint(
            "(kind IN ('budget', 'quota')) = (promotion_id IS NOT NULL)", name="promotion_of_its_kind"
        ),
        CheckConstraint("(kind = 'budget') = (partner_id IS NOT NULL)", name="partner_of_its_kind"),
        CheckConstraint(
            "CASE WHEN kind IN ('stock', 'supplied', 'delivered')"
            " THEN reward_id IS NOT NULL AND currency = 'reward/' || CAST(reward_id AS text)"
            " ELSE reward_id IS NULL AND position('/' IN currency) = 0 END",
            name="reward_of_its_kind",
        ),
        CheckConstraint(
            "CASE WHEN kind IN ('wallet', 'pending', 'held', 'quota')"
            " THEN balance IS NOT NULL AND balance >= 0"
            " WHEN kind = 'debt' THEN balance IS NOT NULL AND balance <= 0"
            " WHEN kind IN ('budget', 'stock') THEN balance IS NULL OR balance >= 0"
            " ELSE balance IS NULL END",
            name="floor",
        ),
        bounded("balance"),
        *lengths(currency=64),
        Index(
            "account_by_member", "business_id", "member_id", postgresql_where=text("member_id IS NOT NULL")
        ),
    )

    business_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    kind: str = key_text()
    currency: str = key_text()
    member_id: UUID | None = Field()
    promotion_id: UUID | None = Field()
    partner_id: UUID | None = Field()
    balance: int | None = whole()
    created_at: datetime = instant()
    reward_id: UUID | None = Field()


class Transfer(Entity, table=True):
    """Points moved from the debit to the credit account, for ever; both hold the same currency.

    A correction is a transfer the other way that names what it reverses, and never more than that in sum.
    """

    __tablename__ = "transfer"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("effect", "effect_id"),
        belongs_to("member", "member_id"),
        belongs_to("account", "account_id", "currency", named="debit_account_id"),
        belongs_to("account", "account_id", "currency", named="credit_account_id"),
        belongs_to("transfer", "transfer_id", named="reverses_transfer_id"),
        one_of("code", *TRANSFER_CODES),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint("reverses_transfer_id <> transfer_id", name="reverses_another"),
        CheckConstraint(
            f"(code IN ({listed(*WITHOUT_EFFECT)})) = (effect_id IS NULL)"
            " AND (effect_id IS NULL) = (member_id IS NULL)",
            name="effect_of_its_code",
        ),
        CheckConstraint(_NOT_IN_THE_FUTURE, name="not_in_the_future"),
        bounded("amount", least=1),
        Index("transfer_by_member", "business_id", "member_id", "currency", "recorded_at", "transfer_id"),
        Index("transfer_by_effect", "business_id", "effect_id"),
        Index(
            "transfer_reversing",
            "business_id",
            "reverses_transfer_id",
            postgresql_where=text("reverses_transfer_id IS NOT NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    transfer_id: UUID = Field(primary_key=True)
    effect_id: UUID | None = Field()
    member_id: UUID | None = Field()
    code: str = key_text()
    currency: str = key_text()
    debit_account_id: UUID = Field()
    credit_account_id: UUID = Field()
    amount: int = whole()
    effective_at: datetime = instant()
    recorded_at: datetime = instant()
    reverses_transfer_id: UUID | None = Field()


class Lot(Entity, table=True):
    """Points of one earning and what is left of them: a projection of the ledger, ordered by its place."""

    __tablename__ = "lot"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        UniqueConstraint("business_id", "member_id", "cause_kind", "cause_key", "rule", "slot"),
        one_of("cause_kind", *CAUSE_KINDS),
        bounded("amount", least=0),
        CheckConstraint("remaining >= 0 AND expired >= 0 AND remaining + expired <= amount", name="parts"),
        *lengths(currency=64, cause_key=LONGEST_CAUSE, slot=LONGEST_KEY),
        *lengths_or_empty(rule=64, earned_source=64, earned_external_id=LONGEST_KEY),
    )

    business_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    currency: str = key_text()
    cause_kind: str = key_text()
    cause_key: str = key_text()
    rule: str = key_text()
    slot: str = key_text()
    earned_at: datetime = instant()
    earned_source: str = key_text()
    earned_external_id: str = key_text()
    amount: int = whole()
    remaining: int = whole()
    expired: int = whole()
    expires_at: datetime | None = instant()
    pending: bool = Field()
    releases_at: datetime | None = instant()
    funding: list[list[str]] = document()


class PointUse(Entity, table=True):
    """How much of a lot a spending used; without a lot it is what the spending lacked and is owed.

    A projection like the lots: what a late fact changes is set anew, and what is no more is 0.
    """

    __tablename__ = "point_use"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("lot", "lot_id"),
        UniqueConstraint(
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
        one_of("cause_kind", *CAUSE_KINDS),
        bounded("amount", least=0),
        *lengths(currency=64, cause_key=LONGEST_CAUSE, slot=LONGEST_KEY),
        *lengths_or_empty(rule=64, used_source=64, used_external_id=LONGEST_KEY),
        Index("point_use_by_lot", "business_id", "lot_id"),
        Index(
            "point_use_owed",
            "business_id",
            "member_id",
            postgresql_where=text("lot_id IS NULL AND amount > 0"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    point_use_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    currency: str = key_text()
    cause_kind: str = key_text()
    cause_key: str = key_text()
    rule: str = key_text()
    slot: str = key_text()
    used_at: datetime = instant()
    used_source: str = key_text()
    used_external_id: str = key_text()
    lot_id: UUID | None = Field()
    amount: int = whole()


class Hold(Entity, table=True):
    """Points set aside by the activity of that id, until they are captured, given back, or time is up."""

    __tablename__ = "hold"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("fact", "fact_id", named="hold_id"),
        belongs_to("member", "member_id"),
        one_of("state", *HOLD_STATES),
        bounded("amount", least=1),
        CheckConstraint("captured BETWEEN 0 AND amount", name="captured_bounds"),
        CheckConstraint("(captured > 0) = (state = 'captured')", name="captured_of_its_state"),
        CheckConstraint("(closed_at IS NULL) = (state = 'open')", name="closed_of_its_state"),
        CheckConstraint("expires_at > opened_at", name="expires_after_opened"),
        *lengths(currency=64),
        Index("hold_open", "business_id", "member_id", postgresql_where=text("state = 'open'")),
    )

    business_id: UUID = Field(primary_key=True)
    hold_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    currency: str = key_text()
    amount: int = whole()
    captured: int = whole()
    state: str = key_text()
    opened_at: datetime = instant()
    expires_at: datetime = instant()
    closed_at: datetime | None = instant()
