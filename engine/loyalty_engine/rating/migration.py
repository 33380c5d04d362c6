"""A version takes effect: what becomes of claims and standings, by the plan that it was published with.

Claims go first, under the names that their tiers have from now on; then the plan decides; then whatever else
happens at that instant, and all of it is one change of standing (SEMANTICS sections 3 and 5).

A pause holds standings, so that only names change in it, and the rest of the plan is done when it ends. Where
the tier held is gone and has no other name there is nothing to hold, and the plan is done at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.program.plan import LadderPlan
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.ladders import needed, place_of_claim, risen
from loyalty_engine.rating.pauses import Moving
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.standing import Standings
from loyalty_engine.rating.state import (
    PROLONGING,
    Claim,
    CycleState,
    LadderState,
    Made,
    Pause,
    Ruling,
    State,
)
from loyalty_engine.rating.tallies import Tallies
from loyalty_engine.rating.tiers import carried_tier, in_order


@dataclass(frozen=True, slots=True)
class _Carried:
    """A claim, and what it is from now on; None where it ends."""

    before: Claim
    after: Claim | None


class Migration:
    """What versions that take effect do to one member."""

    def __init__(self, rulebook: Rulebook, state: State, journal: Journal, standings: Standings) -> None:
        self._rulebook = rulebook
        self._state = state
        self._journal = journal
        self._standings = standings

    def tiers(self, version: ProgramVersion) -> dict[str, str]:
        """The tiers held before the version, under the names that it gives them; else the base tier."""
        found = {key: ladder.tier for key, ladder in self._state.ladders.items()}
        for policy in version.program.ladders:
            if policy.key in found:
                carried = self._tier(version, policy, found[policy.key])
                found[policy.key] = carried or policy.ladder.base
        return found

    def begin(
        self,
        at: At,
        version: ProgramVersion,
        policy: LadderPolicy,
        tiers: Mapping[str, str],
        *,
        asked: bool,
    ) -> None:
        """The ladder under the version that takes effect, with everything that happens at that instant."""
        before = self._state.ladders.get(policy.key)
        plan, ruling, held = self._plan_now(version, policy, before), None, None
        if before is None:
            self._standings.begin(at, policy)
        elif policy.key in self._state.frozen:
            return
        else:
            carried = self._carried(at, version, policy, before, plan)
            held = self._tier(version, policy, before.tier)
            if plan.claims == "regrade_now" or _changes(carried) or self._is_another(version, policy, before):
                ruling = self._standings.ruling(at, version.program, policy, tiers)
                if ruling is None:
                    return
            stays = None if ruling is not None and plan.claims != "regrade_now" else held
            self._state.ladders[policy.key] = self._after(at, version, policy, carried, stays, plan)
        if plan.claims == "regrade_now":
            self._standings.regrade(at, version.program, policy, tiers)
        if before is not None and policy.key not in self._state.frozen:
            self._standings.boundary(at, version.program, policy, tiers, asked=asked)
        self._as_one_change(at, policy, before, ruling, held)

    def resumed(
        self,
        at: At,
        version: ProgramVersion,
        pause: Pause,
        ladders: Mapping[str, LadderState],
        tiers: Mapping[str, str],
    ) -> None:
        """What the plans of versions that took effect during a pause still ask for, when it has just ended.

        ``ladders`` are as they were before. A version that begins at the very boundary finds nobody paused.
        """
        begun = [
            each
            for each in self._rulebook.begun(pause.since, at.instant)
            if at.place is not None or each.effective_at != at.instant
        ]
        for policy in version.program.ladders if begun else ():
            before = ladders.get(policy.key)
            for each in begun if before is not None else ():
                if policy.key not in self._state.frozen:
                    self._done_late(at, version, policy, each, tiers)
            if before is not None:
                self._as_one_change(at, policy, before, None, before.tier)

    def _done_late(
        self,
        at: At,
        version: ProgramVersion,
        policy: LadderPolicy,
        late: ProgramVersion,
        tiers: Mapping[str, str],
    ) -> None:
        state, plan = self._state.ladders[policy.key], late.plan.of(policy.key)
        if plan.claims == "regrade_now":
            if self._standings.ruling(at, version.program, policy, tiers) is None:
                return
            gone = [claim for claim in state.claims if _is_regraded(claim) and _is_older(claim, late)]
            outlasted = [
                claim
                for claim in state.outlasted
                if _is_older(claim, late) and not _is_over(claim, at.instant)
            ]
            self._journal.withdrawn(at, policy.key, [*gone, *outlasted])
            left = tuple(claim for claim in state.claims if claim not in gone)
            rest = tuple(claim for claim in state.outlasted if claim not in outlasted)
            self._state.ladders[policy.key] = replace(state, claims=left, outlasted=rest)
            self._standings.regrade(at, version.program, policy, tiers)
        elif plan.until is not None:
            protected = _protected(at, state, policy, plan.until, version)
            if protected is not None:
                self._state.ladders[policy.key] = replace(state, claims=(*state.claims, protected))
                self._journal.claims(at, policy.key, [protected])

    def _plan_now(
        self, version: ProgramVersion, policy: LadderPolicy, before: LadderState | None
    ) -> LadderPlan:
        """What is done of the plan at once: while the member is paused, names change and nothing else."""
        plan = version.plan.of(policy.key)
        if self._state.pause is None or before is None:
            return plan
        if self._tier(version, policy, before.tier) is None:
            return plan
        return LadderPlan(tiers=plan.tiers)

    def _is_another(self, version: ProgramVersion, policy: LadderPolicy, before: LadderState) -> bool:
        """Whether the tier held has another name or place now, or the ladder comes back."""
        earlier, old = self._rulebook.before(version), self._rulebook.ladder_before(version, policy.key)
        if old is None or earlier is None or old not in earlier.program.ladders:
            return True
        if self._tier(version, policy, before.tier) != before.tier:
            return True
        return in_order(old.ladder, policy.ladder) != in_order(policy.ladder, old.ladder)

    def _tier(self, version: ProgramVersion, policy: LadderPolicy, tier: str) -> str | None:
        before = self._rulebook.ladder_before(version, policy.key)
        if before is None:
            return tier if tier in policy.ladder.tiers else None
        return carried_tier(before.ladder, policy.ladder, version.plan.of(policy.key), tier)

    def _carried(
        self,
        at: At,
        version: ProgramVersion,
        policy: LadderPolicy,
        before: LadderState,
        plan: LadderPlan,
    ) -> list[_Carried]:
        """The claims that end no earlier than now, those that another outlasted included."""
        held_at = at.instant if self._state.pause is None else self._state.pause.since
        ahead = [
            claim
            for claim in (*before.claims, *before.outlasted)
            if not _is_over(claim, held_at) or (claim.until_at == at.instant and claim in before.claims)
        ]
        return [
            _Carried(claim, self._claim(at, version, policy, plan, claim))
            for claim in sorted(ahead, key=place_of_claim)
        ]

    def _claim(
        self, at: At, version: ProgramVersion, policy: LadderPolicy, plan: LadderPlan, claim: Claim
    ) -> Claim | None:
        tier = self._tier(version, policy, claim.tier)
        if tier is None or (
            _is_regraded(claim) and (plan.claims == "regrade_now" or tier == policy.ladder.base)
        ):
            return None
        if tier == claim.tier:
            return claim
        made, until = claim.made or Made(claim.from_at.astimezone(UTC), claim.cause), claim.until_at
        if self._state.pause is not None and until is not None:
            until = Moving(self._state.pause, at.instant, version.program.zone).end(until, claim.from_at)
        return replace(
            claim, tier=tier, from_at=at.instant, until_at=until, cause=at.cause, made=made, moved_by=None
        )

    def _after(
        self,
        at: At,
        version: ProgramVersion,
        policy: LadderPolicy,
        carried: Sequence[_Carried],
        stays: str | None,
        plan: LadderPlan,
    ) -> LadderState:
        """The ladder with the claims that it has from now on; what was made or ended is in the journal.

        The tier held ``stays``, or it is that of the best claim.
        """
        before = self._state.ladders[policy.key]
        claims = tuple(each.after for each in carried if each.after is not None)
        state = needed(replace(before, tier=policy.ladder.base, claims=claims, outlasted=()), policy)
        gone = [each.before for each in carried if each.after is not each.before]
        held = [claim for claim in gone if claim.locked or self._in_force(claim, at.instant)]
        self._journal.withdrawn(at, policy.key, held)
        made = [
            claim
            for claim in (*state.claims, *state.outlasted)
            if claim.cause == at.cause and claim.made is not None and not _is_over(claim, at.instant)
        ]
        state = risen(state, policy.ladder, at.instant)
        if stays is not None:
            state = replace(state, tier=stays)
        protected = None if plan.until is None else _protected(at, state, policy, plan.until, version)
        if protected is not None:
            state = replace(state, claims=(*state.claims, protected))
            made.append(protected)
        self._journal.claims(at, policy.key, made)
        return self._with_cycle(at, version, policy, state)

    def _in_force(self, claim: Claim, at: datetime) -> bool:
        """Whether a claim has not ended; in a pause none does."""
        return self._state.pause is not None or not _is_over(claim, at)

    def _with_cycle(
        self, at: At, version: ProgramVersion, policy: LadderPolicy, state: LadderState
    ) -> LadderState:
        """A ladder that had no cycle up to now begins one."""
        if policy.section.cycle is None or (state.cycle is not None and self._had_cycle(version, policy)):
            return state
        self._state.tallies.cycles[policy.key] = Tallies()
        day = local_day(at.instant, version.program.zone)
        return replace(state, cycle=CycleState(day, at.instant, at.place))

    def _had_cycle(self, version: ProgramVersion, policy: LadderPolicy) -> bool:
        earlier = self._rulebook.before(version)
        ladders = () if earlier is None else earlier.program.ladders
        return any(each.key == policy.key and each.section.cycle is not None for each in ladders)

    def _as_one_change(
        self,
        at: At,
        policy: LadderPolicy,
        before: LadderState | None,
        ruling: Ruling | None,
        renamed: str | None,
    ) -> None:
        """One change from the tier held before, ``renamed`` by now: only with that one a notice stays."""
        after = self._state.ladders[policy.key]
        held = None if before is None else before.tier
        since = before.since if before is not None and before.tier == after.tier else at.instant
        notice = after.notice if after.tier == renamed else None
        self._state.ladders[policy.key] = replace(after, since=since, notice=notice)
        self._journal.as_one_change(at, policy.key, held, after.tier, ruling)


def _protected(
    at: At, state: LadderState, policy: LadderPolicy, until: date, version: ProgramVersion
) -> Claim | None:
    """The claim that protects the tier held; None on the base tier, and where the day has come."""
    end = first_instant(until, version.program.zone)
    if state.tier == policy.ladder.base or end <= at.instant:
        return None
    return Claim(state.tier, at.instant, end, at.cause, "migration")


def _is_regraded(claim: Claim) -> bool:
    return claim.origin in ("rules", *PROLONGING)


def _is_older(claim: Claim, version: ProgramVersion) -> bool:
    return version.effective_at is not None and claim.first_at < version.effective_at


def _changes(carried: Sequence[_Carried]) -> bool:
    return any(each.after is not each.before for each in carried)


def _is_over(claim: Claim, at: datetime) -> bool:
    return claim.until_at is not None and claim.until_at <= at
