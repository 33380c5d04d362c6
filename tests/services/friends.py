"""A shop in which whoever refers a friend is given points, and what became of everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from loyalty_engine.plugins import Installed, RuleType, discover
from loyalty_engine.rules import EarnHooks, Gift, Line, Member, Occasion, Rule, RuleConfig
from loyalty_engine.store.database import Database
from tests.services.shop import HEAD, Shop, new_shop


class NoConfig(RuleConfig):
    """Nothing to say."""


class Friend(Rule[NoConfig], EarnHooks):
    """Gives half of the first purchase of 20 or more to whoever referred the member, who gets a fixed 7."""

    name = "friend"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | Gift]:
        """Both sides, once; more where the member itself is known to be worth it."""
        activity = occasion.activity
        amount = activity.amount or Decimal(0)
        if activity.attributes.get("trouble"):
            raise ValueError("no friends today")
        if member.referred_by is None or activity.kind != "purchase" or amount < 20:
            return ()
        points = amount / 2 + (100 if member.tiers.get("status") == "gold" else 0)
        return (
            Gift("referrer", member.referred_by, "points", points, once="referrer"),
            Line("referred", "points", Decimal(7), once="referred"),
        )


PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 2 }
PENDING

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "gold" }]
combine = "friends"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "RETURNS"

[[rules]]
id = "friends"
rule = "tier_frequency"
config = { count = "activities", kinds = ["gift"], window = "lifetime", thresholds = { gold = 2 } }

[[rules]]
id = "friend"
rule = "friend"
config = {}
"""
)
"""Gifts for referrals; two gifts make gold, and what gold members' first purchases give is 100 more."""

WALLETS = """
SELECT m.external_id, a.kind, a.balance FROM account a JOIN member m USING (business_id, member_id)
WHERE a.balance <> 0 ORDER BY 1, 2
"""
LOTS = """
SELECT m.external_id, l.earned_at, l.amount, l.remaining, l.expired, l.expires_at
FROM lot l JOIN member m USING (business_id, member_id) WHERE l.amount <> 0
ORDER BY 1, 2, 3, 4, l.earned_source, l.earned_external_id
"""
STANDING = """
SELECT m.external_id, c.tier, c.since FROM current_standing c JOIN member m USING (business_id, member_id)
ORDER BY 1
"""
GIFTS = """
SELECT m.external_id, g.points, c.external_id,
       EXISTS (SELECT FROM fact r WHERE r.reverses_fact_id = g.fact_id) AS is_reversed
FROM fact g JOIN member m USING (business_id, member_id)
JOIN fact c ON (c.business_id, c.fact_id) = (g.business_id, g.about_fact_id)
WHERE g.kind = 'gift' ORDER BY g.fact_id
"""


def installed() -> Installed:
    """The installed rules, and Friend."""
    return MappingProxyType(
        {**discover(), Friend.name: RuleType(Friend.name, "test", Friend.version, Friend)}
    )


async def shop_of_friends(
    database: Database, returns: str = "undo", *, pending: str = "", **given: Any
) -> Shop:
    """Ann referred bob and cid, and bob referred dan."""
    program = PROGRAM.replace("RETURNS", returns).replace("PENDING", pending)
    shop = await new_shop(database, program, installed=installed(), **given)
    await shop.enrol("ann")
    for name, referrer in (("bob", "ann"), ("cid", "ann"), ("dan", "bob")):
        await shop.enrol(name, referred_by=referrer)
    return shop


async def gifts(shop: Shop) -> list[tuple[Any, ...]]:
    """All gifts that were ever recorded: to whom, how much, because of what, and whether it was reversed."""
    return await shop.rows(GIFTS)


async def everything(shop: Shop) -> tuple[Any, ...]:
    """What everybody has and where everybody stands; how gifts are numbered left out."""
    return (await shop.rows(WALLETS), await shop.rows(LOTS), await shop.rows(STANDING))
