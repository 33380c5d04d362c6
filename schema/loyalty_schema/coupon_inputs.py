"""Inputs of the mutations about coupons, and the commands that they become."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from loyalty_engine.services import coupon_commands as commands
from loyalty_schema.enums import OnReturn, value_of
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY, MemberBy, NaturalKeyInput
from loyalty_schema.reward_inputs import RewardBy


@strawberry.input(description="A coupon to make.")
class CreateCouponInput:
    """A coupon to make."""

    idempotency_key: str = strawberry.field(description=KEY)
    key: str = strawberry.field(
        description="Its key, which is no secret: lower-case letters, digits, _ and -."
    )
    on_return: OnReturn = strawberry.field(
        description="What the whole return of the purchase does with a use."
    )
    code: str | None = strawberry.field(
        default=None,
        description="A code of one's own with 16 letters and digits at least; left out: a random one.",
    )
    limit: int | None = strawberry.field(
        default=None, description="How often it may be used; left out: any number."
    )
    member_limit: int | None = strawberry.field(
        default=None, description="How often one member may use it; left out: any number."
    )
    member: MemberBy | None = strawberry.field(
        default=None, description="Who alone may use it; left out: whoever has the code."
    )
    reward: RewardBy | None = strawberry.field(default=None, description="What it is good for.")
    value_amount: Decimal | None = strawberry.field(default=None, description="How much money it takes off.")
    value_percent: Decimal | None = strawberry.field(
        default=None, description="Or how many percent it takes off, up to 100."
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="From when it can be used; left out: from now."
    )
    valid_until: datetime | None = strawberry.field(
        default=None, description="Until before when it can be used; left out: for ever."
    )

    def command(self) -> commands.CreateCoupon:
        """What the use case is told."""
        return commands.CreateCoupon(
            key=self.key,
            on_return=value_of(self.on_return),
            code=self.code,
            limit=self.limit,
            member_limit=self.member_limit,
            member=None if self.member is None else self.member.command(),
            reward=None if self.reward is None else self.reward.command(),
            value_amount=self.value_amount,
            value_percent=self.value_percent,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


@strawberry.input(description="A coupon to use.")
class UseCouponInput:
    """A coupon to use."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Who uses it.")
    code: str = strawberry.field(description="Its code, in capitals or not, with or without its dashes.")
    source: str = strawberry.field(description="Who records the use, e.g. the till's key.")
    external_id: str = strawberry.field(
        description="The use's id at the source; with the source it is unique."
    )
    purchase: NaturalKeyInput | None = strawberry.field(
        default=None, description="The purchase that it is used for, recorded already or not yet."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="What the coupon takes its value off; left out: nothing is reckoned."
    )

    def command(self) -> commands.UseCoupon:
        """What the use case is told."""
        return commands.UseCoupon(
            member=self.member.command(),
            code=self.code,
            source=self.source,
            external_id=self.external_id,
            purchase=None if self.purchase is None else (self.purchase.source, self.purchase.external_id),
            amount=self.amount,
        )


@strawberry.input(description="A use of a coupon to give back.")
class ReleaseCouponUseInput:
    """A use of a coupon to give back."""

    idempotency_key: str = strawberry.field(description=KEY)
    use: strawberry.ID = strawberry.field(description="Which use.")

    def command(self) -> UUID:
        """What the use case is told."""
        return id_of("CouponUse", str(self.use))


@strawberry.input(description="A use of a coupon that was given back, to be made again.")
class ReopenCouponUseInput:
    """A use of a coupon that was given back, to be made again."""

    idempotency_key: str = strawberry.field(description=KEY)
    use: strawberry.ID = strawberry.field(description="Which use.")

    def command(self) -> UUID:
        """What the use case is told."""
        return id_of("CouponUse", str(self.use))
