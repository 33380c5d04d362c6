"""The tiers side of a fold: asking each ladder once, and what becomes of its claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.program.file import Until
from loyalty_engine.rating.claimed import claim_figures, cycle_began_on
from loyalty_engine.rating.ends import claim_end, is_cycle_end, is_review
from loyalty_engine.rating.facts import CLOSING
from loyalty_engine.rating.falling import graced
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.judgement import Judgement, judge, ruling_of
from loyalty_engine.rating.ladders import keeps_all, next_tier, risen, same, settled, with_claim
from loyalty_engine.rating.locks import lock_of
from loyalty_engine.rating.notices import awaited
from loyalty_engine.rating.overrides import ByHand
from loyalty_engine.rating.returned import Lowering, Returned
from loyalty_engine.rating.rulebook import Rulebook
from loyalty_engine.rating.state import Claim, ClaimFigure, CycleState, LadderState, Ruling, State
from loyalty_engine.rating.tallies import Tallies


@dataclass(frozen=True, slots=True)
class _Asked:
    judgement: Judgement
    figures: dict[str, ClaimFigure]
    ruling: Ruling


class Standings:
    """Claims and standings of one member. Where falls are foreseen, no notice puts them off."""

    def __init__(
        self, rulebook: Rulebook, state: State, journal: Journal, *, foreseeing: bool = False
    ) -> None:
        self._rulebook = rulebook
        self._state = state
        self._journal = journal
        self._foreseeing = foreseeing
        self._lowering = Lowering(rulebook, state, self._freeze)

    def begin(self, at: At, policy: LadderPolicy) -> None:
        """Stand on the base tier."""
        base = policy.ladder.base
        day = local_day(at.instant, self._rulebook.in_force(at.instant).program.zone)
        cycle = None if policy.section.cycle is None else CycleState(day, at.instant)
        self._state.ladders[policy.key] = LadderState(base, at.instant, cycle=cycle)
        self._journal.standing(at, policy.key, None, base, None)

    def boundary(
        self, at: At, program: Program, policy: LadderPolicy, tiers: Mapping[str, str], *, asked: bool
    ) -> None:
        """Reviews, ends of claims and what rules asked for at one instant; one comparison of standings.

        While the member is paused, only what rules asked for: like an activity it makes a claim.
        """
        if self._state.pause is not None:
            if asked:
                held = self._state.ladders[policy.key].claims
                self._judge(at, program, policy, held, [policy.upgrade.until], tiers)
            return
        state = self._state.ladders[policy.key]
        over = is_cycle_end(policy, state, at.instant, program.zone)
        review = policy.review if is_review(policy, at.instant, program.zone, cycle_over=over) else None
        left = tuple(claim for claim in state.claims if claim.until_at is None or claim.until_at > at.instant)
        untils = [] if review is None else [review.until]
        untils += [policy.upgrade.until] if asked else []
        if untils or len(left) < len(state.claims):
            self._judge(at, program, policy, left, untils, tiers)
        if over and policy.key not in self._state.frozen:
            self._begin_cycle(policy, at, state.cycle)

    def _judge(
        self,
        at: At,
        program: Program,
        policy: LadderPolicy,
        left: tuple[Claim, ...],
        untils: Iterable[Until],
        tiers: Mapping[str, str],
    ) -> None:
        asked = self._ask(at, program, policy, tiers, at_boundary=True)
        if asked is None:
            return
        held = replace(self._state.ladders[policy.key], claims=left)
        for until in untils if asked.judgement.tier != policy.ladder.base else ():
            end = claim_end(until, at.instant, program.zone, asked.judgement.until)
            claim = Claim(asked.judgement.tier, at.instant, end, at.cause, figures=asked.figures)
            held = self._with(at, policy, held, claim)
        ended = tuple(claim for claim in self._state.ladders[policy.key].claims if claim not in left)
        # The end of a lock may change nothing, and must be known at other times: it is a withdrawal.
        # What ends under a name that it has only now was withdrawn under the one before.
        over = [claim for claim in ended if claim.locked and claim.cause != at.cause]
        self._journal.withdrawn(at, policy.key, over)
        self._settle(at, program, policy, held, asked, ended)

    def regrade(self, at: At, program: Program, policy: LadderPolicy, tiers: Mapping[str, str]) -> None:
        """A review out of turn, because a version that takes effect says so."""
        left = tuple(
            claim
            for claim in self._state.ladders[policy.key].claims
            if claim.until_at is None or claim.until_at > at.instant or self._state.pause is not None
        )
        self._judge(at, program, policy, left, [policy.kept_until], tiers)

    def ruling(
        self, at: At, program: Program, policy: LadderPolicy, tiers: Mapping[str, str]
    ) -> Ruling | None:
        """What the ladder's rules say at a boundary; None, and the ladder frozen, when one of them failed."""
        asked = self._ask(at, program, policy, tiers, at_boundary=True)
        return None if asked is None else asked.ruling

    def claim(self, at: At, program: Program, policy: LadderPolicy, tiers: Mapping[str, str]) -> None:
        """An activity claims the tier that the running figures support, also one below the tier held."""
        asked = self._ask(at, program, policy, tiers, at_boundary=False)
        if asked is None or asked.judgement.tier == policy.ladder.base:
            return
        end = claim_end(policy.upgrade.until, at.instant, program.zone, asked.judgement.until)
        claim = Claim(asked.judgement.tier, at.instant, end, at.cause, figures=asked.figures)
        held = self._with(at, policy, self._state.ladders[policy.key], claim)
        self._stand(at, policy, risen(held, policy.ladder, at.instant), asked.ruling)

    def _with(self, at: At, policy: LadderPolicy, held: LadderState, claim: Claim) -> LadderState:
        """The claims with one more, where it is needed."""
        added = with_claim(held, claim, policy.ladder, keeps_all(policy))
        self._journal.claims(at, policy.key, added.made)
        return added.state

    def set_by_hand(
        self, at: At, program: Program, policy: LadderPolicy, wanted: ByHand, tiers: Mapping[str, str]
    ) -> None:
        """A claim made by hand, for which no rule is asked; or the end of those of its origin."""
        state = self._state.ladders[policy.key]
        if wanted.tier is None:
            gone = [claim for claim in state.claims if claim.origin == wanted.origin]
            asked = self._ask(at, program, policy, tiers, at_boundary=False) if gone else None
            if asked is not None:
                self._journal.withdrawn(at, policy.key, gone)
                left = tuple(claim for claim in state.claims if claim not in gone)
                self._settle(at, program, policy, replace(state, claims=left), asked)
        elif wanted.tier in policy.ladder.tiers:
            claim = Claim(wanted.tier, at.instant, wanted.until, at.cause, wanted.origin, wanted.locked)
            self._journal.claims(at, policy.key, [claim])
            held = replace(state, claims=(*state.claims, claim))
            ruling = Ruling(at.instant, False, {}, {}, by_hand=wanted.origin)
            self._stand(at, policy, risen(held, policy.ladder, at.instant), ruling)

    def bring(
        self,
        at: At,
        program: Program,
        policy: LadderPolicy,
        came: Sequence[Claim],
        gone: Sequence[Claim],
        tiers: Mapping[str, str],
        *,
        anew: bool = True,
    ) -> None:
        """Claims that a merge brings, without those that are gone, and what the figures of both support now.

        What was brought was made on figures of another history, which says when it is gone. Unless ``anew``
        nothing else is claimed: the program has the ladder no more.
        """
        asked = self._ask(at, program, policy, tiers, at_boundary=False)
        if asked is None:
            return
        claims = list(came)
        if anew and policy.upgrade.at == "activity" and asked.judgement.tier != policy.ladder.base:
            end = claim_end(policy.upgrade.until, at.instant, program.zone, asked.judgement.until)
            claims.insert(0, Claim(asked.judgement.tier, at.instant, end, at.cause, figures=asked.figures))
        held = self._state.ladders[policy.key]
        held = replace(held, claims=tuple(claim for claim in held.claims if claim not in gone))
        for claim in sorted(claims, key=lambda each: each.origin == "rules"):
            held = self._with(at, policy, held, claim)
        if gone:
            self._journal.withdrawn(at, policy.key, gone)
            self._settle(at, program, policy, held, asked)
        else:
            self._stand(at, policy, risen(held, policy.ladder, at.instant), asked.ruling)

    def end(self, at: At, policy: LadderPolicy) -> None:
        """The member left: nothing is claimed any more, and the base tier is held for good."""
        state, pause = self._state.ladders[policy.key], self._state.pause
        since = at.instant if pause is None else pause.since
        held = [
            claim
            for claim in (*state.claims, *state.outlasted)
            if claim.until_at is None or claim.until_at > since
        ]
        self._journal.withdrawn(at, policy.key, held)
        left = replace(state, claims=(), outlasted=(), notice=None)
        if state.tier != policy.ladder.base:
            left = replace(left, tier=policy.ladder.base, since=at.instant)
        self._stand(at, policy, left, Ruling(at.instant, False, {}, {}, by_hand=CLOSING))

    def withdraw(
        self,
        at: At,
        program: Program,
        policy: LadderPolicy,
        returned: Returned,
        tiers: Mapping[str, str],
    ) -> None:
        """Judge claims again whose figures a return lowered, and withdraw what no longer holds.

        A claim whose figures support a lower tier now is replaced by a claim on that tier until the same end.
        """
        state = self._state.ladders[policy.key]
        judged = [(claim, self._lowering.of(at, claim, policy, returned, tiers)) for claim in state.claims]
        gone = [claim for claim, after in judged if after is None or after.tier != claim.tier]
        asked = self._ask(at, program, policy, tiers, at_boundary=False) if gone else None
        if policy.key in self._state.frozen:
            return
        kept: list[Claim] = []
        for claim, after in judged:
            if after is not None and after is not claim and after.tier == claim.tier:
                self._journal.relowered(policy.key, after)
            if after is not None and not any(same(after, other) for other in kept):
                kept.append(after)
        after_state = replace(state, claims=tuple(kept))
        if asked is None:
            self._state.ladders[policy.key] = after_state
            return
        self._journal.withdrawn(at, policy.key, gone)
        self._journal.claims(at, policy.key, [claim for claim in kept if claim.cause == at.cause])
        self._settle(at, program, policy, after_state, asked)

    def _settle(
        self,
        at: At,
        program: Program,
        policy: LadderPolicy,
        held: LadderState,
        asked: _Asked,
        ended: tuple[Claim, ...] = (),
    ) -> None:
        """One comparison of standings, all claims in ``held`` being in force, after some ended."""
        prolonging = self._prolonging(at, program, policy, held, asked, ended)
        if prolonging is not None:
            self._stand(at, policy, self._with(at, policy, held, prolonging), asked.ruling)
            return
        until = claim_end(policy.kept_until, at.instant, program.zone, asked.judgement.keeps_until)
        after = settled(held, policy, asked.judgement.keeps, asked.figures, at.cause, at.instant, until)
        self._journal.claims(at, policy.key, after.made)
        fallen_from = [claim for claim in held.claims if claim not in after.state.claims]
        self._journal.withdrawn(at, policy.key, fallen_from)
        self._stand(at, policy, after.state, asked.ruling)

    def _prolonging(
        self,
        at: At,
        program: Program,
        policy: LadderPolicy,
        held: LadderState,
        asked: _Asked,
        ended: tuple[Claim, ...],
    ) -> Claim | None:
        """The claim that puts a fall off; nothing puts off what a lock decides."""
        if lock_of(held.claims) is not None:
            return None
        after = next_tier(policy, held, asked.judgement.keeps)
        if policy.ladder.rank(after) >= policy.ladder.rank(held.tier):
            return None
        grace = graced(policy, held, ended, at, program.zone)
        if grace is not None or self._foreseeing:
            return grace
        return awaited(policy, held, at, program.zone)

    def _stand(self, at: At, policy: LadderPolicy, after: LadderState, ruling: Ruling) -> None:
        before = self._state.ladders[policy.key]
        self._state.ladders[policy.key] = after
        if after.tier == before.tier:
            return
        self._state.ladders[policy.key] = replace(after, notice=None)
        self._journal.standing(at, policy.key, before.tier, after.tier, ruling)
        rose = policy.ladder.rank(after.tier) > policy.ladder.rank(before.tier)
        if policy.section.cycle is not None and (
            ("upgrade" if rose else "downgrade") in policy.section.cycle.restart
        ):
            self._begin_cycle(policy, at, None)

    def _begin_cycle(self, policy: LadderPolicy, at: At, before: CycleState | None) -> None:
        """Begin the ladder's cycle anew, after a cycle that is over or by a change that restarts it.

        A change at the very boundary at which the cycle ends has begun a new one already.
        """
        state = self._state.ladders[policy.key]
        if before is not None and state.cycle is not before:
            return
        anchor = (
            before.ends_on or before.anchor
            if before
            else local_day(at.instant, self._rulebook.in_force(at.instant).program.zone)
        )
        self._state.ladders[policy.key] = replace(state, cycle=CycleState(anchor, at.instant, at.place))
        self._state.tallies.cycles[policy.key] = Tallies()

    def _ask(
        self, at: At, program: Program, policy: LadderPolicy, tiers: Mapping[str, str], *, at_boundary: bool
    ) -> _Asked | None:
        """Ask the ladder's rules; None, and the ladder frozen, when one of them failed."""
        day = local_day(at.instant, program.zone)
        figures = self._state.tallies.figures(
            policy.measures,
            policy.section.returns,
            day,
            self._state.joined_on,
            at_boundary=at_boundary,
            ladder=policy.key,
            values=self._state.values,
        )
        member = member_at(self._state, program, tiers, figures)
        judgement = judge(program, policy, member, day)
        if judgement.failures:
            self._freeze(at, policy, judgement)
            return None
        earlier = self._state.joined_on if self._state.joined_earlier else None
        cycle = self._state.ladders[policy.key].cycle
        began_on = cycle_began_on(self._state.ladders[policy.key], program)
        after = None if cycle is None else cycle.beginning
        return _Asked(
            judgement,
            claim_figures(program, policy, judgement, self._state, day, at_boundary=at_boundary),
            ruling_of(judgement, at.instant, at_boundary, began_on, earlier, after),
        )

    def _freeze(self, at: At, policy: LadderPolicy, judgement: Judgement) -> None:
        self._journal.failed(at, judgement.failures)
        self._state.frozen.add(policy.key)
