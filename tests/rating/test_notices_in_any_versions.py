"""No downgrade without a notice that is old enough over versions, whatever their plans (SEMANTICS 4 and 5).

What a plan itself sends lower is no fall: the member stands on the tier that it names, and falls from there.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ActivityFact, Fact, ProgramVersion, Rulebook
from loyalty_engine.rating.pauses import PAUSE, RESUME, pause_attributes
from loyalty_engine.rating.tiers import carried_tier
from loyalty_engine.rules import Activity
from tests.rating.announced import Step, announced, notices_of, steps_of
from tests.rating.generated import History
from tests.rating.generated_versions import versioned
from tests.rating.histories import LONDON, instant, linked_return, plan_for, purchase
from tests.rating.random_settings import HISTORIES
from tests.rating.test_migrations import SHAPES, random_plan
from tests.rating.test_notices_over_versions import announcing
from tests.rating.test_overrides import by_hand


def held_before(rulebook: Rulebook, version: ProgramVersion, policy: LadderPolicy, step: Step) -> str | None:
    """The tier held before a step, under its name of now; None where its ladder or it is gone by a plan."""
    tier = step.before.ladders[policy.key].tier
    earlier = rulebook.before(version)
    if step.fact is not None or version.effective_at != step.at or earlier is None:
        return tier
    was = next((each for each in earlier.program.ladders if each.key == policy.key), None)
    return None if was is None else carried_tier(was.ladder, policy.ladder, version.plan.of(policy.key), tier)


def hold(history: History) -> int:
    """Every fall of the history has a notice that is old enough; how many there are."""
    rulebook, found = history.rulebook, 0
    for step in steps_of(history):
        version = rulebook.in_force(step.at)
        for policy in version.program.ladders:
            if policy.key not in step.before.ladders or not policy.downgrade.notice_days:
                continue
            held, now = held_before(rulebook, version, policy, step), step.after.ladders[policy.key]
            if held is None or policy.ladder.rank(now.tier) >= policy.ladder.rank(held):
                continue
            if not step.is_by_itself(policy):
                continue
            notice, found = step.before.ladders[policy.key].notice, found + 1
            assert notice is not None
            days = timedelta(days=policy.downgrade.notice_days)
            assert local_day(step.at, history.zone) - local_day(notice.since, history.zone) >= days
            assert step.at - notice.since >= days - timedelta(hours=2)
    return found


@HISTORIES
@given(announced(versioned()))
def test_over_any_versions_no_downgrade_comes_without_a_notice_that_is_old_enough(history: History) -> None:
    hold(history)


@pytest.mark.parametrize("seed", range(150))
def test_whatever_takes_effect_while_a_fall_is_near_it_is_announced_before(seed: int) -> None:
    hold(life(random.Random(seed)))


def test_such_lives_have_falls_of_every_kind() -> None:
    assert sum(hold(life(random.Random(seed))) for seed in range(150)) > 100


def life(chance: random.Random) -> History:
    """One ladder over random versions, and a member who spends, returns, rests and is set by hand.

    The last version takes effect while something is announced, and may regrade at once by higher bounds.
    """
    at, shape = instant("2024-02-01"), chance.choice(SHAPES)
    first, later = announcing(chance, shape), []
    for _ in range(chance.randint(1, 5)):
        at += timedelta(days=chance.randint(1, 60), hours=chance.choice((0, 0, 11)))
        before, shape = shape, chance.choice(SHAPES)
        later.append((at.isoformat(), announcing(chance, shape), random_plan(chance, before[0], shape[0])))
    facts: list[Fact] = []
    for number in range(chance.randint(2, 9)):
        when = instant("2024-01-02") + timedelta(days=chance.randint(0, 200), hours=number)
        bought = purchase(when, chance.choice(("90", "150", "400", "700")), f"fact {number}")
        facts.append(bought)
        after = when + timedelta(days=chance.randint(0, 90))
        match chance.randint(0, 7):
            case 0:
                facts.append(linked_return(after, bought, str(bought.activity.amount), f"back {number}"))
            case 1:
                locked, tier = chance.random() < 0.5, chance.choice(shape[0])
                facts.append(by_hand(after.isoformat(), tier, "2024-10-01", locked=locked))
                facts.append(by_hand((after + timedelta(days=20)).isoformat(), None))
            case 2:
                facts.append(rest(after, PAUSE, pause_attributes(None)))
                facts.append(rest(after + timedelta(days=chance.randint(1, 60)), RESUME, {}))
    history = History(first, tuple(facts), tuple(later))
    near = [each for each in notices_of(history) if each.effective_at > at and each.notice is not None]
    if near:
        told = chance.choice(near)
        ends = history.until if told.notice is None else told.notice.at
        at = told.effective_at + chance.randint(1, 8) * (ends - told.effective_at) / 8
        strict = announcing(chance, (shape[0], tuple(bound * 9 for bound in shape[1])))
        regraded = (at.isoformat(), strict, plan_for(claims=chance.choice(("regrade_now", "keep"))))
        history = replace(history, later=(*history.later, regraded))
    return history


def rest(at: datetime, kind: str, attributes: dict[str, object]) -> Fact:
    """A pause, or its end."""
    name = f"{kind} {at.isoformat()}"
    return ActivityFact(Activity("desk", name, kind, at, local_day(at, LONDON), attributes=attributes))
