"""The difference between what a member's fold wants and what stands, as rows.

Live, late, returned and repaired are one call: a live step has nothing posted under its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import Cause, EffectKey, difference
from loyalty_engine.rating import Claim, Effect, Outcome, Rulebook
from loyalty_engine.rating.ends import next_review
from loyalty_engine.rating.journal import claim_slot
from loyalty_engine.rating.state import Ruling
from loyalty_engine.services.movements import movement_of
from loyalty_engine.services.posting import Move, Row, Rows
from loyalty_engine.services.states import Stored, cause_of, key_of
from loyalty_engine.store.json_text import json_value
from loyalty_engine.store.ledger import PostedRows

BOUNDARY_PLACE = ("", "")


@dataclass(slots=True)
class Posted:
    """What was posted for one member before a new fold."""

    effects: dict[EffectKey, asyncpg.Record] = field(default_factory=dict)
    reversible: dict[EffectKey, list[asyncpg.Record]] = field(default_factory=dict)
    claims: dict[EffectKey, asyncpg.Record] = field(default_factory=dict)
    standings: dict[EffectKey, UUID] = field(default_factory=dict)


def posted_by_member(rows: PostedRows) -> dict[UUID, Posted]:
    """The rows by member and key; of a claim that was made more than once the last."""
    found: dict[UUID, Posted] = {}
    for row in rows.effects:
        found.setdefault(row["member_id"], Posted()).effects[key_of(row)] = row
    for row in rows.reversible:
        found[row["member_id"]].reversible.setdefault(key_of(row), []).append(row)
    for row in rows.claims:
        found[row["member_id"]].claims[EffectKey(cause_of(row), "", row["slot"])] = row
    for row in rows.standings:
        found[row["member_id"]].standings[EffectKey(cause_of(row), "", row["slot"])] = row["standing_id"]
    return found


@dataclass(frozen=True, slots=True)
class Folded:
    """A member's outcome. ``fact_ids`` are the ids of its facts by the key text of their cause.

    ``arrived`` are those that arrived now; an effect that none of them caused was triggered by ``trigger``.
    """

    stored: Stored
    outcome: Outcome
    fact_ids: Mapping[str, UUID]
    arrived: frozenset[UUID]
    trigger: UUID | None
    posted: Posted | None = None
    """What stands, where the member was folded again from the beginning; None after single steps."""


class MemberDifference:
    """Collects one member's rows into those of all members."""

    def __init__(
        self, business_id: UUID, rulebook: Rulebook, now: datetime, rows: Rows, folded: Folded
    ) -> None:
        self._own = {"business_id": business_id, "member_id": folded.stored.member.member_id}
        self._business_id = business_id
        self._rulebook = rulebook
        self._now = now
        self._rows = rows
        self._folded = folded
        self._outcome = folded.outcome
        self._member = folded.stored.member
        self._sequence = folded.stored.member.event_count
        self._posted = folded.posted or Posted()
        self._claim_ids = {key: row["claim_id"] for key, row in self._posted.claims.items()}
        self._standing_ids = dict(self._posted.standings)
        self.effect_ids: dict[UUID, list[UUID]] = {}

    def collect(self) -> None:
        """Everything that the outcome changes."""
        desired = {key: effect.value for key, effect in self._outcome.effects.items()}
        posted = {key: row["value"] for key, row in self._posted.effects.items()}
        changes = difference(desired, posted)
        for key, value in sorted(changes.items(), key=lambda item: (item[1] > 0, self._order(item[0]))):
            self._change(key, value)
        self._claim_figures()
        self._lots()
        self._current_standings()
        self._counters()
        self._parked()
        self._member_row()

    def _order(self, key: EffectKey) -> tuple[datetime, bool, EffectKey]:
        """Withdrawals come after the claims that they withdraw."""
        effect = self._outcome.effects.get(key)
        if effect is None:
            return (self._posted.effects[key]["effective_at"], False, key)
        return (effect.effective_at, effect.kind == "withdrawal", key)

    # Effects

    def _change(self, key: EffectKey, value: int) -> None:
        effect, known = self._outcome.effects.get(key), self._posted.effects.get(key)
        if effect is not None:
            kind, at, program = str(effect.kind), effect.effective_at, effect.program
        elif known is not None:
            kind, at, program = known["kind"], known["effective_at"], known["program_version_id"]
        else:
            raise LookupError(f"{key} is neither wanted nor posted")
        effect_id = self._effect(key, kind, value, at, program, known)
        match kind:
            case "points":
                self._points(key, value, at, effect_id)
            case "standing":
                self._standing(key, value, effect, effect_id)
            case "claim":
                self._claim(key, value, effect, effect_id)
            case "withdrawal":
                self._withdrawal(key, effect, effect_id)

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
                "corrects_effect_id": known["effect_id"] if known is not None else None,
            }
        )
        if trigger is not None:
            self.effect_ids.setdefault(trigger, []).append(effect_id)
        return effect_id

    def _event(self, kind: str, effect_id: UUID | None, body: Row) -> None:
        self._sequence += 1
        self._rows.events.append(
            {
                **self._own,
                "event_id": new_id(),
                "member_sequence": self._sequence,
                "type": kind,
                "effect_id": effect_id,
                "body": body,
                "recorded_at": self._now,
            }
        )

    # Points

    def _points(self, key: EffectKey, value: int, at: datetime, effect_id: UUID) -> None:
        movement = movement_of(key, self._member.member_id)
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
        self._event("points.changed", effect_id, {"currency": movement.currency, "code": movement.code})

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

    # Standings and claims

    def _standing(self, key: EffectKey, value: int, effect: Effect | None, effect_id: UUID) -> None:
        if value < 0 or effect is None:
            standing_id = self._standing_ids.pop(key)
            self._rows.withdrawn_standings.append(
                {
                    "business_id": self._business_id,
                    "standing_id": standing_id,
                    "withdrawn_effect_id": effect_id,
                }
            )
            self._event("tier.corrected", effect_id, {"standing_id": str(standing_id)})
            return
        standing_id = new_id()
        self._standing_ids[key] = standing_id
        source, external_id = self._place(key)
        self._rows.standings.append(
            {
                **self._own,
                "standing_id": standing_id,
                "ladder": effect.ladder,
                "from_tier": effect.from_tier,
                "to_tier": effect.to_tier,
                "effective_at": effect.effective_at,
                "is_boundary": key.cause.kind == "boundary",
                "source": source,
                "external_id": external_id,
                "ruling": _ruling(effect.ruling),
                "effect_id": effect_id,
                "withdrawn_effect_id": None,
            }
        )
        if effect.from_tier is not None:
            body = {"ladder": effect.ladder, "from": effect.from_tier, "to": effect.to_tier}
            self._event("tier.changed", effect_id, body)

    def _place(self, key: EffectKey) -> tuple[str, str]:
        if key.cause.kind in ("boundary", "enrolment"):
            return BOUNDARY_PLACE
        return natural_key_of(key.cause.key)

    def _claim(self, key: EffectKey, value: int, effect: Effect | None, effect_id: UUID) -> None:
        if value < 0 or effect is None or effect.claim is None:
            claim_id = self._claim_ids[key]
            self._withdrawn_claim(claim_id, effect_id)
            return
        claim_id = new_id()
        self._claim_ids[key] = claim_id
        claim = effect.claim
        self._rows.claims[claim_id] = {
            **self._own,
            "claim_id": claim_id,
            "ladder": effect.ladder,
            "tier": claim.tier,
            "from_at": claim.from_at,
            "until_at": claim.until_at,
            "origin": claim.origin,
            "rule": None,
            "locked": claim.locked,
            "figures": claim_figures(claim),
            "effect_id": effect_id,
            "withdrawn_effect_id": None,
        }

    def _withdrawal(self, key: EffectKey, effect: Effect | None, effect_id: UUID) -> None:
        """Withdraw a claim by an effect of a return, or take such a withdrawal back."""
        if effect is not None and effect.claim is not None and effect.ladder is not None:
            claim_key = EffectKey(effect.claim.cause, "", claim_slot(effect.ladder, effect.claim))
            claim_id = self._claim_ids.get(claim_key) or self._folded.stored.claim_ids[claim_key]
            self._withdrawn_claim(claim_id, effect_id)
            return
        known = self._posted.effects[key]["effect_id"]
        for row in self._posted.claims.values():
            if row["withdrawn_effect_id"] == known and row["claim_id"] not in self._rows.withdrawn_claims:
                self._withdrawn_claim(row["claim_id"], None)

    def _withdrawn_claim(self, claim_id: UUID, effect_id: UUID | None) -> None:
        if claim_id in self._rows.claims:
            self._rows.claims[claim_id]["withdrawn_effect_id"] = effect_id
        else:
            self._rows.withdrawn_claims[claim_id] = {
                "business_id": self._business_id,
                "claim_id": claim_id,
                "withdrawn_effect_id": effect_id,
            }

    def _claim_figures(self) -> None:
        """Figures of claims in force that a return lowered, or a late fact changed."""
        claim_ids = {**self._folded.stored.claim_ids, **self._claim_ids}
        for ladder, state in self._outcome.state.ladders.items():
            for claim in state.claims:
                key = EffectKey(claim.cause, "", claim_slot(ladder, claim))
                claim_id, figures = claim_ids[key], claim_figures(claim)
                if claim_id in self._rows.claims:
                    self._rows.claims[claim_id]["figures"] = figures
                elif figures != self._folded.stored.claim_figures.get(claim_id):
                    self._rows.claim_figures[claim_id] = {
                        "business_id": self._business_id,
                        "claim_id": claim_id,
                        "figures": figures,
                    }

    # What is kept of the state

    def _lots(self) -> None:
        stored = self._folded.stored
        wanted = {
            key: (currency, lot)
            for currency, wallet in self._outcome.state.wallets.items()
            for key, lot in wallet.lots.items()
        }
        for key, (currency, lot) in wanted.items():
            if stored.lots.get(key) != lot:
                self._rows.lots.append(
                    {
                        **self._own,
                        "lot_id": stored.lot_ids.get(key) or new_id(),
                        "currency": currency,
                        "cause_kind": key.cause.kind,
                        "cause_key": key.cause.key,
                        "rule": key.rule,
                        "slot": key.slot,
                        "earned_at": lot.place[0],
                        "earned_source": lot.place[1],
                        "earned_external_id": lot.place[2],
                        "amount": lot.amount,
                        "remaining": lot.remaining,
                        "expired": lot.expired,
                        "expires_at": lot.expires_at,
                    }
                )
        for key, lot in stored.lots.items():
            if key not in wanted and lot.amount:
                self._rows.lots.append(self._emptied_lot(key))

    def _emptied_lot(self, key: EffectKey) -> Row:
        """A lot of an award that was never made, as is known now."""
        stored = self._folded.stored
        lot = stored.lots[key]
        return {
            **self._own,
            "lot_id": stored.lot_ids[key],
            "currency": stored.currencies[key],
            "cause_kind": key.cause.kind,
            "cause_key": key.cause.key,
            "rule": key.rule,
            "slot": key.slot,
            "earned_at": lot.place[0],
            "earned_source": lot.place[1],
            "earned_external_id": lot.place[2],
            "amount": 0,
            "remaining": 0,
            "expired": 0,
            "expires_at": lot.expires_at,
        }

    def _current_standings(self) -> None:
        state = self._outcome.state
        last = self._last_standing_ids()
        program = self._rulebook.in_force(state.at).program
        policies = {policy.key: policy for policy in program.ladders}
        for ladder, standing in state.ladders.items():
            policy = policies.get(ladder)
            review = policy.review if policy is not None else None
            row = {
                **self._own,
                "ladder": ladder,
                "tier": standing.tier,
                "since": standing.since,
                "until_at": standing.until,
                "next_review_at": next_review(review, state.at, program.zone) if review else None,
                "standing_id": last.get(ladder) or self._folded.stored.standing_ids[ladder],
            }
            known = self._folded.stored.standings.get(ladder)
            if known is None or any(known[name] != row[name] for name in dict(known) if name in row):
                self._rows.current_standings.append(row)

    def _last_standing_ids(self) -> dict[str, UUID]:
        """The last change of each ladder among those of this fold; effects stand in the fold's order."""
        return {
            effect.ladder: self._standing_ids[key]
            for key, effect in self._outcome.effects.items()
            if effect.kind == "standing" and effect.ladder is not None
        }

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
        self._rows.members.append(
            {
                **self._own,
                "last_occurred_at": place[0],
                "last_source": place[1],
                "last_external_id": place[2],
                "folded_until": state.at,
                "next_boundary_at": self._outcome.next_boundary_at,
                "event_count": self._sequence,
            }
        )


def natural_key_of(key: str) -> tuple[str, str]:
    """The source and external id in the key text of a fact's cause."""
    source, external_id = json_value(key)
    return source, external_id


def claim_figures(claim: Claim) -> dict[str, Any]:
    """The figures of a claim as they are kept: value, first day, day after the last."""
    return {
        name: [
            str(figure.value),
            figure.start.isoformat() if figure.start else None,
            figure.end.isoformat() if figure.end else None,
        ]
        for name, figure in claim.figures.items()
    }


def _ruling(ruling: Ruling | None) -> dict[str, Any]:
    if ruling is None:
        return {}
    return {
        "at": ruling.at.isoformat(),
        "at_boundary": ruling.at_boundary,
        "figures": {name: str(value) for name, value in ruling.figures.items()},
        "opinions": {rule: dict(by_tier) for rule, by_tier in ruling.opinions.items()},
    }
