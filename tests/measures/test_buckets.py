"""Figures added up by the database are those that a fold adds up, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.measures import Wanted, buckets
from loyalty_engine.rating import ActivityFact, Folding, run
from loyalty_engine.rating.facts import place_of, returns_by_purchase
from loyalty_engine.rating.tallies import View
from loyalty_engine.rules import Figure
from loyalty_engine.services.commands import LineInput, RecordActivity, Recorded
from loyalty_engine.services.histories import facts_by_member
from loyalty_engine.services.states import empty_state
from loyalty_engine.store.database import Database
from loyalty_engine.store.facts import history
from loyalty_engine.store.members import lock_members
from tests.properties.histories import END, Event, enrol_all, histories, send
from tests.services.shop import HEAD, Shop, done, new_shop

PROGRAM = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "from_now"

[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }]
combine = "club"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "club"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { friend = "50" } }

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { silver = "100" } }

[[points]]
key = "points"
decimals = 0
rounding = "floor"
expiry = { days = 3 }

[[rules]]
id = "base"
rule = "earn_purchase"
[rules.config]
currency = "points"
rate = "0.7"
negative = "take_back"
bonus_percent = { silver = "10" }
ladder = "status"
caps = [{ period = "month", points = 90 }]

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 5
funding = [{ partner = "bolt", percent = "100", unlimited = true }]
"""
)

Sums = dict[tuple[UUID, Figure, date], Decimal]

KINDS = ("purchase", "visit", "return")
NUMBERS: tuple[object, ...] = (
    3,
    Decimal("1.25"),
    "2.5",
    "-4",
    "+7",
    True,
    "many",
    None,
    [1],
    10**15,
    Decimal("5E+2"),
    Decimal("1.0000000"),
)


def filters(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    of: Any = draw(st.sampled_from(("amount", "units", "count", "local_days", "attribute", "earned")))
    single = of in ("amount", "units", "attribute")
    taking: Any = draw(st.sampled_from(("sum", "largest", "last") if single else ("sum",)))
    return Figure(
        of,
        kinds=draw(filters(*KINDS)),
        attribute=draw(st.sampled_from(("nights", "k\u00e9y 'x'"))) if of == "attribute" else None,
        categories=draw(filters("books", "toys", "none")),
        channels=draw(filters("web", "shop", "none")),
        partners=draw(filters("acme", "bolt", "none")),
        net=draw(st.booleans()),
        currency="points" if of == "earned" else None,
        rules=draw(filters("base", "promo", "none")) if of == "earned" else (),
        taking=taking,
        where=draw(st.sampled_from(((), (("nights", ("3", "2.5", "true", "many", "500")),)))),
    )


@st.composite
def measured(draw: st.DrawFn) -> list[Event]:
    """Histories in which purchases have units, named numbers and partners too."""
    events = draw(histories())
    found = []
    for event in events:
        command = event.command
        if isinstance(command, RecordActivity):
            lines = tuple(
                replace(line, units=draw(st.sampled_from((None, Decimal(4))))) for line in command.lines
            )
            command = replace(
                command,
                units=draw(st.sampled_from((None, Decimal(12), Decimal("12.5")))),
                lines=lines,
                partner=draw(st.sampled_from((None, "acme", "bolt"))),
                attributes={
                    key: draw(st.sampled_from(NUMBERS))
                    for key in draw(st.lists(st.sampled_from(("nights", "k\u00e9y 'x'")), unique=True))
                },
            )
        found.append(replace(event, command=command))
    return found


async def summed_by_sql(shop: Shop, figures: Sequence[Figure], *, gross: bool) -> Sums:
    ids = list((await shop.member_ids()).values())
    wanted = [Wanted(figure, gross) for figure in figures]
    async with shop.engine.database.reading(shop.business_id) as connection:
        found = await buckets(connection, shop.business_id, ids, wanted)
    assert len({(each.member_id, each.wanted, each.day) for each in found}) == len(found)
    return {(each.member_id, each.wanted.figure, each.day): each.value for each in found if each.value}


async def summed_by_folding(shop: Shop, figures: Sequence[Figure]) -> Mapping[View, Sums]:
    """The tallies of a fold of every member, in each view of returns that a figure can have."""
    views: list[View] = ["undone", "in_place", "gross"]
    found: dict[View, Sums] = {view: {} for view in views}
    async with shop.engine.database.writing(shop.business_id) as connection:
        members = await lock_members(connection, shop.business_id, list((await shop.member_ids()).values()))
        by_member = facts_by_member(await history(connection, shop.business_id, list(members)))
        rulebook = await shop.engine.rulebook(connection, shop.business_id)
    for member_id, facts in by_member.items():
        folding = Folding(rulebook, empty_state(members[member_id]), returns_by_purchase(facts.values()))
        folding._measuring.figures = tuple((figure, view) for figure in figures for view in views)
        folding.enrol()
        for fact in sorted(facts.values(), key=place_of):
            run(folding.take(fact), lambda ask: ask.units)
        for (figure, view), days in folding.state.tallies.by_day().items():
            for day, value in days.items():
                found[view][(member_id, figure, day)] = value
    return found


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(events=measured(), wanted=st.lists(figures(), min_size=4, max_size=12, unique=True))
async def test_buckets_are_the_tallies_of_a_fold_for_any_figure_and_history(
    app_database: Database, events: list[Event], wanted: list[Figure]
) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=END)
    await enrol_all(shop)
    for event in events:
        done(await send(shop, event.command), Recorded)
    folded = await summed_by_folding(shop, wanted)
    assert await summed_by_sql(shop, wanted, gross=True) == folded["gross"]
    net = [figure for figure in wanted if figure.net]
    of_net = {key: value for key, value in folded["undone"].items() if key[1].net}
    assert await summed_by_sql(shop, net, gross=False) == of_net
    assert {key: value for key, value in folded["in_place"].items() if key[1].net} == of_net


async def one_member(app_database: Database) -> Shop:
    shop = await new_shop(app_database, PROGRAM)
    await shop.enrol()
    return shop


async def total(shop: Shop, figure: Figure, *, gross: bool = False) -> Decimal:
    return sum((await summed_by_sql(shop, [figure], gross=gross)).values(), Decimal(0))


TWO = (
    LineInput("1", Decimal(6), Decimal(2), "books"),
    LineInput("2", Decimal(4), Decimal(1), "toys"),
)


async def test_a_line_returned_lowers_its_category_alone_and_the_count_only_when_all_is_back(
    app_database: Database,
) -> None:
    shop = await one_member(app_database)
    await shop.buy(10, external_id="b", lines=TWO, units=Decimal(3))
    books, toys, count = (
        Figure("amount", categories=("books",)),
        Figure("amount", categories=("toys",)),
        Figure("count", categories=("toys",)),
    )
    await shop.give_back("b", lines=(LineInput("1", Decimal(5), Decimal(1)),))
    assert [await total(shop, figure) for figure in (books, toys, count)] == [1, 4, 1]
    assert await total(shop, Figure("units")) == 2
    assert await total(shop, Figure("units", categories=("books",))) == 1
    await shop.give_back("b")
    assert [await total(shop, figure) for figure in (books, toys, count)] == [0, 0, 0]
    assert [await total(shop, figure, gross=True) for figure in (books, toys, count)] == [6, 4, 1]
    assert await total(shop, Figure("units")) == 0


async def test_named_numbers_go_only_with_the_whole_purchase(app_database: Database) -> None:
    shop = await one_member(app_database)
    nights = Figure("attribute", attribute="nights")
    await shop.buy(10, external_id="b", attributes={"nights": 3})
    await shop.give_back("b", 9)
    assert await total(shop, nights) == 3
    await shop.give_back("b", 1)
    assert await total(shop, nights) == 0
    assert await total(shop, nights, gross=True) == 3


@pytest.mark.parametrize("number", NUMBERS, ids=str)
async def test_a_named_number_is_the_same_live_and_in_a_later_fold(
    app_database: Database, number: object
) -> None:
    shop = await one_member(app_database)
    figure = Figure("attribute", attribute="nights")
    await shop.buy(10, external_id="b", attributes={"nights": number})
    async with shop.engine.database.reading(shop.business_id) as connection:
        ids = list((await shop.member_ids()).values())
        (facts,) = facts_by_member(await history(connection, shop.business_id, ids)).values()
    (fact,) = facts.values()
    assert isinstance(fact, ActivityFact)
    assert await total(shop, figure) == figure.value(fact.activity)


async def test_no_figure_and_no_member_ask_nothing(app_database: Database) -> None:
    shop = await one_member(app_database)
    async with shop.engine.database.reading(shop.business_id) as connection:
        ids = list((await shop.member_ids()).values())
        assert await buckets(connection, shop.business_id, ids, []) == []
        wanted = [Wanted(Figure("amount"), gross=False)]
        assert await buckets(connection, shop.business_id, [], wanted) == []


async def test_another_business_adds_nothing_even_for_the_same_members(app_database: Database) -> None:
    shop, other = [await one_member(app_database) for _ in range(2)]
    await shop.buy(10)
    ids = list((await shop.member_ids()).values())
    async with other.engine.database.reading(other.business_id) as connection:
        wanted = [Wanted(Figure("amount"), gross=False)]
        assert await buckets(connection, other.business_id, ids, wanted) == []
