"""Measures of the largest activity, the last one, and of those with an attribute (SEMANTICS section 3)."""

from __future__ import annotations

import pytest

from loyalty_engine.rating import Fact, Outcome
from tests.rating.histories import (
    changes,
    folded,
    ladder,
    linked_return,
    program_of,
    purchase,
    rule,
    tier,
)


def score(part: str, window: str = '"lifetime"') -> str:
    config = (
        f'{{ measures = [{{ key = "m", weight = 1, window = {window}, {part} }}], thresholds = THRESHOLDS }}'
    )
    return rule("score", "tier_score", config.replace("THRESHOLDS", "{ silver = 100, gold = 500 }"))


def under(policy: str, part: str, *facts: Fact, window: str = '"lifetime"') -> Outcome:
    program = program_of(ladder('"score"', until='"lifetime"', returns=policy), score(part, window))
    return folded(program, facts)


LARGEST, LAST = 'of = "amount", take = "largest"', 'of = "amount", take = "last"'


def test_several_small_purchases_are_no_large_one() -> None:
    small = [purchase(f"2024-02-0{day}", "99") for day in range(1, 8)]
    assert tier(under("at_review", LARGEST, *small)) == "basic"
    assert tier(under("at_review", LARGEST, *small, purchase("2024-03-01", "100"))) == "silver"


def test_the_last_is_the_last_in_the_order_of_the_fold_and_not_of_arrival() -> None:
    facts = [purchase("2024-02-20", "50"), purchase("2024-02-01", "900")]
    outcome = under("at_review", LAST, *facts)
    assert changes(outcome) == [("2024-02-01 00:00", "basic", "gold")]
    program = program_of(ladder('"score"', until="{ months = 1 }"), score(LAST))
    assert tier(folded(program, facts, "2024-03-10T12:00")) == "basic"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("undo", "silver"), ("from_now", "silver"), ("at_review", "gold"), ("never", "gold")],
)
def test_what_came_back_of_the_largest_makes_it_smaller(policy: str, expected: str) -> None:
    large = purchase("2024-02-02", "600", "large")
    facts: list[Fact] = [purchase("2024-02-01", "150"), large, linked_return("2024-02-03", large, "350")]
    assert tier(under(policy, LARGEST, *facts)) == expected


def test_when_the_largest_is_gone_a_claim_stands_on_those_that_came_before_it_was_made() -> None:
    """A later purchase is no reason for an earlier claim; it has made one of its own."""
    large, later = purchase("2024-02-02", "600", "large"), purchase("2024-02-04", "120", "later")
    back = linked_return("2024-02-06", large, "600")
    outcome = under("from_now", LARGEST, purchase("2024-02-01", "90"), large, later, back)
    assert changes(outcome)[-1] == ("2024-02-06 00:00", "gold", "silver")
    alone = under("from_now", LARGEST, purchase("2024-02-01", "90"), large, back)
    assert changes(alone)[-1] == ("2024-02-06 00:00", "gold", "basic")


def test_a_return_that_names_no_purchase_changes_neither() -> None:
    facts = [purchase("2024-02-01", "150"), purchase("2024-02-02", "-900", kind="return")]
    for part in (LARGEST, LAST):
        assert tier(under("from_now", part, *facts)) == "silver"


def test_a_window_holds_only_its_own_activities() -> None:
    facts = [purchase("2023-12-31T12:00", "900"), purchase("2024-01-02", "120")]
    member_joined_earlier = under("at_review", LARGEST, *facts, window='{ calendar = "year" }')
    assert tier(member_joined_earlier) == "gold"
    assert tier(under("at_review", LARGEST, facts[1], window='{ calendar = "year" }')) == "silver"


@pytest.mark.parametrize(
    ("attribute", "counts"),
    [(True, True), ("true", True), (False, False), (1, False), (None, False), (["true"], False)],
)
def test_only_activities_whose_attribute_is_one_of_the_values_count(attribute: object, counts: bool) -> None:
    fact = purchase("2024-02-01", "100", attributes={"direct": attribute})
    part = 'of = "amount", attributes = { direct = ["true", "yes"] }'
    assert (tier(under("at_review", part, fact)) == "silver") is counts
