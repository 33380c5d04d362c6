"""A standing is the best of the claims in force: rising, reviews, ends and falls (SEMANTICS section 4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from loyalty_engine.combine.tiers import Leaf
from loyalty_engine.ledger.effects import Cause
from loyalty_engine.program.compiled import LadderPolicy
from loyalty_engine.program.file import LadderSection
from loyalty_engine.rating import Claim, LadderState, Outcome
from loyalty_engine.rating.ladders import settled
from loyalty_engine.rules import Ladder
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
    new_member,
    program_of,
    purchase,
    rule,
    spend,
    standing,
    tier,
)

ROLLING = "{ rolling_days = 30 }"
MONTH = '{ calendar = "month" }'


def shop(
    *purchases: tuple[str, str], until: str, window: str = '{ calendar = "year" }', **of: str
) -> Outcome:
    program = program_of(ladder(**of), spend(window=window))
    return folded(program, [purchase(at, amount) for at, amount in purchases], until)


def test_a_member_joins_on_the_base_tier() -> None:
    outcome = shop(until="2024-01-01")
    assert tier(outcome) == "basic"
    assert standing(outcome).claims == ()
    (effect,) = outcome.effects.values()
    assert (effect.kind, effect.from_tier, effect.to_tier) == ("standing", None, "basic")


def test_the_activity_that_reaches_a_bound_raises_at_once_and_over_several_tiers() -> None:
    outcome = shop(("2024-03-01T10:00", "99.99"), ("2024-03-02T10:00", "400.01"), until="2024-04-01")
    assert changes(outcome) == [("2024-03-02 10:00", "basic", "gold")]


def test_with_reviews_alone_an_activity_raises_nothing() -> None:
    outcome = shop(("2024-03-01T10:00", "500"), until="2024-04-02", at="review", review="quarter")
    assert changes(outcome) == [("2024-04-01 00:00", "basic", "gold")]


def test_a_review_judges_the_period_that_ends_there() -> None:
    outcome = shop(
        ("2024-02-10T10:00", "500"),
        ("2024-03-10T10:00", "100"),
        until="2024-05-02",
        window=MONTH,
        at="review",
        review="month",
    )
    assert changes(outcome) == [
        ("2024-03-01 00:00", "basic", "gold"),
        ("2024-04-01 00:00", "gold", "silver"),
        ("2024-05-01 00:00", "silver", "basic"),
    ]


def test_a_review_is_held_before_the_activities_of_its_instant() -> None:
    outcome = shop(
        ("2024-04-01T00:00:00+01:00", "100"),
        until="2024-04-02",
        window='"lifetime"',
        at="review",
        review="quarter",
    )
    assert changes(outcome) == []


def test_a_review_never_shortens_a_claim() -> None:
    outcome = folded(
        program_of(
            ladder(until='{ end_of = "year", plus_months = 12 }', review="month"), spend(window=MONTH)
        ),
        [purchase("2024-03-10T10:00", "500")],
        "2025-12-31T12:00",
    )
    assert changes(outcome) == [("2024-03-10 10:00", "basic", "gold")]


def test_an_activity_also_claims_a_tier_below_the_one_held() -> None:
    """Gold ends first; the silver claim made meanwhile, which ends later, is what is left."""
    outcome = folded(
        program_of(ladder(until="{ months = 6 }"), spend(window=ROLLING)),
        [purchase("2024-01-10T10:00", "500"), purchase("2024-05-10T10:00", "100")],
        "2025-01-01",
    )
    assert changes(outcome) == [
        ("2024-01-10 10:00", "basic", "gold"),
        ("2024-07-10 00:00", "gold", "silver"),
        ("2024-11-10 00:00", "silver", "basic"),
    ]


def test_a_later_claim_on_the_tier_held_prolongs_it() -> None:
    outcome = folded(
        program_of(ladder(until="{ months = 2 }"), spend(window=ROLLING)),
        [purchase("2024-01-10T10:00", "100"), purchase("2024-03-01T10:00", "100")],
        "2024-12-01",
    )
    assert changes(outcome) == [
        ("2024-01-10 10:00", "basic", "silver"),
        ("2024-05-01 00:00", "silver", "basic"),
    ]


def test_a_later_claim_on_the_tier_held_does_not_change_since_when() -> None:
    outcome = shop(("2024-01-10T10:00", "100"), ("2024-03-01T10:00", "100"), until="2024-03-02")
    assert standing(outcome).since == instant("2024-01-10T10:00")


def test_the_tier_held_stays_where_the_figures_still_support_it() -> None:
    """keep is the same as combine: k reaches the tier held, though no activity claimed it again."""
    outcome = folded(
        program_of(ladder(until="{ months = 1 }", review="month"), spend(window='"lifetime"')),
        [purchase("2024-01-10T10:00", "100")],
        "2024-12-01",
    )
    assert changes(outcome) == [("2024-01-10 10:00", "basic", "silver")]


def test_keeping_without_a_review_makes_a_claim_as_an_upgrade_would() -> None:
    outcome = folded(
        program_of(ladder(until="{ months = 1 }"), spend(window='"lifetime"')),
        [purchase("2024-01-10T10:00", "100")],
        "2024-03-01",
    )
    (claim,) = standing(outcome).claims
    assert (claim.cause.kind, claim.from_at, claim.until_at) == (
        "boundary",
        instant("2024-02-10"),
        instant("2024-03-10"),
    )
    assert standing(outcome).since == instant("2024-01-10T10:00")


def test_a_tier_kept_between_reviews_is_kept_to_the_end_that_a_review_would_give() -> None:
    outcome = folded(
        program_of(ladder(until="{ months = 1 }", review="year"), spend(window='"lifetime"')),
        [purchase("2024-01-10T10:00", "100")],
        "2024-03-01",
    )
    assert standing(outcome).until == instant("2025-01-01")


@pytest.mark.parametrize(
    ("downgrade", "expected"),
    [
        ("qualified", [("2024-03-01 00:00", "gold", "basic")]),
        ("one_step", [("2024-03-01 00:00", "gold", "silver"), ("2024-04-01 00:00", "silver", "basic")]),
        ("base", [("2024-03-01 00:00", "gold", "basic")]),
    ],
)
def test_how_far_one_falls_with_nothing_left(downgrade: str, expected: list[tuple[str, str, str]]) -> None:
    monthly = ladder(until='{ end_of = "month" }', review="month", downgrade=downgrade)
    outcome = folded(
        program_of(monthly, spend(window="{ rolling_days = 5 }")),
        [purchase("2024-02-10T10:00", "500")],
        "2024-06-01",
    )
    assert changes(outcome)[1:] == expected


LADDER = Ladder("status", ("basic", "silver", "gold", "platinum"))


def policy(downgrade: str) -> LadderPolicy:
    section = LadderSection.model_validate(
        {
            "key": "status",
            "tiers": [{"key": key} for key in LADDER.tiers],
            "combine": "spend",
            "upgrade": {"at": "activity", "until": "lifetime"},
            "downgrade": {"to": downgrade},
            "returns": "never",
        }
    )
    return LadderPolicy(LADDER, section, Leaf("spend"), ("spend",), {}, ())


@pytest.mark.parametrize(
    ("downgrade", "held", "left", "kept", "expected"),
    [
        pytest.param("qualified", "gold", "gold", "basic", "gold", id="e is not lower"),
        pytest.param("base", "gold", "platinum", "basic", "platinum", id="e is higher"),
        pytest.param("base", "gold", "basic", "gold", "gold", id="k reaches the tier held"),
        pytest.param("base", "gold", "basic", "platinum", "gold", id="keep never raises"),
        pytest.param("qualified", "platinum", "silver", "basic", "silver", id="e is better than k"),
        pytest.param("qualified", "platinum", "silver", "gold", "gold", id="k is better than e"),
        pytest.param("qualified", "platinum", "basic", "basic", "basic", id="nothing is left"),
        pytest.param("one_step", "platinum", "basic", "basic", "gold", id="one step at most"),
        pytest.param("one_step", "platinum", "silver", "basic", "gold", id="one step though e is lower"),
        pytest.param("one_step", "silver", "basic", "basic", "basic", id="one step to the base"),
        pytest.param("base", "platinum", "gold", "gold", "basic", id="to the base whatever is left"),
    ],
)
def test_the_next_tier_is_decided_by_what_is_left_and_what_is_kept(
    downgrade: str, held: str, left: str, kept: str, expected: str
) -> None:
    at, end = instant("2024-06-01"), instant("2025-01-01")
    claims = () if left == "basic" else (Claim(left, instant("2024-01-01"), end, Cause("activity", "a")),)
    state = LadderState(held, instant("2024-01-01"), claims)
    found = settled(state, policy(downgrade), kept, {}, Cause("boundary", "b"), at, end)
    assert found.state.tier == expected
    assert found.state.since == (at if expected != held else state.since)
    best = max((claim.tier for claim in found.state.claims), key=LADDER.rank, default="basic")
    assert best == expected
    assert [claim.tier for claim in found.made] == ([] if expected in (left, "basic") else [expected])


def test_parallel_ladders_have_standings_of_their_own() -> None:
    program = program_of(
        ladder(),
        ladder('"visits"', key="circle"),
        spend(),
        rule(
            "visits",
            "tier_frequency",
            '{ count = "activities", window = "lifetime", thresholds = { gold = 2 } }',
        ),
    )
    outcome = folded(program, [purchase("2024-02-01", "60"), purchase("2024-02-02", "60")])
    assert (tier(outcome), tier(outcome, "circle")) == ("silver", "gold")


def test_reviews_lie_at_00_00_of_the_business_zone() -> None:
    shanghai = program_of(ladder(at="review", review="month"), spend(), zone="Asia/Shanghai")
    outcome = folded(shanghai, [purchase("2024-01-10", "100", zone=shanghai.zone)], "2024-01-31T16:00")
    assert tier(outcome) == "silver"
    assert standing(outcome).since == instant("2024-01-31T16:00")
    assert tier(folded(shanghai, [purchase("2024-01-10", "100")], "2024-01-31T15:59:59")) == "basic"


def test_an_anniversary_of_a_leap_day_begins_on_the_28th_of_other_years() -> None:
    program = program_of(ladder(until="{ months = 1 }"), spend(window='"anniversary"'))
    member = new_member(date(2024, 2, 29))
    facts = [
        purchase("2025-02-27T12:00", "60"),
        purchase("2025-02-28T12:00", "60"),
        purchase("2026-02-27T12:00", "40"),
    ]
    outcome = folded(program, facts, "2026-03-01", member=member)
    assert changes(outcome) == [("2026-02-27 12:00", "basic", "silver")]


def test_a_ruling_keeps_the_figures_that_decided() -> None:
    outcome = shop(("2024-03-01T10:00", "120"), until="2024-04-01")
    (ruling,) = [effect.ruling for effect in outcome.effects.values() if effect.ruling is not None]
    assert ruling.figures == {"spend.spend": Decimal(120)}
    assert not ruling.at_boundary
