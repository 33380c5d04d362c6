"""What is estimated from a sample, by numbers that can be worked out by hand."""

from __future__ import annotations

import random
from fractions import Fraction

from loyalty_engine.rating.periods import Cost
from loyalty_engine.services.strata import Stratum, margin, totals

COST = Cost("earned", "points", "earn", "")


def stratum(members: int, changes: list[int]) -> Stratum:
    """One of which members with these changes were folded."""
    found = Stratum(members)
    for change in changes:
        found.add({COST: 100}, {COST: 100 + change})
    return found


def test_a_part_stands_for_its_stratum() -> None:
    parts = [stratum(10, [0, 4]), stratum(3, [1, 1, 1])]
    assert totals([(each, each.changes) for each in parts]) == {COST: 10 * 2 + 3}


def test_the_margin_is_that_of_a_stratified_sample() -> None:
    # 10 members, of whom two changed by 0 and 4: s^2 = 8, and 10 * (10 - 2) * 8 / 2 = 320.
    part = stratum(10, [0, 4])
    assert part.variance(COST) == Fraction(320)
    # 1.96 * sqrt(320) = 35.06...
    assert margin([part], COST) == 36
    assert margin([part, stratum(3, [1, 5, 9])], COST) == 36


def test_members_who_all_change_alike_leave_no_margin() -> None:
    assert margin([stratum(1000, [7, 7, 7])], COST) == 0


def test_about_19_of_20_changes_are_within_the_margin() -> None:
    chance = random.Random(7)
    changes = [chance.randint(0, 50) for _ in range(400)]
    within = 0
    for _ in range(400):
        part = stratum(400, chance.sample(changes, 40))
        change = totals([(part, part.changes)])[COST]
        within += abs(change - sum(changes)) <= margin([part], COST)
    assert 368 <= within <= 392
