"""Programme P3 on the baskets of 207 real households, row for row (tests/data); run by `make test-p3`."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import ActivityFact, Outcome, enrolled, fold
from tests.data.points_card import AFTERWARDS, NEW_YORK, baskets, expected, joined
from tests.rating.histories import built_in, granted_whole, purchase, rulebook_of

pytestmark = pytest.mark.completejourney

ROOT = Path(__file__).parents[2]


@cache
def points_card() -> Program:
    """The example programme that P3 describes."""
    source = (ROOT / "examples" / "programmes" / "points_card.toml").read_text(encoding="utf-8")
    return compile_program(source, built_in())


@cache
def households() -> dict[str, list[ActivityFact]]:
    """The baskets of each household."""
    found: dict[str, list[ActivityFact]] = {household: [] for household in joined()}
    for basket in baskets():
        attributes = {} if basket.campaign_amount is None else {"campaign_amount": basket.campaign_amount}
        fact = purchase(basket.at, basket.amount, basket.basket_id, attributes=attributes, zone=NEW_YORK)
        found[basket.household].append(fact)
    return found


def folded_household(household: str, facts: list[ActivityFact], until: datetime) -> Outcome:
    first = joined()[household]
    state = enrolled(household, first, local_day(first, NEW_YORK))
    return fold(rulebook_of(points_card()), state, facts, until, granted_whole)


def awarded(outcome: Outcome, end: datetime) -> tuple[int, int]:
    """The base points and partner bonuses of all that happened before an instant."""
    sums: dict[str, int] = {}
    for key, effect in outcome.effects.items():
        if effect.kind == "points" and effect.effective_at < end:
            sums[key.slot] = sums.get(key.slot, 0) + effect.value
    return sums.get("points/points/base/earned", 0), sums.get("points/points/award/funded/brands", 0)


def test_base_points_and_partner_bonuses_of_every_date_are_those_expected() -> None:
    outcomes = {name: folded_household(name, facts, AFTERWARDS) for name, facts in households().items()}
    assert len(outcomes) == 207
    for row in expected():
        assert awarded(outcomes[row.household], row.end) == (row.base, row.bonus), row
