"""The promise of the engine: facts decide, and neither the order in which they arrive nor repetition does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services.commands import (
    ActivityBy,
    LineInput,
    MemberBy,
    RecordActivity,
    Recorded,
    ReverseActivity,
)
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.histories import (
    END,
    JOINED,
    MEMBERS,
    Event,
    deliver_anyhow,
    deliver_in_order,
    enrol_all,
    histories,
)
from tests.properties.invariants import broken
from tests.properties.programs import programs
from tests.properties.snapshots import Snapshot, snapshot
from tests.services.shop import PROGRAM, START, Shop, done, new_shop, value_of

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
MIDNIGHT = datetime(2025, 2, 28, 23, tzinfo=UTC)
WITHIN_A_DAY = datetime(2025, 2, 20, 11, tzinfo=UTC)


async def shop_of(database: Database, program: str) -> Shop:
    shop = await new_shop(database, program, clock_at=JOINED)
    await enrol_all(shop)
    return shop


async def check_fold_again(shop: Shop) -> None:
    """What is stored is what a fold of everything gives, so that folding again posts nothing."""
    assert await broken(shop) == {}
    rows, state = await shop.row_counts(), await snapshot(shop)
    await shop.refold_all()
    assert await shop.row_counts() == rows
    assert await snapshot(shop) == state


@settings(deadline=None, max_examples=25, suppress_health_check=SLOW)
@given(program=programs(), events=histories(), chance=st.randoms(use_true_random=False))
async def test_any_order_of_arrival_repetition_and_batching_give_one_state(
    app_database: Database, program: str, events: list[Event], chance: Random
) -> None:
    ordered, shuffled = [await shop_of(app_database, program) for _ in range(2)]
    await deliver_in_order(ordered, events)
    await check_fold_again(ordered)
    await deliver_anyhow(shuffled, events, chance)
    await check_fold_again(shuffled)
    assert await snapshot(shuffled) == await snapshot(ordered)


@pytest.mark.parametrize("changes_at", [MIDNIGHT, WITHIN_A_DAY], ids=["at midnight", "within a day"])
@settings(deadline=None, max_examples=8, suppress_health_check=SLOW)
@given(first=programs(), second=programs(), events=histories(), chance=st.randoms(use_true_random=False))
async def test_so_they_do_across_two_versions_of_a_program(
    app_database: Database,
    first: str,
    second: str,
    events: list[Event],
    chance: Random,
    changes_at: datetime,
) -> None:
    decimals = re.compile(r"decimals = \d")
    second = decimals.sub(decimals.findall(first)[0], second, count=1)
    ordered, shuffled = [await shop_of(app_database, first) for _ in range(2)]
    for shop in (ordered, shuffled):
        source = second.replace("SLUG", shop.slug)
        done(await publish_program(shop.engine, shop.caller, source, changes_at), Published)
    await deliver_in_order(ordered, events)
    await deliver_anyhow(shuffled, events, chance)
    await check_fold_again(shuffled)
    assert await snapshot(shuffled) == await snapshot(ordered)


@settings(deadline=None, max_examples=15, suppress_health_check=SLOW)
@given(program=programs(rationed=True), events=histories(), chance=st.randoms(use_true_random=False))
async def test_where_budgets_ration_folding_again_asks_for_nothing_and_no_budget_is_overdrawn(
    app_database: Database, program: str, events: list[Event], chance: Random
) -> None:
    shop = await shop_of(app_database, program)
    await deliver_anyhow(shop, events, chance)
    await check_fold_again(shop)


@st.composite
def splits(draw: st.DrawFn, whole: int) -> list[int]:
    """Parts that together are the whole."""
    cuts = draw(st.lists(st.integers(1, whole), max_size=3, unique=True))
    ends = sorted({*cuts, whole})
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


@st.composite
def returned_whole(draw: st.DrawFn) -> list[Event]:
    """A purchase by ann and the returns of all of it, by amount or by line."""
    cents = draw(st.lists(st.integers(1, 9000), min_size=1, max_size=2))
    has_lines = len(cents) > 1 or draw(st.booleans())
    at = JOINED + timedelta(days=draw(st.integers(0, 200)))
    lines = tuple(
        LineInput(str(number), Decimal(each) / 100, None, category)
        for number, (each, category) in enumerate(zip(cents, ("books", "toys"), strict=False))
    )
    bought = RecordActivity(
        MemberBy(external_id="ann"),
        draw(st.sampled_from(("purchase", "visit"))),
        "till",
        "bought",
        at,
        Decimal(sum(cents)) / 100,
        lines=lines if has_lines else (),
        channel=draw(st.sampled_from((None, "web"))),
    )
    found = [Event(at, bought)]
    for line, whole in zip(lines, cents, strict=True):
        for part in draw(splits(whole)):
            later = at + timedelta(days=draw(st.sampled_from((0, 0, 1, 40, 150))))
            taken = (replace(line, amount=Decimal(part) / 100),) if has_lines else ()
            back = ReverseActivity(
                ActivityBy(natural=("till", "bought")),
                "till",
                f"returned-{len(found)}",
                later,
                None if has_lines else Decimal(part) / 100,
                taken,
            )
            found.append(Event(later, back, 0))
    return found


def lowered_by_returns(program: str) -> str:
    """The program with net figures alone: a gross one counts what was returned, whatever the ladder says."""
    return program.replace("net = false", "net = true")


@settings(deadline=None, max_examples=20, suppress_health_check=SLOW)
@given(
    program=programs("undo").map(lowered_by_returns),
    events=histories(),
    undone=returned_whole(),
    chance=st.randoms(use_true_random=False),
)
async def test_a_purchase_returned_in_any_parts_leaves_every_account_as_if_never_bought(
    app_database: Database, program: str, events: list[Event], undone: list[Event], chance: Random
) -> None:
    without, with_it = [await shop_of(app_database, program) for _ in range(2)]
    await deliver_in_order(without, events)
    moved = [
        event if event.after is None else replace(event, after=event.after + len(undone)) for event in events
    ]
    await deliver_anyhow(with_it, [*undone, *moved], chance)
    await check_fold_again(with_it)
    assert of_accounts(await snapshot(with_it)) == of_accounts(await snapshot(without))


def of_accounts(taken: Snapshot) -> Sequence[object]:
    """All but how far the fold went, and when time next matters."""
    members = {
        name: {part: value for part, value in state.items() if part != "at"}
        for name, state in taken.members.items()
    }
    return (members, taken.standings, [row[:5] for row in taken.current], taken.accounts, taken.posted)


@pytest.mark.parametrize("order", list(permutations("abc")))
async def test_of_facts_at_one_instant_the_keys_decide_whichever_comes_last(
    app_database: Database, order: tuple[str, ...]
) -> None:
    """`a` makes the member silver, so that `b` and `c` earn twice their amounts."""
    shop = await new_shop(app_database)
    await shop.enrol()
    at = START + timedelta(days=1)
    for key in order:
        await shop.buy(100 if key == "a" else 10, at, external_id=key)
    assert await shop.balance() == 100 + 20 + 20
    await check_fold_again(shop)


@pytest.mark.parametrize("order", list(permutations(["1", "2", "3"])))
async def test_of_values_at_one_instant_the_last_by_key_holds_whichever_comes_last(
    app_database: Database, order: tuple[str, ...]
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    for key in order:
        done(await shop.note(value_of("size", int(key), external_id=key)), Recorded)
    assert (await shop.states())["ann"].values == {("attribute", "size"): 3}
    await check_fold_again(shop)


async def test_time_that_passes_in_steps_and_at_once_is_the_same(app_database: Database) -> None:
    stepwise, at_once = [await shop_of(app_database, PROGRAM) for _ in range(2)]
    for shop in (stepwise, at_once):
        await shop.set_clock(JOINED + timedelta(days=1))
        for name in MEMBERS:
            await shop.buy(200, JOINED + timedelta(days=1), member=name, external_id=name)
    for days in range(2, 600, 20):
        await stepwise.set_clock(JOINED + timedelta(days=days))
        await stepwise.advance()
    for shop in (stepwise, at_once):
        await shop.set_clock(END)
        await shop.advance()
        await check_fold_again(shop)
    assert await snapshot(stepwise) == await snapshot(at_once)
