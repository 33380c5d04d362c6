"""No downgrade without a notice that is old enough, whatever the program and the history (SEMANTICS 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ActivityFact, Fact, Folding, Outcome, ReturnFact, State, run
from loyalty_engine.rating.facts import place_of, returns_by_purchase
from loyalty_engine.rating.locks import lock_of
from loyalty_engine.rating.overrides import by_hand
from tests.rating.generated import History, histories, resting, setting
from tests.rating.generated_programs import programs
from tests.rating.histories import folded, granted_whole, linked_return, purchase, rulebook_of
from tests.rating.random_settings import HISTORIES


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a fold: a boundary, or a fact, and the state before and after it."""

    at: datetime
    fact: Fact | None
    before: State
    after: State

    def falls(self, policy: LadderPolicy) -> bool:
        """Whether it lowers the standing on a ladder, and nobody does it by hand.

        What a lock decides is done by hand, also where it decides at the end of another lock.
        """
        was, now = self.before.ladders[policy.key], self.after.ladders[policy.key]
        if policy.ladder.rank(now.tier) >= policy.ladder.rank(was.tier) or lock_of(now.claims) is not None:
            return False
        said = by_hand(self.fact.activity) if isinstance(self.fact, ActivityFact) else None
        return said is None or said.ladder != policy.key or said.tier is None


@st.composite
def announced(draw: st.DrawFn) -> History:
    """A history under ladders that announce, and what happens while something is announced in it."""
    history = draw(histories(programs(announcing=True)))
    for number in range(draw(st.integers(0, 3))):
        notices = [each for each in outcome_of(history).effects.values() if each.notice is not None]
        if not notices:
            break
        told = draw(st.sampled_from(notices))
        ends = history.until if told.notice is None else told.notice.at
        seconds = int((ends - told.effective_at).total_seconds()) * draw(st.integers(0, 16)) // 16
        at = told.effective_at + timedelta(seconds=seconds)
        history = replace(history, facts=(*history.facts, *meanwhile(draw, history, at, 100 + number)))
    return history


def meanwhile(draw: st.DrawFn, history: History, at: datetime, number: int) -> list[Fact]:
    """A pause, a purchase, a standing set by hand, or the whole return of a purchase, at an instant."""
    returned = {fact.of for fact in history.facts if isinstance(fact, ReturnFact)}
    bought = [
        fact
        for fact in history.facts
        if isinstance(fact, ActivityFact)
        and (fact.activity.kind, fact.activity.lines) == ("purchase", ())
        and fact.occurred_at <= at
        and fact.natural_key not in returned
    ]
    match draw(st.sampled_from(["pause", "pause", "purchase", "hand", *(["return"] if bought else [])])):
        case "pause":
            return resting(draw, at, history.zone, number)
        case "purchase":
            amount = draw(st.sampled_from(["20", "130", "500"]))
            return [purchase(at, amount, f"b{number}", units="3", zone=history.zone)]
        case "hand":
            return [setting(draw, at, history.zone, number)]
        case _:
            fact = draw(st.sampled_from(bought))
            return [linked_return(at, fact, str(fact.activity.amount), f"z back {number}")]


def steps_of(history: History) -> Iterator[Step]:
    """Every step of a history, boundaries one by one."""
    facts = sorted(history.facts, key=place_of)
    folding = Folding(rulebook_of(history.program), history.member(), returns_by_purchase(facts))
    folding.enrol()
    before = folding.state.copy()
    for fact in (*facts, None):
        until = history.until if fact is None else fact.occurred_at
        while (instant := folding.next_boundary()) is not None and instant <= until:
            folding.advance(instant)
            after = folding.state.copy()
            yield Step(instant, None, before, after)
            before = after
        if fact is not None:
            run(folding.take(fact), granted_whole)
            after = folding.state.copy()
            yield Step(fact.occurred_at, fact, before, after)
            before = after


@HISTORIES
@given(announced())
def test_no_downgrade_comes_without_a_notice_that_is_old_enough(history: History) -> None:
    for step in steps_of(history):
        for policy in history.program.ladders:
            if not step.falls(policy):
                continue
            notice = step.before.ladders[policy.key].notice
            assert step.fact is None
            assert notice is not None
            assert (notice.at, notice.tier) == (step.at, step.after.ladders[policy.key].tier)
            days = timedelta(days=policy.downgrade.notice_days)
            assert local_day(step.at, history.zone) - local_day(notice.since, history.zone) >= days
            assert step.at - notice.since >= days - timedelta(hours=2)


@HISTORIES
@given(announced())
def test_what_is_noticed_was_told_when_it_is_said_to_have_been(history: History) -> None:
    """Effects stand in the order of the fold: the first of those that speak of one fall is as old as it."""
    for policy in history.program.ladders:
        since: datetime | None = None
        for effect in [each for each in outcome_of(history).effects.values() if each.ladder == policy.key]:
            if effect.kind == "standing":
                since = None
            elif effect.kind == "notice" and effect.notice is None:
                assert since is not None
                since = None
            elif effect.kind == "notice" and effect.notice is not None:
                assert effect.notice.since in (since, effect.effective_at)
                assert effect.notice.at > effect.effective_at
                since = effect.notice.since


@HISTORIES
@given(announced())
def test_while_a_member_is_paused_nothing_is_announced_and_nothing_falls(history: History) -> None:
    for step in steps_of(history):
        if step.after.pause is None:
            continue
        for policy in history.program.ladders:
            assert not step.falls(policy)
            if policy.key not in step.after.frozen:
                assert step.after.ladders[policy.key].notice is None


@HISTORIES
@given(announced())
def test_the_notice_of_a_standing_is_the_last_one_given_on_it(history: History) -> None:
    outcome = outcome_of(history)
    for policy in history.program.ladders:
        standing = outcome.state.ladders[policy.key]
        told = [
            effect
            for effect in outcome.effects.values()
            if effect.ladder == policy.key and effect.kind in ("standing", "notice")
        ]
        assert standing.notice == (told[-1].notice if told else None)
        if standing.notice is not None:
            assert policy.ladder.rank(standing.notice.tier) < policy.ladder.rank(standing.tier)
            assert standing.notice.at > history.until


def outcome_of(history: History) -> Outcome:
    """The history folded from the beginning."""
    return folded(history.program, history.facts, history.until, member=history.member())
