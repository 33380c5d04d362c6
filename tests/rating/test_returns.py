"""What a return does under each policy (SEMANTICS section 4, Returns)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Outcome, ReturnFact
from loyalty_engine.rating.facts import remaining
from loyalty_engine.rules import Activity
from tests.rating.generated import POLICIES, returns_of
from tests.rating.histories import (
    EARN,
    LONDON,
    POINTS,
    available,
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
    wallet,
)
from tests.rating.random_settings import PROPERTY

BIG = purchase("2024-03-01T10:00", "120", "big")
SMALL = purchase("2024-04-01T10:00", "30", "small")


def under(policy: str, *facts: Fact, to: str = "2024-12-31T12:00", **of_ladder: str) -> Outcome:
    """A shop with one ladder by the year's spend, silver from 100, and a point for each pound."""
    program = program_of(POINTS, ladder(returns=policy, **of_ladder), spend(), EARN)
    return folded(program, facts, to)


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
