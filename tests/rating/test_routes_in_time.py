"""A route says who brings what is missing, since when it counts, until when, and when the tier is reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact
from loyalty_engine.rating.ends import next_review
from loyalty_engine.rating.prospects import Prospect
from loyalty_engine.rating.routes import Route, routes
from tests.rating.histories import (
    LONDON,
    POINTS,
    folded,
    instant,
    ladder,
    program_of,
    purchase,
    rule,
    spend,
    tier,
    value,
)
from tests.rating.test_overrides import by_hand

LIFE = '"lifetime"'
NOW = "2024-09-01T12:00"


def found(program: Program, facts: Sequence[Fact] = (), now: str = NOW) -> list[Route]:
    """The routes of a member who joined on 1 January 2024."""
    state, policy = folded(program, facts, now).state, program.ladder("status")
    held = state.ladders["status"]
    review_at = next_review(policy, held, instant(now), program.zone)
    return routes(Prospect(program, policy, state, held.claims, instant(now), review_at))


def told(program: Program, facts: Sequence[Fact] = (), now: str = NOW) -> list[str]:
    """Each route in words."""
    return [
        f"{route.tier}: "
        + " and ".join(
            f"{each.missing:f} {each.unit}{on(' from', each.since)}{on(' by', each.by)}"
            for each in route.conditions
        )
        + on(", not before", route.not_before)
        for route in found(program, facts, now)
    ]


def on(word: str, at: datetime | None) -> str:
    return "" if at is None else f"{word} {at.astimezone(LONDON):%Y-%m-%d}"


def test_a_tier_by_tenure_is_reached_when_the_membership_is_long_enough_and_not_before() -> None:
    program = program_of(
        ladder(until=LIFE), rule("spend", "tier_tenure", '{ unit = "months", thresholds = { silver = 10 } }')
    )
    assert told(program) == ["silver: 2 months, not before 2024-11-01"]
    assert [each.means for route in found(program) for each in route.conditions] == ["time"]
    assert tier(folded(program, [], "2024-10-31T23:59")) == "basic"
    assert tier(folded(program, [], "2024-11-01T00:00")) == "silver"


SILVER = rule("spend", "tier_spend", '{ window = { calendar = "year" }, thresholds = { silver = 100 } }')
TOGETHER = '{ op = "all_of", of = ["spend", "tenure"] }'


def long_enough(months: int) -> str:
    return rule("tenure", "tier_tenure", f'{{ unit = "months", thresholds = {{ silver = {months} }} }}')


def test_what_a_route_with_tenure_asks_for_is_what_is_read_when_it_is_long_enough() -> None:
    """On 1 March 2025 the year 2025 is read: what is bought in 2024 counts for nothing then."""
    program = program_of(ladder(TOGETHER, until=LIFE), SILVER, long_enough(14))
    bought = purchase("2024-08-01", "90")
    assert told(program, [bought]) == [
        "silver: 6 months and 100 GBP from 2025-01-01 by 2026-01-01, not before 2025-03-01"
    ]
    now, then = purchase("2024-09-02", "10"), purchase("2025-01-01", "100")
    assert tier(folded(program, [bought, now], "2025-03-01")) == "basic"
    assert tier(folded(program, [bought, then], "2025-02-28T23:59")) == "basic"
    assert tier(folded(program, [bought, then], "2025-03-01")) == "silver"


def test_a_year_that_ends_with_the_last_month_of_the_tenure_is_the_one_that_is_read() -> None:
    program = program_of(ladder(TOGETHER, until=LIFE), SILVER, long_enough(12))
    bought = purchase("2024-08-01", "90")
    assert told(program, [bought]) == ["silver: 10 GBP by 2025-01-01 and 4 months, not before 2025-01-01"]
    last = purchase("2024-12-31T23:59", "10")
    assert tier(folded(program, [bought, last], "2025-01-01")) == "silver"


def test_who_is_one_of_two_ways_there_waits_for_the_other_one_no_more() -> None:
    either = TOGETHER.replace("all_of", "any_of")
    program = program_of(ladder(either, until=LIFE), spend(silver="100", gold="500"), long_enough(10))
    assert told(program) == [
        "silver: 2 months, not before 2024-11-01",
        "silver: 100 GBP by 2025-01-01",
        "gold: 500 GBP by 2025-01-01",
    ]


def test_a_review_counts_what_comes_in_the_window_that_ends_there() -> None:
    program = program_of(ladder(at="review", review="year"), spend(window='{ calendar = "month" }'))
    bought = purchase("2024-08-01", "90")
    assert told(program, [bought])[0] == (
        "silver: 100 GBP from 2024-12-01 by 2025-01-01, not before 2025-01-01"
    )
    early, late = purchase("2024-11-30", "100"), purchase("2024-12-01", "100")
    assert tier(folded(program, [early], "2025-01-01")) == "basic"
    assert tier(folded(program, [late], "2025-01-01")) == "silver"


def test_a_tenure_that_the_next_review_finds_too_short_waits_for_the_one_that_does_not() -> None:
    months = rule("spend", "tier_tenure", '{ unit = "months", thresholds = { silver = 13 } }')
    program = program_of(ladder(at="review", review="quarter"), months)
    assert told(program) == ["silver: 5 months, not before 2025-04-01"]
    assert tier(folded(program, [], "2025-03-31")) == "basic"
    assert tier(folded(program, [], "2025-04-01")) == "silver"


def test_what_a_previous_period_lacks_is_missing_of_the_one_under_way() -> None:
    """A tier is given in October for what came in the quarter before, July to September."""
    program = program_of(
        ladder(until='{ end_of = "quarter" }'), spend(window='{ previous = { calendar = "quarter" } }')
    )
    facts = [purchase("2024-05-01", "30"), purchase("2024-08-01", "90")]
    assert told(program, facts)[0] == "silver: 10 GBP by 2024-10-01, not before 2024-10-01"
    facts.append(purchase("2024-09-02", "10"))
    assert tier(folded(program, facts, "2024-09-30")) == "basic"
    assert tier(folded(program, [*facts, purchase("2024-10-01T09:00", "1")], "2024-10-02")) == "silver"


def test_a_window_that_rolls_lasts_until_something_leaves_it() -> None:
    program = program_of(ladder(until=LIFE), spend(window="{ rolling_days = 30 }"))
    bought = [purchase("2024-08-20", "90"), purchase("2024-08-25", "5")]
    assert told(program, bought)[0] == "silver: 5 GBP by 2024-09-19"
    last, late = purchase("2024-09-18T22:00", "5"), purchase("2024-09-19", "5")
    assert tier(folded(program, [*bought, last])) == "silver"
    assert tier(folded(program, [*bought, late])) == "basic"
    assert told(program)[0] == "silver: 100 GBP"


def test_a_months_window_lets_the_last_day_of_a_long_month_go_after_a_short_one() -> None:
    """On 30 September the dates behind 30 August are read: 31 August leaves on 1 October."""
    program = program_of(ladder(until=LIFE), spend(window="{ rolling_months = 1 }"))
    bought = purchase("2024-08-31", "90")
    assert told(program, [bought])[0] == "silver: 10 GBP by 2024-10-01"
    assert tier(folded(program, [bought, purchase("2024-09-30", "10")])) == "silver"
    assert tier(folded(program, [bought, purchase("2024-10-01", "10")])) == "basic"


def test_a_value_that_ends_counts_until_then() -> None:
    program = program_of(
        ladder('{ op = "all_of", of = ["spend", "airline"] }', until=LIFE),
        rule("spend", "tier_spend", '{ window = "lifetime", thresholds = { silver = 100 } }'),
        rule("airline", "tier_partner_status", '{ key = "air", statuses = { gold = "silver" } }'),
    )
    status = value("2024-08-01", "air", {"value": "gold", "until": "2024-10-05"}, "partner_status")
    assert told(program, [status]) == ["silver: 0 status by 2024-10-05 and 100 GBP"]
    assert told(program) == ["silver: 100 GBP and 1 status"]
    ((spent, airline),) = [route.conditions for route in found(program)]
    assert (spent.means, airline.means) == ("activity", "others")


def test_days_that_are_too_many_for_what_is_left_of_the_window_are_counted_in_the_next() -> None:
    """On 28 September three days are left of it: four more cannot be had, from October on five can."""
    days = rule(
        "spend",
        "tier_frequency",
        '{ count = "local_days", window = { calendar = "month" }, thresholds = { silver = 5, gold = 32 } }',
    )
    program = program_of(ladder(until=LIFE), days)
    came = purchase("2024-09-02", "1")
    assert told(program, [came], "2024-09-26T12:00") == ["silver: 4 days by 2024-10-01"]
    late = ["silver: 5 days from 2024-10-01 by 2024-11-01, not before 2024-10-01"]
    assert told(program, [came], "2024-09-28T12:00") == late
    today = purchase("2024-09-28T09:00", "1")
    assert told(program, [came, today], "2024-09-28T12:00") == late


def test_what_counts_in_a_cycle_has_to_come_before_its_end() -> None:
    program = program_of(ladder(until=LIFE, cycle="{ months = 5, restart = [] }"), spend(window='"cycle"'))
    bought = purchase("2024-06-01T09:00", "90")
    assert told(program, [bought])[0] == "silver: 10 GBP by 2024-11-01"


def test_a_review_after_the_end_of_the_cycle_reads_the_one_that_is_under_way_then() -> None:
    program = program_of(
        ladder(at="review", review="year", cycle="{ months = 5, restart = [] }"), spend(window='"cycle"')
    )
    bought = purchase("2024-09-01T09:00", "100")
    assert told(program, [bought])[0] == (
        "silver: 100 GBP from 2024-11-01 by 2025-01-01, not before 2025-01-01"
    )
    assert tier(folded(program, [bought], "2025-01-01")) == "basic"
    assert tier(folded(program, [purchase("2024-11-01", "100")], "2025-01-01")) == "silver"


def test_a_cycle_that_a_rise_on_the_way_begins_anew_is_said_to_do_so() -> None:
    program = program_of(
        ladder(until=LIFE, cycle='{ months = 12, restart = ["upgrade"] }'), spend(window='"cycle"')
    )
    assert [(route.tier, route.conditions[0].begins_anew) for route in found(program)] == [
        ("silver", False),
        ("gold", True),
    ]
    at_once, in_steps = (
        [purchase("2024-09-02", "500")],
        [purchase(f"2024-09-0{day}", "250") for day in (2, 3)],
    )
    assert tier(folded(program, at_once)) == "gold"
    assert tier(folded(program, in_steps)) == "silver"


def test_who_may_fall_before_the_cycle_ends_may_have_to_rise_twice_in_it() -> None:
    """Silver until October, in a cycle until August: after the fall the first one begins it anew."""
    visits = rule(
        "spend",
        "tier_frequency",
        '{ count = "activities", window = "cycle", thresholds = { silver = 1, gold = 2 } }',
    )
    once = '{ months = 12, restart = ["upgrade"] }'
    for until, anew in (('{ end_of = "quarter" }', True), (LIFE, False)):
        program = program_of(ladder(until=until, cycle=once), visits)
        risen = purchase("2024-08-01", "1")
        ((only,),) = [route.conditions for route in found(program, [risen])]
        assert only.begins_anew is anew
        after = [risen, purchase("2024-10-02", "1"), purchase("2024-10-03", "1")]
        assert tier(folded(program, after, "2024-10-04")) == ("silver" if anew else "gold")


def test_a_rise_at_a_review_on_the_way_is_said_to_begin_the_cycle_anew() -> None:
    """The review of 1 October makes silver, and begins the cycle anew that is read on 1 November."""
    months = rule("tenure", "tier_tenure", '{ unit = "months", thresholds = { silver = 5, gold = 10 } }')
    once = '{ months = 12, restart = ["upgrade"] }'
    held = ladder(TOGETHER, at="review", review="month", cycle=once)
    program = program_of(held, spend(window='"cycle"'), months)
    anew = {
        route.tier: [each.begins_anew for each in route.conditions if each.rule == "spend"]
        for route in found(program)
    }
    assert anew == {"silver": [False], "gold": [True]}
    assert tier(folded(program, [purchase("2024-09-02", "500")], "2024-11-01")) != "gold"


def test_a_fall_that_a_review_may_put_off_may_begin_the_cycle_anew_at_another_time() -> None:
    """Silver would fall in October, and falls in December: another cycle than the one that is foreseen."""
    once = '{ months = 5, restart = ["downgrade"] }'
    months = rule("tenure", "tier_tenure", '{ unit = "months", thresholds = { silver = 5, gold = 17 } }')
    held = ladder(TOGETHER, until='{ end_of = "quarter" }', review="month", cycle=once)
    visits = '{ count = "activities", window = "cycle", thresholds = { silver = 1, gold = 2 } }'
    program = program_of(held, rule("spend", "tier_frequency", visits), months)
    risen = purchase("2024-07-01", "1")
    (route,) = found(program, [risen])
    assert [each.begins_anew for each in route.conditions] == [False, True]
    since = next(each.since for each in route.conditions if each.rule == "spend")
    assert since is not None
    twice = [purchase(f"{since.astimezone(LONDON):%Y-%m}-0{day}", "1") for day in (2, 3)]
    last = purchase("2025-06-01", None, kind="hello")
    assert tier(folded(program, [risen, *twice, last], "2025-06-02")) == "silver"


SCORE = (
    '{ measures = [{ key = "part", weight = WEIGHT, of = "amount", take = "TAKE", window = "lifetime" }], '
)
BOUND = "thresholds = { silver = 60 } }"


@pytest.mark.parametrize(
    ("take", "weight", "unit", "means"),
    [("sum", "1", "GBP", "activity"), ("sum", "3", "score", "activity")]
    + [(take, "1", "GBP", "single_activity") for take in ("largest", "last")],
)
def test_what_is_weighed_is_counted_as_score_and_the_largest_comes_from_one_activity(
    take: str, weight: str, unit: str, means: str
) -> None:
    config = SCORE.replace("WEIGHT", weight).replace("TAKE", take) + BOUND
    program = program_of(ladder(until=LIFE), rule("spend", "tier_score", config))
    (route,) = found(program, [purchase("2024-08-01", "10")])
    (only,) = route.conditions
    assert [only.unit, only.means, f"{only.have:f}"] == [unit, means, f"{10 * int(weight)}"]


def test_points_and_referrals_come_from_what_rules_award_and_others_do() -> None:
    program = program_of(
        ladder('{ op = "any_of", of = ["points", "friends", "mixed"] }', until=LIFE),
        POINTS,
        rule(
            "bring",
            "referral_reward",
            '{ currency = "points", referrer_points = 5, minimum_amount = "1" }',
        ),
        rule(
            "points",
            "tier_points",
            '{ currency = "points", window = "lifetime", thresholds = { silver = 9 } }',
        ),
        rule(
            "friends",
            "tier_referral",
            '{ rewards = ["bring"], window = "lifetime", thresholds = { silver = 2 } }',
        ),
        rule(
            "mixed",
            "tier_score",
            '{ points = [{ key = "p", weight = 1, currency = "points", window = "lifetime" }], '
            "scores = { luck = 1 }, thresholds = { silver = 40 } }",
        ),
    )
    assert {each.rule: each.means for route in found(program) for each in route.conditions} == {
        "points": "points",
        "friends": "others",
        "mixed": "several",
    }


LOCKED = ladder(until='{ end_of = "month" }', review="year")


def test_under_a_lock_a_route_leads_to_what_holds_after_it() -> None:
    """A claim made in September ends with it, before the lock: what is read from 1 November on counts."""
    program = program_of(LOCKED, spend(window='{ calendar = "month" }'))
    lock = by_hand("2024-08-01", "silver", "2024-11-01", locked=True)
    assert told(program, [lock]) == ["gold: 500 GBP from 2024-11-01 by 2024-12-01, not before 2024-11-01"]
    early, late = purchase("2024-09-02", "500"), purchase("2024-11-02", "500")
    assert tier(folded(program, [lock, early], "2024-11-03")) == "basic"
    assert tier(folded(program, [lock, late], "2024-11-03")) == "gold"


def test_a_claim_that_outlasts_the_lock_is_made_under_it() -> None:
    program = program_of(ladder(until=LIFE), spend())
    lock = by_hand("2024-08-01", "silver", "2024-11-01", locked=True)
    assert told(program, [lock]) == ["gold: 500 GBP by 2025-01-01, not before 2024-11-01"]
    bought = [lock, purchase("2024-09-02", "500")]
    assert tier(folded(program, bought, "2024-10-31T23:59")) == "silver"
    assert tier(folded(program, bought, "2024-11-01")) == "gold"


def test_a_review_under_the_lock_decides_where_its_claim_outlasts_it() -> None:
    lock = by_hand("2024-08-01", "silver", "2025-02-01", locked=True)
    for held, said in (
        ("year", "gold: 500 GBP by 2025-01-01, not before 2025-02-01"),
        ("month", "gold: 500 GBP from 2025-01-01 by 2025-02-01, not before 2025-02-01"),
    ):
        program = program_of(ladder(at="review", review=held), spend(window='{ calendar = "year" }'))
        assert told(program, [lock]) == [said]


def test_a_review_at_the_end_of_the_lock_reads_the_window_that_ends_with_it() -> None:
    """Activities claim until the end of the month; the review of 1 January reads 2024 and claims a year."""
    program = program_of(LOCKED, spend())
    lock = by_hand("2024-08-01", "silver", "2025-01-01", locked=True)
    bought = purchase("2024-09-01T09:00", "90")
    assert told(program, [lock, bought]) == ["gold: 410 GBP by 2025-01-01, not before 2025-01-01"]
    more = purchase("2024-10-01", "410")
    assert tier(folded(program, [lock, bought, more], "2025-01-01")) == "gold"
    assert told(program, [lock, bought, more], "2024-11-02") == [
        "gold: 0 GBP by 2025-01-01, not before 2025-01-01"
    ]


def test_nothing_leads_up_under_a_lock_for_life_and_to_what_is_claimed_below_it() -> None:
    program = program_of(ladder(until=LIFE), spend())
    assert told(program, [by_hand("2024-08-01", "silver", locked=True)]) == []
    bought = purchase("2024-07-01", "500")
    held_down = [bought, by_hand("2024-08-01", "basic", "2024-11-01", locked=True)]
    assert told(program, held_down) == []
    assert tier(folded(program, held_down, "2024-11-01")) == "gold"


def test_of_several_locks_the_last_one_to_end_counts() -> None:
    program = program_of(ladder(until=LIFE), spend())
    locks = [
        by_hand("2024-07-01", "basic", "2024-12-01", locked=True),
        by_hand("2024-08-01", "silver", "2024-11-01", locked=True),
    ]
    assert told(program, locks) == ["gold: 500 GBP by 2025-01-01, not before 2024-12-01"]
