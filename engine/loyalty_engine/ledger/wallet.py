"""A wallet in one points currency: every point in it belongs to a lot, and every spending names its lots.

Amounts are integers of smallest units. Each movement changes the wallet in place and answers the postings
that it makes besides its own, by movement. What a spending lacks is owed; whatever comes in later pays the
earliest debt first, and is then what that spending used. So what a spending used and still owes is always the
whole of it, every lot's amount is what remains, what expired and its uses, and nobody owes who could spend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import EndOf, Lot, Place, consumed_by, in_order

NaturalKey = tuple[str, str]
Movements = dict[str, int]


@dataclass(slots=True)
class Spending:
    """What one movement out of the wallet used, by lot; under None what it lacked and is owed."""

    place: Place
    parts: dict[EffectKey | None, int] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(self.parts.values())

    def add(self, lot: EffectKey | None, units: int) -> None:
        """Use more of a lot, or less with a negative number; what is nothing is left out."""
        total = self.parts.get(lot, 0) + units
        if total:
            self.parts[lot] = total
        else:
            self.parts.pop(lot, None)


@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside by a spending, until they are captured, given back, or their time is up."""

    key: EffectKey
    place: Place
    amount: int
    expires_at: datetime
    state: Literal["open", "captured", "voided", "expired"] = "open"
    captured: int = 0
    closed_at: datetime | None = None


@dataclass(slots=True)
class Wallet:
    """Lots, what they were used for, and holds by the natural key of the activity that opened them."""

    lots: dict[EffectKey, Lot] = field(default_factory=dict)
    spendings: dict[EffectKey, Spending] = field(default_factory=dict)
    holds: dict[NaturalKey, Hold] = field(default_factory=dict)

    def copy(self) -> Wallet:
        """A wallet that can be changed without changing this one."""
        spendings = {key: Spending(each.place, dict(each.parts)) for key, each in self.spendings.items()}
        return Wallet(dict(self.lots), spendings, dict(self.holds))

    @property
    def available(self) -> int:
        """What can be spent."""
        return sum(lot.remaining for lot in self.lots.values() if not lot.pending)

    @property
    def pending(self) -> int:
        """What is earned and cannot be spent yet."""
        return sum(lot.remaining for lot in self.lots.values() if lot.pending)

    @property
    def held(self) -> int:
        """What open holds set aside."""
        return sum(hold.amount for hold in self.holds.values() if hold.state == "open")

    @property
    def debt(self) -> int:
        """What was spent and is not covered."""
        return sum(each.parts.get(None, 0) for each in self.spendings.values())

    # Coming in

    def earn(self, lot: Lot) -> Movements:
        """A new lot with all of its amount left; pays debt first, unless it is pending."""
        self.lots[lot.key] = lot
        return {"withheld": lot.remaining} if lot.pending else self._repay(lot.key)

    def release(self, key: EffectKey) -> Movements:
        """A pending lot can be spent from now on."""
        lot = self.lots[key]
        self.lots[key] = replace(lot, pending=False)
        return _joined({"released": lot.remaining}, self._repay(key))

    def release_due(self, at: datetime) -> Movements:
        """Release what is pending until an instant that has come."""
        due = [lot for lot in self._waiting() if lot.releases_at and lot.releases_at <= at]
        return _joined(*(self.release(lot.key) for lot in sorted(due, key=consumed_by)))

    def confirm(self, cause: Cause) -> Movements:
        """Release what one purchase earned."""
        pending = [lot for lot in self._waiting() if lot.key.cause == cause]
        return _joined(*(self.release(lot.key) for lot in sorted(pending, key=consumed_by)))

    def _waiting(self) -> list[Lot]:
        """Pending lots of which something is left; of what was taken back nothing is released."""
        return [lot for lot in self.lots.values() if lot.pending and lot.remaining]

    def _repay(self, key: EffectKey) -> Movements:
        """What is left of a lot pays what is owed, the earliest debt first."""
        lot, repaid = self.lots[key], 0
        owing = [each for each in self.spendings.items() if None in each[1].parts]
        for _, spending in sorted(owing, key=lambda each: (each[1].place, each[0])):
            units = min(lot.remaining - repaid, spending.parts[None])
            if not units:
                break
            spending.add(None, -units)
            spending.add(key, units)
            repaid += units
        self.lots[key] = replace(lot, remaining=lot.remaining - repaid)
        return {"repaid": repaid}

    # Going out

    def spend(self, key: EffectKey, place: Place, units: int) -> Movements:
        """Use lots in their order; what they lack is owed."""
        spending = self.spendings.setdefault(key, Spending(place))
        left = units
        for lot in in_order(self.lots.values()):
            if not left:
                break
            taken = min(lot.remaining, left)
            self._use(spending, lot.key, taken)
            left -= taken
        spending.add(None, left)
        return {"owed": left}

    def use(self, key: EffectKey, place: Place, parts: Mapping[EffectKey, int]) -> Movements:
        """Use so much of each of some lots, also of pending ones; what they lack is spent as usual."""
        spending, lacking, released = self.spendings.setdefault(key, Spending(place)), 0, 0
        for name, units in parts.items():
            lot = self.lots.get(name)
            taken = 0 if lot is None else min(units, lot.remaining)
            if lot is not None and taken:
                self._use(spending, name, taken)
                released += taken if lot.pending else 0
            lacking += units - taken
        return _joined({"released": released}, self.spend(key, place, lacking))

    def _use(self, spending: Spending, key: EffectKey, units: int) -> None:
        lot = self.lots[key]
        self.lots[key] = replace(lot, remaining=lot.remaining - units)
        spending.add(key, units)

    def take_back(self, lot: EffectKey, key: EffectKey, place: Place, units: int, forgone: int) -> Movements:
        """Take some of an award back: from its own lot first, then from the others; ``taken`` is how much.

        What expired of its own lot is gone already and is not taken, but for ``forgone`` units of it, which
        an earlier taking met.
        """
        own = self.lots[lot]
        spending = self.spendings.setdefault(key, Spending(place))
        from_own = min(units, own.remaining)
        gone = min(units - from_own, own.expired - forgone)
        self._use(spending, lot, from_own)
        rest = self.spend(key, place, units - from_own - gone)
        released = {"released": from_own} if own.pending else {}
        return _joined(released, rest, {"taken": units - gone})

    def expire(self, at: datetime, end_of: EndOf) -> Movements:
        """Everything whose end has come is gone."""
        gone: list[Movements] = []
        for lot in list(self.lots.values()):
            end = end_of(lot) if lot.remaining else None
            if end is not None and end <= at:
                self.lots[lot.key] = replace(lot, remaining=0, expired=lot.expired + lot.remaining)
                gone.append({"expired": lot.remaining, "released": lot.remaining if lot.pending else 0})
        return _joined(*gone)

    # Undoing

    def give_back(self, key: EffectKey, units: int, at: datetime, end_of: EndOf) -> Movements:
        """Give back some of what a spending took: what it owes first, then its lots, the last used first.

        What of its lots has run out meanwhile is gone at once.
        """
        spending, movements = self.spendings[key], []
        owed = min(units, spending.parts.get(None, 0))
        spending.add(None, -owed)
        movements.append({"repaid": owed})
        units -= owed
        used = [self.lots[lot] for lot in spending.parts if lot is not None]
        for lot in sorted(used, key=consumed_by, reverse=True):
            part = min(units, spending.parts[lot.key])
            if part:
                spending.add(lot.key, -part)
                movements.append(self._restore(lot, part, at, end_of))
                units -= part
        if units:
            raise ValueError(f"{key} took {units} units less than are given back")
        return _joined(*movements)

    def _restore(self, lot: Lot, units: int, at: datetime, end_of: EndOf) -> Movements:
        end = end_of(lot)
        if end is not None and end <= at:
            self.lots[lot.key] = replace(lot, expired=lot.expired + units)
            return {"expired": units}
        self.lots[lot.key] = replace(lot, remaining=lot.remaining + units)
        return self._repay(lot.key)

    # Holds

    def hold(self, name: NaturalKey, hold: Hold) -> Movements:
        """Set points aside."""
        self.holds[name] = hold
        return _joined({"held": hold.amount}, self.spend(hold.key, hold.place, hold.amount))

    def close(
        self,
        name: NaturalKey,
        state: Literal["captured", "voided", "expired"],
        at: datetime,
        end_of: EndOf,
        captured: int = 0,
    ) -> Movements:
        """Close an open hold: what is captured is spent, the rest is given back at once."""
        hold = self.holds[name]
        self.holds[name] = replace(hold, state=state, captured=captured, closed_at=at)
        rest = hold.amount - captured
        given = self.give_back(hold.key, rest, at, end_of)
        return _joined({"captured": captured, "unheld": rest}, given)

    def open_holds(self) -> dict[NaturalKey, Hold]:
        """The holds that are open."""
        return {name: hold for name, hold in self.holds.items() if hold.state == "open"}

    # Time

    def next_change(self, end_of: EndOf) -> datetime | None:
        """When the next lot with something left runs out or can be spent, or the next hold's time is up."""
        instants = [hold.expires_at for hold in self.open_holds().values()]
        for lot in self.lots.values():
            if lot.remaining:
                instants += [end for end in (end_of(lot),) if end is not None]
                instants += [lot.releases_at] if lot.pending and lot.releases_at is not None else []
        return min(instants, default=None)


def _joined(*parts: Mapping[str, int]) -> Movements:
    """Movements together; those of nothing are left out."""
    joined: Movements = {}
    for part in parts:
        for movement, units in part.items():
            joined[movement] = joined.get(movement, 0) + units
    return {movement: units for movement, units in joined.items() if units}
