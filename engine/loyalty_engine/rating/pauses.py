"""Pauses: while one lasts no claim ends and no review is held; then claims and cycles move (SEMANTICS 4).

They are moved by whole local days. A claim made, or a cycle begun, during the pause is moved by those days of
it that came afterwards. Points and windows know nothing of pauses.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.ends import next_cycle
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.ladders import needed
from loyalty_engine.rating.state import Claim, LadderState, Pause, State
from loyalty_engine.rules import Activity

PAUSE, RESUME = "pause", "resume"
"""The kinds of activities by which a pause begins and ends."""


def pause_attributes(until: datetime | None) -> dict[str, object]:
    """How the activity that begins a pause keeps when the pause ends by itself."""
    return {"until": None if until is None else until.isoformat()}


class Pauses:
    """The pauses of one member."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal

    def apply(self, at: At, program: Program, activity: Activity) -> Pause | None:
        """Begin or end a pause, where the activity is one that does; one that is under way goes on.

        The pause that ended is the answer.
        """
        if activity.kind == PAUSE and self._state.pause is None:
            until = activity.attributes["until"]
            ends = None if until is None else datetime.fromisoformat(str(until))
            self._state.pause = Pause(at.instant, ends)
        elif activity.kind == RESUME:
            return self._resume(at, program)
        return None

    def boundary(self, at: At, program: Program) -> Pause | None:
        """End the pause whose time is up, which is the answer then."""
        if self._state.pause is not None and self._state.pause.until == at.instant:
            return self._resume(at, program)
        return None

    def _resume(self, at: At, program: Program) -> Pause | None:
        pause, self._state.pause = self._state.pause, None
        if pause is None:
            return None
        moving = Moving(pause, at.instant, program.zone)
        for policy in program.ladders:
            ladder = self._state.ladders.get(policy.key)
            if ladder is not None and policy.key not in self._state.frozen:
                self._state.ladders[policy.key] = self._moved(at, policy, ladder, moving)
        return pause

    def _moved(self, at: At, policy: LadderPolicy, ladder: LadderState, moving: Moving) -> LadderState:
        """The ladder after the pause: a claim that was outlasted in it may be the one that lasts now."""
        held = [*ladder.claims, *(claim for claim in ladder.outlasted if moving.held(claim))]
        claims = tuple(self._claim(at, policy, claim, moving) for claim in held)
        outlasted = tuple(claim for claim in ladder.outlasted if not moving.held(claim))
        cycle, ends = ladder.cycle, next_cycle(policy, ladder, moving.since, moving.zone)
        if cycle is not None and ends is not None and moving.days_since(cycle.began_at):
            ends_on = local_day(ends, moving.zone) + moving.days_since(cycle.began_at)
            cycle = replace(cycle, ends_on=ends_on)
        return needed(replace(ladder, claims=claims, outlasted=outlasted, cycle=cycle), policy)

    def _claim(self, at: At, policy: LadderPolicy, claim: Claim, moving: Moving) -> Claim:
        end = None if claim.until_at is None else moving.end(claim.until_at, claim.from_at)
        if end == claim.until_at:
            return claim
        moved = replace(claim, until_at=end, moved_by=at.cause)
        self._journal.withdrawn(at, policy.key, [claim])
        self._journal.moved(at, policy.key, claim, moved)
        return moved


class Moving:
    """By how much a pause, up to an instant, moves what began when."""

    def __init__(self, pause: Pause, until: datetime, zone: ZoneInfo) -> None:
        self.since = pause.since
        self._paused_on = local_day(pause.since, zone)
        self._resumed_on = local_day(until, zone)
        self.zone = zone

    def held(self, claim: Claim) -> bool:
        """Whether a claim was in force when the pause began, or was made in it."""
        return claim.until_at is None or claim.until_at > self.since

    def days_since(self, began_at: datetime) -> timedelta:
        """Of the days paused, those after something began."""
        return max(timedelta(0), self._resumed_on - max(self._paused_on, local_day(began_at, self.zone)))

    def end(self, until: datetime, began_at: datetime) -> datetime:
        """An end at 00:00 of a local date, moved to 00:00 of a later one."""
        days = self.days_since(began_at)
        return first_instant(local_day(until, self.zone) + days, self.zone) if days else until
