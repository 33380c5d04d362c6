"""What a merge carries out of one history and into another, as it was rated there (SEMANTICS 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.rules import FundingShare

MERGE = "merge"
"""The kind of the activity by which a history ends: everything in it is carried away."""

ABSORPTION = "absorption"
"""The kind of the activity that a merge causes in the history that goes on."""


@dataclass(frozen=True, slots=True)
class CarriedLot:
    """What is left of a lot, in smallest units, with all that it keeps: its place, its end, who funded it.

    ``key`` is the lot's in the history that it leaves; ``earned_by`` names the activity whose confirmation
    releases it.
    """

    key: EffectKey
    place: Place
    units: int
    expires_at: datetime | None
    funding: tuple[FundingShare, ...]
    pending: bool
    releases_at: datetime | None
    earned_by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CarriedPoints:
    """The wallet of a currency: its lots, and what is owed in smallest units.

    ``back`` is how much of the debt is what returns took of points that had gone on pending, by the activity
    that had earned them.
    """

    currency: str
    lots: tuple[CarriedLot, ...]
    debt: int = 0
    back: tuple[tuple[tuple[str, str], int], ...] = ()


@dataclass(frozen=True, slots=True)
class CarriedClaim:
    """A claim in force, a lock with it; from the merge on it counts like any other one."""

    ladder: str
    tier: str
    until_at: datetime | None
    origin: str = "rules"
    locked: bool = False


@dataclass(frozen=True, slots=True)
class CarriedCounter:
    """How much of a cap of a rule is used up, or whether something was given once."""

    rule: str
    name: str
    used: int


@dataclass(frozen=True, slots=True)
class WithdrawnClaim:
    """A claim that was carried, by the merge of that external id, and that the history has no more."""

    merge: str
    ladder: str
    tier: str
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Carried:
    """All that is carried at once. Counters come with the merge itself, points and claims also later.

    ``joined_on`` is since when the member was one, or somebody who had gone into it.
    """

    points: tuple[CarriedPoints, ...] = ()
    claims: tuple[CarriedClaim, ...] = ()
    counters: tuple[CarriedCounter, ...] = ()
    joined_on: date | None = None
    withdrawn: tuple[WithdrawnClaim, ...] = ()
