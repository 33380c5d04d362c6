"""Coupons, and what they were used for; a code is no part of them."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from loyalty_engine.store.reads import activities, coupons, members, rewards
from loyalty_schema.enums import OnReturn
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    EVERYONE,
    MEMBERS_READ,
    REWARDS_READ,
    column,
    computed,
    to_one,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.node import Node
from loyalty_schema.types.reward import Redemption, Reward

if TYPE_CHECKING:
    from loyalty_schema.types.member import Member

LazyMember = Annotated["Member", strawberry.lazy("loyalty_schema.types.member")]


async def _member(info: Info, member_id: UUID) -> "Member":
    from loyalty_schema.types.member import Member

    row = await request_of(info).reads.load(members.members_by_id, member_id)
    if row is None:
        raise LookupError(f"no member {member_id}")
    return Member(row=row)


@strawberry.type(description="A coupon, which is used by its code; nobody can read the code again.")
class Coupon(Node):
    """A coupon."""

    row: strawberry.Private[coupons.CouponRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Coupon", self.row.coupon_id)

    key: str | None = column("key", scope=REWARDS_READ, description="Its key; null: a redemption gave it.")
    limit: int | None = column(
        "use_limit", scope=REWARDS_READ, description="How often it may be used; null: any number."
    )
    member_limit: int | None = column(
        "member_limit", scope=REWARDS_READ, description="How often one member may use it; null: any number."
    )
    used: int = column(
        "used", scope=REWARDS_READ, description="How often it is used, less what was released."
    )
    value_amount: Decimal | None = column(
        "value_amount", scope=REWARDS_READ, description="How much money it takes off."
    )
    value_percent: Decimal | None = column(
        "value_percent", scope=REWARDS_READ, description="Or how many percent it takes off."
    )
    valid_from: datetime = column("valid_from", scope=REWARDS_READ, description="From when it can be used.")
    valid_until: datetime | None = column(
        "valid_until", scope=REWARDS_READ, description="Until before when it can be used; null: for ever."
    )
    created_at: datetime = column("created_at", scope=REWARDS_READ, description="When it was made.")
    reward: Reward | None = to_one(
        rewards.rewards_by_id,
        "reward_id",
        lambda row: Reward(row=row),
        scope=REWARDS_READ,
        description="What it is good for, where it names a reward.",
    )
    redemption: Redemption | None = to_one(
        rewards.redemptions_by_id,
        "redemption_id",
        lambda row: Redemption(row=row),
        scope=REWARDS_READ,
        description="The redemption that gave it.",
    )

    @computed(scope=MEMBERS_READ, description="Who alone may use it; null: whoever has the code.")
    async def member(self, info: Info) -> LazyMember | None:
        """Who alone may use it."""
        return None if self.row.member_id is None else await _member(info, self.row.member_id)

    @computed(scope=REWARDS_READ, description="What the whole return of the purchase does with a use.")
    def on_return(self) -> OnReturn:
        """What the whole return of the purchase does with a use."""
        return OnReturn(self.row.on_return)


@strawberry.type(description="A use of a coupon.")
class CouponUse(Node):
    """A use of a coupon."""

    row: strawberry.Private[coupons.CouponUseRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("CouponUse", self.row.coupon_use_id)

    used_at: datetime = column("used_at", scope=REWARDS_READ, description="When it was used.")
    released_at: datetime | None = column(
        "released_at", scope=REWARDS_READ, description="When it was given back; null: it was not."
    )
    amount: Decimal | None = column("amount", scope=REWARDS_READ, description="What it took something off.")
    discount: Decimal | None = column("discount", scope=REWARDS_READ, description="How much it took off.")
    purchase_source: str | None = column(
        "purchase_source", scope=REWARDS_READ, description="The source of the purchase that it was used for."
    )
    purchase_external_id: str | None = column(
        "purchase_external_id", scope=REWARDS_READ, description="The id of that purchase at its source."
    )
    coupon: Coupon = to_one(
        coupons.coupons_by_id,
        "coupon_id",
        lambda row: Coupon(row=row),
        scope=REWARDS_READ,
        description="The coupon.",
    )
    activity: Activity = to_one(
        activities.activities_by_id,
        "coupon_use_id",
        lambda row: Activity(row=row),
        scope=ACTIVITIES_READ,
        description="The activity, of the kind coupon.",
    )
    reopens: Annotated["CouponUse", strawberry.lazy("loyalty_schema.types.coupon")] | None = to_one(
        coupons.uses_by_id,
        "reopens_use_id",
        lambda row: CouponUse(row=row),
        scope=REWARDS_READ,
        description="The use that was released, and that this one reopened.",
    )

    @computed(scope=MEMBERS_READ, description="Who used it.")
    async def member(self, info: Info) -> LazyMember:
        """Who used it."""
        return await _member(info, self.row.member_id)
