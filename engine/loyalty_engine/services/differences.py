"""The difference between what a member's fold wants and what stands, as rows.

Live, late, returned and repaired are one call: a live step has nothing posted under its keys.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import EffectKey, difference
from loyalty_engine.rating import Effect, Rulebook
from loyalty_engine.services.events import Events
from loyalty_engine.services.kept_rows import KeptRows
from loyalty_engine.services.movements import movement_of
from loyalty_engine.services.posted import Folded, Posted
from loyalty_engine.services.posting import Caused, Move, Row, Rows
from loyalty_engine.services.tier_rows import TierRows


class MemberDifference:
    """Collects one member's rows into those of all members."""

    def __init__(
        self, business_id: UUID, rulebook: Rulebook, now: datetime, rows: Rows, folded: Folded
    ) -> None:
        self._own = {"business_id": business_id, "member_id": folded.stored.member.member_id}
        self._rulebook = rulebook
        self._now = folded.stored.member.not_before(now)
        self._rows = rows
        self._folded = folded
        self._outcome = folded.outcome
        self._posted = folded.posted or Posted()
        self._events = Events(self._own, rows, self._now, folded.stored.member.event_count)
        self._tiers = TierRows(self._own, rows, folded, self._events)
        self._last = dict(folded.taken_back)
        self.effect_ids: dict[UUID, list[UUID]] = {}

    def collect(self) -> None:
        """Everything that the outcome changes."""
        desired = {key: effect.value for key, effect in self._outcome.effects.items()}
        posted = {key: row["value"] for key, row in self._posted.effects.items()}
        for key in sorted(key for key, value in posted.items() if value and self._is_elsewhere(key)):
            self._apply(key, -posted.pop(key), None)
        changes = difference(desired, posted)
        for key, value in sorted(changes.items(), key=lambda item: (item[1] > 0, self._order(item[0]))):
            self._apply(key, value, self._outcome.effects.get(key))
        self._tiers.figures()
        self._resting()
        KeptRows(
            self._own,
            self._rows,
            self._folded,
            self._rulebook,
            self._now,
            self._tiers.last_standing_ids(),
            self._events.count,
            recorded=bool(changes or self._folded.arrived or self._folded.answered),
        ).collect()

    def _resting(self) -> None:
        """Tell of a pause that began or ended, and of a member who left."""
        stored, state = self._folded.stored.state, self._outcome.state
        if stored.closed_at is None and state.closed_at is not None:
            self._events.add("member.closed", None, {})
        elif (stored.pause is None) != (state.pause is None):
            self._events.add("member.paused" if stored.pause is None else "member.resumed", None, {})

    def _order(self, key: EffectKey) -> tuple[datetime, bool, EffectKey]:
        """Withdrawals come after the claims that they withdraw."""
        effect = self._outcome.effects.get(key)
        if effect is None:
            return (self._posted.effects[key]["effective_at"], False, key)
        return (effect.effective_at, effect.kind == "withdrawal", key)

    # Effects

    def _is_elsewhere(self, key: EffectKey) -> bool:
        """Whether an effect that stands is wanted at another instant, as when joining moves."""
        effect = self._outcome.effects.get(key)
        return effect is not None and effect.effective_at != self._posted.effects[key]["effective_at"]

    def _apply(self, key: EffectKey, value: int, effect: Effect | None) -> None:
        """Post a value; without an effect what stands goes back, at the instant at which it stands."""
        kind, at, program = self._said(key, effect)
        effect_id = self._effect(key, kind, value, at, program, self._posted.effects.get(key))
        match kind:
            case "points":
                code, currency = self._move(key, value, at, effect_id)
                self._events.add("points.changed", effect_id, {"currency": currency, "code": code})
            case "quota":
                self._move(key, value, at, effect_id)
            case "standing":
                self._tiers.standing(key, value, effect, effect_id)
            case "claim":
                self._tiers.claim(key, value, effect, effect_id)
            case "withdrawal":
                self._tiers.withdrawal(key, effect, effect_id)
            case "forgone":
                pass  # Nothing moves: what a return wanted back had expired.
            case "notice":
                self._tiers.notice(key, value, effect, effect_id)
            case "caused":
                units = effect.value if effect is not None else 0
                self._rows.caused.append(Caused(key, units, at, self._folded.fact_ids[key.cause.key]))

    def _said(self, key: EffectKey, effect: Effect | None) -> tuple[str, datetime, UUID]:
        """What kind of effect it is, when it takes effect and by which program."""
        known = self._posted.effects.get(key)
        if effect is not None:
            return effect.kind, effect.effective_at, effect.program
        if known is not None:
            return known["kind"], known["effective_at"], known["program_version_id"]
        raise LookupError(f"{key} is neither wanted nor posted")

    def _effect(
        self,
        key: EffectKey,
        kind: str,
        value: int,
        at: datetime,
        program: UUID,
        known: asyncpg.Record | None,
    ) -> UUID:
        effect_id, cause = new_id(), key.cause
        fact_id = self._folded.fact_ids.get(cause.key)
        trigger = fact_id if fact_id in self._folded.arrived else self._folded.trigger
        self._rows.effects.append(
            {
                **self._own,
                "effect_id": effect_id,
                "kind": kind,
                "cause_kind": cause.kind,
                "cause_key": cause.key,
                "activity_id": fact_id if cause.kind == "activity" else None,
                "boundary_at": at if cause.kind == "boundary" else None,
                "rule": key.rule,
                "slot": key.slot,
                "value": value,
                "effective_at": at,
                "recorded_at": self._now,
                "program_version_id": program,
                "trigger_fact_id": trigger,
                "corrects_effect_id": self._last.get(key) or (None if known is None else known["effect_id"]),
            }
        )
        self._last[key] = effect_id
        if trigger is not None:
            self.effect_ids.setdefault(trigger, []).append(effect_id)
        return effect_id

    # Transfers

    def _move(self, key: EffectKey, value: int, at: datetime, effect_id: UUID) -> tuple[str, str]:
        """Post what a slot moves; its code and its currency."""
        movement = movement_of(key, self._folded.stored.member.member_id)
        known = self._posted.effects.get(key)
        standing = known["value"] if known is not None else 0
        transfer = {
            **self._own,
            "effect_id": effect_id,
            "code": movement.code,
            "currency": movement.currency,
            "effective_at": at,
            "recorded_at": self._now,
        }
        left = abs(value)
        if standing * value < 0:
            left = self._reverse(key, transfer, min(left, abs(standing)), left)
        if left:
            debit, credit = movement.debit, movement.credit
            if value < 0:
                debit, credit = credit, debit
            row = {**transfer, "transfer_id": new_id(), "amount": left, "reverses_transfer_id": None}
            self._rows.moves.append(Move(row, debit, credit))
        return movement.code, movement.currency

    def _reverse(self, key: EffectKey, transfer: Row, reversing: int, left: int) -> int:
        """Reverse what stands, the latest transfer first; what is left to move otherwise."""
        for original in self._posted.reversible.get(key, []):
            amount = min(reversing, original["amount"])
            if not amount:
                break
            self._rows.reversals.append(
                {
                    **transfer,
                    "transfer_id": new_id(),
                    "amount": amount,
                    "reverses_transfer_id": original["transfer_id"],
                    "debit_account_id": original["credit_account_id"],
                    "credit_account_id": original["debit_account_id"],
                }
            )
            reversing, left = reversing - amount, left - amount
        return left
