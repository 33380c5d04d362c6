"""Programme P2 on the baskets of 207 real households, row for row (tests/data); run by `make test-p3`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import ActivityFact, Outcome, enrolled, fold
from tests.data.points_card import NEW_YORK
from tests.data.visit_ladder import AFTERWARDS, Change, Standing, expected, expected_changes, joined, visits
from tests.rating.histories import (
    balance,
    built_in,
    granted_whole,
    picture,
    purchase,
    rulebook_of,
    taken_live,
)

pytestmark = pytest.mark.completejourney

ROOT = Path(__file__).parents[2]


@cache
def visit_ladder() -> Program:
    """The example programme that P2 describes."""
    source = (ROOT / "examples" / "programmes" / "visit_ladder.toml").read_text(encoding="utf-8")
    return compile_program(source, built_in())


@cache
def households() -> dict[str, list[ActivityFact]]:
    """The visits of each household."""
    found: dict[str, list[ActivityFact]] = {}
    for visit in visits():
        fact = purchase(visit.at, visit.gross, visit.basket_id, zone=NEW_YORK)
        found.setdefault(visit.household, []).append(fact)
    return found


def folded_household(household: str, facts: Sequence[ActivityFact], until: datetime) -> Outcome:
    first = joined()[household]
    state = enrolled(household, first, local_day(first, NEW_YORK))
    return fold(rulebook_of(visit_ladder()), state, facts, until, granted_whole)


def changes_of(household: str, outcome: Outcome) -> set[Change]:
    found: set[Change] = set()
    for key, effect in outcome.effects.items():
        if effect.kind == "standing" and effect.from_tier is not None and effect.to_tier is not None:
            basket = key.cause.key.split('"')[3] if key.cause.kind == "activity" else ""
            day = local_day(effect.effective_at, NEW_YORK).isoformat()
            found.add((household, day, basket, effect.from_tier, effect.to_tier))
    return found


def standing_of(row: Standing, outcome: Outcome) -> Standing:
    """The row as a fold until the end of its day has it."""
    program = visit_ladder()
    figures = outcome.state.tallies.figures(program.measures, "at_review", row.as_of, outcome.state.joined_on)
    days, gross = (figures[program.measures_of[rule][0]] for rule in ("days", "spend"))
    tier = outcome.state.ladders["status"].tier
    points = balance(outcome)
    return Standing(row.household, row.as_of, int(days), f"{gross:.2f}", tier, points)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_every_change_of_tier_is_the_one_expected_in_whatever_order_the_visits_are_known(
    seed: int | None,
) -> None:
    found: set[Change] = set()
    for household, facts in households().items():
        known = list(facts)
        if seed is not None:
            random.Random(seed).shuffle(known)
        found |= changes_of(household, folded_household(household, known, AFTERWARDS))
    assert len(households()) == 207
    assert tuple(sorted(found)) == expected_changes()


def test_days_spend_tier_and_points_of_every_date_are_those_expected() -> None:
    for row in expected():
        until = row.end - timedelta(seconds=1)
        facts = [fact for fact in households()[row.household] if fact.occurred_at <= until]
        assert standing_of(row, folded_household(row.household, facts, until)) == row
    assert len(expected()) == 1432


def test_households_folded_live_come_to_the_state_of_a_whole_fold() -> None:
    for household, facts in households().items():
        first = joined()[household]
        state = enrolled(household, first, local_day(first, NEW_YORK))
        live = taken_live(rulebook_of(visit_ladder()), facts, AFTERWARDS, member=state)
        assert picture(live) == picture(folded_household(household, facts, AFTERWARDS).state)


def test_a_visit_that_reaches_a_tier_earns_at_the_tier_before_it() -> None:
    """On ten dates 10.00 USD each: the tenth earns no bonus, an eleventh ten percent."""
    facts = [purchase(f"2017-02-{day:02}T15:00", "10.00", zone=NEW_YORK) for day in range(1, 12)]
    first = facts[0].occurred_at
    for count, points in ((10, 1000), (11, 1110)):
        state = enrolled("member", first, local_day(first, NEW_YORK))
        until = facts[count - 1].occurred_at
        outcome = fold(rulebook_of(visit_ladder()), state, facts[:count], until, granted_whole)
        assert (outcome.state.ladders["status"].tier, balance(outcome)) == ("silver", points)
