"""A shop in which members are merged, driven through the services."""

from __future__ import annotations

from typing import Any

from loyalty_engine.services import Refusal, enrol_member, merge_members
from loyalty_engine.services.commands import Enrolled, EnrolMember, MembersMerged, MergeMembers, Recorded
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.points_shop import PointsShop, named
from tests.services.shop import HEAD, NOW, START, linked_return, new_shop

POINTS = """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 12, then = "that_day" }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }
"""

LADDER = """
[[ladders]]
key = "status"
tiers = [ { key = "basic" }, { key = "silver" }, { key = "gold" } ]
combine = "spend"
upgrade = { at = "activity", until = { end_of = "year" } }
downgrade = { to = "qualified" }
returns = "RETURNS"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = WINDOW, thresholds = { silver = "100", gold = "200" } }
"""


class MergingShop(PointsShop):
    """A shop, and what merges do in it."""

    async def merge(
        self, absorbed: str = "ann", survivor: str = "bob", key: str | None = None
    ) -> MembersMerged | Refusal:
        """Merge two members."""
        command = MergeMembers(named(absorbed), named(survivor), "the same person")
        return await merge_members(self.engine, self.caller, key or self.key(), command)

    async def free(self, member: str) -> tuple[int, int]:
        """Points that can be spent, and those that are pending."""
        lots = [lot for lot in await self.lots(member) if lot[0] == "points"]
        return sum(lot[1] for lot in lots if not lot[5]), sum(lot[1] for lot in lots if lot[5])

    async def enrol_again(self, external_id: str) -> Enrolled | Refusal:
        """Enrol, which may be refused."""
        command = EnrolMember(external_id, enrolled_at=START)
        return await enrol_member(self.engine, self.caller, self.key(), command)

    async def reverse_again(self, of: str) -> Recorded | Refusal:
        """Return a purchase, which may be refused."""
        return await self.reverse(linked_return(of, None, NOW, external_id="again"))

    async def lots(self, member: str) -> list[tuple[Any, ...]]:
        """What is left of each lot: currency, units, when earned, its end, who funded it, since when free."""
        rows = await self.rows(
            """SELECT l.currency, l.remaining, l.earned_at, l.expires_at, l.funding::text, l.pending,
                      l.releases_at
               FROM lot l JOIN member m USING (business_id, member_id)
               WHERE m.external_id = $1 AND l.remaining > 0
               ORDER BY l.expires_at, l.earned_at, l.earned_external_id""",
            member,
        )
        return [tuple(row) for row in rows]


def program(returns: str = "at_review", window: str = '"lifetime"', points: str = POINTS) -> str:
    """A program with a ladder by what was bought, and points for every purchase."""
    return HEAD + LADDER.replace("RETURNS", returns).replace("WINDOW", window) + points


async def merging_shop(database: Database, source: str | None = None) -> MergingShop:
    """A shop with such a program."""
    shop = await new_shop(database, source or program())
    return MergingShop(shop.engine, shop.caller, shop.slug)


async def with_two(shop: MergingShop) -> MergingShop:
    """The shop with ann and bob."""
    await shop.enrol("ann")
    await shop.enrol("bob")
    return shop


async def check(shop: MergingShop) -> None:
    """All promises hold, and folding everybody again changes nothing."""
    assert await broken(shop) == {}
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows
    assert await broken(shop) == {}
