"""Lots: points that were earned together and expire together.

The order of consumption: the lot that expires first, of those the one whose activity is first in
the order of the fold, of those by rule and slot. A lot that never expires comes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from loyalty_engine.ledger.effects import EffectKey

Place = tuple[datetime, str, str]

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of an award, in smallest units; ``expired`` is what of it ran out unused."""

    key: EffectKey
    place: Place
    amount: int
    remaining: int
    expired: int
    expires_at: datetime | None


Lots = Mapping[EffectKey, Lot]


def in_order(lots: Lots) -> list[Lot]:
    """The lots that have something left, in the order in which they are consumed."""
    return sorted(
        (lot for lot in lots.values() if lot.remaining),
        key=lambda lot: (lot.expires_at or NEVER, lot.place, lot.key),
    )


def consume(lots: Lots, amount: int) -> tuple[dict[EffectKey, Lot], int]:
    """The lots after taking the amount, and what they lacked."""
    after = dict(lots)
    for lot in in_order(lots):
        if not amount:
            break
        taken = min(lot.remaining, amount)
        after[lot.key] = replace(lot, remaining=lot.remaining - taken)
        amount -= taken
    return after, amount


def expire(lots: Lots, at: datetime) -> tuple[dict[EffectKey, Lot], int]:
    """The lots after everything that expires at or before the instant is gone, and how much that was."""
    after, gone = dict(lots), 0
    for lot in lots.values():
        if lot.remaining and lot.expires_at is not None and lot.expires_at <= at:
            after[lot.key] = replace(lot, remaining=0, expired=lot.expired + lot.remaining)
            gone += lot.remaining
    return after, gone


def next_expiry(lots: Lots) -> datetime | None:
    """When the next lot with something left expires."""
    return min((lot.expires_at for lot in lots.values() if lot.remaining and lot.expires_at), default=None)
