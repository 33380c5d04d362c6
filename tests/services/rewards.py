"""A shop with rewards, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.redemptions import cancel_redemption, fulfil_redemption, redeem_reward
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.reward_commands import (
    CancelRedemption,
    CreateReward,
    Redeemed,
    RedeemReward,
    RedemptionCancelled,
    RedemptionFulfilled,
    RewardBy,
    RewardSaved,
    RewardStocked,
    StockReward,
    TermsInput,
    UpdateReward,
)
from loyalty_engine.services.rewards import create_reward, stock_reward, update_reward
from loyalty_engine.store.database import Database
from tests.services.shop import PROGRAM, Shop, done, new_shop


def terms(price: object = 50, **given: Any) -> TermsInput:
    """Terms at a price, for everybody and for ever."""
    prices = {tier: Decimal(str(points)) for tier, points in given.pop("prices", {}).items()}
    return TermsInput(
        **{"names": {"en": "A mug"}, "price": Decimal(str(price)), "prices": tuple(prices.items()), **given}
    )


@dataclass
class Catalogue(Shop):
    """A shop that offers rewards."""

    async def offer(self, key: str = "mug", price: object = 50, *, kind: str = "goods", **given: Any) -> UUID:
        """A reward; it must succeed."""
        own = {name: given.pop(name) for name in ("stock", "currency", "coupon") if name in given}
        command = CreateReward(key, kind, terms(price, **given), **own)
        return done(await self.create(command), RewardSaved).reward_id

    async def create(self, command: CreateReward) -> RewardSaved | Refusal:
        """Put a reward into the catalogue."""
        return await create_reward(self.engine, self.caller, self.key(), command)

    async def update(self, key: str, new: TermsInput) -> RewardSaved | Refusal:
        """Give a reward new terms."""
        return await update_reward(self.engine, self.caller, self.key(), UpdateReward(RewardBy(key=key), new))

    async def supply(self, key: str, units: int) -> RewardStocked | Refusal:
        """Put units into stock, or take some out."""
        return await stock_reward(self.engine, self.caller, self.key(), StockReward(RewardBy(key=key), units))

    async def ask(
        self, reward: str = "mug", member: str = "ann", key: str | None = None
    ) -> Redeemed | Refusal:
        """Redeem a reward."""
        command = RedeemReward(MemberBy(external_id=member), RewardBy(key=reward))
        return await redeem_reward(self.engine, self.caller, key or self.key(), command)

    async def redeem(self, reward: str = "mug", member: str = "ann") -> Redeemed:
        """Redeem a reward; it must succeed."""
        return done(await self.ask(reward, member), Redeemed)

    async def cancel(self, redemption: UUID, key: str | None = None) -> RedemptionCancelled | Refusal:
        """Take a redemption back."""
        return await cancel_redemption(
            self.engine, self.caller, key or self.key(), CancelRedemption(redemption)
        )

    async def fulfil(self, redemption: UUID, key: str | None = None) -> RedemptionFulfilled | Refusal:
        """Hand over what was redeemed."""
        return await fulfil_redemption(self.engine, self.caller, key or self.key(), redemption)

    async def stock(self, reward: UUID) -> int | None:
        """The units that are left, as the account keeps them, which is what its transfers come to."""
        kept: int | None = await self.value(
            "SELECT balance FROM account WHERE kind = 'stock' AND reward_id = $1", reward
        )
        moved = await self.value(
            """
            SELECT coalesce(sum(CASE WHEN a.account_id = t.credit_account_id
                                     THEN t.amount ELSE -t.amount END), 0)::bigint
            FROM account a JOIN transfer t ON a.account_id IN (t.credit_account_id, t.debit_account_id)
            WHERE a.kind = 'stock' AND a.reward_id = $1
            """,
            reward,
        )
        assert moved == (kept or 0)
        return kept


async def open_catalogue(database: Database, program: str = PROGRAM, **given: Any) -> Catalogue:
    """A shop of its own."""
    shop = await new_shop(database, program, **given)
    return Catalogue(shop.engine, shop.caller, shop.slug)
