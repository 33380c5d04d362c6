"""Rows of standings and claims: made, withdrawn, corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating import Claim, Effect
from loyalty_engine.rating.facts import natural_key_of
from loyalty_engine.rating.journal import claim_key
from loyalty_engine.rating.reasons import written
from loyalty_engine.rating.state import ClaimFigure, Ruling
from loyalty_engine.services.events import Events
from loyalty_engine.services.posted import Folded, Posted
from loyalty_engine.services.posting import Row, Rows

BOUNDARY_PLACE = ("", "")


class TierRows:
    """The tiers side of one member's difference."""

    def __init__(self, own: Row, rows: Rows, folded: Folded, events: Events) -> None:
        self._own = own
        self._business_id = own["business_id"]
        self._rows = rows
        self._folded = folded
        self._posted = folded.posted or Posted()
        self._outcome = folded.outcome
        self._events = events
        self._claim_ids = {key: row["claim_id"] for key, row in self._posted.claims.items()}
        self._first_ids = {
            **folded.stored.first_claim_ids,
            **{key: row["first_claim_id"] for key, row in self._posted.claims.items()},
        }
        self._standing_ids = dict(self._posted.standings)

    def standing(self, key: EffectKey, value: int, effect: Effect | None, effect_id: UUID) -> None:
        if value < 0 or effect is None:
            standing_id = self._standing_ids.pop(key)
            self._rows.withdrawn_standings.append(
                {
                    "business_id": self._business_id,
                    "standing_id": standing_id,
                    "withdrawn_effect_id": effect_id,
                }
            )
            self._events.add("tier.corrected", effect_id, {"standing_id": str(standing_id)})
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
            self._events.add("tier.changed", effect_id, body)

    def _place(self, key: EffectKey) -> tuple[str, str]:
        if key.cause.kind in ("boundary", "enrolment"):
            return BOUNDARY_PLACE
        return natural_key_of(key.cause.key)

    def notice(self, key: EffectKey, value: int, effect: Effect | None, effect_id: UUID) -> None:
        """Tell of a notice, that it holds no more, or that it was given by mistake."""
        if value < 0 or effect is None:
            self._events.add("tier.notice_corrected", effect_id, {"ladder": key.slot.split("/")[1]})
        elif effect.notice is None:
            self._events.add(
                "tier.notice_withdrawn", effect_id, {"ladder": effect.ladder, "tier": effect.from_tier}
            )
        else:
            told = {"ladder": effect.ladder, "from": effect.from_tier, "to": effect.notice.tier}
            self._events.add("tier.notice", effect_id, {**told, "at": effect.notice.at.isoformat()})

    def claim(self, key: EffectKey, value: int, effect: Effect | None, effect_id: UUID) -> None:
        if value < 0 or effect is None or effect.claim is None:
            claim_id = self._claim_ids[key]
            self._withdrawn_claim(claim_id, effect_id)
            return
        claim_id = new_id()
        first_id = None if effect.moves is None else self._first_ids[effect.moves]
        self._claim_ids[key], self._first_ids[key] = claim_id, first_id or claim_id
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
            "moves_claim_id": first_id,
            "effect_id": effect_id,
            "withdrawn_effect_id": None,
        }

    def withdrawal(self, key: EffectKey, effect: Effect | None, effect_id: UUID) -> None:
        """Withdraw a claim by an effect of a return, or take such a withdrawal back."""
        if effect is not None and effect.claim is not None and effect.ladder is not None:
            made = claim_key(effect.ladder, effect.claim)
            claim_id = self._claim_ids.get(made) or self._folded.stored.claim_ids[made]
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

    def figures(self) -> None:
        """Figures of claims in force that a return lowered, or a late fact changed.

        On a ladder that is gone there may be claims that are over: nothing was read of those. Nor was it of
        claims that had been withdrawn and are in force again.
        """
        known, again = self._folded.stored.claim_figures, self._rows.withdrawn_claims
        claim_ids = {**self._folded.stored.claim_ids, **self._claim_ids}
        for ladder, state in self._outcome.state.ladders.items():
            for claim in state.claims:
                key = claim_key(ladder, claim)
                claim_id, figures = claim_ids[key], claim_figures(claim)
                if claim_id in self._rows.claims:
                    self._rows.claims[claim_id]["figures"] = figures
                elif _worth(figures) != _worth(known.get(claim_id, None if claim_id in again else figures)):
                    self._rows.claim_figures[claim_id] = {
                        "business_id": self._business_id,
                        "claim_id": claim_id,
                        "figures": figures,
                    }

    def last_standing_ids(self) -> dict[str, UUID]:
        """The last change of each ladder among those of this fold; effects stand in the fold's order."""
        return {
            effect.ladder: self._standing_ids[key]
            for key, effect in self._outcome.effects.items()
            if effect.kind == "standing" and effect.ladder is not None
        }


def claim_figures(claim: Claim) -> dict[str, Any]:
    """The figures of a claim as they are kept: value, first day, day after the last; where a cycle began."""
    return {name: _figure(figure) for name, figure in claim.figures.items()}


def _worth(figures: object) -> dict[str, list[Any]]:
    """Figures as they are kept, told apart by what they amount to, however many digits it is written with."""
    kept = figures if isinstance(figures, dict) else {}
    return {name: [Decimal(value), *rest] for name, (value, *rest) in kept.items()}


def _figure(figure: ClaimFigure) -> list[Any]:
    kept: list[Any] = [
        str(figure.value),
        figure.start.isoformat() if figure.start else None,
        figure.end.isoformat() if figure.end else None,
    ]
    if figure.after is not None:
        kept += [_place(figure.after)]
    return kept


def _place(place: Place) -> list[str]:
    return [place[0].isoformat(), *place[1:]]


def _ruling(ruling: Ruling | None) -> dict[str, Any]:
    if ruling is None:
        return {}
    return {
        "at": ruling.at.isoformat(),
        "at_boundary": ruling.at_boundary,
        "figures": {name: str(value) for name, value in ruling.figures.items()},
        "opinions": {rule: dict(by_tier) for rule, by_tier in ruling.opinions.items()},
        **({} if ruling.cycle_began_on is None else {"cycle_began_on": ruling.cycle_began_on.isoformat()}),
        **({} if ruling.joined_on is None else {"joined_on": ruling.joined_on.isoformat()}),
        **({} if ruling.cycle_after is None else {"cycle_after": _place(ruling.cycle_after)}),
        **({} if ruling.by_hand is None else {"by_hand": ruling.by_hand}),
        **({} if not ruling.ends else {"ends": _days(ruling.ends)}),
        **({} if not ruling.reasons else {"reasons": written(ruling.reasons)}),
    }


def _days(ends: Mapping[str, Mapping[str, date]]) -> dict[str, dict[str, str]]:
    return {rule: {tier: day.isoformat() for tier, day in by_tier.items()} for rule, by_tier in ends.items()}
