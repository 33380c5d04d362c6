"""Facts, the only input of the fold besides the rulebook (SEMANTICS section 1)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating.carried import ABSORPTION, Carried
from loyalty_engine.rating.taken import Lowered, Taken
from loyalty_engine.rules import Activity, ActivityLine, FundingShare

NaturalKey = tuple[str, str]

GIFT = "gift"
"""The kind of an activity that another member's history caused; nothing in it earns or causes anything."""

CLOSING = "closing"
"""The kind of the activity by which a member leaves; its history ends there."""


def key_text(source: str, external_id: str) -> str:
    """A natural key as one text."""
    return json.dumps([source, external_id], ensure_ascii=False, separators=(",", ":"))


def natural_key_of(key: str) -> NaturalKey:
    """The natural key in such a text."""
    source, external_id = json.loads(key)
    return source, external_id


def came_with_a_merge(cause: Cause) -> bool:
    """Whether what this caused is the work of a merge."""
    return cause.kind == "activity" and natural_key_of(cause.key)[1].startswith(f"{ABSORPTION}/")


def came_with(cause: Cause, merge: str) -> bool:
    """Whether what this caused came with the merge of that external id."""
    external_id = f"{ABSORPTION}/{merge.partition('/')[2]}"
    return cause.kind == "activity" and natural_key_of(cause.key)[1] == external_id


@dataclass(frozen=True, slots=True)
class Portion:
    """Points that come in together; ``by_program`` they expire like what is earned on that day."""

    units: int
    expires_at: datetime | None = None
    funding: tuple[FundingShare, ...] = ()
    by_program: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What an activity itself does with points, in smallest units; what goes out is below zero.

    ``expires_at`` is when a hold's time is up, ``lots`` what comes in is made of.
    """

    currency: str
    units: int
    expires_at: datetime | None = None
    lots: tuple[Portion, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """What a history that was absorbed had for measures alone, in its order; nothing of it is rated again."""

    measured: tuple[Taken | Lowered, ...] = ()
    values: tuple[ValueFact, ...] = ()


NOTHING_BROUGHT = Brought()


@dataclass(frozen=True, slots=True)
class ActivityFact:
    """An activity, as it was recorded: gross of returns.

    ``about`` is the activity that it is about: the hold that it closes, the purchase that it confirms, or
    what caused it in another member's history. ``carried`` is what a merge takes out of this history or
    brings into it, ``brought`` what measures read of the other one.
    """

    activity: Activity
    moved: Moved | None = None
    about: NaturalKey | None = None
    carried: Carried | None = None
    brought: Brought = NOTHING_BROUGHT

    @property
    def natural_key(self) -> NaturalKey:
        """(source, external_id)."""
        return (self.activity.source, self.activity.external_id)

    @property
    def occurred_at(self) -> datetime:
        """Its own instant."""
        return self.activity.occurred_at

    @property
    def cause(self) -> Cause:
        """What its effects are keyed by."""
        return Cause("activity", key_text(*self.natural_key))


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """How much of a line came back; positive."""

    key: str
    amount: Decimal
    units: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReturnFact:
    """A return that names its purchase. ``amount`` is positive and is the sum of the lines, if any."""

    source: str
    external_id: str
    occurred_at: datetime
    of: NaturalKey
    amount: Decimal
    units: Decimal | None = None
    lines: tuple[ReturnedLine, ...] = ()

    @property
    def natural_key(self) -> NaturalKey:
        """(source, external_id)."""
        return (self.source, self.external_id)

    @property
    def cause(self) -> Cause:
        """What its effects are keyed by."""
        return Cause("activity", key_text(*self.natural_key))


@dataclass(frozen=True, slots=True)
class ValueFact:
    """A dated value of something that rules read about the member."""

    source: str
    external_id: str
    occurred_at: datetime
    kind: str
    key: str
    value: object

    @property
    def natural_key(self) -> NaturalKey:
        """(source, external_id)."""
        return (self.source, self.external_id)

    @property
    def cause(self) -> Cause:
        """What its effects are keyed by."""
        return Cause("value", key_text(*self.natural_key))


Fact = ActivityFact | ReturnFact | ValueFact


def place_of(fact: Fact) -> Place:
    """Where the fact stands in the order of the fold."""
    return (fact.occurred_at, *fact.natural_key)


def remaining(activity: Activity, returns: Iterable[ReturnFact]) -> Activity | None:
    """What remains of an activity after linked returns; None when all of it came back.

    Named numbers of the attributes stay until the whole is returned. Units go with the lines, or
    with units that the return states.
    """
    taken = list(returns)
    if not taken:
        return activity
    amount = (activity.amount or Decimal(0)) - sum((part.amount for part in taken), Decimal(0))
    if amount <= 0:
        return None
    by_line: dict[str, list[ReturnedLine]] = {}
    for part in taken:
        for line in part.lines:
            by_line.setdefault(line.key, []).append(line)
    units = activity.units
    if units is not None:
        units -= sum((part.units or Decimal(0) for part in taken), Decimal(0))
    lines = tuple(_remaining_line(line, by_line.get(line.key, [])) for line in activity.lines)
    return replace(activity, amount=amount, units=units, lines=lines)


def remaining_after_each(activity: Activity, returns: Sequence[ReturnFact]) -> list[Activity | None]:
    """What remains of an activity after each of its returns, in their order."""
    return [remaining(activity, returns[: count + 1]) for count in range(len(returns))]


def _remaining_line(line: ActivityLine, taken: list[ReturnedLine]) -> ActivityLine:
    if not taken:
        return line
    amount = line.amount - sum((part.amount for part in taken), Decimal(0))
    units = line.units
    if units is not None:
        units -= sum((part.units or Decimal(0) for part in taken), Decimal(0))
    return replace(line, amount=amount, units=units)


def returns_by_purchase(facts: Iterable[Fact]) -> Mapping[NaturalKey, list[ReturnFact]]:
    """The linked returns of each purchase, in the order of the fold."""
    found: dict[NaturalKey, list[ReturnFact]] = {}
    for fact in sorted((fact for fact in facts if isinstance(fact, ReturnFact)), key=place_of):
        found.setdefault(fact.of, []).append(fact)
    return found
