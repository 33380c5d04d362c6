"""A member's state, and the effects by which it came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.rating.locks import counting
from loyalty_engine.rating.reasons import ReasonsGiven
from loyalty_engine.rating.tallies import Tallies

PROLONGING = ("grace", "notice")
"""The origins of claims that only prolong another one; they are not made on figures."""


@dataclass(frozen=True, slots=True)
class ClaimFigure:
    """What a measure amounted to when a claim was made, and over which days."""

    value: Decimal
    start: date | None
    end: date | None
    after: Place | None = None
    """Where the cycle began over which it was added up; None for every other window."""


@dataclass(frozen=True, slots=True)
class Made:
    """When and by what a claim was made that a later version took over under another name."""

    at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on a tier until an exclusive end; None is for a lifetime.

    ``figures`` are those that it was made on, by ``rule.measure``; kept where a return may withdraw it. One
    that was made by hand rests on none.
    """

    tier: str
    from_at: datetime
    until_at: datetime | None
    cause: Cause
    origin: Literal["rules", "override", "grant", "match", "grace", "notice", "migration"] = "rules"
    locked: bool = False
    figures: Mapping[str, ClaimFigure] = field(default_factory=dict, compare=False)
    moved_by: Cause | None = None
    """The end of a pause that moved its end last."""
    made: Made | None = None
    """Where a version took it over: when and by what it was first made."""

    @property
    def first_at(self) -> datetime:
        """Since when it has been claimed, under whatever name."""
        return self.from_at if self.made is None else self.made.at

    @property
    def first_cause(self) -> Cause:
        """What made it, under whatever name."""
        return self.cause if self.made is None else self.made.cause


@dataclass(frozen=True, slots=True)
class CycleState:
    """A ladder's cycle under way: it holds what comes after ``after``, or after the boundary at ``began_at``.

    Its months are counted from ``anchor``. A pause moved its end to ``ends_on``, from which months are then
    counted.
    """

    anchor: date
    began_at: datetime
    after: Place | None = None
    ends_on: date | None = None

    @property
    def beginning(self) -> Place:
        """The place in the order that it begins after."""
        return self.after or (self.began_at, "", "")


@dataclass(frozen=True, slots=True)
class Notice:
    """An announced downgrade: to which tier, when it takes effect, and since when it is foreseen."""

    tier: str
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class LadderState:
    """The standing on one ladder, with the claims in force, its cycle, and a notice that was given.

    ``outlasted`` are claims that are not needed, because others are no lower and hold no shorter: a version
    that takes effect may end those.
    """

    tier: str
    since: datetime
    claims: tuple[Claim, ...] = ()
    cycle: CycleState | None = None
    notice: Notice | None = None
    outlasted: tuple[Claim, ...] = ()

    @property
    def until(self) -> datetime | None:
        """The end of the last claim on the tier held; None when there is none or it has no end.

        Of claims that do not count nothing is held.
        """
        ends = [claim.until_at for claim in counting(self.claims) if claim.tier == self.tier]
        return None if not ends or None in ends else max(end for end in ends if end)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause since an instant, until the one at which it ends by itself; None: until it is ended."""

    since: datetime
    until: datetime | None


@dataclass(slots=True)
class State:
    """Everything that a step needs of a member's past.

    ``at`` is the instant up to which boundaries were applied, ``place`` that of the last fact. A history that
    is ``closed`` went into another one, or ended at ``closed_at`` because the member left: no boundary comes
    any more. Who ``joined_earlier`` did so as somebody who was absorbed, which is then ``joined_on``.
    """

    external_id: str
    joined_at: datetime
    joined_on: date
    at: datetime
    place: Place | None = None
    ladders: dict[str, LadderState] = field(default_factory=dict)
    wallets: dict[str, Wallet] = field(default_factory=dict)
    values: dict[tuple[str, str], object] = field(default_factory=dict)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    tallies: Tallies = field(default_factory=Tallies)
    referred_by: str | None = None
    pause: Pause | None = None
    closed: bool = False
    joined_earlier: bool = False
    closed_at: datetime | None = None

    def copy(self) -> State:
        """A state that can be changed without changing this one."""
        return State(
            self.external_id,
            self.joined_at,
            self.joined_on,
            self.at,
            self.place,
            dict(self.ladders),
            {currency: wallet.copy() for currency, wallet in self.wallets.items()},
            dict(self.values),
            dict(self.counters),
            set(self.frozen),
            self.tallies.copy(),
            self.referred_by,
            self.pause,
            self.closed,
            self.joined_earlier,
            self.closed_at,
        )

    def wallet(self, currency: str) -> Wallet:
        """The wallet in a currency, made on first use."""
        return self.wallets.setdefault(currency, Wallet())

    def next_end(self) -> datetime | None:
        """The next instant at which a claim ends.

        What lies behind ``at`` has been applied, or stands on a ladder that the program dropped. While the
        member is paused none does.
        """
        if self.pause is not None:
            return None
        ends = [
            claim.until_at
            for key, ladder in self.ladders.items()
            if key not in self.frozen
            for claim in ladder.claims
            if claim.until_at is not None
        ]
        return min((instant for instant in ends if instant > self.at), default=None)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The figures and opinions that decided, enough to decide again: ``rule.measure`` -> number.

    Where a claim made by hand decided there are none, and ``by_hand`` is its origin; or that the member left.
    """

    at: datetime
    at_boundary: bool
    figures: Mapping[str, Decimal]
    opinions: Mapping[str, Mapping[str, bool]]
    cycle_began_on: date | None = None
    by_hand: str | None = None
    ends: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    """The days from which on rules support tiers no more, of those that said so."""
    joined_on: date | None = None
    """The joining of somebody who was absorbed, where that counted; None: the member's own."""
    reasons: ReasonsGiven = field(default_factory=dict)
    """What rules gave as reasons, which say more than their opinions and decide nothing."""
    cycle_after: Place | None = None
    """The place that the cycle under way began after, where the ladder has one."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a key wants, with what is needed to post it."""

    key: EffectKey
    kind: Literal["points", "standing", "claim", "withdrawal", "caused", "quota", "forgone", "notice"]
    value: int
    effective_at: datetime
    program: UUID
    ladder: str | None = None
    from_tier: str | None = None
    to_tier: str | None = None
    ruling: Ruling | None = None
    claim: Claim | None = None
    moves: EffectKey | None = None
    """The key of the claim that this one is with another end."""
    notice: Notice | None = None


def enrolled(external_id: str, joined_at: datetime, joined_on: date, referred_by: str | None = None) -> State:
    """The state before anything happened."""
    return State(external_id, joined_at, joined_on, joined_at, referred_by=referred_by)
