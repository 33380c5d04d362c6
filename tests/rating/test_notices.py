"""Notices of downgrades: days before them, kept up to date, and waited for (SEMANTICS section 4)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Folding
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
    linked_return,
    notices,
    program_of,
    purchase,
    rulebook_of,
    spend,
    standing,
    value,
)
from tests.rating.test_keeping import KEEPS, bought, changes_in, played
from tests.rating.zones import ZONES, begins, noon

FORTNIGHT = "notice_days = 14"
MONTH = '{ calendar = "month" }'


def monthly(prolonging: str = FORTNIGHT, **of: str) -> Program:
    return program_of(
        ladder(until='{ end_of = "month" }', review="month", prolonging=prolonging, **of),
        spend(window=MONTH),
    )


@pytest.mark.parametrize("name", ZONES)
def test_a_notice_is_given_local_days_before_the_fall(name: str) -> None:
    """75 days before 1 January, with a change of the clocks in between in half of the zones."""
    zone = ZoneInfo(name)
    program = program_of(ladder(review="year", prolonging="notice_days = 75"), spend(), zone=name)
    facts: list[Fact] = [bought("2024-06-01", "500", zone)]
    outcome = played(program, facts, noon("2026-01-02", zone))
    assert changes_in(outcome)[1:] == [(begins("2026-01-01", zone), "gold", "basic")]
    (notice,) = [effect for effect in outcome.effects.values() if effect.kind == "notice"]
    assert (notice.effective_at, notice.key.cause.kind) == (begins("2025-10-18", zone), "boundary")
    assert (notice.from_tier, notice.to_tier) == ("gold", "basic")
    assert notice.notice is not None
    assert notice.notice.at == begins("2026-01-01", zone)
    before = played(program, facts, noon("2025-10-17", zone))
    assert (before.next_boundary_at, standing(before).notice) == (begins("2025-10-18", zone), None)
    announced = played(program, facts, noon("2025-10-18", zone))
    assert standing(announced).notice == notice.notice
    assert standing(outcome).notice is None


def test_where_nothing_would_be_lost_no_notice_is_given() -> None:
    facts: list[Fact] = [purchase("2024-02-10", "500"), purchase("2024-03-05", "500")]
    outcome = folded(monthly(), facts, "2024-04-10")
    assert (notices(outcome), changes(outcome)[1:]) == ([], [])


def test_who_reaches_the_tier_again_does_not_fall_and_is_told_so() -> None:
    facts: list[Fact] = [purchase("2024-02-10", "500"), purchase("2024-03-25T10:00", "500")]
    outcome = folded(monthly(), facts, "2024-04-16")
    assert notices(outcome) == [
        ("2024-03-18 00:00", "basic", "2024-04-01 00:00"),
        ("2024-03-25 10:00", None, ""),
    ]
    assert changes(outcome)[1:] == []
    later = folded(monthly(), facts, "2024-05-02")
    assert notices(later)[2:] == [("2024-04-17 00:00", "basic", "2024-05-01 00:00")]
    assert changes(later)[1:] == [("2024-05-01 00:00", "gold", "basic")]


def test_a_notice_says_the_tier_that_the_figures_support_so_far_and_changes_with_them() -> None:
    facts: list[Fact] = [purchase("2024-02-10", "500"), purchase("2024-03-25T10:00", "100")]
    outcome = folded(monthly(), facts, "2024-04-02")
    assert notices(outcome) == [
        ("2024-03-18 00:00", "basic", "2024-04-01 00:00"),
        ("2024-03-25 10:00", "silver", "2024-04-01 00:00"),
    ]
    assert changes(outcome)[1:] == [("2024-04-01 00:00", "gold", "silver")]


def test_what_keeps_the_tier_is_foreseen_as_well() -> None:
    """In December it is known that 200 of the year keep gold, though no claim says so yet."""
    program = program_of(
        ladder(at="review", review="year", keep='"yearly"', prolonging=FORTNIGHT), spend(), KEEPS
    )
    facts: list[Fact] = [purchase("2024-06-01", "500"), purchase("2025-12-20", "200")]
    outcome = folded(program, facts, "2026-02-01")
    assert notices(outcome) == [
        ("2025-12-18 00:00", "basic", "2026-01-01 00:00"),
        ("2025-12-20 00:00", None, ""),
    ]
    assert changes(outcome)[1:] == []


def test_a_fall_that_nobody_foresaw_waits_until_its_notice_is_old_enough() -> None:
    """A return withdraws the claim at once, and the tier goes 14 days later, at the first 00:00."""
    program = program_of(ladder(returns="from_now", prolonging=FORTNIGHT), spend())
    first = purchase("2024-02-01", "500")
    facts: list[Fact] = [first, linked_return("2024-02-05T10:00", first, "500")]
    outcome = folded(program, facts, "2024-03-01")
    assert notices(outcome) == [("2024-02-05 10:00", "basic", "2024-02-20 00:00")]
    assert changes(outcome)[1:] == [("2024-02-20 00:00", "gold", "basic")]
    during = standing(folded(program, facts, "2024-02-10"))
    assert [(claim.origin, claim.until_at) for claim in during.claims] == [("notice", instant("2024-02-20"))]
    assert during.until == instant("2024-02-20")


def test_a_fall_that_becomes_earlier_waits_until_the_notice_that_was_given_is_old_enough() -> None:
    """Announced on 18 December for 1 January; what is returned on 20 December goes on 1 January, too."""
    program = program_of(ladder(returns="from_now", review="year", prolonging="notice_days = 14"), spend())
    first = purchase("2024-06-01", "500")
    kept = folded(program, [first], "2025-12-19")
    assert notices(kept) == [("2025-12-18 00:00", "basic", "2026-01-01 00:00")]
    outcome = folded(program, [first, linked_return("2025-12-20T12:00", first, "500")], "2026-01-02")
    assert changes(outcome)[1:] == [("2026-01-01 00:00", "gold", "basic")]
    assert notices(outcome) == notices(kept)


def test_a_fall_deeper_than_announced_is_told_and_does_not_wait_again() -> None:
    program = program_of(
        ladder(at="review", review="year", returns="at_review", prolonging=FORTNIGHT), spend()
    )
    second = purchase("2025-06-01", "100")
    facts: list[Fact] = [purchase("2024-06-01", "500"), second, linked_return("2025-12-20", second, "100")]
    outcome = folded(program, facts, "2026-02-01")
    assert notices(outcome) == [
        ("2025-12-18 00:00", "silver", "2026-01-01 00:00"),
        ("2025-12-20 00:00", "basic", "2026-01-01 00:00"),
    ]
    assert changes(outcome)[1:] == [("2026-01-01 00:00", "gold", "basic")]


def test_what_is_known_too_late_for_a_notice_in_time_is_announced_when_it_is_known() -> None:
    """Nothing is foreseen on 18 December, because 2025 was worth gold until the return on the 28th."""
    program = program_of(
        ladder(at="review", review="year", returns="at_review", prolonging=FORTNIGHT), spend()
    )
    second = purchase("2025-06-01", "500")
    facts: list[Fact] = [purchase("2024-06-01", "500"), second, linked_return("2025-12-28", second, "500")]
    outcome = folded(program, facts, "2026-02-01")
    assert notices(outcome) == [("2025-12-28 00:00", "basic", "2026-01-11 00:00")]
    assert changes(outcome)[1:] == [("2026-01-11 00:00", "gold", "basic")]


@pytest.mark.parametrize(
    ("prolonging", "given", "falls"),
    [
        ("grace_days = 20, notice_days = 5", "2024-04-16 00:00", "2024-04-21 00:00"),
        ("grace_days = 20, notice_days = 25", "2024-03-27 00:00", "2024-04-21 00:00"),
    ],
)
def test_grace_comes_before_the_fall_that_is_announced(prolonging: str, given: str, falls: str) -> None:
    outcome = folded(monthly(prolonging), [purchase("2024-02-10", "500")], "2024-06-01")
    assert notices(outcome) == [(given, "basic", falls)]
    assert changes(outcome)[1:] == [(falls, "gold", "basic")]


def test_a_claim_shorter_than_the_days_of_notice_is_announced_at_once_and_prolonged() -> None:
    program = program_of(ladder(until="{ months = 1 }", prolonging="notice_days = 60"), spend(window=MONTH))
    outcome = folded(program, [purchase("2024-02-10T10:00", "500")], "2024-06-01")
    assert notices(outcome) == [("2024-02-10 10:00", "basic", "2024-04-11 00:00")]
    assert changes(outcome)[1:] == [("2024-04-11 00:00", "gold", "basic")]


def test_each_step_of_a_fall_is_announced() -> None:
    outcome = folded(monthly(downgrade="one_step"), [purchase("2024-02-10", "500")], "2024-06-02")
    assert notices(outcome) == [
        ("2024-03-18 00:00", "silver", "2024-04-01 00:00"),
        ("2024-04-17 00:00", "basic", "2024-05-01 00:00"),
    ]


def test_a_dated_value_or_a_points_boundary_gives_no_second_notice() -> None:
    facts: list[Fact] = [
        purchase("2024-02-10", "500"),
        value("2024-03-20", "vip", True),
        purchase("2024-03-21", "1"),
    ]
    outcome = folded(monthly(), facts, "2024-03-31")
    assert notices(outcome) == [("2024-03-18 00:00", "basic", "2024-04-01 00:00")]


def test_a_notice_goes_by_the_version_in_force_when_it_is_given() -> None:
    """From 25 March silver is kept with nothing, which the notice of the 18th does not know yet."""
    later = program_of(
        ladder(until='{ end_of = "month" }', review="month", prolonging=FORTNIGHT),
        spend(silver="0", window=MONTH),
    )
    rulebook = rulebook_of(monthly(), ("2024-03-25", later))
    outcome = folded(rulebook, [purchase("2024-02-10", "500")], "2024-04-02")
    assert notices(outcome) == [
        ("2024-03-18 00:00", "basic", "2024-04-01 00:00"),
        ("2024-03-25 00:00", "silver", "2024-04-01 00:00"),
    ]


def test_a_notice_ends_with_the_version_that_announces_nothing() -> None:
    rulebook = rulebook_of(monthly(), ("2024-03-25", monthly("grace_days = 1")))
    outcome = folded(rulebook, [purchase("2024-02-10", "500")], "2024-03-26")
    assert notices(outcome)[1:] == [("2024-03-25 00:00", None, "")]
    assert standing(outcome).notice is None


def test_the_fold_is_run_forward_only_in_the_days_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    forward = Folding._forward

    def counted(self: Folding, at: object) -> Folding:
        runs.append(at)
        return forward(self, at)  # type: ignore[arg-type]

    monkeypatch.setattr(Folding, "_forward", counted)
    program = program_of(ladder(review="year", prolonging=FORTNIGHT), spend())
    days = [purchase(instant("2024-02-10") + timedelta(days=day), "1") for day in range(60)]
    folded(program, [purchase("2024-01-10", "500"), *days], "2024-12-17")
    assert runs == []
    folded(program, [purchase("2024-01-10", "500"), *days], "2025-12-19")
    assert len(runs) == 2
