"""What a return does under each policy (SEMANTICS section 4, Returns)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.rating import Fact, Outcome
from loyalty_engine.rating.facts import remaining
from loyalty_engine.rules import Activity
from tests.rating.generated_programs import POLICIES
from tests.rating.histories import (
    EARN,
    POINTS,
    balance,
    changes,
    folded,
    instant,
    ladder,
    line,
    linked_return,
    moved,
    picture,
    program_of,
    purchase,
    rule,
    spend,
    standing,
    tallied,
    tier,
    value,
)
from tests.rating.returned import BIG, SMALL, under


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("undo", []),
        (
            "from_now",
            [("2024-03-01 10:00", "basic", "silver"), ("2024-05-01 11:00", "silver", "basic")],
        ),
        ("at_review", [("2024-03-01 10:00", "basic", "silver")]),
        ("never", [("2024-03-01 10:00", "basic", "silver")]),
    ],
)
def test_a_linked_whole_return(policy: str, expected: list[tuple[str, str, str]]) -> None:
    outcome = under(policy, BIG, SMALL, linked_return("2024-05-01T10:00", BIG, "120"))
    assert changes(outcome) == expected
    assert balance(outcome) == 30


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("undo", "basic"), ("from_now", "basic"), ("at_review", "silver"), ("never", "silver")],
)
def test_a_linked_return_of_the_part_that_had_reached_the_tier(policy: str, expected: str) -> None:
    outcome = under(policy, BIG, linked_return("2024-05-01T10:00", BIG, "20.01"))
    assert tier(outcome) == expected
    assert balance(outcome) == 99


@pytest.mark.parametrize("policy", POLICIES)
def test_a_linked_return_of_a_part_that_the_tier_does_not_need(policy: str) -> None:
    outcome = under(policy, BIG, linked_return("2024-05-01T10:00", BIG, "20"))
    assert changes(outcome) == [("2024-03-01 10:00", "basic", "silver")]
    assert balance(outcome) == 100


@pytest.mark.parametrize(
    ("policy", "until", "expected"),
    [
        ("at_review", "2024-12-31T12:00", "silver"),
        ("at_review", "2025-01-01T12:00", "basic"),
        ("never", "2025-01-01T12:00", "silver"),
    ],
)
def test_figures_that_a_return_lowered_are_seen_at_the_next_review(
    policy: str, until: str, expected: str
) -> None:
    returned = linked_return("2024-05-01T10:00", BIG, "120")
    assert tier(under(policy, BIG, returned, to=until, review="year")) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("undo", [("2024-03-01 10:00", "basic", "silver"), ("2024-05-01 11:00", "silver", "basic")]),
        ("from_now", [("2024-03-01 10:00", "basic", "silver"), ("2024-05-01 11:00", "silver", "basic")]),
        ("at_review", [("2024-03-01 10:00", "basic", "silver")]),
        ("never", [("2024-03-01 10:00", "basic", "silver")]),
    ],
)
def test_a_return_that_names_no_purchase_counts_on_its_own_day(
    policy: str, expected: list[tuple[str, str, str]]
) -> None:
    """Under undo too it is at its own place, because nothing says what it undoes."""
    outcome = under(policy, BIG, purchase("2024-05-01T10:00", "-30", kind="return"))
    assert changes(outcome) == expected
    assert balance(outcome) == 90
    view = {"undo": "undone", "never": "gross"}.get(policy, "in_place")
    (spent,) = [days for (_, of), days in tallied(outcome.state.tallies).items() if of == view]
    assert sum(spent.values()) == (120 if policy == "never" else 90)


def test_a_return_in_another_year_than_its_purchase_lowers_the_year_of_the_purchase() -> None:
    returned = linked_return("2025-02-01T10:00", BIG, "120")
    later = purchase("2025-01-10T10:00", "100", "later")
    outcome = under("from_now", BIG, later, returned, to="2025-06-01T12:00")
    assert tier(outcome) == "silver"


def test_an_unlinked_return_in_another_year_lowers_its_own_year_alone() -> None:
    late = purchase("2025-02-01T10:00", "-120", kind="return")
    kept = '{ end_of = "year", plus_months = 12 }'
    outcome = under("from_now", BIG, late, to="2025-06-01T12:00", until=kept)
    assert tier(outcome) == "silver"


def test_what_was_earned_meanwhile_stands_under_from_now_and_not_under_undo() -> None:
    rates = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", negative = "take_back", rates = { basic = "1", silver = "2" } }',
    )
    facts = (BIG, SMALL, linked_return("2024-05-01T10:00", BIG, "120"))
    found = {
        policy: balance(folded(program_of(POINTS, ladder(returns=policy), spend(), rates), facts))
        for policy in POLICIES
    }
    assert found == {"undo": 30, "from_now": 60, "at_review": 60, "never": 60}


def test_under_undo_a_later_activity_is_rated_as_if_the_purchase_had_never_been() -> None:
    returned = linked_return("2024-11-01T10:00", BIG, "120")
    second = purchase("2024-06-01T10:00", "80", "second")
    third = purchase("2024-07-01T10:00", "20", "third")
    assert changes(under("undo", BIG, second, third, returned)) == [("2024-07-01 11:00", "basic", "silver")]


def test_a_purchase_that_came_back_whole_claims_nothing_under_undo() -> None:
    """Nor does it prolong a claim on what the figures support without it."""
    first, ghost = purchase("2024-02-01T10:00", "100", "first"), purchase("2024-03-01T10:00", "5", "ghost")
    months = "{ months = 2 }"
    plain = under("undo", first, to="2024-03-20", until=months)
    back = under("undo", first, ghost, linked_return("2024-03-10", ghost, "5"), to="2024-03-20", until=months)
    assert standing(back) == standing(plain)
    assert standing(back).until == instant("2024-04-01T00:00+01:00")


def test_a_return_by_line_takes_back_what_the_line_had_earned() -> None:
    tea = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "2", negative = "zero", categories = ["tea"] }',
    )
    lines = [line("1", "10", "tea"), line("2", "30", "cake")]
    bought = purchase("2024-03-01T10:00", "40", "mixed", lines=lines)
    for policy in POLICIES:
        program = program_of(POINTS, ladder(returns=policy), spend(), tea)
        cake = linked_return("2024-04-01T10:00", bought, "30", lines={"2": "30"})
        half = linked_return("2024-04-02T10:00", bought, "5", lines={"1": "5"})
        assert balance(folded(program, [bought, cake])) == 20
        assert balance(folded(program, [bought, cake, half])) == 10


@pytest.mark.parametrize("policy", POLICIES)
def test_a_count_loses_a_purchase_only_when_all_of_it_comes_back(policy: str) -> None:
    visits = rule(
        "visits",
        "tier_frequency",
        '{ count = "activities", window = { calendar = "year" }, thresholds = { silver = 2 } }',
    )
    program = program_of(ladder('"visits"', returns=policy, review="month"), visits)
    part = linked_return("2024-05-01T10:00", BIG, "119.99", "part")
    rest = linked_return("2024-05-02T10:00", BIG, "0.01", "rest")
    assert tier(folded(program, [BIG, SMALL, part], "2025-01-01")) == "silver"
    whole = tier(folded(program, [BIG, SMALL, part, rest], "2025-01-01"))
    assert whole == ("silver" if policy == "never" else "basic")


@pytest.mark.parametrize("policy", POLICIES)
def test_a_measure_may_ignore_returns(policy: str) -> None:
    gross = rule(
        "spend",
        "tier_spend",
        '{ window = { calendar = "year" }, net = false, thresholds = { silver = "100" } }',
    )
    program = program_of(ladder(returns=policy), gross)
    returned = linked_return("2024-05-01T10:00", BIG, "50")
    unlinked = purchase("2024-05-02T10:00", "-50", kind="return")
    assert tier(folded(program, [BIG, returned, unlinked])) == "silver"


def test_ladders_of_one_program_may_treat_returns_differently() -> None:
    parts = [ladder(f'"spend_{policy}"', key=policy, returns=policy) for policy in POLICIES]
    rules = [spend(rule_id=f"spend_{policy}") for policy in POLICIES]
    program = program_of(POINTS, *parts, *rules, EARN)
    returned = linked_return("2024-05-01T10:00", BIG, "120")
    outcome = folded(program, [BIG, returned])
    assert {policy: tier(outcome, policy) for policy in POLICIES} == {
        "undo": "basic",
        "from_now": "basic",
        "at_review": "silver",
        "never": "silver",
    }
    assert changes(outcome, "undo") == []
    assert len(changes(outcome, "from_now")) == 2
    assert moved(outcome) == {
        "earn:points/points/base/earned": 120,
        "earn:points/points/base/earned_back": 120,
    }


def test_where_all_ladders_undo_the_points_were_never_earned_either() -> None:
    outcome = under("undo", BIG, linked_return("2024-05-01T10:00", BIG, "120"))
    assert moved(outcome) == {}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("key", ["0 before", "zz after"])
def test_a_return_at_the_instant_of_its_purchase_comes_after_it_whatever_its_key(
    policy: str, key: str
) -> None:
    returned = linked_return("2024-03-01T10:00", BIG, "120", key)
    outcome = under(policy, BIG, SMALL, returned, to="2025-01-01T12:00", review="year")
    assert balance(outcome) == 30
    assert tier(outcome) == ("silver" if policy == "never" else "basic")


def test_dated_values_hold_from_their_own_place_on() -> None:
    offer = rule(
        "vip",
        "partner_rewards",
        '{ partner = "bank", currency = "points", points = 5, funding = [], '
        "audience = { attributes = { vip = true } } }",
    )
    program = program_of(POINTS, ladder(), spend(), offer)
    facts: list[Fact] = [BIG, value("2024-03-15", "vip", True), SMALL, value("2024-04-15", "vip", False)]
    after = purchase("2024-05-01", "10", "after")
    assert balance(folded(program, [*facts, after])) == 5


def test_what_remains_keeps_named_numbers_until_all_came_back() -> None:
    activity: Activity = purchase("2024-03-01", "10", units="3", attributes={"gross": "12"}).activity
    bought = purchase("2024-03-01", "10", units="3", attributes={"gross": "12"})
    part = remaining(activity, [linked_return("2024-03-02", bought, "4", units="1")])
    assert part is not None
    assert (part.amount, part.units, part.attributes) == (Decimal(6), Decimal(2), {"gross": "12"})
    assert remaining(activity, [linked_return("2024-03-02", bought, "10")]) is None
    assert remaining(activity, []) is activity


def test_the_picture_of_a_state_tells_states_apart() -> None:
    """The properties rest on this comparison, so it must see each part of a state."""
    plain = under("at_review", BIG)
    assert picture(plain.state) != picture(under("at_review", SMALL).state)
    for changed in (
        replace_tier(plain),
        replace_debt(plain),
        replace_counter(plain),
        replace_value(plain),
    ):
        assert picture(changed.state) != picture(plain.state)


def replace_tier(outcome: Outcome) -> Outcome:
    state = outcome.state.copy()
    state.ladders["status"] = replace(state.ladders["status"], tier="gold")
    return replace(outcome, state=state)


def replace_debt(outcome: Outcome) -> Outcome:
    state = outcome.state.copy()
    owing = EffectKey(Cause("activity", "x"), "", "points/points/-")
    state.wallets["points"].spend(owing, (state.at, "", ""), state.wallets["points"].available + 1)
    return replace(outcome, state=state)


def replace_counter(outcome: Outcome) -> Outcome:
    state = outcome.state.copy()
    state.counters[("earn", "x")] = 1
    return replace(outcome, state=state)


def replace_value(outcome: Outcome) -> Outcome:
    state = outcome.state.copy()
    state.values[("attribute", "x")] = 1
    return replace(outcome, state=state)
