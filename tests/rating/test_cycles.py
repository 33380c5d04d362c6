"""A ladder's cycle: it begins at joining, at the place of a change that restarts it, or at its end."""

from __future__ import annotations

import pytest

from tests.rating.generated_programs import POLICIES
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
    linked_return,
    program_of,
    purchase,
    spend,
    standing,
    tier,
)

CYCLE = spend(window='"cycle"')
QUARTERS = '{ months = 3, restart = ["upgrade", "downgrade"] }'
FIXED = "{ months = 3, restart = [] }"
LIFE = '"lifetime"'


def test_the_activity_that_caused_the_change_belongs_to_the_old_cycle() -> None:
    """What comes later on the same day, even at the same instant, is of the new one."""
    program = program_of(ladder(until=LIFE, cycle=QUARTERS), CYCLE)
    first, second = purchase("2024-02-01T10:00", "120", "a"), purchase("2024-02-01T10:00", "499", "b")
    assert tier(folded(program, [first, second])) == "silver"
    more = purchase("2024-02-01T11:00", "1", "c")
    outcome = folded(program, [first, second, more], "2024-02-02")
    assert changes(outcome)[1] == ("2024-02-01 11:00", "silver", "gold")
    cycle = standing(outcome).cycle
    assert cycle is not None
    assert (cycle.began_at, cycle.after) == (instant("2024-02-01T11:00"), (more.occurred_at, "till", "c"))


def test_without_a_restart_a_change_leaves_the_cycle_under_way() -> None:
    program = program_of(ladder(until=LIFE, cycle=FIXED), CYCLE)
    facts = [purchase("2024-02-01T10:00", "120"), purchase("2024-02-02T10:00", "380")]
    assert tier(folded(program, facts)) == "gold"


def test_a_review_judges_the_cycle_that_ends_there_and_the_next_begins() -> None:
    program = program_of(ladder(at="review", review="cycle", cycle=FIXED), CYCLE)
    facts = [purchase("2024-03-31T22:59", "100"), purchase("2024-03-31T23:00", "499")]
    early = folded(program, facts, "2024-03-31T23:00")
    assert changes(early) == [("2024-04-01 00:00", "basic", "silver")]
    assert early.next_boundary_at == instant("2024-06-30T23:00")
    late = folded(program, [*facts, purchase("2024-04-02", "1")], "2024-07-02")
    assert changes(late)[1] == ("2024-07-01 00:00", "silver", "gold")


def test_months_of_a_cycle_are_counted_from_its_anchor_and_not_chained() -> None:
    program = program_of(
        ladder(at="review", review="cycle", cycle="{ months = 1, restart = ['upgrade'] }"), CYCLE
    )
    outcome = folded(program, [purchase("2024-01-15", "100")], "2024-02-01T12:00")
    assert outcome.next_boundary_at == instant("2024-03-01")
    begun_on_the_31st = program_of(
        ladder(until=LIFE, review="cycle", cycle="{ months = 1, restart = ['upgrade'] }"), CYCLE
    )
    facts = [purchase("2024-01-31T10:00", "100")]
    ends = [
        folded(begun_on_the_31st, facts, until).next_boundary_at
        for until in ("2024-02-01", "2024-03-01", "2024-04-01")
    ]
    assert ends == [instant("2024-02-29"), instant("2024-03-31"), instant("2024-04-29T23:00")]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_returned_lowers_the_cycle_of_its_purchase_alone(policy: str) -> None:
    program = program_of(ladder(at="review", review="cycle", cycle=FIXED, returns=policy), CYCLE)
    old, new = purchase("2024-02-01", "60", "old"), purchase("2024-05-01", "100", "new")
    late = linked_return("2024-05-02", old, "60")
    assert tier(folded(program, [old, new, late], "2024-07-02")) == "silver"
    same = linked_return("2024-05-02", new, "1")
    assert tier(folded(program, [old, new, same], "2024-07-02")) == (
        "silver" if policy == "never" else "basic"
    )


@pytest.mark.parametrize("restart", ["[]", '["upgrade"]'])
def test_an_unlinked_return_withdraws_claims_on_the_cycle_of_its_own_place_alone(restart: str) -> None:
    cycle = f"{{ months = 3, restart = {restart} }}"
    program = program_of(ladder(until=LIFE, cycle=cycle, returns="from_now"), CYCLE)
    bought = purchase("2024-02-01", "100")
    later = purchase("2024-05-10", "-50", kind="return")
    assert tier(folded(program, [bought, later])) == "silver"
    soon = purchase("2024-02-02", "-50", kind="return")
    assert tier(folded(program, [bought, soon])) == ("basic" if restart == "[]" else "silver")
