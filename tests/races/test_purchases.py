"""Enrolments, purchases and returns at once: each counts once (BEHAVIOUR L2 to L5, L9, L24, L31, L32)."""

from __future__ import annotations

import pytest

from tests.races.arena import Arena, came_to, expect
from tests.races.calls import enrolment, purchase, returned
from tests.races.programs import BUDGET, EARNING

pytestmark = pytest.mark.races

ROOM = 14
"""How many awards of seven points a budget of a hundred has room for."""
WALLETS = "SELECT coalesce(sum(balance), 0)::int FROM account WHERE business_id = $1 AND kind = 'wallet'"
BUDGETED = "SELECT balance FROM account WHERE business_id = $1 AND kind = 'budget'"
FACTS = "SELECT count(*)::int FROM fact WHERE business_id = $1 AND type = 'activity'"


async def test_a_hundred_tills_that_enrol_one_card_make_one_member(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await arena.shop(EARNING)
    card = [{"kind": "card", "value": "4711"}]
    answers = await arena.at_once(
        shop, [enrolment(f"m{number}", identities=card) for number in range(callers)]
    )
    expect(answers, done=1, ALREADY_EXISTS=callers - 1)
    assert len({answer["existingId"] for answer in answers if "existingId" in answer}) == 1
    assert (
        await arena.value(shop, "SELECT count(*) FROM member WHERE business_id = $1", shop.business_id) == 1
    )
    await arena.check(shop)


async def test_one_purchase_sent_a_hundred_times_under_other_keys_is_recorded_once(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await arena.shop(EARNING)
    await arena.in_turn(shop, [enrolment("ann")])
    answers = await arena.at_once(shop, [purchase("ann", "receipt")] * callers)
    expect(answers, done=1, ALREADY_EXISTS=callers - 1)
    assert len({answer["existingId"] for answer in answers if "existingId" in answer}) == 1
    assert await arena.value(shop, FACTS, shop.business_id) == 1
    assert await arena.value(shop, WALLETS, shop.business_id) == 10
    await arena.check(shop)


async def test_one_key_a_hundred_times_has_one_effect(arena: Arena, callers: int, race_round: int) -> None:
    shop = await arena.shop(EARNING)
    await arena.in_turn(shop, [enrolment("ann")])
    again = purchase("ann", "receipt", idempotencyKey="the-key")
    answers = await arena.at_once(shop, [again] * callers)
    assert set(came_to(answers)) <= {"done", "IDEMPOTENCY_IN_PROGRESS"}, answers
    assert [answer.get("replayed") for answer in answers].count(False) == 1
    assert await arena.value(shop, WALLETS, shop.business_id) == 10
    await arena.check(shop)


async def test_a_budget_with_room_for_fourteen_awards_gives_fourteen(
    arena: Arena, callers: int, race_round: int
) -> None:
    shop = await arena.shop(BUDGET)
    names = [f"m{number}" for number in range(20)]
    await arena.at_once(shop, [enrolment(name) for name in names])
    calls = [purchase(names[number % len(names)], f"p{number}", "1") for number in range(callers)]
    expect(await arena.at_once(shop, calls), done=callers)
    awarded = "SELECT count(*) FROM effect WHERE business_id = $1 AND slot LIKE '%/funded/acme'"
    assert await arena.value(shop, awarded, shop.business_id) == ROOM
    assert await arena.value(shop, BUDGETED, shop.business_id) == 100 - 7 * ROOM
    assert await arena.value(shop, WALLETS, shop.business_id) == callers + 7 * ROOM
    await arena.check(shop)


async def test_of_all_that_return_one_purchase_one_does(arena: Arena, race_round: int) -> None:
    shop = await arena.shop(BUDGET)
    await arena.in_turn(shop, [enrolment("ann"), purchase("ann", "p", "100")])
    answers = await arena.at_once(shop, [returned("p", f"r{number}") for number in range(20)])
    expect(answers, done=1, ALREADY_REVERSED=19)
    assert await arena.value(shop, FACTS, shop.business_id) == 2
    assert await arena.value(shop, WALLETS, shop.business_id) == 0
    assert await arena.value(shop, BUDGETED, shop.business_id) == 100
    await arena.check(shop)


async def test_of_returns_that_together_are_more_than_the_purchase_so_many_succeed_as_fit(
    arena: Arena, race_round: int
) -> None:
    shop = await arena.shop(EARNING)
    await arena.in_turn(shop, [enrolment("ann"), purchase("ann", "p", "100")])
    parts = [returned("p", f"r{number}", amount="30") for number in range(20)]
    expect(await arena.at_once(shop, parts), done=3, REVERSAL_EXCEEDS_ORIGINAL=17)
    assert await arena.value(shop, WALLETS, shop.business_id) == 10
    await arena.check(shop)


async def test_what_returns_give_back_to_a_budget_is_given_out_no_more_than_once(
    arena: Arena, race_round: int
) -> None:
    shop = await arena.shop(BUDGET)
    names = [f"m{number}" for number in range(ROOM)]
    await arena.at_once(shop, [enrolment(name) for name in names])
    first = [purchase(name, f"of-{name}", "1") for name in names]
    expect(await arena.at_once(shop, first), done=ROOM)
    back = [returned(f"of-{name}", f"r-{name}-{number}") for name in names[:7] for number in range(3)]
    more = [purchase(names[number % ROOM], f"p{number}", "1") for number in range(40)]
    answers = await arena.at_once(shop, [call for pair in zip(back, more, strict=False) for call in pair])
    expect(answers, done=7 + 21, ALREADY_REVERSED=14)
    left = await arena.value(shop, BUDGETED, shop.business_id)
    assert left % 7 == 2
    assert 0 <= left <= 100
    await arena.check(shop)
