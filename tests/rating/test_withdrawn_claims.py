"""Which claims a return withdraws, and what is left of them (SEMANTICS section 4, Returns)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.rating.histories import (
    changes,
    folded,
    ladder,
    linked_return,
    program_of,
    purchase,
    spend,
    standing,
    tier,
)
from tests.rating.returned import BIG, under


def test_a_claim_made_before_the_purchase_is_not_withdrawn_by_its_return() -> None:
    first = purchase("2024-02-01T10:00", "100", "first")
    second = purchase("2024-04-10T10:00", "50", "second")
    returned = linked_return("2024-04-20T10:00", second, "50")
    outcome = under("from_now", first, second, returned, to="2024-04-25", at="review", review="month")
    assert changes(outcome) == [("2024-03-01 00:00", "basic", "silver")]
    assert [str(claim.from_at) for claim in standing(outcome).claims] == ["2024-03-31 23:00:00+00:00"]
    assert not [effect for effect in outcome.effects.values() if effect.kind == "withdrawal"]


def test_a_claim_of_the_boundary_at_the_instant_of_the_purchase_was_made_before_it() -> None:
    first = purchase("2024-02-01T10:00", "100", "first")
    at_midnight = purchase("2024-04-01T00:00+01:00", "50", "midnight")
    returned = linked_return("2024-04-05T10:00", at_midnight, "50")
    outcome = under("from_now", first, at_midnight, returned, to="2024-06-01", review="quarter", at="review")
    assert changes(outcome) == [("2024-04-01 00:00", "basic", "silver")]
    assert [claim.cause.kind for claim in standing(outcome).claims] == ["boundary"]
    assert [claim.cause.key for claim in standing(outcome).claims] == ["2024-03-31T23:00:00Z"]


def test_a_withdrawn_claim_is_replaced_by_the_tier_that_its_lowered_figures_support() -> None:
    most = purchase("2024-03-01T10:00", "600", "most")
    outcome = under("from_now", most, linked_return("2024-05-01T10:00", most, "300"))
    assert changes(outcome) == [
        ("2024-03-01 10:00", "basic", "gold"),
        ("2024-05-01 11:00", "gold", "silver"),
    ]


def test_a_lesser_claim_is_there_again_when_a_return_withdraws_the_better_one() -> None:
    rolling = spend(window="{ rolling_days = 30 }")
    program = program_of(ladder(returns="from_now"), rolling)
    first, most = purchase("2024-02-01T10:00", "100", "first"), purchase("2024-05-01T10:00", "500", "most")
    outcome = folded(program, [first, most, linked_return("2024-06-01T10:00", most, "500")])
    assert changes(outcome) == [
        ("2024-02-01 10:00", "basic", "silver"),
        ("2024-05-01 11:00", "silver", "gold"),
        ("2024-06-01 11:00", "gold", "silver"),
    ]
    assert [claim.cause for claim in standing(outcome).claims] == [first.cause]


def test_a_lesser_claim_made_under_a_better_one_is_there_when_that_is_withdrawn() -> None:
    rolling = spend(window="{ rolling_days = 30 }")
    program = program_of(ladder(returns="from_now"), rolling)
    most, later = purchase("2024-02-01T10:00", "500", "most"), purchase("2024-05-01T10:00", "100", "later")
    outcome = folded(program, [most, later, linked_return("2024-09-01T10:00", most, "500")])
    assert changes(outcome) == [
        ("2024-02-01 10:00", "basic", "gold"),
        ("2024-09-01 11:00", "gold", "silver"),
    ]
    assert [claim.cause for claim in standing(outcome).claims] == [later.cause]


def test_a_claim_that_a_return_leaves_standing_stands_on_the_lowered_figures() -> None:
    outcome = under("from_now", BIG, linked_return("2024-05-01T10:00", BIG, "15"))
    (claim,) = standing(outcome).claims
    (effect,) = [effect for effect in outcome.effects.values() if effect.kind == "claim"]
    assert effect.claim is not None
    assert [each.figures["spend.spend"].value for each in (claim, effect.claim)] == [Decimal(105)] * 2
    again = linked_return("2024-06-01T10:00", BIG, "10", "again")
    assert tier(under("from_now", BIG, linked_return("2024-05-01T10:00", BIG, "15"), again)) == "basic"


@pytest.mark.parametrize(
    ("to", "expected"), [("qualified", "basic"), ("one_step", "silver"), ("base", "basic")]
)
def test_a_withdrawal_falls_as_the_end_of_a_claim_does(to: str, expected: str) -> None:
    most = purchase("2024-03-01T10:00", "600", "most")
    outcome = under("from_now", most, linked_return("2024-05-01T10:00", most, "600"), downgrade=to)
    assert tier(outcome) == expected


def test_a_fall_by_withdrawal_keeps_the_tier_that_other_purchases_support() -> None:
    other = purchase("2024-04-01T10:00", "100", "other")
    outcome = under("from_now", BIG, other, linked_return("2024-05-01T10:00", BIG, "120"))
    assert changes(outcome) == [("2024-03-01 10:00", "basic", "silver")]
