"""At which instants a ladder may raise a member, as far as it is known now, and what it will read there.

It may do so with the next activity or at the next review; when a membership is long enough, a period that is
read when it is over is over, or a new one begins; and only when no lock is in force any more (SEMANTICS 3
and 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.program.file import Cycle
from loyalty_engine.rating.asking import asks
from loyalty_engine.rating.ends import claim_end, cycle_ends, next_review
from loyalty_engine.rating.explain import conditions
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rating.locks import MadeClaim, lock_of
from loyalty_engine.rating.sights import ZERO, Known, Opinions, Sight, Span, means_of
from loyalty_engine.rating.state import CycleState, State
from loyalty_engine.rating.tallies import Figures
from loyalty_engine.rules import Figure, Measure


class HeldClaim(MadeClaim, Protocol):
    """A claim in force."""

    @property
    def tier(self) -> str:
        """The tier that it claims."""

    @property
    def until_at(self) -> datetime | None:
        """Until when it holds, exclusive; None: for life."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """When no lock is in force any more, None being at once; ``tier`` is then held without anything more."""

    at: datetime | None
    tier: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of a member on a ladder at an instant; ``review_at`` is the next review."""

    program: Program
    policy: LadderPolicy
    state: State
    claims: Sequence[HeldClaim]
    now: datetime
    review_at: datetime | None

    @property
    def tier(self) -> str:
        """The tier held."""
        return self.state.ladders[self.policy.key].tier

    def unlocked(self) -> Unlocked | None:
        """When no lock is in force any more; None: never."""
        held, at = list(self.claims), None
        while (lock := lock_of(held)) is not None:
            if lock.until_at is None:
                return None
            end = at = lock.until_at
            held = [claim for claim in held if claim.until_at is None or claim.until_at > end]
        if at is None:
            return Unlocked(None, self.tier)
        ladder = self.policy.ladder
        known = [claim.tier for claim in held if claim.tier in ladder.tiers]
        return Unlocked(at, max(known, key=ladder.rank, default=ladder.base))

    def sights(self, unlocked: Unlocked, tiers: Iterable[str]) -> list[Sight]:
        """The points at which the ladder may raise the member to one of some tiers, the earliest first."""
        first = self._sight(unlocked.at, None)
        if first is None:
            return []
        under_lock = self._reviewed_under(unlocked.at)
        found = {
            (sight.read_on, sight.at_boundary): sight for sight in (under_lock, first) if sight is not None
        }
        for day, activity in sorted(set(self._later(first, tiers))):
            sight = self._sight(unlocked.at, day, boundary=not activity)
            if sight is not None:
                found.setdefault((sight.read_on, sight.at_boundary), sight)
        return list(found.values())

    def _reviewed_under(self, unlocked_at: datetime | None) -> Sight | None:
        """A review under a lock, or at its end, that claims what outlasts it; where an activity does not."""
        if unlocked_at is None or self.policy.upgrade.at == "review":
            return None
        claimed = claim_end(self.policy.upgrade.until, self.now, self.program.zone)
        sight = self._at_review(unlocked_at, None)
        if claimed is None or claimed > unlocked_at or sight is None or sight.by is None:
            return None
        return sight if sight.by <= unlocked_at else None

    def _later(self, first: Sight, tiers: Iterable[str]) -> Iterator[tuple[date, bool]]:
        """The days on which conditions may be met that cannot be before; whether an activity must come."""
        asking = asks(self.program, self.policy)
        for tier in tiers:
            for rule, by_tier in self.policy.requirements.items():
                for asked in conditions(by_tier.get(tier)):
                    day = None if first.is_open(asked) else first.opens_on(asked)
                    if day is not None and day > first.read_on:
                        yield day, rule not in asking or means_of(asked) != "time"

    def _sight(
        self, unlocked_at: datetime | None, day: date | None, *, boundary: bool = False
    ) -> Sight | None:
        """The first point at which it decides, not before a day; at a boundary where it is asked for that."""
        if self.policy.upgrade.at == "review":
            return self._at_review(unlocked_at, day)
        zone = self.program.zone
        instant = self.now if day is None else first_instant(day, zone)
        if unlocked_at is not None and instant < unlocked_at:
            claimed = claim_end(self.policy.upgrade.until, instant, zone)
            decides = day is None or boundary
            if decides and (claimed is None or claimed > unlocked_at):
                return self._read(instant, boundary, None, unlocked_at)
            return self._read(unlocked_at, False, None, unlocked_at)
        return self._read(instant, boundary, None, None if day is None else instant)

    def _at_review(self, unlocked_at: datetime | None, day: date | None) -> Sight | None:
        zone, review, at = self.program.zone, self.policy.review, self.review_at
        pause = self.state.pause
        rests = None if pause is None else pause.until
        awaited = [rests, None if day is None else first_instant(day, zone)]
        standing = self.state.ladders[self.policy.key]
        while at is not None and review is not None:
            claimed = claim_end(review.until, at, zone)
            counts = unlocked_at is None or claimed is None or claimed > unlocked_at
            if counts and all(each is None or at >= each for each in awaited):
                return self._read(at, True, at, at if unlocked_at is None else max(at, unlocked_at))
            if standing.cycle is not None and self.policy.section.cycle is not None:
                standing = replace(standing, cycle=self._cycle_at(standing.cycle, at, boundary=False))
            at = next_review(self.policy, standing, at, zone)
        return None

    def _read(self, at: datetime, boundary: bool, by: datetime | None, not_before: datetime | None) -> Sight:
        state, policy, program = self.state, self.policy, self.program
        day, today = local_day(at, program.zone), local_day(self.now, program.zone)
        figures: Mapping[Measure, Decimal] = state.tallies.figures(
            policy.measures,
            policy.section.returns,
            day,
            state.joined_on,
            at_boundary=boundary,
            ladder=policy.key,
            values=state.values,
        )
        span, over = self._cycle_span(at, boundary)
        if over:
            figures = _without_cycle(figures)
        tiers = {key: held.tier for key, held in state.ladders.items()}
        judged = judge(program, policy, member_at(state, program, tiers, figures), day)
        opinions: Opinions = {
            rule: {tier: verdict.supports for tier, verdict in verdicts.items()}
            for rule, verdicts in judged.opinions.items()
        }
        known = Known(today, state.joined_on, state.tallies, state.values)
        cycle = policy.section.cycle
        rises_before = policy.upgrade.at == "activity" or by != self.review_at
        restarts = cycle is not None and "upgrade" in cycle.restart and rises_before
        return Sight(
            program,
            policy,
            known,
            figures,
            opinions,
            day,
            boundary,
            by,
            not_before,
            span,
            restarts,
            self._lowest(span),
            moves=by is not None and self._may_move(by),
            drifts=self._may_drift(at),
        )

    def _lowest(self, cycle: Span) -> int:
        """The rank of the tier held, or of the base tier where a fall may come while the cycle lasts."""
        falls = self._falls_at()
        stays = falls is None or (cycle.end is not None and falls >= cycle.end)
        return self.policy.ladder.rank(self.tier) if stays else 0

    def _may_move(self, review_at: datetime) -> bool:
        """Whether a fall before it may begin the cycle anew at whose end the review is held."""
        section, review, falls = self.policy.section.cycle, self.policy.review, self._falls_at()
        if section is None or review is None or review.every != "cycle":
            return False
        return "downgrade" in section.restart and falls is not None and falls < review_at

    def _may_drift(self, at: datetime) -> bool:
        """Whether the member may fall on the way at a time that is not known, and the cycle begin anew then.

        A review, or time alone, may renew the tier held, or raise the member to one that is lost again.
        """
        section, falls = self.policy.section.cycle, self._falls_at()
        if section is None or "downgrade" not in section.restart or at <= self.now:
            return False
        is_renewed = self.policy.review is not None and falls is not None and falls < at
        is_reviewed = self.review_at is not None and self.review_at < at
        return is_renewed or is_reviewed or bool(asks(self.program, self.policy))

    def _cycle_span(self, at: datetime, boundary: bool) -> tuple[Span, bool]:
        """The cycle that is read at an instant, and whether it is one that has not begun yet.

        A fall that begins it anew is taken for one that comes: whoever reckons with it is right either way.
        """
        section, state = self.policy.section.cycle, self.state.ladders[self.policy.key]
        if section is None or state.cycle is None:
            return Span(None, None), False
        zone, falls = self.program.zone, self._falls_at()
        cycles = [self._cycle_at(state.cycle, at, boundary=boundary)]
        ends = []
        if falls is not None and "downgrade" in section.restart:
            if falls < at:
                begun = CycleState(local_day(falls, zone), falls)
                cycles.append(self._cycle_at(begun, at, boundary=boundary))
            else:
                ends.append(falls)
        ends += [self._end_of(section, cycle) for cycle in cycles]
        return Span(max(cycle.began_at for cycle in cycles), min(ends)), cycles != [state.cycle]

    def _falls_at(self) -> datetime | None:
        """When the last claim on the tier held ends, if there is a tier to fall from."""
        if self.tier == self.policy.ladder.base:
            return None
        ends = [claim.until_at for claim in self.claims if claim.tier == self.tier]
        return None if not ends or None in ends else max(end for end in ends if end is not None)

    def _cycle_at(self, cycle: CycleState, at: datetime, *, boundary: bool) -> CycleState:
        """The cycle that is read at an instant; at a boundary the one that ends there."""
        section = self.policy.section.cycle
        while section is not None and (
            (end := self._end_of(section, cycle)) < at or (end == at and not boundary)
        ):
            cycle = CycleState(cycle.ends_on or cycle.anchor, end)
        return cycle

    def _end_of(self, section: Cycle, cycle: CycleState) -> datetime:
        """The end of a cycle that is under way or comes."""
        return next(end for end in cycle_ends(section, cycle, self.program.zone) if end > self.now)


def _without_cycle(figures: Mapping[Measure, Decimal]) -> Figures:
    """The same, of a cycle that has not begun yet."""

    def read(measure: Measure) -> Decimal:
        begun = measure.window != "cycle" or not isinstance(measure.figure, Figure)
        return figures[measure] if begun else ZERO

    return Figures(figures, read)
