"""What a birthday brings, through the services: on one local day a year, and once (L20)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from loyalty_engine.services.commands import Recorded
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, Shop, done, new_shop, purchase, value_of

PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "birthday"
rule = "partner_rewards"
[rules.config]
partner = "house"
currency = "points"
points = 50
birthday = { leap_day = "LEAP" }
funding = []
"""
)
JOINED = datetime(2026, 1, 10, 9, tzinfo=UTC)


async def born(database: Database, birthday: str, leap_day: str = "feb28") -> Shop:
    """A shop in Berlin, in the summer of 2028, and Ann with her birthday."""
    at = datetime(2028, 7, 1, 12, tzinfo=UTC)
    shop = await new_shop(database, PROGRAM.replace("LEAP", leap_day), clock_at=at)
    await shop.enrol("ann", enrolled_at=JOINED)
    await tell(shop, birthday, JOINED + timedelta(hours=1))
    return shop


async def tell(shop: Shop, birthday: str, at: datetime) -> None:
    """When her birthday is, from an instant on."""
    done(await shop.note(value_of("birthday", birthday, at)), Recorded)


def local(day: str, time: str = "00:00") -> datetime:
    """An instant in winter in Berlin."""
    return datetime.fromisoformat(f"{day}T{time}+01:00")


@pytest.mark.parametrize(
    ("leap_day", "kept_on"),
    [
        ("feb28", ["2026-02-28", "2027-02-28", "2028-02-29"]),
        ("mar1", ["2026-03-01", "2027-03-01", "2028-02-29"]),
    ],
)
async def test_who_was_born_on_29_february_is_given_something_once_in_every_year(
    app_database: Database, leap_day: str, kept_on: list[str]
) -> None:
    shop = await born(app_database, "02-29", leap_day)
    for year in (2026, 2027, 2028):
        for day in ("02-27", "02-28", "02-29", "03-01", "03-02"):
            if day != "02-29" or year == 2028:
                for time in ("00:00", "23:59:59.999999"):
                    await shop.buy(10, local(f"{year}-{day}", time))
    posted = await shop.rows("SELECT effective_at FROM effect WHERE kind = 'points' ORDER BY 1")
    assert [at for (at,) in posted] == [local(day) for day in kept_on]
    assert await shop.balance() == 150
    assert await broken(shop) == {}


async def test_of_purchases_at_once_one_is_rewarded(app_database: Database) -> None:
    shop = await born(app_database, "02-10")
    at = local("2027-02-10", "15:00")
    sent = [shop.send(purchase(10, at, external_id=f"p{number}")) for number in range(8)]
    assert all(isinstance(answer, Recorded) for answer in await asyncio.gather(*sent))
    assert await shop.balance() == 50
    assert await broken(shop) == {}


async def test_another_birthday_in_the_same_year_brings_nothing_more(app_database: Database) -> None:
    shop = await born(app_database, "02-10")
    await shop.buy(10, local("2027-02-10"))
    await tell(shop, "02-20", local("2027-02-15"))
    await shop.buy(10, local("2027-02-20"))
    assert await shop.balance() == 50
    await shop.buy(10, local("2028-02-20"))
    assert await shop.balance() == 100
    assert await broken(shop) == {}


async def test_what_is_known_late_of_a_birthday_moves_what_it_brought(app_database: Database) -> None:
    shop = await born(app_database, "02-10")
    await shop.buy(10, local("2027-02-10"), external_id="first")
    await shop.buy(10, local("2027-02-12"))
    await tell(shop, "02-12", local("2027-01-01"))
    query = (
        "SELECT effective_at, sum(value) FROM effect WHERE kind = 'points' GROUP BY 1 HAVING sum(value) <> 0"
    )
    assert await shop.rows(query) == [(local("2027-02-12"), 50)]
    assert await broken(shop) == {}
