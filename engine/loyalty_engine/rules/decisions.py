"""The frozen decisions of rules: what a hook answers. Rules decide, the engine acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a stable code with parameters; words are made where somebody reads them."""

    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about a rule's configuration, with its path inside ``config``, and what would mend it.

    ``asks_no_more`` is a warning's ladder and tier, for which the rule asks no more than for a lower one: it
    is not shown where the ladder's tree asks other rules for more besides.
    """

    path: tuple[str | int, ...]
    message: str
    severity: Literal["error", "warning"] = "error"
    fix: str | None = None
    asks_no_more: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TierVerdict:
    """Whether a rule supports a tier that it speaks for, and why.

    ``until`` is the local day from which on it supports the tier no more, as far as is known; None: no end.
    A claim lasts as long where the ladder says ``until = "opinion"``.
    """

    supports: bool
    reasons: tuple[Reason, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points, or awards, under one key in one calendar period of the member."""

    key: str
    period: Literal["activity", "day", "week", "month", "quarter", "year", "lifetime"]
    points: int | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An award: amount x rate, rounded once to the currency's smallest unit.

    ``slot`` names the line among those of its rule for one occasion. Of the lines with the same
    ``once`` text of a rule only the first in the member's history counts.
    """

    slot: str
    currency: str
    amount: Decimal
    rate: Decimal = Decimal(1)
    once: str | None = None
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class PercentLine:
    """A percentage of the rounded points of the plain lines of the rules named in ``of``."""

    slot: str
    currency: str
    percent: Decimal
    of: tuple[str, ...]
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Gift:
    """Points that the business gives to another member, because of what this one did.

    ``to`` is that member's external id: ``member.referred_by``, and nobody else's. It becomes an activity of
    the other member, which is reversed when this decision no longer holds, and which earns nothing itself.
    Of the gifts with the same ``once`` text of a rule only the first in the member's history is given.
    """

    slot: str
    to: str
    currency: str
    points: Decimal
    once: str | None = None


@dataclass(frozen=True, slots=True)
class FundingShare:
    """The part of an award that a partner's budget pays; the business pays what is left over."""

    partner: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class PromotionTerms:
    """Whose promotion a rule runs, and each funding partner's opening budget in whole points.

    ``None`` is a budget without a limit: the partner pays whatever was awarded. ``quota`` is how many awards
    all members share; ``None`` is any number of them.
    """

    partner: str
    currency: str
    budgets: Mapping[str, int | None]
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class PartnerAward:
    """A partner's offer for one activity: a percentage of the plain lines' points, or fixed points.

    A multiple of 2 is ``percent=100``: as many points again. ``exhausted`` says what happens when a
    budget cannot pay its share: grant what it can, nothing, or let the next best offer step in. Where the
    promotion's quota has no award left, nothing can be granted at all.
    """

    slot: str
    currency: str
    funding: tuple[FundingShare, ...]
    exhausted: Literal["reduce", "none", "next"]
    percent: Decimal | None = None
    points: Decimal | None = None
    caps: tuple[Cap, ...] = ()
