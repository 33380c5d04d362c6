"""What a shop owes in points, by the month of its end and by who funded it, against what a hand comes to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from loyalty_engine.services.liability import liability
from loyalty_engine.store.database import Database
from loyalty_engine.store.reads.view import View
from tests.services.leaving import leave
from tests.services.points_shop import TWO_MONTHS, PointsShop, points_shop

PROMOTION = """
[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 11
funding = [
    { partner = "acme", percent = "60", unlimited = true },
    { partner = "bolt", percent = "30", unlimited = true },
]
"""
MAY, JULY, AUGUST = date(2026, 5, 1), date(2026, 7, 1), date(2026, 8, 1)

Parts = dict[tuple[date | None, str], dict[str, int]]


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


async def parts_of(shop: PointsShop, partner: str | None = None) -> Parts:
    """The parts that the business sees, or one of its partners; what is nothing is left out."""
    async with shop.engine.database.reading(shop.business_id) as connection:
        rulebook = await shop.engine.rulebook(connection, shop.business_id)
        business = await shop.engine.business(connection, shop.business_id)
        partner_id: UUID | None = None
        if partner is not None:
            partner_id = await connection.fetchval("SELECT partner_id FROM partner WHERE key = $1", partner)
        program = rulebook.in_force(business.now()).program
        view, section = View(shop.business_id, partner_id), program.points["points"].section
        found = await liability(connection, view, section, program.zone, business.now())
    return {
        (part.month, "business" if part.partner is None else part.partner.key): {
            name: units
            for name in ("available", "pending", "held", "expired")
            if (units := getattr(part, name))
        }
        for part in found
    }


async def a_shop(database: Database) -> PointsShop:
    """Of March everything has expired, of cid without that anybody noticed; bob holds 20 of July."""
    shop = await points_shop(database, TWO_MONTHS + PROMOTION)
    for name in ("ann", "bob", "cid"):
        await shop.enrol(name)
    for who, day, amount in (
        ("ann", at(3, 10), 100),
        ("cid", at(3, 10), 40),
        ("bob", at(5, 2), 50),
        ("bob", at(5, 20), 10),
        ("ann", at(6, 14), 30),
    ):
        await shop.buy(amount, day, member=who)
    await shop.hold(20, member="bob")
    return shop


async def test_every_point_stands_in_its_month_with_who_funded_it(app_database: Database) -> None:
    """11 points of a promotion are 6 of acme, 3 of bolt and 2 of the business; 22 are 13, 6 and 3."""
    shop = await a_shop(app_database)
    assert await parts_of(shop) == {
        (MAY, "business"): {"expired": 100 + 40 + 3},
        (MAY, "acme"): {"expired": 13},
        (MAY, "bolt"): {"expired": 6},
        (JULY, "business"): {"available": 50 + 10 - 20 + 3, "held": 20},
        (JULY, "acme"): {"available": 13},
        (JULY, "bolt"): {"available": 6},
        (AUGUST, "business"): {"available": 30 + 2},
        (AUGUST, "acme"): {"available": 6},
        (AUGUST, "bolt"): {"available": 3},
    }
    before = await parts_of(shop)
    await shop.advance()
    assert await parts_of(shop) == before


async def test_a_partner_sees_what_it_funded_alone(app_database: Database) -> None:
    shop = await a_shop(app_database)
    assert await parts_of(shop, "bolt") == {
        (MAY, "bolt"): {"expired": 6},
        (JULY, "bolt"): {"available": 6},
        (AUGUST, "bolt"): {"available": 3},
    }


async def test_points_without_an_end_and_pending_ones_stand_apart(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\npending = { days = 10 }')
    await shop.enrol("ann")
    await shop.buy(100, at(5, 2))
    await shop.buy(7, at(6, 14))
    await shop.advance()
    assert await parts_of(shop) == {(None, "business"): {"available": 100, "pending": 7}}


async def test_what_expires_by_inactivity_ends_as_if_nothing_more_kept_it(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = { idle_months = 12, kept_by = ["purchase"] }')
    await shop.enrol("ann")
    await shop.enrol("bob")
    await shop.buy(100, at(3, 10))
    await shop.buy(20, at(5, 2))
    await shop.buy(5, at(3, 10), member="bob")
    assert await parts_of(shop) == {
        (date(2027, 3, 1), "business"): {"available": 5},
        (date(2027, 5, 1), "business"): {"available": 120},
    }


async def test_what_a_member_forfeits_who_leaves_is_no_liability_and_keeps_its_month_and_its_funders(
    app_database: Database,
) -> None:
    shop = await a_shop(app_database)
    await leave(shop, "bob")
    found = await parts_of(shop)
    assert {key: parts for key, parts in found.items() if key[0] == JULY} == {
        (JULY, "business"): {"expired": 50 + 10 + 3},
        (JULY, "acme"): {"expired": 13},
        (JULY, "bolt"): {"expired": 6},
    }
    assert found[AUGUST, "acme"] == {"available": 6}
