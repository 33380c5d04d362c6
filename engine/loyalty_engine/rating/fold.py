"""The fold: facts in their order, with the calendar's boundaries in between (SEMANTICS 1 to 4).

One activity is one step: rules see it and the measures and tiers before it; awards are limited,
rounded and posted; measures take it; each ladder is asked once. Nothing is decided in here about
what many members share: a step yields what it asks for and is sent what was granted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.asking import asks, next_asked
from loyalty_engine.rating.carried import MERGE, Carried
from loyalty_engine.rating.closing import Closing
from loyalty_engine.rating.earning import Ask, Asking, Earning, earning_returns
from loyalty_engine.rating.ends import next_cycle, next_review
from loyalty_engine.rating.facts import (
    CLOSING,
    GIFT,
    ActivityFact,
    Fact,
    NaturalKey,
    ReturnFact,
    ValueFact,
    place_of,
    remaining,
    remaining_after_each,
    returns_by_purchase,
)
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.journal import ENROLMENT, At, Journal, Parked, boundary_cause
from loyalty_engine.rating.measuring import Measuring
from loyalty_engine.rating.merging import Merging
from loyalty_engine.rating.migration import Migration
from loyalty_engine.rating.moves import Moves
from loyalty_engine.rating.notices import Notices
from loyalty_engine.rating.overrides import by_hand
from loyalty_engine.rating.pauses import PAUSE, RESUME, Pauses
from loyalty_engine.rating.rated import Rated
from loyalty_engine.rating.returned import Returned
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.standing import Standings
from loyalty_engine.rating.state import Effect, State
from loyalty_engine.rating.taken import Lowered, Taken
from loyalty_engine.rules import Activity, DatedValue, Member, Points

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fold or some steps came to."""

    state: State
    effects: Mapping[EffectKey, Effect]
    parked: tuple[Parked, ...]
    next_boundary_at: datetime | None


class Folding:
    """Steps taken one after another from a state; the state that was given stays as it was.

    ``returns`` are the linked returns of each purchase, all of them: under ``undo`` a purchase is
    folded with what remains of it in the end. ``foreseeing`` gives no notices, and waits for none.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        state: State,
        returns: Mapping[NaturalKey, Sequence[ReturnFact]] | None = None,
        *,
        foreseeing: bool = False,
    ) -> None:
        self._rulebook = rulebook
        self._returns = returns or {}
        self._activities: dict[NaturalKey, ActivityFact] = {}
        self._returned: dict[NaturalKey, list[ReturnFact]] = {}
        self._waiting: dict[NaturalKey, list[ReturnFact]] = {}
        self._ended: ProgramVersion | None = None
        self._rated: dict[NaturalKey, Rated] = {}
        self._journal = Journal()
        self.state = state.copy()
        self._measuring = Measuring(self.state, (version.program for version in rulebook.versions))
        self._earning = Earning(self.state, self._journal)
        self._moves = Moves(self.state, self._journal)
        self._standings = Standings(rulebook, self.state, self._journal, foreseeing=foreseeing)
        self._notices = None if foreseeing else Notices(self.state, self._journal, self._forward)
        self._pauses = Pauses(self.state, self._journal)
        self._closing = Closing(rulebook, self.state, self._moves, self._measuring)
        self._merging = Merging(self.state, self._journal, self._standings, self._measuring)
        self._migration = Migration(rulebook, self.state, self._journal, self._standings)

    def outcome(self) -> Outcome:
        """What it came to so far."""
        following = self.next_boundary()
        return Outcome(self.state, self._journal.effects, tuple(self._journal.parked), following)

    def enrol(self) -> None:
        """Stand on the base tier of every ladder."""
        version = self._rulebook.in_force(self.state.joined_at)
        for policy in version.program.ladders:
            self._standings.begin(At(ENROLMENT, self.state.joined_at, version.id), policy)

    def next_boundary(self) -> datetime | None:
        """The next instant at which a review is held, a claim ends, a notice is due, and so on.

        Or at which a rule asked for its ladder to be asked. While the member is paused there are no reviews,
        ends and notices, but the end of the pause.
        """
        state = self.state
        if state.closed:
            return None
        in_force = self._rulebook.in_force(state.at)
        program = in_force.program
        held = [policy for policy in self._unfrozen(in_force) if policy.key in state.ladders]
        asked = [self._next_asked(in_force, policy) for policy in held]
        reviews = [
            instant
            for policy in (held if state.pause is None else ())
            for instant in (
                next_review(policy, state.ladders[policy.key], state.at, program.zone),
                next_cycle(policy, state.ladders[policy.key], state.at, program.zone),
            )
        ]
        begins = [
            version.effective_at
            for version in self._rulebook.versions
            if version.effective_at is not None and version.effective_at > state.at
        ]
        resumes = None if state.pause is None else state.pause.until
        ends = (state.next_end(), resumes, self._moves.next_change(program))
        notices = self._notices.next_due(program) if self._notices is not None else ()
        found = (*reviews, *asked, *begins, *notices, *ends)
        return min((instant for instant in found if instant is not None), default=None)

    def _next_asked(
        self, version: ProgramVersion, policy: LadderPolicy, tiers: Mapping[str, str] | None = None
    ) -> datetime | None:
        """When a rule asks for its ladder to be asked; one that cannot say so has failed since joining."""
        program = version.program
        if not asks(program, policy):
            return None
        member = member_at(self.state, program, self._tiers() if tiers is None else tiers, {})
        day, failures = next_asked(program, policy, member, local_day(self.state.at, program.zone))
        if failures:
            self._journal.failed(At(ENROLMENT, self.state.joined_at, version.id), failures)
            self._freeze(version)
            return None
        return None if day is None else first_instant(day, program.zone)

    def advance(self, until: datetime) -> None:
        """Apply every boundary up to and including an instant."""
        while (instant := self.next_boundary()) is not None and instant <= until:
            at, program = self._boundary(instant)
            self.state.at = instant
            self._look_ahead(at, program)

    def _look_ahead(self, at: At, program: Program) -> None:
        if self._notices is not None:
            self._notices.look_ahead(at, program)

    def _forward(self, at: datetime) -> Folding:
        return Folding(self._rulebook.until(at), self.state, foreseeing=True)

    def _boundary(self, instant: datetime) -> tuple[At, Program]:
        version = self._rulebook.in_force(instant)
        begins = version.effective_at == instant
        tiers = self._migration.tiers(version) if begins else self._tiers()
        at = At(boundary_cause(instant), instant, version.id)
        asked, before = self._asked(instant, version, tiers), dict(self.state.ladders)
        pause = self._pauses.boundary(at, version.program)
        for policy in version.program.ladders:
            if begins:
                self._migration.begin(at, version, policy, tiers, asked=policy.key in asked)
            elif policy.key not in self.state.ladders:
                self._standings.begin(at, policy)
            elif policy.key not in self.state.frozen:
                self._standings.boundary(at, version.program, policy, tiers, asked=policy.key in asked)
        if pause is not None:
            self._migration.resumed(at, version, pause, before, self._tiers())
        self._freeze(version)
        self._moves.boundary(at, version.program)
        return at, version.program

    def _asked(self, instant: datetime, version: ProgramVersion, tiers: Mapping[str, str]) -> set[str]:
        """The ladders that a rule wants asked at an instant, also one of the version that ends there."""
        before = self._rulebook.in_force(self.state.at)
        asking = ((version, tiers),) if before is version else ((before, None), (version, tiers))
        return {
            policy.key
            for each, held in asking
            for policy in each.program.ladders
            if self._next_asked(each, policy, held) == instant
        }

    def take(self, fact: Fact) -> Asking:
        """One step, boundaries up to its instant first.

        A linked return at the very instant of its purchase comes after it, whatever its key.
        """
        was_closed = self.state.closed  # In a history that has ended no time passes.
        self.advance(fact.occurred_at)
        version = self._rulebook.in_force(fact.occurred_at)
        at = At(fact.cause, fact.occurred_at, version.id, place_of(fact))
        match fact:
            case ActivityFact(carried=carried) if carried is not None:
                self._merge(fact, carried, at, version)
            case ActivityFact() if fact.activity.kind == CLOSING:
                self._closing.leave(at, version, fact, self._standings)
                self._end(at, version)
            case ActivityFact():
                yield from self._activity(fact, at, version)
                self._merging.confirm(at, fact)
                for early in self._waiting.pop(fact.natural_key, ()):
                    yield from self._linked_return(early, replace(at, cause=early.cause), version)
            case ReturnFact() if fact.of not in self._activities:
                self._waiting.setdefault(fact.of, []).append(fact)
            case ReturnFact():
                yield from self._linked_return(fact, at, version)
            case ValueFact():
                self._value(fact, at, version)
        self._closing.forfeit(at)
        self._freeze(version)
        self.state.place = place_of(fact)
        if not was_closed:
            self.state.at = max(self.state.at, fact.occurred_at)
        self._look_ahead(at, version.program)

    def _activity(self, fact: ActivityFact, at: At, version: ProgramVersion) -> Asking:
        activity, program = fact.activity, version.program
        returns = self._returns.get(fact.natural_key, ())
        net, tiers = remaining(activity, returns), self._tiers()
        rated = net if program.undoes else activity
        taken = Taken(place_of(fact), activity, net)
        self._activities[fact.natural_key] = fact
        if net is None and activity.kind == GIFT:
            return  # What caused it is gone, so that it was never given, whenever that became known.
        self._moves.apply(at, program, fact)
        if (pause := self._pauses.apply(at, program, activity)) is not None:
            self._migration.resumed(at, version, pause, self.state.ladders, tiers)
        if net is not None or not program.undoes:
            self._moves.keep(program, activity.kind, activity.local_day)
        if rated is not None and activity.kind not in ("receipt", GIFT) and self.state.closed_at is None:
            keep = bool(returns) and not program.undoes
            member = self._member(version, activity.local_day, tiers)
            rating = yield from self._earning.rate(at, place_of(fact), program, rated, member, keep)
            self._freeze(version)
            taken = replace(taken, earned=rating.points, earned_in_the_end=rating.points)
            if keep:
                self._rated[fact.natural_key] = rating
                if self._measuring.reads_points_in_the_end:
                    left = self._earning.points_in_the_end(rating, remaining_after_each(activity, returns))
                    taken = replace(taken, earned_in_the_end=left)
        lowered = self._measuring.take(taken)
        self._ask_ladders(at, version, activity, net, Returned(lowered, activity.local_day, None), tiers)

    def _value(self, fact: ValueFact, at: At, version: ProgramVersion) -> None:
        """A dated value; ladders whose rules read it are asked as at an activity."""
        tiers = self._tiers()
        self._merging.learn(fact)
        for policy in self._unfrozen(version):
            reads = any(
                isinstance(measure.figure, DatedValue)
                and (measure.figure.kind, measure.figure.key) == (fact.kind, fact.key)
                for measure in policy.measures
            )
            if reads and policy.upgrade.at == "activity" and not self.state.closed:
                self._standings.claim(at, version.program, policy, tiers)

    def _ask_ladders(
        self,
        at: At,
        version: ProgramVersion,
        activity: Activity,
        net: Activity | None,
        returned: Returned,
        tiers: Mapping[str, str],
    ) -> None:
        """Each ladder once: what an activity sets by hand, takes away as a return, or supports.

        A pause and its end support nothing, and in a history that has ended nothing is claimed any more.
        """
        if activity.kind in (PAUSE, RESUME) or self.state.closed:
            return
        program, set_by_hand = version.program, by_hand(activity)
        for policy in self._unfrozen(version):
            if set_by_hand is not None and set_by_hand.ladder == policy.key:
                self._standings.set_by_hand(at, program, policy, set_by_hand, tiers)
            elif activity.kind == "return":
                if policy.section.returns in ("from_now", "undo"):
                    self._standings.withdraw(at, program, policy, returned, tiers)
            elif policy.upgrade.at == "activity" and (net is not None or policy.section.returns != "undo"):
                self._standings.claim(at, program, policy, tiers)

    def _merge(self, fact: ActivityFact, carried: Carried, at: At, version: ProgramVersion) -> None:
        """This history ends in another one, or goes on with what another one had."""
        if fact.activity.kind == MERGE:
            self._merging.leave(at, carried)
            self._end(at, version)
            return
        program, tiers = version.program, self._tiers()
        self._merging.arrive(at, carried, partial(self._moves.end_of, program))
        back = self._merging.measure(at, fact.brought)
        if self.state.closed_at is not None:
            return  # Who left owes what came, and claims nothing.
        for returned in back:
            for policy in self._unfrozen(version):
                if policy.section.returns == "from_now":
                    self._standings.withdraw(at, program, policy, returned, tiers)
        self._merging.claim(at, self._rulebook, version, carried, tiers)

    def _end(self, at: At, version: ProgramVersion) -> None:
        """The history ends: what is judged again later is judged by the versions up to here."""
        self._ended = self._ended or version
        self._standings = Standings(self._rulebook.until(at.instant), self.state, self._journal)

    def _linked_return(self, fact: ReturnFact, at: At, version: ProgramVersion) -> Asking:
        original = self._activities[fact.of]
        purchase = original.activity
        if purchase.kind == GIFT:
            return
        so_far = self._returned.setdefault(fact.of, [])
        before, after = remaining(purchase, so_far), remaining(purchase, [*so_far, fact])
        so_far.append(fact)
        tiers, day = self._tiers(), purchase.local_day
        if after is None:
            self._moves.undo(at, version.program, original)
        back: Points = {}
        if fact.of in self._rated:
            back = yield from self._earning.take_back(at, self._rated[fact.of], after)
            self._freeze(version)
        bought = Taken(place_of(original), purchase, after)
        lowered = self._measuring.lower(Lowered(bought, before, back))
        returned = Returned(lowered, day, place_of(original))
        judging = self._ended or version
        for policy in self._unfrozen(judging):
            if policy.section.returns == "from_now":
                by = replace(at, program=judging.id)
                self._standings.withdraw(by, judging.program, policy, returned, tiers)

    def _freeze(self, version: ProgramVersion) -> None:
        """A rule that failed at anything freezes the ladders whose tree names it."""
        failed = {parked.rule for parked in self._journal.parked}
        if not failed:
            return
        for policy in version.program.ladders:
            if failed.intersection(policy.rules):
                self.state.frozen.add(policy.key)

    def _unfrozen(self, version: ProgramVersion) -> list[LadderPolicy]:
        return [policy for policy in version.program.ladders if policy.key not in self.state.frozen]

    def _tiers(self) -> dict[str, str]:
        return {key: ladder.tier for key, ladder in self.state.ladders.items()}

    def _member(self, version: ProgramVersion, day: date, tiers: Mapping[str, str]) -> Member:
        """The member as earning rules see it, before the activity."""
        program, state = version.program, self.state
        figures = state.tallies.figures(
            program.measures, earning_returns(program), day, state.joined_on, values=state.values
        )
        return member_at(state, program, tiers, figures)


def run(asking: Asking, answer: Callable[[Ask], int]) -> None:
    """Carry a step through, answering what it asks for."""
    try:
        ask = next(asking)
        while True:
            ask = asking.send(answer(ask))
    except StopIteration:
        return


def fold(
    rulebook: Rulebook, state: State, facts: Iterable[Fact], until: datetime, answer: Callable[[Ask], int]
) -> Outcome:
    """Fold a member's facts from the beginning, and the boundaries up to an instant after them.

    ``state`` is the one at enrolment. The facts may come in any order and repeated.
    """
    by_key = {fact.natural_key: fact for fact in facts}
    ordered = sorted(by_key.values(), key=place_of)
    folding = Folding(rulebook, state, returns_by_purchase(ordered))
    folding.enrol()
    for fact in ordered:
        run(folding.take(fact), answer)
    folding.advance(until)
    return folding.outcome()


__all__ = ["Ask", "Asking", "Folding", "Outcome", "Parked", "fold", "run"]
