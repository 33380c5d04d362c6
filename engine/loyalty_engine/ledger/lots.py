"""Lots: points that were earned together and expire together.

The order of consumption: the lot that expires first, of those the one whose activity is first in
the order of the fold, of those by rule and slot. A lot that never expires comes last, and pending
points are not consumed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.rules import FundingShare

Place = tuple[datetime, str, str]

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of an award, in smallest units; ``expired`` is what of it ran out unused.

    A pending lot is not to be spent yet: until ``releases_at``, or until its purchase is confirmed. The
    business paid for what no share of ``funding`` did.
    """

    key: EffectKey
    place: Place
    amount: int
    remaining: int
    expired: int
    expires_at: datetime | None
    funding: tuple[FundingShare, ...] = ()
    pending: bool = False
    releases_at: datetime | None = None


EndOf = Callable[[Lot], datetime | None]
"""When what is left of a lot is gone, exclusive; None is never."""


def in_order(lots: Iterable[Lot]) -> list[Lot]:
    """Of some lots those that have something left to spend, in the order in which they are consumed."""
    return sorted((lot for lot in lots if lot.remaining and not lot.pending), key=consumed_by)


def consumed_by(lot: Lot) -> tuple[datetime, Place, EffectKey]:
    """What lots are ordered by when they are consumed."""
    return (lot.expires_at or NEVER, lot.place, lot.key)
