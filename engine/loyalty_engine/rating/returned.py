"""What a return that lowers the figures of a claim leaves of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.journal import At
from loyalty_engine.rating.judgement import Judgement, figure_key, judge
from loyalty_engine.rating.locks import made_at
from loyalty_engine.rating.pauses import Moving
from loyalty_engine.rating.rulebook import Rulebook
from loyalty_engine.rating.state import Claim, ClaimFigure, State
from loyalty_engine.rating.tallies import View, view_of
from loyalty_engine.rating.tiers import tier_later
from loyalty_engine.rating.windows import Days
from loyalty_engine.rules import Figure, Measure


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return changed: each figure in each view, on the day on which it counts.

    ``bought`` is the place of the purchase that it names, and ``came`` where a merge brought that into the
    history: earlier claims were not made on it.
    """

    changes: Mapping[tuple[Figure, View], Decimal]
    day: date
    bought: Place | None
    came: Place | None = None

    def is_after(self, claim: Claim) -> bool:
        """Whether the purchase was not known yet when the claim was made."""
        known = self.came or self.bought
        return known is not None and made_at(claim) < known


class Lowering:
    """The claims of one member on figures that returns lowered; ``failed`` is told where no rule can say."""

    def __init__(
        self, rulebook: Rulebook, state: State, failed: Callable[[At, LadderPolicy, Judgement], None]
    ) -> None:
        self._rulebook = rulebook
        self._state = state
        self._failed = failed

    def of(
        self,
        at: At,
        claim: Claim,
        policy: LadderPolicy,
        returned: Returned,
        tiers: Mapping[str, str],
    ) -> Claim | None:
        """The claim on figures that a return lowered, the lower one in its place, or None where it goes."""
        if (
            claim.origin != "rules"
            or not claim.figures
            or returned.is_after(claim)
            or self._is_over(claim, at)
        ):
            return claim
        program = self._rulebook.in_force(claim.first_at).program
        made_on = program.ladder(policy.key)
        figures, values = {}, {}
        for rule in made_on.rules:
            for measure in program.measures_of[rule]:
                key = figure_key(rule, measure)
                figures[key] = figure = self._after(claim, measure, claim.figures[key], policy, returned)
                values[measure] = figure.value
        if figures == claim.figures:
            return claim
        member = member_at(self._state, program, tiers, values)
        judgement = judge(program, made_on, member)
        ladder = policy.ladder
        if judgement.failures:
            self._failed(at, policy, judgement)
            return claim
        tier = tier_later(self._rulebook, policy.key, judgement.tier, claim.first_at, at.instant)
        if self._still_holds(at, claim, policy, judgement, program, made_on, tiers):
            return replace(claim, figures=figures)
        if tier == ladder.base:
            return None
        return Claim(tier, at.instant, self._end_of(claim, at, program), at.cause, figures=figures)

    def _end_of(self, claim: Claim, at: At, program: Program) -> datetime | None:
        """The end of the lower claim: in a pause later by the days of it that the claim has seen already."""
        if self._state.pause is None or claim.until_at is None:
            return claim.until_at
        return Moving(self._state.pause, at.instant, program.zone).end(claim.until_at, claim.from_at)

    def _is_over(self, claim: Claim, at: At) -> bool:
        """Whether a claim had ended before the return, where no boundary ended it: in a closed history."""
        return self._state.closed and claim.until_at is not None and claim.until_at <= at.instant

    def _after(
        self, claim: Claim, measure: Measure, figure: ClaimFigure, policy: LadderPolicy, returned: Returned
    ) -> ClaimFigure:
        """A figure that a claim was made on, as a return leaves it."""
        of, days = measure.figure, Days(figure.start, figure.end)
        if not isinstance(of, Figure):
            return figure
        if measure.window == "cycle":
            held = self._in_cycle_of(claim, figure, policy, returned)
        else:
            held = days.hold(returned.day)
        if not held:
            return figure
        view = view_of(of, policy.section.returns)
        if of.taking == "sum":
            return replace(figure, value=figure.value + returned.changes.get((of, view), Decimal(0)))
        if returned.bought is None:
            return figure
        entries = self._state.tallies.entries(of, view)
        return replace(figure, value=entries.over(days, figure.after, made_at(claim)))

    def _still_holds(
        self,
        at: At,
        claim: Claim,
        policy: LadderPolicy,
        lowered: Judgement,
        program: Program,
        made_on: LadderPolicy,
        tiers: Mapping[str, str],
    ) -> bool:
        """Whether lowered figures support a claim as its own did: by entry, or else by keeping.

        Tiers are compared under the names that they have now.
        """

        def rank(tier: str) -> int:
            return policy.ladder.rank(
                tier_later(self._rulebook, policy.key, tier, claim.first_at, at.instant)
            )

        claimed = policy.ladder.rank(claim.tier)
        if rank(lowered.tier) >= claimed:
            return True
        if made_on.own_keep is None or rank(lowered.keeps) < claimed:
            return False
        values = {
            measure: claim.figures[figure_key(rule, measure)].value
            for rule in made_on.rules
            for measure in program.measures_of[rule]
        }
        made = judge(program, made_on, member_at(self._state, program, tiers, values))
        return rank(made.tier) < claimed

    def _in_cycle_of(
        self, claim: Claim, figure: ClaimFigure, policy: LadderPolicy, returned: Returned
    ) -> bool:
        """Whether a return counts in the cycle that a claim was made on.

        One that names its purchase counts with it, any other one in the cycle under way.
        """
        if returned.bought is not None:
            return figure.after is not None and figure.after < returned.bought
        cycle = self._state.ladders[policy.key].cycle
        return cycle is not None and cycle.beginning < made_at(claim)
