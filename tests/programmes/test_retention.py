"""retention: three ways in, kept by an annual minimum, grace, and more asked for the highest tier."""

from __future__ import annotations

import pytest

from tests.programmes.conftest import Play

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [("top_up", ["999.99", "0.01"]), ("purchase", ["1999.99", "0.01"]), ("purchase", ["1"] * 10)],
    ids=["a top-up", "what was spent in all", "ten purchases"],
)
async def test_each_of_three_ways_leads_in_and_one_unit_less_does_not(
    play: Play, kind: str, amounts: list[str]
) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    for day, amount in enumerate(amounts[:-1], 10):
        await played.do(f"2026-02-{day}T10:00", kind, amount)
    assert await played.tier() == "guest"
    await played.do("2026-03-01T10:00", kind, amounts[-1])
    assert await played.tier() == "member"
    assert await played.until() == "2028-01-01 00:00"


async def test_what_leads_in_adds_up_over_years(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-02-01T10:00", amount="1000")
    await played.do("2027-02-01T10:00", amount="1000")
    assert await played.changes() == [("2027-02-01 10:00", "guest > member")]


async def test_a_little_every_year_keeps_one_in_and_a_year_without_it_does_not(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-03-01T10:00", amount="2000")
    await played.do("2027-12-31T23:59:59.999999", amount="300")
    await played.time("2028-01-01T00:00")
    assert await played.until() == "2029-01-01 00:00"
    await played.do("2028-12-31T23:59:59.999999", amount="299.99")
    await played.time("2029-01-17T23:59:59.999999")
    assert await played.notice() is None
    await played.time("2029-01-18T00:00")
    assert await played.notice() == ("guest", "2029-02-01 00:00", "2029-01-18 00:00")
    await played.time("2029-01-31T23:59:59.999999")
    assert await played.tier() == "member"
    await played.time("2029-02-01T00:00")
    assert (await played.changes())[1:] == [("2029-02-01 00:00", "member > guest")]


async def test_the_minimum_of_the_new_year_within_the_grace_keeps_one_in(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-03-01T10:00", amount="2000")
    await played.do("2028-01-31T23:59:59.999999", amount="300")
    await played.time("2028-02-02T00:00")
    assert await played.tier() == "member"
    assert await played.until() == "2029-01-01 00:00"


async def test_a_return_takes_the_entry_away_that_it_paid_for_once_that_was_announced(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    bought = await played.do("2026-03-01T10:00", amount="2000")
    await played.give_back("2026-03-08T10:00", bought, "1800")
    assert await played.notice() == ("guest", "2026-03-23 00:00", "2026-03-08 10:00")
    await played.time("2026-04-01T00:00")
    assert await played.changes() == [
        ("2026-03-01 10:00", "guest > member"),
        ("2026-03-23 00:00", "member > guest"),
    ]


async def test_the_highest_tier_takes_a_year_of_membership_besides(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-03-01T10:00", amount="2000")
    await played.do("2026-04-01T10:00", amount="20000")
    assert await played.tier() == "member"
    assert {"a_year": "10"} in await played.missing("partner")
    await played.time("2027-01-05T00:00")
    assert (await played.changes())[1:] == [("2027-01-05 00:00", "member > partner")]


async def test_who_asks_to_leave_is_a_guest_from_then_on_whatever_is_returned_later(play: Play) -> None:
    played = await play("retention", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    bought = await played.do("2026-03-01T10:00", amount="2500")
    await played.leave("2026-09-01T10:00")
    changes = [("2026-03-01 10:00", "guest > member"), ("2026-09-01 10:00", "member > guest")]
    assert await played.changes() == changes
    assert await played.missing("member") == []
    await played.give_back("2026-10-01T10:00", bought, "1000")
    await played.time("2029-02-02T00:00")
    assert await played.changes() == changes
    assert (await played.tier(), await played.until(), await played.notice()) == ("guest", None, None)
