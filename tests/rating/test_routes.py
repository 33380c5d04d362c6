"""With all conditions of a route met the tree supports the tier; nobody gets there with less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_engine.combine.tiers import Verdict, decide
from loyalty_engine.plugins import discover
from loyalty_engine.program import LadderPolicy, Program, compile_program
from loyalty_engine.rating.routes import MOST, Route, named
from loyalty_engine.rating.sights import Known, Sight
from loyalty_engine.rules import Measure

HEAD = """
[program]
business = "shop"
name = "Shop"
timezone = "Europe/London"
currency = "GBP"

[[ladders]]
key = "status"
tiers = [ { key = "basic" }, { key = "silver" }, { key = "gold" } ]
combine = TREE
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "undo"
"""
JOINED = date(2026, 1, 1)
DAY = date(2026, 6, 15)


@dataclass(frozen=True)
class Asked:
    """What one rule asks for the tiers, and the figure that it reads."""

    silver: int | None
    gold: int | None
    have: int


def program_of(tree: str, rules: Mapping[str, Asked]) -> Program:
    written = HEAD.replace("TREE", tree)
    for name, asked in rules.items():
        bounds = {"silver": asked.silver, "gold": asked.gold}
        thresholds = ", ".join(f'{tier} = "{bound}"' for tier, bound in bounds.items() if bound is not None)
        written += (
            f'[[rules]]\nid = "{name}"\nrule = "tier_spend"\n'
            f'config = {{ window = {{ calendar = "year" }}, categories = ["{name}"], '
            f"thresholds = {{ {thresholds} }} }}\n"
        )
    return compile_program(written, discover())


def found(program: Program, rules: Mapping[str, Asked], review_at: datetime | None = None) -> list[Route]:
    return named_by(program, figures_of(program, rules), by=review_at)


def named_by(program: Program, figures: Mapping[Measure, Decimal], **further: Any) -> list[Route]:
    policy = program.ladder("status")
    sight = Sight(program, policy, Known(DAY, JOINED), figures, **further)
    return named(policy, policy.ladder.tiers[1:], [sight])


def figures_of(program: Program, rules: Mapping[str, Asked]) -> dict[Measure, Decimal]:
    return {program.measures_of[name][0]: Decimal(asked.have) for name, asked in rules.items()}


def legs(route: Route) -> list[tuple[str, int]]:
    return [(condition.rule, int(condition.missing)) for condition in route.conditions]


SPEND = {"a": Asked(100, 400, 90), "b": Asked(200, None, 90), "c": Asked(None, 300, 90)}


def test_a_rule_that_says_nothing_about_a_tier_is_on_no_route_to_it() -> None:
    program = program_of('{ op = "all_of", of = ["a", "b", "c"] }', SPEND)
    assert [(route.tier, legs(route)) for route in found(program, SPEND)] == [
        ("silver", [("a", 10), ("b", 110)]),
        ("gold", [("c", 210), ("a", 310)]),
    ]


def test_each_of_several_ways_is_a_route_and_the_nearest_comes_first() -> None:
    program = program_of('{ op = "any_of", of = ["a", "b", "c"] }', SPEND)
    assert [(route.tier, legs(route)) for route in found(program, SPEND)] == [
        ("silver", [("a", 10)]),
        ("silver", [("b", 110)]),
        ("gold", [("c", 210)]),
        ("gold", [("a", 310)]),
    ]


def test_what_is_met_already_stays_on_the_route_as_nothing_missing() -> None:
    rules = {"a": Asked(100, None, 120), "b": Asked(200, None, 120)}
    program = program_of('{ op = "all_of", of = ["a", "b"] }', rules)
    assert [legs(route) for route in found(program, rules)] == [[("a", 0), ("b", 80)]]


def test_weights_make_routes_of_the_least_sets_that_weigh_enough() -> None:
    tree = '{ op = "weighted", of = ["a", "b", "c"], weights = { a = 2, b = 1, c = 1 }, at_least = 2 }'
    rules = {name: Asked(bound, None, 0) for name, bound in (("a", 100), ("b", 200), ("c", 300))}
    program = program_of(tree, rules)
    assert [[rule for rule, _ in legs(route)] for route in found(program, rules)] == [["a"], ["b", "c"]]


def test_what_is_missing_counts_until_its_window_ends_or_the_review_that_decides() -> None:
    program = program_of('"a"', SPEND)
    assert {c.by for route in found(program, SPEND) for c in route.conditions} == {
        datetime(2027, 1, 1, tzinfo=UTC)
    }
    review_at = datetime(2026, 7, 1, tzinfo=UTC)
    assert {c.by for r in found(program, SPEND, review_at) for c in r.conditions} == {review_at}


def test_a_rule_without_figures_is_on_a_route_as_far_as_it_supports_the_tier() -> None:
    rules = {"a": Asked(100, 400, 90), "z": Asked(None, 900, 0)}
    program = program_of('{ op = "all_of", of = ["a", "z"] }', rules)
    figures = figures_of(program, rules)
    denied = named_by(program, figures, opinions={"z": {"silver": False}})
    assert [route.tier for route in denied] == ["gold"]
    supported = named_by(program, figures, opinions={"z": {"silver": True}})
    assert (supported[0].tier, legs(supported[0])) == ("silver", [("a", 10)])


@pytest.mark.parametrize("weighted", [False, True])
def test_the_nearest_of_very_many_routes_are_named(weighted: bool) -> None:
    rules = {f"r{index}": Asked(100 + index, None, 0) for index in range(30)}
    names = ", ".join(f'"{name}"' for name in rules)
    weights = ", ".join(f"{name} = {2 ** min(index, 19) + index}" for index, name in enumerate(rules))
    tree = f'{{ op = "any_of", at_least = 7, of = [{names}] }}'
    if weighted:
        tree = f'{{ op = "weighted", of = [{names}], weights = {{ {weights} }}, at_least = 1000000 }}'
    program = program_of(tree, rules)
    nearest = found(program, rules)
    assert len(nearest) == MOST
    assert [route.distance for route in nearest] == sorted(route.distance for route in nearest)
    for route in nearest:
        assert_leads(program.ladder("status"), route)


def assert_leads(policy: LadderPolicy, route: Route) -> None:
    """All of the route's conditions are enough, and none that is missing can be left out."""
    met = {condition.rule for condition in route.conditions}
    assert supports(policy, route.tier, met)
    for rule in missing(route):
        assert not supports(policy, route.tier, met - {rule})


def missing(route: Route) -> set[str]:
    return {condition.rule for condition in route.conditions if condition.missing}


def supports(policy: LadderPolicy, tier: str, met: set[str]) -> bool:
    verdicts = {
        rule: (Verdict.SUPPORTS if rule in met else Verdict.DENIES)
        if tier in policy.requirements.get(rule, {})
        else Verdict.ABSTAINS
        for rule in policy.rules
    }
    return decide(policy.tree, verdicts) is Verdict.SUPPORTS


names = ("a", "b", "c", "d", "e")
bounds = st.none() | st.integers(1, 50)


@st.composite
def trees(draw: st.DrawFn, over: tuple[str, ...] = names, level: int = 0) -> str:
    if len(over) == 1:
        return f'"{over[0]}"'
    op = draw(st.sampled_from(["any_of", "all_of", "weighted"]))
    cut = draw(st.integers(1, len(over) - 1))
    parts = [over[:cut], over[cut:]] if level < 2 else [(name,) for name in over]
    if op == "weighted":
        weights = {name: draw(st.integers(1, 4)) for name in over}
        at_least = draw(st.integers(1, sum(weights.values())))
        listed = ", ".join(f"{name} = {weights[name]}" for name in over)
        of = ", ".join(f'"{name}"' for name in over)
        return f'{{ op = "weighted", of = [{of}], weights = {{ {listed} }}, at_least = {at_least} }}'
    children = [draw(trees(part, level + 1)) for part in parts]
    bound = f", at_least = {draw(st.integers(1, len(children)))}" if op == "any_of" else ""
    return f'{{ op = "{op}", of = [{", ".join(children)}]{bound} }}'


@given(
    tree=trees(),
    asked=st.lists(st.tuples(bounds, bounds, st.integers(0, 60)), min_size=5, max_size=5),
)
@settings(max_examples=300, deadline=None)
def test_every_least_set_of_conditions_is_a_route_and_nothing_else(
    tree: str, asked: list[tuple[int | None, int | None, int]]
) -> None:
    rules = {
        name: Asked(silver if silver or gold else 10, gold, have)
        for name, (silver, gold, have) in zip(names, asked, strict=True)
    }
    program = program_of(tree, rules)
    policy, every = program.ladder("status"), found(program, rules)
    for tier in ("silver", "gold"):
        speaking = [rule for rule in policy.rules if tier in policy.requirements.get(rule, {})]
        bound = {
            "silver": {name: rules[name].silver for name in speaking},
            "gold": {name: rules[name].gold for name in speaking},
        }[tier]
        met = {name for name in speaking if rules[name].have >= (bound[name] or 0)}
        enough = [
            set(chosen)
            for size in range(len(speaking) + 1)
            for chosen in combinations(sorted(set(speaking) - met), size)
            if supports(policy, tier, met | set(chosen))
        ]
        least = [one for one in enough if not any(other < one for other in enough)]
        here = [route for route in every if route.tier == tier]
        assert sorted(sorted(missing(route)) for route in here) == sorted(map(sorted, least))
        for route in here:
            assert_leads(policy, route)
    assert [route.distance for route in every] == sorted(route.distance for route in every)
