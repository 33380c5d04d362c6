"""A shop with coupons, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.coupon_commands import (
    CouponCreated,
    CouponReleased,
    CouponUsed,
    CreateCoupon,
    UseCoupon,
)
from loyalty_engine.services.coupon_uses import release_coupon_use, reopen_coupon_use, use_coupon
from loyalty_engine.services.coupons import create_coupon
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.reward_commands import CouponTerms
from loyalty_engine.store.database import Database
from tests.services.rewards import Catalogue
from tests.services.shop import PROGRAM, done, new_shop

OWN_CODE = "SUMMER-FEAST-2026-AB"
_uses = count()


@dataclass
class Couponing(Catalogue):
    """A shop that gives coupons."""

    async def issue(self, key: str = "free", **given: Any) -> str:
        """The code of a coupon; it must succeed."""
        made = done(await self.make(CreateCoupon(key, **{"on_return": "release", **given})), CouponCreated)
        assert made.code is not None
        return made.code

    async def make(self, command: CreateCoupon, key: str | None = None) -> CouponCreated | Refusal:
        """Make a coupon."""
        return await create_coupon(self.engine, self.caller, key or self.key(), command)

    async def try_code(
        self, code: str, member: str = "ann", key: str | None = None, **given: Any
    ) -> CouponUsed | Refusal:
        """Use a coupon."""
        if "amount" in given:
            given["amount"] = Decimal(str(given["amount"]))
        command = UseCoupon(
            MemberBy(external_id=member),
            code,
            **{"source": "till", "external_id": f"u{next(_uses)}", **given},
        )
        return await use_coupon(self.engine, self.caller, key or self.key(), command)

    async def use(self, code: str, member: str = "ann", **given: Any) -> CouponUsed:
        """Use a coupon; it must succeed."""
        return done(await self.try_code(code, member, **given), CouponUsed)

    async def release(self, use: UUID) -> CouponReleased | Refusal:
        """Give a use back."""
        return await release_coupon_use(self.engine, self.caller, self.key(), use)

    async def reopen(self, use: UUID) -> CouponUsed | Refusal:
        """Use again what was given back."""
        return await reopen_coupon_use(self.engine, self.caller, self.key(), use)

    async def used(self, key: str = "free") -> int:
        """How often a coupon is used, as it keeps it, which is how many uses there are of it."""
        kept = int(await self.value("SELECT used FROM coupon WHERE key = $1", key))
        there = await self.value(
            "SELECT count(*) FROM coupon_use u JOIN coupon c USING (business_id, coupon_id)"
            " WHERE c.key = $1 AND u.released_fact_id IS NULL",
            key,
        )
        assert kept == there
        return kept


def coupon_terms(*, bearer: bool = False, on_return: str = "release") -> CouponTerms:
    """What a reward says about the coupons that it gives."""
    return CouponTerms(bearer, on_return)


async def open_couponing(database: Database, program: str = PROGRAM) -> Couponing:
    """A shop of its own."""
    shop = await new_shop(database, program)
    return Couponing(shop.engine, shop.caller, shop.slug)
