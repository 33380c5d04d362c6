"""A shop whose points are spent, held, sent and adjusted, driven through the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty_engine.services import (
    Refusal,
    adjust_points,
    capture_hold,
    confirm_activity,
    decide_adjustment,
    hold_points,
    pay_with_points,
    transfer_points,
    void_hold,
)
from loyalty_engine.services.commands import (
    ActivityBy,
    Adjusted,
    AdjustPoints,
    CaptureHold,
    ConfirmActivity,
    DecideAdjustment,
    HoldPoints,
    MemberBy,
    Paid,
    PayWithPoints,
    PointsInput,
    Recorded,
    TransferPoints,
    Transferred,
    VoidHold,
)
from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, create_credential
from loyalty_engine.services.engine import Caller
from loyalty_engine.store.database import Database
from tests.services.shop import HEAD, NOW, Shop, done, new_shop, purchase

RULES = """
[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }
"""


def program(points: str) -> str:
    """A program without ladders, whose only points currency has these keys besides the usual ones."""
    return f'{HEAD}\n[[points]]\nkey = "points"\ndecimals = 0\nrounding = "toward_zero"\n{points}\n{RULES}'


TWO_MONTHS = 'expiry = { months = 2, then = "that_day" }'


def named(member: str) -> MemberBy:
    return MemberBy(external_id=member)


def points(amount: object, currency: str | None = None) -> PointsInput:
    return PointsInput(Decimal(str(amount)), currency)


class PointsShop(Shop):
    """A shop, and what is done with points in it."""

    async def hold(
        self, amount: object, until: datetime | None = None, *, member: str = "ann", key: str | None = None
    ) -> Recorded | Refusal:
        """Set points aside, for an hour if nothing is said."""
        command = HoldPoints(named(member), points(amount), until or NOW + timedelta(hours=1))
        return await hold_points(self.engine, self.caller, key or self.key(), command)

    async def capture(self, hold: UUID, amount: object = None, key: str | None = None) -> Recorded | Refusal:
        """Capture a hold."""
        command = CaptureHold(hold, None if amount is None else Decimal(str(amount)))
        return await capture_hold(self.engine, self.caller, key or self.key(), command)

    async def void(self, hold: UUID, key: str | None = None) -> Recorded | Refusal:
        """Void a hold."""
        return await void_hold(self.engine, self.caller, key or self.key(), VoidHold(hold))

    async def transfer(
        self, amount: object, *, sender: str = "ann", receiver: str = "bob", key: str | None = None
    ) -> Transferred | Refusal:
        """Send points."""
        command = TransferPoints(named(sender), named(receiver), points(amount))
        return await transfer_points(self.engine, self.caller, key or self.key(), command)

    async def adjust(
        self, amount: object, *, member: str = "ann", caller: Caller | None = None, key: str | None = None
    ) -> Adjusted | Refusal:
        """Adjust points."""
        command = AdjustPoints(named(member), points(amount), "goodwill")
        return await adjust_points(self.engine, caller or self.caller, key or self.key(), command)

    async def decide(
        self, adjustment: UUID, *, approve: bool = True, caller: Caller | None = None
    ) -> Adjusted | Refusal:
        """Decide an adjustment."""
        command = DecideAdjustment(adjustment, approve)
        return await decide_adjustment(self.engine, caller or self.caller, self.key(), command)

    async def pay(self, *, member: str = "ann", external_id: str = "pay-1", **given: Any) -> Paid | Refusal:
        """Pay with points at the till."""
        command = PayWithPoints(named(member), "till", external_id, **given)
        return await pay_with_points(self.engine, self.caller, self.key(), command)

    async def confirm(self, of: str, at: datetime, **given: Any) -> Recorded | Refusal:
        """Confirm a purchase of the till."""
        command = ConfirmActivity(ActivityBy(natural=("till", of)), "desk", f"confirm-{of}", at, **given)
        return await confirm_activity(self.engine, self.caller, self.key(), command)

    async def redeem(self, taken: object, at: datetime, **given: Any) -> Recorded | Refusal:
        """Report a redemption that happened already."""
        given = {"amount": None, **given}
        return await self.send(
            purchase(given.pop("amount"), at, kind="redemption", points=points(taken), **given)
        )

    async def credential(self) -> UUID:
        """A credential of somebody else's."""
        name = self.key()
        made = await create_credential(self.engine, self.caller, CreateCredential("staff", name))
        return done(made, CredentialCreated).credential_id

    async def accounts(self, member: str = "ann") -> dict[str, int]:
        """What is in each of a member's accounts, in smallest units; what has nothing in it is left out."""
        rows = await self.rows(
            """SELECT account.kind, balance FROM account JOIN member USING (business_id, member_id)
               WHERE external_id = $1 AND balance <> 0""",
            member,
        )
        return dict(rows)

    async def used(self, fact_id: UUID) -> list[tuple[str | None, int]]:
        """Which purchases' lots the spending of an activity used, and how much of each; None is owed."""
        rows = await self.rows(
            """SELECT l.earned_external_id, u.amount FROM point_use u
               JOIN fact f ON f.business_id = u.business_id AND f.source = u.used_source
                          AND f.external_id = u.used_external_id
               LEFT JOIN lot l ON l.business_id = u.business_id AND l.lot_id = u.lot_id
               WHERE f.fact_id = $1 AND u.amount > 0 ORDER BY l.earned_at, l.earned_external_id""",
            fact_id,
        )
        return [(name, amount) for name, amount in rows]


async def points_shop(database: Database, keys: str = 'expiry = "never"', **given: Any) -> PointsShop:
    """A shop whose points currency has these keys besides the usual ones."""
    shop = await new_shop(database, program(keys), **given)
    return PointsShop(shop.engine, shop.caller, shop.slug)
