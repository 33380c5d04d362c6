"""Programme P3 on the baskets of 207 real households, row for row (tests/data); run by `make test-p3`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import ActivityFact, Moved, Outcome, enrolled, fold
from tests.data.points_card import AFTERWARDS, NEW_YORK, Points, baskets, expected, joined, redemptions
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
SLOTS = (
    "points/points/base/earned",
    "points/points/award/funded/brands",
    "points/points/-/redeemed",
    "points/points/-/expired",
)


@cache
def points_card() -> Program:
    """The example programme that P3 describes."""
    source = (ROOT / "examples" / "programmes" / "points_card.toml").read_text(encoding="utf-8")
    return compile_program(source, built_in())


@cache
def households() -> dict[str, list[ActivityFact]]:
    """The baskets and redemptions of each household."""
    found: dict[str, list[ActivityFact]] = {household: [] for household in joined()}
    for basket in baskets():
        attributes = {} if basket.campaign_amount is None else {"campaign_amount": basket.campaign_amount}
        fact = purchase(basket.at, basket.amount, basket.basket_id, attributes=attributes, zone=NEW_YORK)
        found[basket.household].append(fact)
    for each in redemptions():
        fact = purchase(each.at, None, each.external_id, kind="redemption", zone=NEW_YORK)
        found[each.household].append(replace(fact, moved=Moved("points", -int(each.points))))
    return found


def folded_household(household: str, facts: Sequence[ActivityFact], until: datetime) -> Outcome:
    first = joined()[household]
    state = enrolled(household, first, local_day(first, NEW_YORK))
    return fold(rulebook_of(points_card()), state, facts, until, granted_whole)


def totals(wanted: Points, outcome: Outcome) -> Points:
    """What the effects until the end of a day come to."""
    sums = dict.fromkeys(SLOTS, 0)
    for key, effect in outcome.effects.items():
        if effect.kind == "points" and effect.effective_at < wanted.end:
            sums[key.slot] = sums.get(key.slot, 0) + effect.value
    base, bonus, redeemed, expired = (sums[slot] for slot in SLOTS)
    left = base + bonus - redeemed - expired
    return Points(wanted.household, wanted.as_of, base, bonus, redeemed, expired, left)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_the_totals_of_every_date_are_those_expected_in_whatever_order_the_facts_are_known(
    seed: int | None,
) -> None:
    outcomes = {}
    for household, facts in households().items():
        known = list(facts)
        if seed is not None:
            random.Random(seed).shuffle(known)
        outcomes[household] = folded_household(household, known, AFTERWARDS)
    assert len(outcomes) == 207
    assert [totals(row, outcomes[row.household]) for row in expected()] == list(expected())


def test_the_balance_of_every_date_is_the_one_of_a_fold_until_then() -> None:
    for row in expected():
        until = row.end - timedelta(seconds=1)
        facts = [fact for fact in households()[row.household] if fact.occurred_at <= until]
        assert balance(folded_household(row.household, facts, until)) == row.balance, row


def test_households_folded_live_have_the_lots_that_a_whole_fold_gives_them() -> None:
    for household, facts in households().items():
        first = joined()[household]
        state = enrolled(household, first, local_day(first, NEW_YORK))
        live = taken_live(rulebook_of(points_card()), facts, AFTERWARDS, member=state)
        assert picture(live) == picture(folded_household(household, facts, AFTERWARDS).state)


def test_a_redemption_that_is_known_before_the_purchases_it_used_is_owed_until_they_are() -> None:
    household = redemptions()[0].household
    facts = households()[household]
    redemption = next(fact for fact in facts if fact.moved is not None)
    alone = folded_household(household, [redemption], redemption.occurred_at)
    assert balance(alone) == -Decimal(redemptions()[0].points)
    assert balance(folded_household(household, facts, redemption.occurred_at)) >= 0
