"""Who follows a route reaches its tier, not before it says so, and who stops one unit short does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact
from loyalty_engine.rating.ends import next_review
from loyalty_engine.rating.prospects import Prospect
from loyalty_engine.rating.routes import Route, routes
from tests.rating.followed import HOUR, NOW, Following, Past, pasts
from tests.rating.histories import folded, purchase, tier
from tests.rating.random_settings import HISTORIES


@given(past=pasts(), late=st.booleans(), data=st.data())
@settings(HISTORIES)
def test_a_route_reaches_its_tier_and_one_unit_less_does_not(
    past: Past, late: bool, data: st.DataObject
) -> None:
    named = routes_of(past.program, past.facts)
    if not named:
        return
    route = data.draw(st.sampled_from(named))
    lacking = sorted(lacking_on(route), key=str)
    for short in (None, *lacking):
        facts = following(past, route, late, short)
        if facts is None:
            assert "points" in {each.means for each in route.conditions}
        elif short is None:
            reached_when_it_says(past.program, route, facts, named)
        elif not overtaken(past.program, route, named, facts[-1].occurred_at, short):
            assert rank(past.program, facts) < rank_of(past.program, route)


def overtaken(
    program: Program, route: Route, named: Sequence[Route], at: datetime, short: str | None = None
) -> bool:
    """Whether what is done, of one rule a unit less, is enough by then on another route, as time helps."""
    did = lacking_on(route) - {short}
    return any(
        other.not_before is not None
        and other.not_before <= at
        and lacking_on(other) <= did
        and rank_of(program, other) >= rank_of(program, route)
        for other in named
        if other is not route
    )


def lacking_on(route: Route) -> set[str | None]:
    """The rules of which something is missing that time alone does not bring."""
    return {each.rule for each in route.conditions if each.missing and each.means != "time"}


def reached_when_it_says(
    program: Program, route: Route, facts: Sequence[Fact], named: Sequence[Route]
) -> None:
    """With everything done the tier is held, and was not before it can be; a cycle begun anew is excused."""
    if any(each.begins_anew for each in route.conditions):
        return
    assert rank(program, facts) >= rank_of(program, route)
    at = route.not_before
    if at is not None and not overtaken(program, route, named, at - HOUR):
        early = [fact for fact in facts if fact.occurred_at < at]
        assert rank(program, early, at - HOUR) < rank_of(program, route)


def routes_of(program: Program, facts: Sequence[Fact]) -> list[Route]:
    """The routes of a member with that past, the instant of following at hand."""
    state, policy = folded(program, facts, NOW).state, program.ladder("status")
    held = state.ladders["status"]
    review_at = next_review(policy, held, NOW, program.zone)
    return routes(Prospect(program, policy, state, held.claims, NOW, review_at))


def following(past: Past, route: Route, late: bool, short: str | None) -> list[Fact] | None:
    """What came, and what is missing on a route, as early or as late as it may come; of one rule a unit less.

    How many points a trip earns depends on the tier held then, and so on the rest. At last comes something
    that counts for nothing, for where an activity decides, and where nothing is missing at first too. None:
    the points cannot be earned.
    """
    facts = list(past.facts)
    if not lacking_on(route):
        facts.append(purchase(NOW + timedelta(minutes=1), None, kind="hello"))
    points_last = sorted(enumerate(route.conditions), key=lambda numbered: numbered[1].rule == "points")
    for number, each in points_last:
        if each.missing:
            at = begun(route, number, late)
            so_far = Following(past.program, tuple(facts), route.not_before)
            more = so_far.met(each, at, short=each.rule == short, tier=route.tier)
            if more is None:
                return None
            facts += more
    last = max([NOW, route.not_before or NOW, *(fact.occurred_at for fact in facts)])
    return [*facts, purchase(last + HOUR, None, kind="hello")]


def begun(route: Route, number: int, late: bool) -> datetime:
    """When somebody begins to meet a condition: at once, or all together when the first of them has to be."""
    since = [each.since for each in route.conditions if each.since is not None and each.missing]
    until = [each.by for each in route.conditions if each.by is not None]
    own = route.conditions[number].since or NOW
    spread = timedelta(minutes=15 * number + 1)
    if late and until:
        days = max((int(each.missing) for each in route.conditions if each.rule == "days"), default=0)
        last = min(until) - timedelta(days=days + 1)
        if last > max([NOW, *since]):
            return last + spread
    return max(NOW, own) + spread


def rank_of(program: Program, route: Route) -> int:
    """The rank of the tier that a route leads to."""
    return program.ladder("status").ladder.rank(route.tier)


def rank(program: Program, facts: Sequence[Fact], at: datetime | None = None) -> int:
    """The rank of the tier held at an instant; None: after everything."""
    until = at or max(fact.occurred_at for fact in facts) + timedelta(seconds=1)
    return program.ladder("status").ladder.rank(tier(folded(program, facts, until)))
