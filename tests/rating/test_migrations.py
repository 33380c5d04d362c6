"""What becomes of claims and standings when a version takes effect, by its plan (SEMANTICS section 5)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from loyalty_engine.program import Program
from loyalty_engine.program.plan import NO_PLAN, Plan, plan_of
from loyalty_engine.rating import Fact, Outcome, Rulebook
from loyalty_engine.rating.facts import place_of
from loyalty_engine.rating.state import Made
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
    linked_return,
    picture,
    plan_for,
    program_of,
    purchase,
    rule,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
)
from tests.rating.test_overrides import by_hand

CHANGE = "2024-06-01T00:00+01:00"
AT = "2024-06-01 00:00"
OLD = ("basic", "silver", "gold")


def shop(
    tiers: Sequence[str] = OLD,
    thresholds: Sequence[int] = (100, 500),
    *,
    returns: str = "at_review",
    review: str | None = "year",
    until: str = '{ end_of = "year" }',
    downgrade: str = "qualified",
    prolonging: str = "",
    base: int = 1,
) -> Program:
    """A program with one ladder, on which spend in the calendar year reaches each tier above the base."""
    bounds = ", ".join(
        f'{key} = "{bound}"' for key, bound in zip(tiers[base:], thresholds, strict=True) if bound
    )
    config = f"{{ window = {{ calendar = 'year' }}, thresholds = {{ {bounds} }} }}"
    return program_of(
        ladder(
            returns=returns,
            review=review,
            until=until,
            downgrade=downgrade,
            prolonging=prolonging,
            tiers=tiers,
        ),
        rule("spend", "tier_spend", config.replace("'", '"')),
    )


def moved(
    new: Program, plan: Plan, *facts: Fact, until: str = "2024-06-02", old: Program | None = None
) -> Outcome:
    """The facts, folded until after the second version took effect."""
    return folded(rulebook_of(old or shop(), (CHANGE, new, plan)), facts, until)


SILVER = purchase("2024-03-01", "150")
GOLD = purchase("2024-03-01", "600")


def claimed(outcome: Outcome) -> list[tuple[str, str]]:
    """The claims in force: tier and origin."""
    return sorted((claim.tier, claim.origin) for claim in standing(outcome).claims)


def test_a_tier_is_renamed_and_its_members_go_with_it() -> None:
    new = shop(("basic", "bronze", "gold"))
    outcome = moved(new, plan_for(tiers={"silver": "bronze"}), SILVER)
    assert changes(outcome)[1:] == [(AT, "silver", "bronze")]
    assert standing(outcome).until == instant("2025-01-01")
    assert standing(outcome).claims[0].made == Made(SILVER.occurred_at, SILVER.cause)


def test_two_tiers_change_names_with_each_other() -> None:
    new = shop(("basic", "gold", "silver"))
    plan = plan_for(tiers={"silver": "gold", "gold": "silver"})
    assert tier(moved(new, plan, SILVER)) == "gold"
    assert tier(moved(new, plan, GOLD)) == "silver"


def test_a_tier_that_is_inserted_moves_nobody_until_figures_are_looked_at() -> None:
    new = shop(("basic", "silver", "jade", "gold"), (100, 120, 500))
    outcome = moved(new, NO_PLAN, SILVER, purchase("2024-07-01", "1"), until="2024-08-01")
    assert changes(outcome)[1:] == [("2024-07-01 01:00", "silver", "jade")]


def test_a_tier_that_is_removed_goes_where_the_map_says() -> None:
    new = shop(("basic", "gold"), (500,))
    assert changes(moved(new, plan_for(tiers={"silver": "gold"}), SILVER))[1:] == [(AT, "silver", "gold")]
    assert changes(moved(new, plan_for(tiers={"silver": "basic"}), SILVER))[1:] == [(AT, "silver", "basic")]


def test_claims_of_a_tier_that_goes_to_the_base_tier_end() -> None:
    new = shop(("basic", "gold"), (500,))
    outcome = moved(new, plan_for(tiers={"silver": "basic"}), SILVER)
    assert standing(outcome).claims == ()


def test_two_tiers_that_become_one_keep_the_longest_claim() -> None:
    old = shop(until="{ months = 6 }", review=None)
    new = shop(("basic", "gold"), (500,), until="{ months = 6 }", review=None)
    facts = [purchase("2024-01-05", "600"), purchase("2024-05-05", "1")]
    outcome = moved(new, plan_for(tiers={"silver": "gold"}), *facts, old=old)
    assert [claim.until_at for claim in standing(outcome).claims] == [instant("2024-11-05")]


@pytest.mark.parametrize(("bound", "expected"), [(100, "silver"), (200, "basic")])
def test_regrading_now_asks_the_new_rules_at_once(bound: int, expected: str) -> None:
    outcome = moved(shop(thresholds=(bound, 500)), plan_for(claims="regrade_now"), SILVER)
    assert tier(outcome) == expected
    assert claimed(outcome) == ([("silver", "rules")] if expected == "silver" else [])


def test_regrading_now_raises_too() -> None:
    outcome = moved(shop(thresholds=(100, 150)), plan_for(claims="regrade_now"), SILVER)
    assert changes(outcome)[1:] == [(AT, "silver", "gold")]
    assert standing(outcome).until == instant("2025-01-01")


def test_regrading_now_falls_as_the_ladder_falls() -> None:
    new = shop(thresholds=(1000, 5000), downgrade="one_step")
    assert tier(moved(new, plan_for(claims="regrade_now"), GOLD)) == "silver"


def test_regrading_now_needs_no_map_for_a_tier_that_is_removed() -> None:
    new = shop(("basic", "gold"), (550,), downgrade="one_step")
    assert tier(moved(new, plan_for(claims="regrade_now"), SILVER)) == "basic"
    assert tier(moved(new, plan_for(claims="regrade_now"), GOLD)) == "gold"


@pytest.mark.parametrize("claims", ["keep", "at_next_review"])
def test_claims_stay_until_the_next_review(claims: str) -> None:
    plan = plan_for(claims=claims)
    outcome = moved(shop(thresholds=(1000, 5000)), plan, SILVER, until="2025-02-01")
    assert changes(outcome)[1:] == [("2025-01-01 00:00", "silver", "basic")]


def test_the_tier_held_is_protected_until_a_day() -> None:
    plan = plan_for(claims="protect_until", until=date(2025, 4, 1))
    outcome = moved(shop(thresholds=(1000, 5000)), plan, SILVER, until="2025-12-01")
    assert changes(outcome)[1:] == [("2025-04-01 00:00", "silver", "basic")]


def test_the_base_tier_is_not_protected() -> None:
    plan = plan_for(claims="protect_until", until=date(2025, 4, 1))
    assert standing(moved(shop(), plan)).claims == ()


def test_a_tier_that_is_renamed_is_protected_under_its_new_name() -> None:
    plan = plan_for(claims="protect_until", until=date(2025, 4, 1), tiers={"silver": "bronze"})
    outcome = moved(shop(("basic", "bronze", "gold")), plan, SILVER)
    assert claimed(outcome) == [("bronze", "migration"), ("bronze", "rules")]


def test_a_review_at_the_very_instant_makes_one_change_of_the_two() -> None:
    late = "2025-01-01T00:00"
    new = shop(("basic", "bronze", "gold"), (100, 140))
    rulebook = rulebook_of(shop(), (late, new, plan_for(tiers={"silver": "bronze"})))
    outcome = folded(rulebook, [SILVER], "2025-01-02")
    assert changes(outcome)[1:] == [("2025-01-01 00:00", "silver", "gold")]


def test_a_claim_that_ends_at_the_very_instant_falls_from_its_new_name() -> None:
    late = "2025-01-01T00:00"
    new = shop(("basic", "bronze", "gold"), (1000, 5000), review=None, downgrade="one_step")
    rulebook = rulebook_of(shop(review=None), (late, new, plan_for(tiers={"silver": "bronze"})))
    outcome = folded(rulebook, [SILVER], "2025-01-02")
    assert changes(outcome)[1:] == [("2025-01-01 00:00", "silver", "basic")]


def test_the_order_of_tiers_changes_and_the_best_claim_is_another() -> None:
    old = shop(returns="from_now")
    new = shop(("basic", "gold", "silver"), returns="from_now")
    facts = [SILVER, purchase("2024-04-01", "500")]
    assert tier(moved(new, plan_for(claims="keep"), *facts, old=old)) == "silver"


def test_a_new_base_tier_takes_those_who_claim_nothing() -> None:
    new = shop(("guest", "basic", "silver", "gold"), (0, 100, 500))
    outcome = moved(new, plan_for(claims="keep"), purchase("2024-03-01", "50"))
    assert changes(outcome) == [(AT, "basic", "guest")]
    assert tier(moved(new, plan_for(claims="keep"), SILVER)) == "silver"


def test_grace_goes_with_its_tier_and_ends_when_members_are_regraded() -> None:
    old = shop(until="{ months = 2 }", review=None, prolonging="grace_days = 90")
    kept = shop(("basic", "bronze", "gold"), (1000, 5000), prolonging="grace_days = 90")
    facts = [purchase("2024-03-15", "150"), purchase("2024-05-01", "-149", kind="return")]
    outcome = moved(kept, plan_for(tiers={"silver": "bronze"}), *facts, old=old)
    assert claimed(outcome) == [("bronze", "grace")]
    now = plan_for(claims="regrade_now")
    assert tier(moved(shop(thresholds=(1000, 5000)), now, *facts, old=old)) == "basic"


def test_a_new_ladder_is_graded_at_once_where_the_plan_says_so() -> None:
    plain = program_of(spend_only())
    outcome = folded(rulebook_of(plain, (CHANGE, shop(), plan_for(claims="regrade_now"))), [GOLD], CHANGE)
    assert tier(outcome) == "gold"
    later = folded(rulebook_of(plain, (CHANGE, shop())), [GOLD], CHANGE)
    assert tier(later) == "basic"


def spend_only() -> str:
    """A rule without a ladder."""
    return spend()


def test_a_ladder_that_comes_back_stands_on_the_claims_that_are_left() -> None:
    old = shop(until='{ end_of = "year", plus_months = 12 }', review=None)
    gone = program_of(spend_only())
    short = shop(until="{ months = 2 }", review=None)
    facts = [SILVER]
    kept = rulebook_of(old, (CHANGE, gone), ("2025-03-01", old))
    assert tier(folded(kept, facts, "2025-03-02")) == "silver"
    lost = rulebook_of(short, ("2024-04-01", gone), ("2025-03-01", old))
    assert tier(folded(lost, facts, "2025-03-02")) == "basic"


def test_of_two_versions_of_one_instant_only_the_later_ones_plan_counts() -> None:
    renamed, again = shop(("basic", "bronze", "gold")), shop(("basic", "jade", "gold"))
    rulebook = rulebook_of(
        shop(),
        (CHANGE, renamed, plan_for(tiers={"silver": "bronze"})),
        (CHANGE, again, plan_for(tiers={"silver": "jade"})),
    )
    assert changes(folded(rulebook, [SILVER], "2024-06-02"))[1:] == [(AT, "silver", "jade")]


def test_a_return_withdraws_a_claim_that_was_made_under_another_name() -> None:
    old, new = shop(returns="from_now"), shop(("basic", "bronze", "gold"), returns="from_now")
    plan = plan_for(tiers={"silver": "bronze"})
    back = linked_return("2024-07-01", GOLD, "480")
    outcome = moved(new, plan, GOLD, back, old=old, until="2024-08-01")
    assert changes(outcome)[1:] == [("2024-07-01 01:00", "gold", "bronze")]
    whole = linked_return("2024-07-01", GOLD, "600")
    assert tier(moved(new, plan, GOLD, whole, old=old, until="2024-08-01")) == "basic"
    unlinked = purchase("2024-07-01", "-480", kind="return")
    outcome = moved(new, plan, GOLD, unlinked, old=old, until="2024-08-01")
    assert changes(outcome)[1:] == [("2024-07-01 01:00", "gold", "bronze")]


def test_a_claim_that_was_outlasted_does_not_come_back_when_others_are_regraded() -> None:
    old = shop(until="{ months = 6 }", review=None)
    new = shop(thresholds=(5000, 9000), until="{ months = 6 }", review=None)
    facts = [purchase("2024-01-05", "150"), purchase("2024-03-05", "500")]
    rulebook = rulebook_of(old, (CHANGE, new, plan_for(claims="regrade_now")))
    outcome = folded(rulebook, facts, "2024-06-02")
    assert tier(outcome) == "basic"
    withdrawn = [effect for effect in outcome.effects.values() if effect.kind == "withdrawal"]
    assert sorted(effect.claim.tier for effect in withdrawn if effect.claim) == ["gold", "silver"]


def test_a_claim_that_another_outlasts_has_the_new_name_when_that_one_is_gone() -> None:
    facts = [SILVER, purchase("2024-04-01", "500")]
    renamed = shop(("basic", "bronze", "gold"))
    rulebook = rulebook_of(
        shop(),
        (CHANGE, renamed, plan_for(tiers={"silver": "bronze"})),
        ("2024-07-01", shop(("basic", "bronze"), (100,)), plan_for(tiers={"gold": "basic"})),
    )
    outcome = folded(rulebook, facts, "2024-08-01")
    assert changes(outcome)[-1] == ("2024-07-01 01:00", "gold", "bronze")


def test_republishing_an_earlier_version_restores_it() -> None:
    renamed = shop(("basic", "bronze", "gold"))
    rulebook = rulebook_of(
        shop(),
        (CHANGE, renamed, plan_for(tiers={"silver": "bronze"})),
        ("2024-07-01", shop(), plan_for(tiers={"bronze": "silver"})),
    )
    outcome = folded(rulebook, [SILVER], "2024-08-01")
    plain = folded(shop(), [SILVER], "2024-08-01")
    assert (tier(outcome), standing(outcome).until) == (tier(plain), standing(plain).until)
    assert standing(outcome).claims[0].first_at == standing(plain).claims[0].from_at


SHAPES = (
    (OLD, (100, 500)),
    (("basic", "bronze", "gold"), (120, 400)),
    (("basic", "silver", "jade", "gold"), (80, 150, 700)),
    (("guest", "basic", "gold"), (50, 300)),
    (("basic", "gold", "silver"), (100, 500)),
)


def random_rulebook(chance: random.Random) -> Rulebook:
    """Versions of one ladder with random tiers, bounds, policies and plans."""
    at, before = instant("2024-02-01"), chance.choice(SHAPES)
    versions = []
    first = random_shop(chance, before)
    for _ in range(chance.randint(1, 4)):
        at += timedelta(days=chance.randint(0, 90), hours=chance.choice((0, 0, 11)))
        after = chance.choice(SHAPES)
        versions.append(
            (at.isoformat(), random_shop(chance, after), random_plan(chance, before[0], after[0]))
        )
        before = after
    return rulebook_of(first, *versions)


def random_shop(chance: random.Random, shape: tuple[Sequence[str], Sequence[int]]) -> Program:
    tiers, bounds = shape
    return shop(
        tiers,
        bounds,
        returns=chance.choice(("undo", "from_now", "at_review", "never")),
        review=chance.choice((None, "year", "quarter", "month")),
        until=chance.choice(('"lifetime"', "{ months = 2 }", '{ end_of = "quarter" }')),
        downgrade=chance.choice(("qualified", "one_step", "base")),
        prolonging=chance.choice(("", "grace_days = 20")),
    )


def random_plan(chance: random.Random, before: Sequence[str], after: Sequence[str]) -> Plan:
    claims = chance.choice(("keep", "regrade_now", "at_next_review", "protect_until"))
    written: dict[str, object] = {"claims": claims}
    if claims == "protect_until":
        written["until"] = date(2025, chance.randint(1, 12), 1)
    tiers = {key: chance.choice(after) for key in before[1:] if key not in after or chance.random() < 0.3}
    return plan_of({"ladders": {"status": {**written, "tiers": tiers}}})


@pytest.mark.parametrize("seed", range(150))
def test_live_equals_fold_over_random_versions_and_plans(seed: int) -> None:
    chance = random.Random(seed)
    rulebook = random_rulebook(chance)
    begin = instant("2024-01-02")
    facts: list[Fact] = []
    for number in range(chance.randint(1, 14)):
        at = begin + timedelta(days=chance.randint(0, 400), hours=chance.randint(0, 23))
        amount = chance.choice(("30", "90", "150", "400"))
        kind = "return" if chance.random() < 0.15 else "purchase"
        facts.append(purchase(at, f"-{amount}" if kind == "return" else amount, f"fact {number}", kind=kind))
        if chance.random() < 0.1:
            on, end = chance.choice(("silver", "gold")), chance.choice((None, "2024-11-01"))
            facts.append(
                by_hand((at + timedelta(minutes=5)).isoformat(), on, end, locked=chance.random() < 0.5)
            )
    until = instant("2025-06-01")
    whole = folded(rulebook, facts, until)
    assert picture(taken_live(rulebook, sorted(facts, key=place_of), until)) == picture(whole.state)
    places = [
        effect.effective_at
        for effect in whole.effects.values()
        if effect.kind == "standing" and effect.from_tier
    ]
    causes = [key.cause for key, effect in whole.effects.items() if effect.kind == "standing"]
    assert len(set(causes)) == len(causes), places


def test_what_was_set_by_hand_stays_when_others_are_regraded() -> None:
    facts = [SILVER, by_hand("2024-04-01T10:00", "gold", "2024-12-01")]
    outcome = moved(shop(thresholds=(1000, 5000)), plan_for(claims="regrade_now"), *facts)
    assert (tier(outcome), claimed(outcome)) == ("gold", [("gold", "override")])


def test_a_lock_goes_with_its_tier_and_a_lock_on_the_base_tier_stays() -> None:
    new = shop(("guest", "bronze", "gold"))
    plan = plan_for(tiers={"silver": "bronze"})
    facts = [GOLD, by_hand("2024-04-01T10:00", "silver", "2024-12-01", locked=True)]
    assert tier(moved(new, plan, *facts)) == "bronze"
    on_base = [GOLD, by_hand("2024-04-01T10:00", "basic", "2024-12-01", locked=True)]
    assert tier(moved(new, plan, *on_base)) == "guest"
    assert tier(moved(new, plan, *on_base, until="2024-12-02")) == "gold"


def test_of_two_locks_that_a_version_takes_over_the_one_made_last_counts() -> None:
    new = shop(("basic", "bronze", "jade"))
    plan = plan_for(tiers={"silver": "bronze", "gold": "jade"})
    first = by_hand("2024-04-01T10:00", "gold", "2024-12-01", locked=True)
    second = by_hand("2024-04-02T10:00", "silver", "2024-12-01", locked=True)
    assert tier(moved(new, plan, first, second)) == "bronze"
