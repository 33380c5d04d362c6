"""Rewards that members redeem points for, and what they redeemed."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.store.reads import activities, members, rewards
from loyalty_engine.store.reads.pages import Page, Slice
from loyalty_schema.connections import Connection, connection_of
from loyalty_schema.enums import RedemptionState, RewardKind, RewardState
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    EVERYONE,
    FEW,
    MEMBERS_READ,
    REWARDS_READ,
    column,
    computed,
    given,
    to_one,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import points_currency
from loyalty_schema.types.rules import Locale, PointsCurrency, named

if TYPE_CHECKING:
    from loyalty_schema.types.member import Member


async def _currency(request: Request, key: str) -> PointsCurrency | None:
    return points_currency(await request.rulebook(), request, key)


async def _points(info: Info, currency: str, units: int) -> Decimal:
    found = await _currency(request_of(info), currency)
    return from_smallest_units(units, 0 if found is None else found.decimals_of)


@strawberry.type(description="What a reward costs those who hold a tier.")
class TierPrice:
    """What a reward costs those who hold a tier."""

    tier: str = given(description="The tier, as ladder.tier.", scope=REWARDS_READ)
    points: Decimal = given(description="How many points.", scope=REWARDS_READ)


@strawberry.type(description="Something that members redeem points for.")
class Reward(Node):
    """Something that members redeem points for."""

    row: strawberry.Private[rewards.RewardRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Reward", self.row.reward_id)

    key: str = column("key", scope=REWARDS_READ, description="Its key.")
    version: int = column("version", scope=REWARDS_READ, description="The version of its terms in force.")
    valid_from: datetime = column("valid_from", scope=REWARDS_READ, description="From when it is on offer.")
    valid_until: datetime | None = column(
        "valid_until", scope=REWARDS_READ, description="Until before when it is on offer; null: for ever."
    )
    value_amount: Decimal | None = column(
        "value_amount", scope=REWARDS_READ, description="How much money a discount or coupon is worth."
    )
    value_percent: Decimal | None = column(
        "value_percent", scope=REWARDS_READ, description="How many percent a discount or coupon is worth."
    )
    redemption_days: int | None = column(
        "redemption_days",
        scope=REWARDS_READ,
        description="How many days after the day of redeeming it is good; null: for ever.",
    )
    member_limit: int | None = column(
        "member_limit", scope=REWARDS_READ, description="How often a member may redeem it; null: any number."
    )
    stock: int | None = column(
        "stock", scope=REWARDS_READ, description="How many are in stock; null: any number."
    )
    created_at: datetime = column("created_at", scope=REWARDS_READ, description="Since when it is there.")

    @computed(scope=REWARDS_READ, description="Its name.")
    def name(self, info: Info, locale: Locale = None) -> str:
        """Its name."""
        return named(request_of(info), self.row.names, self.row.key, locale)

    @computed(scope=REWARDS_READ, description="What kind of thing it is.")
    def kind(self) -> RewardKind:
        """What kind of thing it is."""
        return RewardKind(self.row.kind)

    @computed(scope=REWARDS_READ, description="Whether it can be redeemed while it is on offer.")
    def state(self) -> RewardState:
        """Whether it can be redeemed."""
        return RewardState(self.row.state)

    @computed(
        scope=REWARDS_READ,
        description="The points currency that it costs; null: the program has it no longer.",
    )
    async def currency(self, info: Info) -> PointsCurrency | None:
        """The points currency that it costs."""
        return await _currency(request_of(info), self.row.currency)

    @computed(scope=REWARDS_READ, description="How many points it costs whom no other price is for.")
    async def price(self, info: Info) -> Decimal:
        """How many points it costs."""
        return await _points(info, self.row.currency, self.row.price)

    @computed(
        scope=REWARDS_READ,
        brings=FEW,
        description="Prices of tiers; that of the highest tier held counts, the lowest where ladders differ.",
    )
    async def prices(self, info: Info) -> list[TierPrice]:
        """Prices of tiers."""
        return [
            TierPrice(tier=tier, points=await _points(info, self.row.currency, units))
            for tier, units in sorted(self.row.prices.items())
        ]

    @computed(
        scope=REWARDS_READ,
        brings=FEW,
        description="For which tiers and those above them it is, as ladder.tier; none: for everybody.",
    )
    def tiers(self) -> list[str]:
        """For which tiers it is."""
        return list(self.row.eligible)


@strawberry.type(description="A reward that a member redeemed.")
class Redemption(Node):
    """A reward that a member redeemed."""

    row: strawberry.Private[rewards.RedemptionRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Redemption", self.row.redemption_id)

    version: int = column(
        "version", scope=REWARDS_READ, description="The version of the reward's terms that it was made under."
    )
    tier: str | None = column(
        "tier", scope=REWARDS_READ, description="The tier whose price it was, as ladder.tier."
    )
    redeemed_at: datetime = column("redeemed_at", scope=REWARDS_READ, description="When it was redeemed.")
    expires_at: datetime | None = column(
        "expires_at", scope=REWARDS_READ, description="Until before when it is good; null: for ever."
    )
    fulfilled_at: datetime | None = column(
        "fulfilled_at", scope=REWARDS_READ, description="When the member got it."
    )
    cancelled_at: datetime | None = column(
        "cancelled_at", scope=REWARDS_READ, description="When it was taken back."
    )
    reward: Reward = to_one(
        rewards.rewards_by_id,
        "reward_id",
        lambda row: Reward(row=row),
        scope=REWARDS_READ,
        description="The reward, with its terms of now.",
    )
    activity: Activity = to_one(
        activities.activities_by_id,
        "redemption_id",
        lambda row: Activity(row=row),
        scope=ACTIVITIES_READ,
        description="The activity that took the points.",
    )

    @computed(scope=MEMBERS_READ, description="Who redeemed it.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("loyalty_schema.types.member")]:
        """Who redeemed it."""
        from loyalty_schema.types.member import Member

        row = await request_of(info).reads.load(members.members_by_id, self.row.member_id)
        if row is None:
            raise LookupError(f"no member {self.row.member_id}")
        return Member(row=row)

    @computed(scope=REWARDS_READ, description="How many points it cost.")
    async def price(self, info: Info) -> Decimal:
        """How many points it cost."""
        return await _points(info, self.row.currency, self.row.price)

    @computed(scope=REWARDS_READ, description="What became of it; one whose time is up has expired.")
    def state(self, info: Info) -> RedemptionState:
        """What became of it."""
        row = self.row
        if row.cancelled_at is not None:
            return RedemptionState.CANCELLED
        if row.fulfilled_at is not None:
            return RedemptionState.FULFILLED
        is_over = row.expires_at is not None and row.expires_at <= request_of(info).now
        return RedemptionState.EXPIRED if is_over else RedemptionState.OPEN


def redemption_connection(
    request: Request, slice_: Slice, found: Page[rewards.RedemptionRow] | None
) -> Connection[Redemption]:
    """A page of redemptions, the latest first."""
    return connection_of(
        request,
        "redemptions",
        slice_,
        found or Page((), False),
        lambda row: (row.redeemed_at, row.redemption_id),
        lambda row: Redemption(row=row),
    )
