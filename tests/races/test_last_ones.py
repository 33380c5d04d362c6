"""The last unit, the last use of a code, the last award: given to one caller (BEHAVIOUR L27 to L30)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.shop import Shop
from tests.idempotency.entries import made
from tests.races.arena import Arena, came_to, expect
from tests.races.calls import (
    cancelled,
    coupon,
    enrolment,
    fulfilled,
    purchase,
    redeemed,
    released,
    reopened,
    returned,
    reward,
    stocked,
    used,
)
from tests.races.programs import EARNING, QUOTA

pytestmark = pytest.mark.races

CROWD = [f"m{number}" for number in range(20)]
HAS = 1000
COST = 30
FIT = 33
"""How often thirty fit into a thousand."""
UNITS = 7
LIMIT = 7
AWARDS = 14
CODE = "SUMMER-FEAST-2026-AB"

WALLETS = "SELECT coalesce(sum(balance), 0)::int FROM account WHERE business_id = $1 AND kind = 'wallet'"
STOCK = "SELECT balance FROM account WHERE business_id = $1 AND kind = 'stock'"
STANDING = "SELECT count(*)::int FROM redemption WHERE business_id = $1 AND cancelled_at IS NULL"
USED = "SELECT used FROM coupon WHERE business_id = $1"
USES = "SELECT count(*)::int FROM coupon_use WHERE business_id = $1 AND released_at IS NULL"
AWARDS_LEFT = "SELECT balance FROM account WHERE business_id = $1 AND kind = 'quota'"
AWARDED = """
SELECT count(*)::int FROM (
    SELECT FROM effect WHERE business_id = $1 AND rule = 'promo' AND slot LIKE '%/funded/acme'
    GROUP BY member_id, cause_key HAVING sum(value) = 7) awards
"""


async def crowd(arena: Arena, program: str = EARNING) -> Shop:
    """A shop with many members."""
    shop = await arena.shop(program)
    expect(await arena.at_once(shop, [enrolment(name) for name in CROWD]), done=len(CROWD))
    return shop


async def rich_crowd(arena: Arena) -> Shop:
    """A shop with many members who have a thousand points each."""
    shop = await crowd(arena)
    first = [purchase(name, f"of-{name}", str(HAS)) for name in CROWD]
    expect(await arena.at_once(shop, first), done=len(CROWD))
    return shop


def whoever(number: int) -> str:
    """Each of the crowd in turn."""
    return CROWD[number % len(CROWD)]


async def counts(arena: Arena, shop: Shop, *queries: str) -> list[Any]:
    """The values of the shop."""
    return [await arena.value(shop, query, shop.business_id) for query in queries]


# Stock


async def test_the_last_unit_of_a_reward_is_redeemed_once(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await rich_crowd(arena)
    await arena.in_turn(shop, [reward("mug", COST, stock=1)])
    answers = await arena.at_once(shop, [redeemed(whoever(number), "mug") for number in range(callers)])
    expect(answers, done=1, OUT_OF_STOCK=callers - 1)
    assert await counts(arena, shop, STOCK, STANDING, WALLETS) == [0, 1, HAS * len(CROWD) - COST]
    await arena.check(shop)


async def test_so_many_units_as_there_are_are_redeemed_and_no_more(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await rich_crowd(arena)
    await arena.in_turn(shop, [reward("mug", COST, stock=UNITS)])
    answers = await arena.at_once(shop, [redeemed(whoever(number), "mug") for number in range(callers)])
    expect(answers, done=UNITS, OUT_OF_STOCK=callers - UNITS)
    assert await counts(arena, shop, STOCK, STANDING, WALLETS) == [
        0,
        UNITS,
        HAS * len(CROWD) - UNITS * COST,
    ]
    await arena.check(shop)


async def test_of_a_thousand_points_a_reward_for_thirty_is_redeemed_thirty_three_times(
    arena: Arena, callers: int, race_round: int
) -> None:
    """Whom the points do not suffice takes no unit."""
    shop = await rich_crowd(arena)
    await arena.in_turn(shop, [reward("mug", COST, stock=callers)])
    answers = await arena.at_once(shop, [redeemed("m0", "mug")] * callers)
    expect(answers, done=FIT, INSUFFICIENT_POINTS=callers - FIT)
    assert await counts(arena, shop, STOCK, STANDING, WALLETS) == [
        callers - FIT,
        FIT,
        HAS * len(CROWD) - FIT * COST,
    ]
    await arena.check(shop)


async def test_what_cancelling_and_deliveries_bring_back_into_stock_is_redeemed_no_more_than_once(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await rich_crowd(arena)
    await arena.in_turn(shop, [reward("mug", COST, stock=UNITS)])
    first = [await made(shop, *redeemed(whoever(number), "mug"), "redemption") for number in range(UNITS)]
    calls = [
        *(cancelled(redemption) for redemption in first for _ in range(2)),
        *(stocked("mug", 1) for _ in range(3)),
        *(redeemed(whoever(number), "mug") for number in range(callers)),
    ]
    answers = await arena.at_once(shop, [*calls[::2], *calls[1::2]])
    found = came_to(answers)
    assert set(found) <= {"done", "ALREADY_REVERSED", "OUT_OF_STOCK"}, answers
    assert found["ALREADY_REVERSED"] == UNITS
    again = found["done"] - UNITS - 3
    assert 0 <= again <= UNITS + 3
    assert found["OUT_OF_STOCK"] == callers - again
    assert await counts(arena, shop, STOCK, STANDING, WALLETS) == [
        UNITS + 3 - again,
        again,
        HAS * len(CROWD) - again * COST,
    ]
    await arena.check(shop)


async def test_a_redemption_is_fulfilled_or_cancelled_and_once(arena: Arena, race_round: int) -> None:
    shop = await rich_crowd(arena)
    await arena.in_turn(shop, [reward("mug", COST, stock=UNITS)])
    redemption = await made(shop, *redeemed("m0", "mug"), "redemption")
    answers = await arena.at_once(shop, [fulfilled(redemption), cancelled(redemption)] * 10)
    (kind,) = (answer["__typename"] for answer in answers if answer.get("code") is None)
    gone = kind == "FulfilRedemptionSuccess"
    expect(answers, done=1, **{"INVALID_INPUT" if gone else "ALREADY_REVERSED": 19})
    assert await counts(arena, shop, STOCK, STANDING) == [UNITS - gone, gone]
    await arena.check(shop)


# Coupons


async def test_a_code_for_seven_uses_is_used_seven_times(arena: Arena, callers: int, race_round: int) -> None:
    shop = await crowd(arena)
    await arena.in_turn(shop, [coupon("summer", CODE, limit=LIMIT)])
    calls = [used(whoever(number), CODE, f"u{number}") for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=LIMIT, CODE_NOT_USABLE=callers - LIMIT)
    assert await counts(arena, shop, USED, USES) == [LIMIT, LIMIT]
    await arena.check(shop)


async def test_a_code_for_one_use_is_used_once(arena: Arena, callers: int, race_round: int) -> None:
    shop = await crowd(arena)
    await arena.in_turn(shop, [coupon("summer", CODE, limit=1)])
    calls = [used(whoever(number), CODE, f"u{number}") for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=1, CODE_NOT_USABLE=callers - 1)
    assert await counts(arena, shop, USED, USES) == [1, 1]
    await arena.check(shop)


async def test_each_member_uses_a_code_as_often_as_one_may(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await crowd(arena)
    await arena.in_turn(shop, [coupon("summer", CODE, memberLimit=2)])
    calls = [used(CROWD[number % 3], CODE, f"u{number}") for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=6, CODE_NOT_USABLE=callers - 6)
    assert await counts(arena, shop, USED, USES) == [6, 6]
    await arena.check(shop)


async def test_a_use_that_is_released_is_had_by_one_other_or_reopened(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await crowd(arena)
    await arena.in_turn(shop, [coupon("summer", CODE, limit=1)])
    use = await made(shop, *used("m0", CODE, "first"), "use")
    expect(await arena.at_once(shop, [released(use)] * 20), done=1, ALREADY_REVERSED=19)
    others = [used(whoever(number), CODE, f"u{number}") for number in range(callers)]
    answers = await arena.at_once(shop, [*others, *[reopened(use)] * 10])
    assert set(came_to(answers)) <= {"done", "CODE_NOT_USABLE", "QUOTA_EXCEEDED", "ALREADY_EXISTS"}, answers
    assert came_to(answers)["done"] == 1
    assert await counts(arena, shop, USED, USES) == [1, 1]
    await arena.check(shop)


# Quotas


async def test_a_quota_of_fourteen_awards_gives_fourteen(arena: Arena, callers: int, race_round: int) -> None:
    shop = await crowd(arena, QUOTA)
    calls = [purchase(whoever(number), f"p{number}", "1") for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=callers)
    assert await counts(arena, shop, AWARDS_LEFT, AWARDED, WALLETS) == [0, AWARDS, callers + 7 * AWARDS]
    await arena.check(shop)


async def test_what_returns_give_back_to_a_quota_is_given_out_no_more_than_once(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await crowd(arena, QUOTA)
    names = CROWD[:AWARDS]
    first = [purchase(name, f"of-{name}", "1") for name in names]
    expect(await arena.at_once(shop, first), done=AWARDS)
    back = [returned(f"of-{name}", f"r-{name}-{number}") for name in names[:7] for number in range(3)]
    more = [purchase(whoever(number), f"p{number}", "1") for number in range(callers)]
    answers = await arena.at_once(shop, [call for pair in zip(back, more, strict=False) for call in pair])
    expect(answers, done=7 + len(back), ALREADY_REVERSED=14)
    left, awarded, points = await counts(arena, shop, AWARDS_LEFT, AWARDED, WALLETS)
    assert left + awarded == AWARDS
    assert 7 <= awarded <= AWARDS
    assert points == AWARDS - 7 + len(back) + 7 * awarded
    await arena.check(shop)
