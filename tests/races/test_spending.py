"""Points spent, held, sent and adjusted at once: nobody spends what is spent (BEHAVIOUR L1, L8, L26, L37)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.api.shop import Shop
from tests.idempotency.entries import made
from tests.races.arena import Arena, Call, came_to, expect
from tests.races.calls import (
    adjusted,
    captured,
    decided,
    enrolment,
    held,
    paid,
    purchase,
    returned,
    sent,
    voided,
)
from tests.races.programs import SPENDING

pytestmark = pytest.mark.races

COST = 30
FIT = 33
"""How often thirty fit into a thousand."""
WAYS: dict[str, Callable[[int], Call]] = {
    "held": lambda _: held("ann", COST),
    "paid": lambda number: paid("ann", COST, f"pay-{number}"),
    "sent": lambda _: sent("ann", "bob", COST),
    "adjusted": lambda _: adjusted("ann", -COST),
}
BALANCE = """
SELECT coalesce(sum(balance), 0)::int FROM account JOIN member USING (business_id, member_id)
WHERE business_id = $1 AND external_id = $2 AND account.kind = $3
"""


async def ann_and_bob(arena: Arena, amount: int = 1000) -> Shop:
    """A shop in which each has so many points."""
    shop = await arena.shop(SPENDING)
    names = ("ann", "bob")
    await arena.in_turn(shop, [enrolment(name) for name in names])
    await arena.in_turn(shop, [purchase(name, f"of-{name}", str(amount)) for name in names])
    return shop


async def has(arena: Arena, shop: Shop, name: str, kind: str = "wallet") -> int:
    """What is in a member's account."""
    found: int = await arena.value(shop, BALANCE, shop.business_id, name, kind)
    return found


@pytest.mark.parametrize("way", list(WAYS))
async def test_of_a_thousand_points_thirty_are_spent_thirty_three_times(
    arena: Arena, callers: int, race_round: int, way: str
) -> None:
    shop = await ann_and_bob(arena)
    answers = await arena.at_once(shop, [WAYS[way](number) for number in range(callers)])
    expect(answers, done=FIT, INSUFFICIENT_POINTS=callers - FIT)
    assert await has(arena, shop, "ann") == 1000 - FIT * COST
    assert await has(arena, shop, "ann", "held") == (FIT * COST if way == "held" else 0)
    assert await has(arena, shop, "bob") == 1000 + (FIT * COST if way == "sent" else 0)
    await arena.check(shop)


async def test_so_they_are_however_they_are_spent(arena: Arena, callers: int, race_round: int) -> None:
    shop = await ann_and_bob(arena)
    ways = list(WAYS.values())
    calls = [ways[number % len(ways)](number) for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=FIT, INSUFFICIENT_POINTS=callers - FIT)
    assert await has(arena, shop, "ann") == 1000 - FIT * COST
    await arena.check(shop)


async def test_a_hold_is_captured_or_given_back_and_once(arena: Arena, race_round: int) -> None:
    shop = await ann_and_bob(arena)
    hold = await made(shop, *held("ann", 400), "hold")
    answers = await arena.at_once(shop, [captured(hold), voided(hold)] * 10)
    expect(answers, done=1, HOLD_CLOSED=19)
    (kind,) = (answer["__typename"] for answer in answers if answer.get("code") is None)
    assert await has(arena, shop, "ann") == (600 if kind == "CaptureHoldSuccess" else 1000)
    assert await has(arena, shop, "ann", "held") == 0
    await arena.check(shop)


async def test_points_sent_both_ways_at_once_are_all_there_afterwards(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await ann_and_bob(arena, 200)
    calls = [sent(*pair, COST) for pair in (("ann", "bob"), ("bob", "ann")) * (callers // 2)]
    answers = await arena.at_once(shop, calls)
    assert set(came_to(answers)) <= {"done", "INSUFFICIENT_POINTS"}, answers
    sums = [await has(arena, shop, name) for name in ("ann", "bob")]
    went = sum(
        1 if calls[place] == calls[0] else -1
        for place, answer in enumerate(answers)
        if answer.get("code") is None
    )
    assert sums == [200 - went * COST, 200 + went * COST]
    await arena.check(shop)


async def test_a_large_adjustment_is_decided_once(arena: Arena, race_round: int) -> None:
    shop = await ann_and_bob(arena)
    adjustment = await made(shop, *adjusted("ann", 1001), "adjustment")
    other = replace(shop, key=await shop.make_key("owner"))
    calls = [decided(adjustment, approve=number % 2 == 0) for number in range(20)]
    answers = await arena.at_once(other, calls)
    expect(answers, done=1, INVALID_INPUT=19)
    (place,) = (place for place, answer in enumerate(answers) if answer.get("code") is None)
    assert await has(arena, shop, "ann") == (2001 if place % 2 == 0 else 1000)
    await arena.check(shop)


async def test_what_is_spent_while_its_purchase_is_returned_is_owed(arena: Arena, race_round: int) -> None:
    shop = await ann_and_bob(arena)
    spending = [paid("ann", COST, f"pay-{number}") for number in range(20)]
    answers = await arena.at_once(
        shop, [*spending, *(returned("of-ann", f"r{number}") for number in range(5))]
    )
    assert set(came_to(answers)) <= {"done", "INSUFFICIENT_POINTS", "ALREADY_REVERSED"}, answers
    assert came_to(answers[20:]) == {"done": 1, "ALREADY_REVERSED": 4}
    spent = came_to(answers[:20])["done"] * COST
    assert (await has(arena, shop, "ann"), await has(arena, shop, "ann", "debt")) == (0, -spent)
    await arena.check(shop)
