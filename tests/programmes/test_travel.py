"""airline_miles, hotel_nights and ride_hailing: what qualifies, until when it lasts, and what it earns."""

from __future__ import annotations

from tests.programmes.conftest import Play

NEW_YORK, MADRID, SAO_PAULO = "America/New_York", "Europe/Madrid", "America/Sao_Paulo"


async def test_a_status_takes_dollars_and_either_miles_or_segments(play: Play) -> None:
    played = await play("airline_miles", NEW_YORK, "2026-01-01T00:00")
    await played.join("ann", "2026-01-10T09:00")
    await played.do("2026-02-01T09:00", "flight", "2999.99", attributes={"miles": 25000})
    assert await played.tier() == "member"
    assert {"dollars": "0.01"} in await played.missing("silver")
    await played.do("2026-02-02T09:00", "flight", "0.01", attributes={"miles": 0})
    assert await played.tier() == "silver"
    await played.do("2026-03-01T09:00", "flight", "3000", attributes={"miles": 24999})
    assert await played.tier() == "silver"
    await played.do("2026-12-31T23:59:59", "flight", "1", attributes={"miles": 1})
    assert await played.tier() == "gold"
    assert await played.balance(currency="qualifying") == 50000
    assert await played.balance() == 14999 + 0 + 3000 * 7 + 7


async def test_thirty_cheap_segments_lack_the_dollars(play: Play) -> None:
    played = await play("airline_miles", NEW_YORK, "2026-01-01T00:00")
    await played.join("ann", "2026-01-10T09:00")
    for day in range(1, 31):
        await played.do(f"2026-04-{day:02}T09:00", "flight", "99.99")
    assert await played.tier() == "member"
    await played.do("2026-05-01T09:00", "flight", "0.30")
    assert await played.tier() == "silver"


async def test_a_status_of_an_airline_ends_with_january_of_the_year_after_next(play: Play) -> None:
    played = await play("airline_miles", NEW_YORK, "2026-01-01T00:00")
    await played.join("ann", "2026-01-10T09:00")
    await played.do("2026-06-01T09:00", "flight", "6000", attributes={"miles": 50000})
    await played.do("2027-11-01T09:00", "flight", "3000", attributes={"miles": 25000})
    assert await played.until() == "2028-02-01 00:00"
    await played.time("2028-01-31T23:59:59.999999")
    assert await played.tier() == "gold"
    await played.time("2029-02-01T00:00")
    assert await played.changes() == [
        ("2026-06-01 09:00", "member > gold"),
        ("2028-02-01 00:00", "gold > silver"),
        ("2029-02-01 00:00", "silver > member"),
    ]


async def test_nights_or_stays_or_base_points_lead_to_a_status(play: Play) -> None:
    played = await play("hotel_nights", MADRID, "2026-01-01T00:00")
    for who in ("nights", "stays", "points", "nobody"):
        await played.join(who, "2026-01-10T09:00")
    await played.do("2026-02-01T09:00", "stay", "100", who="nights", attributes={"nights": 10})
    await played.do("2026-02-01T09:00", "stay", "100", who="nobody", attributes={"nights": 9})
    for day in range(1, 4):
        for who in ("stays", "nobody")[: 2 if day < 3 else 1]:
            await played.do(f"2026-03-0{day}T09:00", "stay", "100", who=who)
    assert await played.tier("stays") == "member"
    await played.do("2026-03-04T09:00", "stay", "100", who="stays")
    await played.do("2026-03-04T09:00", "stay", "2500", who="points")
    assert [await played.tier(who) for who in ("nights", "stays", "points")] == ["silver"] * 3
    assert await played.until("nights") == "2028-04-01 00:00"
    assert await played.tier("nobody") == "member"


async def test_a_bonus_adds_points_but_nothing_that_qualifies(play: Play) -> None:
    played = await play("hotel_nights", MADRID, "2026-01-01T00:00")
    await played.join("ann", "2026-01-10T09:00")
    await played.do("2026-02-01T09:00", "stay", "2500")
    await played.do("2026-02-02T09:00", "stay", "4999.99")
    assert await played.balance() == 25000 + 49999 + 9999
    assert await played.balance(currency="base") == 74999
    assert await played.tier() == "silver"
    await played.do("2026-02-03T09:00", "stay", "0.10")
    assert await played.tier() == "gold"


async def test_a_status_of_a_hotel_falls_by_one_step_at_the_end_of_march(play: Play) -> None:
    played = await play("hotel_nights", MADRID, "2026-01-01T00:00")
    await played.join("ann", "2026-01-10T09:00")
    await played.do("2026-02-01T09:00", "stay", "10", attributes={"nights": 40})
    await played.time("2030-04-02T00:00")
    assert await played.changes() == [
        ("2026-02-01 09:00", "member > gold"),
        ("2028-04-01 00:00", "gold > silver"),
        ("2030-04-01 00:00", "silver > member"),
    ]


async def test_a_level_of_rides_lasts_a_week_longer_than_what_led_to_it(play: Play) -> None:
    played = await play("ride_hailing", SAO_PAULO, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T09:00")
    for day in range(10, 30):
        await played.do(f"2026-01-{day}T09:00", "trip", "5")
    assert await played.changes() == [("2026-01-29 09:00", "blue > gold")]
    await played.do("2026-02-10T09:00", "trip", "450")
    assert await played.balance() == 100 + 562
    await played.time("2026-06-30T00:00")
    assert (await played.changes())[1:] == [("2026-05-08 00:00", "gold > blue")]
