"""coffee_stars, shop_guide and five_level: levels by what is bought, and what they earn."""

from __future__ import annotations

from tests.programmes.conftest import Play

SHANGHAI = "Asia/Shanghai"


async def test_stars_of_a_membership_year_decide_on_the_next_one(play: Play) -> None:
    played = await play("coffee_stars", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-05-20T10:00")
    await played.do("2026-06-01T10:00", amount="499.99")
    assert await played.missing("gold") == [{"stars": "1"}]
    await played.do("2027-05-19T23:59:59.999999", amount="1")
    assert await played.tier() == "gold"
    await played.time("2027-05-20T00:00")
    assert await played.until() == "2028-05-20 00:00"
    await played.do("2027-06-01T10:00", amount="399.99")
    assert await played.balance() == 1 + 499
    await played.time("2028-05-21T00:00")
    assert await played.changes() == [
        ("2027-05-19 23:59", "green > gold"),
        ("2028-05-20 00:00", "gold > green"),
    ]


async def test_stars_run_out_with_the_sixth_month_and_count_all_the_same(play: Play) -> None:
    played = await play("coffee_stars", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-31T23:59", amount="400")
    await played.time("2026-07-31T23:59:59.999999")
    assert await played.balance() == 400
    await played.time("2026-08-01T00:00")
    assert await played.balance() == 0
    await played.do("2026-08-02T10:00", amount="100")
    assert await played.tier() == "gold"


async def test_a_level_goes_back_with_what_bought_it(play: Play) -> None:
    played = await play("coffee_stars", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    machine = await played.do("2026-02-01T10:00", amount="600")
    await played.give_back("2026-02-05T10:00", machine)
    assert await played.changes() == [
        ("2026-02-01 10:00", "green > gold"),
        ("2026-02-05 10:00", "gold > green"),
    ]
    assert await played.balance() == 0


async def test_a_friend_of_the_brand_spends_visits_and_buys_the_brand(play: Play) -> None:
    played = await play("shop_guide", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    for day in ("01", "02"):
        await played.do(f"2026-02-{day}T10:00", amount="1000")
    assert await played.tier() == "guest"
    await played.do("2026-02-03T10:00", amount="1000")
    assert await played.tier() == "regular"
    for day in ("04", "05", "06"):
        lines = [{"key": "1", "amount": "266.66", "category": "own_brand"}, {"key": "2", "amount": "10"}]
        await played.do(f"2026-02-{day}T10:00", amount="276.66", lines=lines)
    assert await played.missing("friend") == [{"own_brand": "0.02"}]
    await played.do(
        "2026-02-06T11:00", amount="0.02", lines=[{"key": "1", "amount": "0.02", "category": "own_brand"}]
    )
    assert await played.tier() == "friend"
    assert await played.balance() == 3000 + 3 * 414


async def test_each_of_five_levels_begins_at_its_edge(play: Play) -> None:
    played = await play("five_level", SHANGHAI, "2026-01-01T00:00")
    spent = {"ordinary": "999.99", "silver": "1000", "gold": "5000", "platinum": "20000", "diamond": "50000"}
    for level in spent:
        await played.join(level, "2026-01-05T10:00")
    for level, amount in spent.items():
        await played.do("2026-02-01T10:00", amount=amount, who=level)
    assert [await played.tier(level) for level in spent] == list(spent)


async def test_points_lead_to_a_level_that_spend_alone_does_not(play: Play) -> None:
    """A thousand at 1, and what follows at 1.2, of which each purchase is rounded down by itself."""
    played = await play("five_level", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-02-01T10:00", amount="1000")
    await played.do("2026-02-02T10:00", amount="3998")
    assert (await played.tier(), await played.balance()) == ("silver", 1000 + 4797)
    assert {"points": "203"} in await played.missing("gold")
    await played.do("2026-02-03T10:00", amount="1.99")
    assert await played.tier() == "silver"
    await played.do("2026-02-04T10:00", amount="0.01")
    assert await played.tier() == "gold"


async def test_what_was_given_back_was_never_bought_and_a_level_falls_after_thirty_days(play: Play) -> None:
    played = await play("five_level", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    piano = await played.do("2026-02-01T10:00", amount="20000")
    await played.do("2026-03-01T10:00", amount="5000")
    assert await played.balance() == 20000 + 10000
    await played.give_back("2026-03-08T10:00", piano)
    assert (await played.changes(), await played.balance()) == (
        [("2026-03-01 10:00", "ordinary > gold")],
        5000,
    )
    await played.time("2028-02-01T00:00")
    assert (await played.changes())[1:] == [("2028-01-31 00:00", "gold > silver")]
