"""What a linked return takes back of the points that its purchase earned (SEMANTICS section 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, ReturnFact
from loyalty_engine.rating.facts import remaining
from tests.rating.generated import returns_of
from tests.rating.histories import (
    EARN,
    LONDON,
    POINTS,
    available,
    balance,
    folded,
    ladder,
    linked_return,
    program_of,
    purchase,
    rule,
    spend,
    wallet,
)
from tests.rating.random_settings import PROPERTY
from tests.rating.returned import BIG, SMALL


@pytest.mark.parametrize("policy", ["from_now", "at_review", "never"])
def test_points_are_taken_back_at_the_rates_of_the_purchase(policy: str) -> None:
    rates = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", negative = "take_back", rates = { basic = "1", silver = "3" } }',
    )
    program = program_of(POINTS, ladder(returns=policy), spend(), rates)
    facts: list[Fact] = [
        SMALL,
        purchase("2024-05-01T10:00", "100", "more"),
        linked_return("2024-06-01T10:00", SMALL, "30"),
    ]
    assert balance(folded(program, facts)) == 100


def test_what_was_spent_or_expired_is_owed_or_gone_but_not_taken_twice() -> None:
    expiring = POINTS.replace('"never"', "{ days = 10 }")
    program = program_of(expiring, ladder(), spend(), EARN)
    expired = folded(program, [BIG, linked_return("2024-05-01T10:00", BIG, "120")])
    assert (available(expired), wallet(expired).debt) == (0, 0)
    half_taken = purchase("2024-03-05T10:00", "-50", kind="return")
    after = folded(program, [BIG, half_taken, linked_return("2024-03-08T10:00", BIG, "120")])
    assert (available(after), wallet(after).debt) == (0, 50)
    repaid = folded(
        program, [BIG, half_taken, linked_return("2024-03-08T10:00", BIG, "120"), SMALL], "2024-04-02"
    )
    assert (available(repaid), wallet(repaid).debt) == (0, 20)


def test_a_return_takes_from_its_own_lot_first_and_then_in_the_order_of_use() -> None:
    program = program_of(
        POINTS.replace('"never"', "{ days = 90 }"), EARN, ladder(returns="from_now"), spend()
    )
    old, new = purchase("2024-02-01", "50", "old"), purchase("2024-02-15", "50", "new")

    def left(*facts: Fact) -> dict[str, int]:
        lots = wallet(folded(program, [old, new, *facts], "2024-04-01")).lots.values()
        return {lot.key.cause.key[9:12]: lot.remaining for lot in lots}

    assert left(linked_return("2024-03-01", new, "30")) == {"old": 50, "new": 20}
    spent = purchase("2024-02-20", "-80", kind="return")
    assert left(spent) == {"old": 0, "new": 20}
    assert left(spent, linked_return("2024-03-01", old, "15")) == {"old": 0, "new": 5}


@st.composite
def shops(draw: st.DrawFn) -> Program:
    """Programs in which a return takes points back at its own place."""
    bonus = draw(st.sampled_from(["", ', bonus_percent = { basic = "33.3" }']))
    both = "[{ period = 'activity', points = 30 }, { period = 'month', points = 35, key = 'x' }]"
    caps = draw(st.sampled_from(["", ", caps = [{ period = 'day', points = 40 }]", f", caps = {both}"]))
    rate = draw(st.sampled_from(["0.33", "1", "1.5", "7"]))
    award = draw(st.sampled_from(["", 'multiple = "2.5"', "points = 9"]))
    offer = f'{{ partner = "bank", currency = "points", {award}, funding = [] }}'
    return program_of(
        POINTS.replace(
            "toward_zero", draw(st.sampled_from(["floor", "toward_zero", "half_up", "half_even"]))
        ),
        ladder(returns=draw(st.sampled_from(["from_now", "at_review", "never"]))),
        spend(),
        rule(
            "earn",
            "earn_purchase",
            f'{{ currency = "points", rate = "{rate}", negative = "take_back"{bonus}{caps} }}',
        ),
        rule("offer", "partner_rewards", offer) if award else "",
    )


@PROPERTY
@given(shops(), st.sampled_from(["0.01", "19.99", "33.33", "100"]), st.booleans(), st.data())
def test_earned_minus_taken_back_is_what_the_rest_would_have_earned(
    program: Program, amount: str, whole: bool, data: st.DataObject
) -> None:
    bought = purchase("2024-03-01T10:00", amount, "bought")
    returns = data.draw(returns_of(bought, LONDON, whole=whole))
    rest = remaining(bought.activity, [fact for fact in returns if isinstance(fact, ReturnFact)])
    alone = balance(folded(program, [] if rest is None else [replace(bought, activity=rest)]))
    everything: list[Fact] = [bought, *returns]
    assert balance(folded(program, everything)) == alone
