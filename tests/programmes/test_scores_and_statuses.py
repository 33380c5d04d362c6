"""key_accounts, growth_value, alliance and four_axes: what comes from elsewhere, and what adds up."""

from __future__ import annotations

from tests.programmes.conftest import Play

SHANGHAI, BERLIN, ROME = "Asia/Shanghai", "Europe/Berlin", "Europe/Rome"


async def test_companies_are_classed_by_the_scores_known_on_the_first_day_of_a_quarter(play: Play) -> None:
    played = await play("key_accounts", BERLIN, "2026-01-01T00:00")
    await played.join("acme", "2026-01-10T10:00", kind="ORGANISATION")
    for key, score in (("share", 80), ("growth", 80), ("profit", 80)):
        await played.know("2026-02-01T10:00", "SCORE", key, score, who="acme")
    await played.know("2026-03-31T23:59:59.999999", "SCORE", "share", 79, who="acme")
    await played.know("2026-04-01T00:00:00.000001", "SCORE", "share", 100, who="acme")
    assert await played.tier("acme") == "b"
    await played.know("2026-07-02T10:00", "SCORE", "growth", 0, who="acme")
    await played.know("2026-07-03T10:00", "SCORE", "share", 0, who="acme")
    await played.time("2027-01-02T00:00")
    assert await played.changes("acme") == [
        ("2026-04-01 00:00", "d > b"),
        ("2026-07-01 00:00", "b > a"),
        ("2026-10-01 00:00", "a > b"),
        ("2027-01-01 00:00", "b > c"),
    ]


async def test_spend_reviews_and_friends_add_up_to_one_growth_value(play: Play) -> None:
    played = await play("growth_value", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-02-01T10:00", amount="400")
    await played.do("2026-02-02T10:00", "review")
    await played.join("bob", "2026-02-03T10:00", referredBy="ann")
    assert await played.missing("v1") == [{"growth": "55.00"}]
    first = await played.do("2026-02-04T10:00", amount="50", who="bob")
    assert (await played.balance(), await played.balance("bob")) == (200, 100)
    assert await played.missing("v1") == [{"growth": "5.00"}]
    await played.do("2026-02-05T10:00", "review")
    assert await played.tier() == "v1"
    await played.give_back("2026-02-06T10:00", first)
    assert (await played.balance(), await played.balance("bob")) == (0, 0)
    assert await played.tier() == "v0"


async def test_a_friend_who_comes_too_late_is_rewarded_to_nobody(play: Play) -> None:
    played = await play("growth_value", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.join("bob", "2026-01-10T10:00", referredBy="ann")
    await played.join("cyd", "2026-01-10T11:00", referredBy="ann")
    await played.do("2026-02-08T23:59:59", amount="50", who="bob")
    await played.do("2026-02-09T00:00", amount="50", who="cyd")
    assert [await played.balance(who) for who in ("ann", "bob", "cyd")] == [200, 100, 0]


async def test_a_status_at_a_partner_is_one_here_and_ends_with_the_month_in_which_it_ends_there(
    play: Play,
) -> None:
    played = await play("alliance", ROME, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.know(
        "2026-02-10T10:00", "PARTNER_STATUS", "outfitters", {"value": "summit", "until": "2026-05-15"}
    )
    await played.know("2026-02-11T10:00", "PARTNER_STATUS", "climbers", "expert")
    assert await played.tier() == "gold"
    await played.know("2026-06-20T10:00", "PARTNER_STATUS", "climbers", "beginner")
    await played.time("2026-07-02T00:00")
    assert await played.changes() == [
        ("2026-02-10 10:00", "guest > gold"),
        ("2026-06-01 00:00", "gold > silver"),
        ("2026-07-01 00:00", "silver > guest"),
    ]


async def test_four_ladders_go_their_own_ways(play: Play) -> None:
    played = await play("four_axes", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.know("2026-01-10T10:00", "SCORE", "customer_type", 2)
    for day, amount in (("01", "400"), ("02", "599.99"), ("03", "0.01")):
        await played.do(f"2026-02-{day}T10:00", amount=amount, channel="app")
    await played.do("2026-02-03T11:00", amount="1", channel="counter")
    ladders = ("channel", "amount", "loyalty", "type")
    assert [await played.tier(ladder=each) for each in ladders] == ["online", "medium", "new", "public"]
    await played.do("2026-02-04T10:00", amount="1")
    await played.know("2026-02-20T10:00", "SCORE", "customer_type", 1)
    await played.time("2026-04-05T00:00")
    assert [await played.changes(ladder=each) for each in ladders] == [
        [("2026-02-03 10:00", "counter > online")],
        [("2026-02-03 10:00", "small > medium")],
        [("2026-04-05 00:00", "new > regular")],
        [("2026-01-10 10:00", "private > public"), ("2026-03-01 00:00", "public > business")],
    ]
    await played.time("2026-08-04T00:00")
    assert (await played.changes(ladder="channel"))[1:] == [("2026-08-04 00:00", "online > counter")]
