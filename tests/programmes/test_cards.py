"""four_tier_standard, vip_n and restaurant_card: what tiers add to each other, and what points pay."""

from __future__ import annotations

from tests.api.points import mutate
from tests.api.rewards import REDEEM, make_reward, redeem, send
from tests.programmes.conftest import Play

SHANGHAI = "Asia/Shanghai"


async def test_a_tier_that_leaves_a_rate_out_has_the_one_below_and_adds_its_own(play: Play) -> None:
    played = await play("four_tier_standard", SHANGHAI, "2026-01-01T00:00")
    spent = {"ordinary": "1999.99", "silver": "2000", "gold": "8000", "diamond": "30000"}
    for tier in spent:
        await played.join(tier, "2026-01-05T10:00")
    for tier, amount in spent.items():
        await played.do("2026-02-01T10:00", amount=amount, who=tier)
    assert [await played.tier(tier) for tier in spent] == list(spent)
    before = [await played.balance(tier) for tier in spent]
    for tier in spent:
        await played.do("2026-02-02T10:00", amount="101", who=tier)
    earned = [await played.balance(tier) - was for tier, was in zip(spent, before, strict=True)]
    assert earned == [101, 121, 151, 151 + 75]


async def test_who_spends_less_falls_by_one_tier_after_a_notice(play: Play) -> None:
    played = await play("four_tier_standard", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-03-01T10:00", amount="30000")
    assert await played.until() == "2028-01-01 00:00"
    await played.time("2027-12-15T00:00")
    assert await played.notice() == ("gold", "2028-01-01 00:00", "2027-12-02 00:00")
    await played.time("2028-01-02T00:00")
    assert (await played.changes())[1:] == [("2028-01-01 00:00", "diamond > gold")]


async def test_each_vip_pays_its_own_price_and_a_festival_triples_the_points_for_a_day(play: Play) -> None:
    played = await play("vip_n", SHANGHAI, "2026-11-01T00:00")
    prices = [{"tier": f"vip{level}", "points": str(100 - 10 * level)} for level in range(1, 5)]
    await make_reward(played.shop, "umbrella", price="100", prices=prices)
    spent = {"none": "499.99", "one": "500", "two": "2000", "four": "20000", "five": "100000"}
    for who, amount in spent.items():
        await played.join(who, "2026-11-02T10:00")
        await played.do("2026-11-03T10:00", amount=amount, who=who)
    assert [await played.tier(who) for who in spent] == ["member", "vip1", "vip2", "vip4", "vip5"]
    before = {who: await played.balance(who) for who in spent}
    for who in spent:
        await redeem(played.shop, who, "umbrella")
    assert [before[who] - await played.balance(who) for who in spent] == [100, 90, 80, 60, 60]
    for at, points in (("10T23:59:59", 10), ("11T00:00", 30), ("11T23:59:59", 30), ("12T00:00", 10)):
        was = await played.balance("none")
        await played.do(f"2026-11-{at}", amount="10", who="none")
        assert await played.balance("none") - was == points


async def test_points_pay_a_dish_or_a_part_of_the_bill_and_come_back_with_it(play: Play) -> None:
    played = await play("restaurant_card", "Europe/Rome", "2026-01-01T00:00")
    await make_reward(played.shop, "tiramisu", price="80")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-02-01T20:00", amount="200.50")
    await redeem(played.shop, "ann", "tiramisu")
    assert await played.balance() == 120
    refused = await send(
        played.shop, REDEEM, {"member": {"externalId": "nobody"}, "reward": {"key": "tiramisu"}}
    )
    assert refused["code"] == "NOT_FOUND"
    bill = {"source": "till", "externalId": "bill"}
    paid = await mutate(
        played.shop, "payWithPoints", {"member": {"externalId": "ann"}, **bill, "points": "100"}
    )
    assert (paid["amount"], await played.balance()) == ("5.00", 20)
    await played.give_back("2026-02-02T10:00", "bill")
    assert await played.balance() == 120
    await played.time("2027-01-31T23:59")
    assert await played.balance() == 120
    await played.time("2027-02-02T00:00")
    assert await played.balance() == 0
