"""Histories in which downgrades are announced, and what happens meanwhile; and their steps one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ActivityFact, Fact, Folding, Outcome, ReturnFact, State, run
from loyalty_engine.rating.facts import place_of, returns_by_purchase
from loyalty_engine.rating.locks import lock_of
from loyalty_engine.rating.overrides import by_hand
from loyalty_engine.rating.state import Effect
from tests.rating.generated import History, histories, resting, setting
from tests.rating.generated_programs import programs
from tests.rating.histories import folded, granted_whole, linked_return, purchase


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
        return policy.ladder.rank(now.tier) < policy.ladder.rank(was.tier) and self.is_by_itself(policy)

    def is_by_itself(self, policy: LadderPolicy) -> bool:
        """Whether nobody decides by hand where the member stands on a ladder."""
        if lock_of(self.after.ladders[policy.key].claims) is not None:
            return False
        said = by_hand(self.fact.activity) if isinstance(self.fact, ActivityFact) else None
        return said is None or said.ladder != policy.key or said.tier is None


@st.composite
def announced(draw: st.DrawFn, of: st.SearchStrategy[History] | None = None) -> History:
    """A history under ladders that announce, and what happens while something is announced in it."""
    history = draw(of if of is not None else histories(programs(announcing=True)))
    for number in range(draw(st.integers(0, 3))):
        notices = notices_of(history)
        if not notices:
            break
        at = draw(meantimes(notices, history.until))
        history = replace(history, facts=(*history.facts, *meanwhile(draw, history, at, 100 + number)))
    return history


def notices_of(history: History) -> list[Effect]:
    """What is announced in a history."""
    return [each for each in outcome_of(history).effects.values() if each.notice is not None]


@st.composite
def meantimes(draw: st.DrawFn, notices: Sequence[Effect], until: datetime) -> datetime:
    """An instant between one of some notices and what it announces, both included."""
    told = draw(st.sampled_from(notices))
    ends = until if told.notice is None else told.notice.at
    seconds = int((ends - told.effective_at).total_seconds()) * draw(st.integers(0, 16)) // 16
    return told.effective_at + timedelta(seconds=seconds)


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
    folding = Folding(history.rulebook, history.member(), returns_by_purchase(facts))
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


def outcome_of(history: History) -> Outcome:
    """The history folded from the beginning."""
    return folded(history.rulebook, history.facts, history.until, member=history.member())
