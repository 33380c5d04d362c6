"""Notices of downgrades: given early enough, kept up to date, and how old they must be (SEMANTICS 4).

A notice is the fold run forward without activity, by the program in force when it is given, up to the end of
the last claim on the tier held. It is given some days before that end, and looked at again after every step
until then. Its age counts from when the fall was first foreseen, as long as the fall does not move to later.
A pause takes it back, because it moves the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import DAY, first_instant, is_day_start, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.falling import graced_until
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.state import Claim, LadderState, Notice, State


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall that is foreseen: to which tier, and when."""

    tier: str
    at: datetime


class Forward(Protocol):
    """A fold that runs forward without activity."""

    state: State

    def next_boundary(self) -> datetime | None:
        """The next instant at which anything changes by itself."""

    def advance(self, until: datetime) -> None:
        """Apply every boundary up to and including an instant."""


def due_at(policy: LadderPolicy, state: LadderState, zone: ZoneInfo) -> datetime | None:
    """When a notice of the next possible fall is due; None where no notice is given, or nothing ends.

    Of a fall that waits for its notice it was due when it began to wait.
    """
    end = falls_at(policy, state, zone) if policy.downgrade.notice_days else None
    if end is None:
        return None
    due = first_instant(local_day(end, zone) - timedelta(days=policy.downgrade.notice_days), zone)
    waiting = (claim.from_at for claim in state.claims if claim.origin == "notice" and claim.until_at == end)
    return min([due, *waiting])


def falls_at(policy: LadderPolicy, state: LadderState, zone: ZoneInfo) -> datetime | None:
    """When the next fall is possible: at the end of the last claim on the tier held, and of its grace."""
    if state.tier == policy.ladder.base or state.until is None:
        return None
    last = [claim for claim in state.claims if claim.tier == state.tier and claim.until_at == state.until]
    return graced_until(policy, last, state.until, zone) or state.until


def old_enough(policy: LadderPolicy, since: datetime, zone: ZoneInfo) -> datetime:
    """The first 00:00 at which a notice is old enough."""
    days = timedelta(days=policy.downgrade.notice_days)
    began = local_day(since, zone)
    return first_instant((began if is_day_start(since, zone) else began + DAY) + days, zone)


def awaited(policy: LadderPolicy, held: LadderState, at: At, zone: ZoneInfo) -> Claim | None:
    """The claim that puts a fall off until its notice is old enough; None where it is."""
    if not policy.downgrade.notice_days:
        return None
    since = at.instant if held.notice is None else held.notice.since
    end = old_enough(policy, since, zone)
    return None if end <= at.instant else Claim(held.tier, at.instant, end, at.cause, origin="notice")


def noticed(
    policy: LadderPolicy, known: Notice | None, fall: Fall | None, at: datetime, zone: ZoneInfo
) -> Notice | None:
    """The notice of a fall that is foreseen at an instant, given the one that is known."""
    if fall is None:
        return None
    since = at if known is None or fall.at > known.at else known.since
    return Notice(fall.tier, max(fall.at, old_enough(policy, since, zone)), since)


class Notices:
    """Looks ahead on ladders whose downgrades are announced. ``forward`` runs the fold from its state on."""

    def __init__(self, state: State, journal: Journal, forward: Callable[[datetime], Forward]) -> None:
        self._state = state
        self._journal = journal
        self._forward = forward

    def next_due(self, program: Program) -> list[datetime]:
        """When notices are due next; while the member is paused nothing ends, so none is."""
        if self._state.pause is not None:
            return []
        found = (
            due_at(policy, self._state.ladders[policy.key], program.zone)
            for policy in self._announcing(program)
        )
        return [due for due in found if due is not None and due > self._state.at]

    def look_ahead(self, at: At, program: Program) -> None:
        """Give, change and take back notices after a step; one of a tier with another name is given anew."""
        for policy in self._announcing(program):
            ladder = self._state.ladders[policy.key]
            due = due_at(policy, ladder, program.zone) if self._state.pause is None else None
            fall = self._foreseen(policy, ladder, program.zone) if due and due <= self._state.at else None
            notice = noticed(policy, ladder.notice, fall, at.instant, program.zone)
            renamed = notice is not None and self._journal.has_changed(at, policy.key)
            if notice != ladder.notice or renamed:
                self._journal.notice(at, policy.key, ladder.tier, notice)
                self._state.ladders[policy.key] = replace(ladder, notice=notice)

    def _announcing(self, program: Program) -> list[LadderPolicy]:
        """The ladders on which there may be notices, also of a version before."""
        known = self._state.ladders
        return [
            policy
            for policy in program.ladders
            if policy.key in known
            and policy.key not in self._state.frozen
            and (policy.downgrade.notice_days or known[policy.key].notice is not None)
        ]

    def _foreseen(self, policy: LadderPolicy, ladder: LadderState, zone: ZoneInfo) -> Fall | None:
        """The first change of standing up to the end of what is held, where it is a fall."""
        end, rank = falls_at(policy, ladder, zone), policy.ladder.rank
        run = self._forward(self._state.at)
        while end is not None and (instant := run.next_boundary()) is not None and instant <= end:
            run.advance(instant)
            tier = run.state.ladders[policy.key].tier
            if tier != ladder.tier:
                return Fall(tier, instant) if rank(tier) < rank(ladder.tier) else None
        return None
