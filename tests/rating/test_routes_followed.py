"""Who follows a route reaches its tier, and who stops one unit short does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact
from loyalty_engine.rating.routes import Route, routes
from tests.rating.histories import JOINED, LONDON, folded, ladder, line, program_of, purchase, rule, tier

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
UNITS = {"tea": Decimal("0.01"), "visits": Decimal(1), "steps": Decimal(1)}
trees = st.sampled_from(
    [
        '"tea"',
        '{ op = "all_of", of = ["tea", "visits", "steps"] }',
        '{ op = "any_of", of = ["tea", "visits", "steps"], at_least = 2 }',
        '{ op = "any_of", of = ["tea", { op = "all_of", of = ["visits", "steps"] }] }',
        '{ op = "weighted", of = ["tea", "visits", "steps"], at_least = 2, weights = WEIGHTS }'.replace(
            "WEIGHTS", "{ tea = 2, visits = 1, steps = 1 }"
        ),
    ]
)
windows = st.sampled_from(
    ['"lifetime"', '{ calendar = "year" }', "{ rolling_days = 90 }", '"anniversary"', '"cycle"']
)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    def config(low: int, high: int) -> str:
        first = draw(st.integers(low, high))
        gold = f", gold = {first + draw(st.integers(1, high))}" if draw(st.booleans()) else ""
        return f"window = {draw(windows)}, thresholds = {{ silver = {first}{gold} }}"

    return program_of(
        ladder(draw(trees), until='"lifetime"', returns="undo", cycle="{ months = 5, restart = [] }"),
        rule("tea", "tier_spend", f'{{ categories = ["tea"], {config(10, 90)} }}'),
        rule("visits", "tier_frequency", f'{{ count = "activities", channels = ["app"], {config(1, 5)} }}'),
        rule(
            "steps",
            "tier_frequency",
            f'{{ count = {{ attribute = "steps" }}, kinds = ["walk"], {config(50, 900)} }}',
        ),
    )


def done(what: str, amount: Decimal, at: datetime) -> list[ActivityFact]:
    """Activities that raise one figure by an amount, and no other one."""
    if what == "tea":
        return [purchase(at, str(amount), lines=[line("1", str(amount), category="tea")])] if amount else []
    if what == "steps":
        return [purchase(at, None, kind="walk", attributes={"steps": str(amount)})] if amount else []
    return [purchase(at + timedelta(seconds=number), "1.00", channel="app") for number in range(int(amount))]


pasts = st.lists(
    st.tuples(st.sampled_from(sorted(UNITS)), st.integers(1, 60), st.integers(1, 240)), max_size=8
)


@given(program=programs(), past=pasts)
@settings(deadline=None)
def test_a_route_reaches_its_tier_and_one_unit_less_does_not(
    program: Program, past: list[tuple[str, int, int]]
) -> None:
    facts = [
        fact
        for number, (what, much, day) in enumerate(past)
        for fact in done(
            what,
            Decimal(min(much, 3) if what == "visits" else much),
            datetime(2024, 1, 1, 9, number, tzinfo=UTC) + timedelta(days=day),
        )
    ]
    ladder_of = program.ladder("status").ladder
    before = folded(program, facts, NOW)
    for route in routes_at(program, facts):
        for short in (None, *(each.rule for each in route.conditions if each.missing)):
            followed = [*facts, *following(route, short)]
            reached = ladder_of.rank(tier(folded(program, followed, NOW + timedelta(hours=5))))
            if short is None:
                assert reached >= ladder_of.rank(route.tier)
            else:
                assert ladder_of.rank(tier(before)) <= reached < ladder_of.rank(route.tier)


def routes_at(program: Program, facts: list[ActivityFact]) -> list[Route]:
    """The routes of a member with that past, the instant of following at hand."""
    outcome, policy = folded(program, facts, NOW), program.ladder("status")
    day: date = local_day(NOW, LONDON)
    figures = outcome.state.tallies.figures(policy.measures, "undo", day, JOINED, ladder="status")
    return routes(program, policy, tier(outcome), figures, {}, day, JOINED)


def following(route: Route, short: str | None) -> list[ActivityFact]:
    """What is missing on a route, done; of one rule a unit less."""
    wanted: Mapping[str, Decimal] = {
        each.rule: each.missing - (UNITS[each.rule] if each.rule == short else 0) for each in route.conditions
    }
    return [
        fact
        for number, (what, amount) in enumerate(wanted.items())
        for fact in done(what, amount, NOW + timedelta(minutes=1 + number * 60))
    ]
