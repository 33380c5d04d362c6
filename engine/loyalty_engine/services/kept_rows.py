"""Rows of what is kept of a member's state beside its effects, written where it changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.rating import Rulebook
from loyalty_engine.rating.ends import next_review
from loyalty_engine.rating.state import CycleState, Notice, State
from loyalty_engine.services.posted import Folded
from loyalty_engine.services.posting import Row, Rows


class KeptRows:
    """Lots, current standings, counters, parked rules, and where the member's history stands."""

    def __init__(
        self,
        own: Row,
        rows: Rows,
        folded: Folded,
        rulebook: Rulebook,
        now: datetime,
        last_standings: Mapping[str, UUID],
        event_count: int,
        *,
        recorded: bool,
    ) -> None:
        self._own = own
        self._rows = rows
        self._folded = folded
        self._outcome = folded.outcome
        self._rulebook = rulebook
        self._now = now
        self._last_standings = last_standings
        self._event_count = event_count
        self._recorded = recorded

    def collect(self) -> None:
        """Everything that differs from what is stored."""
        self._wallets()
        self._current_standings()
        self._counters()
        self._parked()
        self._member_row()

    def _wallets(self) -> None:
        wallets, stored = self._outcome.state.wallets, self._folded.stored.wallets
        self._rows.wallets.collect(self._own, stored, wallets, self._folded.fact_ids)

    def _current_standings(self) -> None:
        state = self._outcome.state
        last = self._last_standings
        program = self._rulebook.in_force(state.at).program
        policies = {policy.key: policy for policy in program.ladders}
        for ladder, standing in state.ladders.items():
            policy = policies.get(ladder)
            row = {
                **self._own,
                "ladder": ladder,
                "tier": standing.tier,
                "since": standing.since,
                "until_at": standing.until,
                "next_review_at": next_review(policy, standing, state.at, program.zone)
                if policy and state.pause is None and state.closed_at is None
                else None,
                "standing_id": last.get(ladder) or self._folded.stored.standing_ids[ladder],
                **_cycle(standing.cycle),
                **_notice(standing.notice),
            }
            known = self._folded.stored.standings.get(ladder)
            if known is None or any(known[name] != row[name] for name in dict(known) if name in row):
                self._rows.current_standings.append(row)

    def _counters(self) -> None:
        known, wanted = self._folded.stored.counters, self._outcome.state.counters
        for rule, name in {**known, **wanted}:
            used = wanted.get((rule, name), 0)
            if known.get((rule, name)) != used:
                self._rows.counters.append({**self._own, "rule": rule, "name": name, "used": used})

    def _parked(self) -> None:
        """Rules that failed now; and after a whole fold, those that fail no more."""
        now = {(parked.cause, parked.rule): parked.error for parked in self._outcome.parked}
        known = self._folded.stored.parked
        for key, error in now.items():
            if key in known and known[key].error == error:
                continue
            since = known[key].parked_at if key in known else self._now
            self._rows.parked.append(self._parked_row(*key, error, since, None))
        if self._folded.posted is not None:
            for key, parked in known.items():
                if key not in now:
                    resolved = self._parked_row(*key, parked.error, parked.parked_at, self._now)
                    self._rows.parked.append(resolved)

    def _parked_row(
        self, cause: Cause, rule: str, error: str, since: datetime, resolved_at: datetime | None
    ) -> Row:
        return {
            **self._own,
            "cause_kind": cause.kind,
            "cause_key": cause.key,
            "rule": rule,
            "error": error,
            "parked_at": since,
            "resolved_at": resolved_at,
        }

    def _member_row(self) -> None:
        state = self._outcome.state
        place = state.place or (None, None, None)
        row = {
            "last_occurred_at": place[0],
            "last_source": place[1],
            "last_external_id": place[2],
            "folded_until": state.at,
            "next_boundary_at": self._outcome.next_boundary_at,
            "event_count": self._event_count,
            "status": _status(self._folded.stored.member.status, state),
            "paused_at": None if state.pause is None else state.pause.since,
            "paused_until": None if state.pause is None else state.pause.until,
            "closed_at": state.closed_at,
            "rulebook_version": self._rulebook.versions[-1].number,
        }
        member = self._folded.stored.member
        if self._recorded or any(getattr(member, name) != value for name, value in row.items()):
            self._rows.members.append({**self._own, **row, "last_recorded_at": self._now})


def _status(before: str, state: State) -> str:
    """Whether a membership rests or was left; what has ended otherwise stays so."""
    if before not in ("active", "paused", "closed"):
        return before
    if state.closed_at is not None:
        return "closed"
    return "active" if state.pause is None else "paused"


def _notice(notice: Notice | None) -> Row:
    return {
        "notice_tier": None if notice is None else notice.tier,
        "notice_at": None if notice is None else notice.at,
        "noticed_at": None if notice is None else notice.since,
    }


def _cycle(cycle: CycleState | None) -> Row:
    source, external_id = (None, None) if cycle is None or cycle.after is None else cycle.after[1:]
    return {
        "cycle_anchor": None if cycle is None else cycle.anchor,
        "cycle_began_at": None if cycle is None else cycle.began_at,
        "cycle_source": source,
        "cycle_external_id": external_id,
        "cycle_ends_on": None if cycle is None else cycle.ends_on,
    }
