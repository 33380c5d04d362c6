"""Programme P1 on the purchases of 219 real customers, row for row (tests/data)."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import ActivityFact, Effect, Folding, Outcome, enrolled, fold
from loyalty_engine.rating.facts import place_of
from tests.rating.histories import LONDON, built_in, granted_whole, purchase, rulebook_of, taken_live

ROOT = Path(__file__).parents[2]
LAST_REVIEW = datetime(2012, 1, 1, tzinfo=UTC)


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of tests/data."""
    with (ROOT / "tests" / "data" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def gym() -> Program:
    """The example programme that P1 describes."""
    source = (ROOT / "examples" / "programmes" / "gym.toml").read_text(encoding="utf-8")
    return compile_program(source, built_in())


@cache
def customers() -> dict[str, list[ActivityFact]]:
    """The purchases and returns of each customer."""
    found: dict[str, list[ActivityFact]] = {}
    for row in rows("online_retail_sample.csv"):
        fact = purchase(row["ts_utc"], row["amount_gbp"], row["invoice_no"], kind=row["kind"])
        found.setdefault(row["customer_id"], []).append(fact)
    return found


def folded_customer(facts: list[ActivityFact], until: datetime) -> Outcome:
    first = min(fact.occurred_at for fact in facts)
    state = enrolled("customer", first, local_day(first, LONDON))
    return fold(rulebook_of(gym()), state, facts, until, granted_whole)


def changes_of(customer: str, outcome: Outcome) -> set[tuple[str, ...]]:
    """Changes as the expected file writes them; a fold keeps no word for "upgrade" and "review"."""
    found: set[tuple[str, ...]] = set()
    for key, effect in outcome.effects.items():
        if effect.kind == "standing" and effect.from_tier is not None and effect.to_tier is not None:
            trigger = key.cause.key.split('"')[3] if key.cause.kind == "activity" else ""
            day = local_day(effect.effective_at, LONDON).isoformat()
            found.add((customer, day, trigger, effect.from_tier, effect.to_tier))
    return found


def expected_changes() -> set[tuple[str, ...]]:
    names = ("customer_id", "effective_date", "trigger_invoice", "from_tier", "to_tier")
    return {tuple(row[name] for name in names) for row in rows("expected_p1_tier_changes.csv")}


@pytest.mark.parametrize("order", ["in order", "backwards", "shuffled, one in twenty twice"])
def test_every_change_of_tier_is_the_one_expected(order: str) -> None:
    dice, found = random.Random(7), set()
    for customer, facts in customers().items():
        arrived = sorted(facts, key=place_of, reverse=order == "backwards")
        if order.startswith("shuffled"):
            arrived += [fact for fact in facts if dice.random() < 0.05]
            dice.shuffle(arrived)
        found |= changes_of(customer, folded_customer(arrived, LAST_REVIEW))
    assert len(customers()) == 219
    assert found == expected_changes()


def test_the_spend_and_the_tier_of_every_date_are_those_expected() -> None:
    compared = 0
    for row in rows("expected_p1_spend_tiers.csv"):
        day = date.fromisoformat(row["as_of"]) + timedelta(days=1)
        until = first_instant(day, LONDON) - timedelta(seconds=1)
        facts = [fact for fact in customers()[row["customer_id"]] if fact.occurred_at <= until]
        outcome = folded_customer(facts, until)
        (figure,) = gym().measures
        figures = outcome.state.tallies.figures([figure], "at_review", day, outcome.state.joined_on)
        assert (f"{figures[figure]:.2f}", outcome.state.ladders["level"].tier) == (
            row["lifetime_net_gbp"],
            row["tier"],
        ), row
        compared += 1
    assert compared > 1000


def test_customers_folded_live_stand_where_a_whole_fold_puts_them() -> None:
    for facts in customers().values():
        first = min(facts, key=place_of)
        member = enrolled("customer", first.occurred_at, first.activity.local_day)
        live = taken_live(rulebook_of(gym()), facts, LAST_REVIEW, member=member)
        assert live.ladders == folded_customer(facts, LAST_REVIEW).state.ladders


def test_a_fold_of_more_than_was_asked_for_changes_no_earlier_row() -> None:
    """What is known later never moves a change that was made before."""
    middle = datetime(2011, 6, 1, tzinfo=UTC)
    for facts in customers().values():
        known = [fact for fact in facts if fact.occurred_at < middle]
        if known:
            assert before(middle, folded_customer(known, middle)) == before(
                middle, folded_customer(facts, LAST_REVIEW)
            )


def before(instant: datetime, outcome: Outcome) -> dict[EffectKey, Effect]:
    """The effects of a fold that took hold before an instant."""
    return {key: effect for key, effect in outcome.effects.items() if effect.effective_at < instant}


def test_nothing_is_expected_of_a_member_before_the_first_purchase() -> None:
    first = datetime(2011, 2, 3, 9, tzinfo=UTC)
    folding = Folding(rulebook_of(gym()), enrolled("customer", first, local_day(first, LONDON)))
    folding.enrol()
    assert folding.next_boundary() == datetime(2011, 3, 31, 23, tzinfo=UTC)
