"""Inputs of the mutations about rewards, and the commands that they become."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from loyalty_engine.services import reward_commands as commands
from loyalty_schema.enums import OnReturn, RewardKind, RewardState, value_of
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY, MemberBy


@strawberry.input(one_of=True, description="A reward, named in exactly one way.")
class RewardBy:
    """A reward, named in exactly one way."""

    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="By the global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="By its key.")

    def command(self) -> commands.RewardBy:
        """The reward as use cases name it."""
        if isinstance(self.key, str):
            return commands.RewardBy(key=self.key)
        return commands.RewardBy(id=id_of("Reward", str(self.id)))


@strawberry.input(description="A name in one language.")
class NameInput:
    """A name in one language."""

    language: str = strawberry.field(description="The language, e.g. en or zh.")
    text: str = strawberry.field(description="The name.")


@strawberry.input(description="What a reward costs those who hold a tier or a higher one.")
class TierPriceInput:
    """What a reward costs those who hold a tier."""

    tier: str = strawberry.field(description="The tier, or ladder.tier.")
    points: Decimal = strawberry.field(description="How many points, above zero.")


@strawberry.input(description="What a reward is called, what it costs, for whom and how long.")
class RewardTermsInput:
    """What a reward is called, what it costs, for whom and how long."""

    names: list[NameInput] = strawberry.field(description="Its name in each language.")
    price: Decimal = strawberry.field(description="How many points, above zero, where no other price counts.")
    prices: list[TierPriceInput] | None = strawberry.field(
        default=None, description="Prices of tiers: that of the highest one held counts."
    )
    tiers: list[str] | None = strawberry.field(
        default=None, description="Who may redeem it: those who hold one of these tiers; left out: everybody."
    )
    value_amount: Decimal | None = strawberry.field(
        default=None, description="How much money a discount or coupon is worth."
    )
    value_percent: Decimal | None = strawberry.field(
        default=None, description="Or how many percent, up to 100."
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="From when it is on offer; left out: from now."
    )
    valid_until: datetime | None = strawberry.field(
        default=None, description="Until before when it is on offer; left out: for ever."
    )
    redemption_days: int | None = strawberry.field(
        default=None,
        description="A redemption is good through the local day so many days later; left out: for ever.",
    )
    member_limit: int | None = strawberry.field(
        default=None, description="How often a member may redeem it; left out: any number."
    )
    state: RewardState = strawberry.field(
        default=RewardState.ACTIVE, description="Whether it can be redeemed while it is on offer."
    )

    def command(self) -> commands.TermsInput:
        """The terms as use cases take them."""
        return commands.TermsInput(
            names={name.language: name.text for name in self.names},
            price=self.price,
            prices=tuple((price.tier, price.points) for price in self.prices or ()),
            tiers=tuple(self.tiers or ()),
            value_amount=self.value_amount,
            value_percent=self.value_percent,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            redemption_days=self.redemption_days,
            member_limit=self.member_limit,
            state=value_of(self.state),
        )


@strawberry.input(description="What the coupons are that redemptions of a reward give.")
class CouponTermsInput:
    """What the coupons are that redemptions of a reward give."""

    bearer: bool = strawberry.field(
        description="Whether whoever has the code may use it, or the member alone."
    )
    on_return: OnReturn = strawberry.field(
        description="What the whole return of the purchase does with the use."
    )

    def command(self) -> commands.CouponTerms:
        """The coupons as use cases take them."""
        return commands.CouponTerms(self.bearer, value_of(self.on_return))


@strawberry.input(description="A reward for the catalogue.")
class CreateRewardInput:
    """A reward for the catalogue."""

    idempotency_key: str = strawberry.field(description=KEY)
    key: str = strawberry.field(description="Its key: lower-case letters, digits, _ and -; for ever.")
    kind: RewardKind = strawberry.field(description="What kind of thing it is; for ever.")
    currency: str | None = strawberry.field(
        default=None, description="The points currency that it costs; left out: the first of the program."
    )
    stock: int | None = strawberry.field(
        default=None, description="How many there are; left out: any number, for ever."
    )
    coupon: CouponTermsInput | None = strawberry.field(
        default=None, description="For a reward of the kind COUPON: what its coupons are; for ever."
    )
    terms: RewardTermsInput = strawberry.field(description="What it costs, for whom and how long.")

    def command(self) -> commands.CreateReward:
        """What the use case is told."""
        return commands.CreateReward(
            self.key,
            value_of(self.kind),
            self.terms.command(),
            self.currency,
            self.stock,
            None if self.coupon is None else self.coupon.command(),
        )


@strawberry.input(description="New terms of a reward.")
class UpdateRewardInput:
    """New terms of a reward."""

    idempotency_key: str = strawberry.field(description=KEY)
    reward: RewardBy = strawberry.field(description="Which reward.")
    terms: RewardTermsInput = strawberry.field(
        description="All of its terms, for redemptions from now on; earlier ones keep theirs."
    )

    def command(self) -> commands.UpdateReward:
        """What the use case is told."""
        return commands.UpdateReward(self.reward.command(), self.terms.command())


@strawberry.input(description="Units of a reward that come into stock, or go out.")
class StockRewardInput:
    """Units of a reward that come into stock, or go out."""

    idempotency_key: str = strawberry.field(description=KEY)
    reward: RewardBy = strawberry.field(description="Which reward.")
    units: int = strawberry.field(description="How many come in; below zero: how many go out.")

    def command(self) -> commands.StockReward:
        """What the use case is told."""
        return commands.StockReward(self.reward.command(), self.units)


@strawberry.input(description="A reward to redeem.")
class RedeemRewardInput:
    """A reward to redeem."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Who redeems it.")
    reward: RewardBy = strawberry.field(description="Which reward.")

    def command(self) -> commands.RedeemReward:
        """What the use case is told."""
        return commands.RedeemReward(self.member.command(), self.reward.command())


@strawberry.input(description="A redemption to take back.")
class CancelRedemptionInput:
    """A redemption to take back."""

    idempotency_key: str = strawberry.field(description=KEY)
    redemption: strawberry.ID = strawberry.field(description="Which redemption.")
    reason: str | None = strawberry.field(default=None, description="Why.")

    def command(self) -> commands.CancelRedemption:
        """What the use case is told."""
        return commands.CancelRedemption(id_of("Redemption", str(self.redemption)), self.reason)


@strawberry.input(description="A redemption that the member got.")
class FulfilRedemptionInput:
    """A redemption that the member got."""

    idempotency_key: str = strawberry.field(description=KEY)
    redemption: strawberry.ID = strawberry.field(description="Which redemption.")

    def command(self) -> UUID:
        """What the use case is told."""
        return id_of("Redemption", str(self.redemption))
