"""Measures of points earned: what an activity awards, and what returns take away (SEMANTICS 2 and 4)."""

from __future__ import annotations

import pytest

from loyalty_engine.rating import ActivityFact, Fact, Moved, Outcome, Portion
from tests.rating.histories import (
    EARN,
    POINTS,
    changes,
    folded,
    ladder,
    linked_return,
    moved,
    program_of,
    purchase,
    rule,
    spend,
    tier,
)

SHORT = POINTS.replace('"never"', "{ days = 10 }")


def points_rule(config: str = "", window: str = '"lifetime"', gold: int = 500) -> str:
    thresholds = f"{{ silver = 100, gold = {gold} }}"
    return rule(
        "points_of",
        "tier_points",
        f'{{ currency = "points", {config}window = {window}, thresholds = {thresholds} }}',
    )


def under(policy: str, *facts: Fact, section: str = POINTS, config: str = "") -> Outcome:
    program = program_of(
        section, EARN, ladder('"points_of"', until='"lifetime"', returns=policy), points_rule(config)
    )
    return folded(program, facts)


def moving(at: str, kind: str, units: int) -> ActivityFact:
    lots = (Portion(units),) if units > 0 else ()
    fact = purchase(at, None, f"{kind} {at}", kind=kind)
    return ActivityFact(fact.activity, Moved("points", units, lots=lots))


def test_the_purchase_that_earns_the_last_point_reaches_the_tier() -> None:
    outcome = under("at_review", purchase("2024-02-01", "60"), purchase("2024-03-01", "40"))
    assert changes(outcome) == [("2024-03-01 00:00", "basic", "silver")]


def test_spending_and_expiring_lower_nothing() -> None:
    """The points of February have expired, and those of March are redeemed, when the last ones come."""
    outcome = under(
        "undo",
        purchase("2024-02-01", "60"),
        purchase("2024-03-01", "30"),
        moving("2024-03-02", "redemption", -30),
        purchase("2024-03-20", "10"),
        section=SHORT,
    )
    assert changes(outcome) == [("2024-03-20 00:00", "basic", "silver")]


@pytest.mark.parametrize("kind", ["adjustment", "receipt", "gift"])
def test_points_that_no_rule_awards_are_not_earned(kind: str) -> None:
    assert tier(under("at_review", moving("2024-02-01", kind, 900))) == "basic"


def test_points_of_other_rules_count_unless_rules_are_named() -> None:
    offer = rule(
        "offer",
        "partner_rewards",
        '{ partner = "bank", currency = "points", points = 70, '
        'funding = [{ partner = "bank", percent = "60", unlimited = true }] }',
    )
    for config, expected in (
        ("", "silver"),
        ('rules = ["earn"], ', "basic"),
        ('rules = ["offer"], ', "basic"),
    ):
        program = program_of(POINTS, EARN, offer, ladder('"points_of"'), points_rule(config))
        assert tier(folded(program, [purchase("2024-02-01", "40")])) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("undo", [("2024-03-20 00:00", "basic", "silver")]),
        (
            "from_now",
            [
                ("2024-02-01 00:00", "basic", "silver"),
                ("2024-03-01 00:00", "silver", "basic"),
                ("2024-03-20 00:00", "basic", "silver"),
            ],
        ),
        ("at_review", [("2024-02-01 00:00", "basic", "silver")]),
        ("never", [("2024-02-01 00:00", "basic", "silver")]),
    ],
)
def test_a_return_takes_back_what_the_purchase_had_earned(
    policy: str, expected: list[tuple[str, str, str]]
) -> None:
    bought = purchase("2024-02-01", "120", "b")
    facts = (bought, linked_return("2024-03-01", bought, "70"), purchase("2024-03-20", "50"))
    assert changes(under(policy, *facts)) == expected


def test_points_that_had_expired_are_lost_to_the_figure_too() -> None:
    bought = purchase("2024-02-01", "120", "b")
    back = linked_return("2024-03-01", bought, "70")
    outcome = under("from_now", bought, back, section=SHORT)
    assert changes(outcome)[-1] == ("2024-03-01 00:00", "silver", "basic")
    assert moved(outcome)["earn:points/points/base/earned"] == 120
    (forgone,) = [each for each in outcome.effects.values() if each.kind == "forgone"]
    assert (forgone.key.rule, forgone.key.slot, forgone.value) == ("earn", "points/points/base/forgone", 70)


def test_a_ladder_that_undoes_beside_one_that_does_not_counts_what_remains_in_the_end() -> None:
    """All of it was earned once and is taken back later; for this ladder it was never bought."""
    bought = purchase("2024-02-01", "120", "b")
    facts: list[Fact] = [
        bought,
        linked_return("2024-03-01", bought, "30"),
        linked_return("2024-03-02", bought, "40"),
    ]
    program = program_of(
        POINTS,
        EARN,
        ladder('"points_of"', returns="undo"),
        points_rule(),
        ladder('"spend"', key="other", returns="never"),
        spend(),
    )
    assert changes(folded(program, facts)) == []
    assert changes(folded(program, facts[:1])) == [("2024-02-01 00:00", "basic", "silver")]
    assert tier(folded(program, facts), "other") == "silver"


def test_a_cycle_begins_with_no_points() -> None:
    cycle = '{ months = 12, restart = ["upgrade"] }'
    program = program_of(
        POINTS,
        EARN,
        ladder('"points_of"', until='"lifetime"', cycle=cycle),
        points_rule(window='"cycle"', gold=150),
    )
    early = [purchase("2024-02-01", "120"), purchase("2024-03-01", "149")]
    assert changes(folded(program, early)) == [("2024-02-01 00:00", "basic", "silver")]
    late = [*early, purchase("2024-03-20", "1")]
    assert changes(folded(program, late))[-1] == ("2024-03-20 00:00", "silver", "gold")
