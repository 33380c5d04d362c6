"""What activities and time do with points beside earning: spending, holding, giving, releasing, expiring.

Whether points suffice was decided when the activity was recorded (SEMANTICS section 7): here what a spending
lacks is owed. Idle expiry is reckoned from the last activity that keeps, which a counter of the program's own
remembers, by the day's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import EndOf, Lot
from loyalty_engine.ledger.wallet import Hold, Wallet
from loyalty_engine.program import Program
from loyalty_engine.program.file import Idle, PointsSection
from loyalty_engine.rating.ends import lot_end, release_at, remaining_end
from loyalty_engine.rating.facts import GIFT, ActivityFact, Moved, NaturalKey, Portion, key_text
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.state import State
from loyalty_engine.rating.wallets import line_slot

SPENT_AS = {"redemption": "redeemed", "transfer": "sent", "adjustment": "adjusted"}
"""The movement by which each kind of activity takes points out."""

RECEIVED_AS = {"receipt": "received", "gift": "given", "adjustment": "adjusted"}
"""The movement by which each kind of activity brings points in."""


class Moves:
    """The wallets of a fold."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal

    def apply(self, at: At, program: Program, fact: ActivityFact) -> None:
        """What an activity itself does with points."""
        if fact.activity.kind == "confirmation":
            self._confirm(at, fact)
        if fact.moved is None:
            return
        wallet, currency = self._state.wallet(fact.moved.currency), fact.moved.currency
        end_of = self.end_of(program, currency)
        match fact.activity.kind:
            case "hold":
                movements = wallet.hold(fact.natural_key, _hold(at, fact.moved))
            case "capture":
                movements = wallet.close(_about(fact), "captured", at.instant, end_of, -fact.moved.units)
            case "void":
                movements = wallet.close(_about(fact), "voided", at.instant, end_of)
            case kind if fact.moved.units < 0:
                movements = wallet.spend(_key(at, currency), at.where, -fact.moved.units)
                movements[SPENT_AS[kind]] = _signed(kind, -fact.moved.units)
            case kind:
                movements = self._receive(at, program, fact, wallet)
                movements[RECEIVED_AS[kind]] = fact.moved.units
        self._journal.points(at, "", currency, "-", movements)

    def undo(self, at: At, program: Program, fact: ActivityFact) -> None:
        """Undo at a return's place what an activity did with points; holds are closed, not undone."""
        moved, kind = fact.moved, fact.activity.kind
        if moved is None:
            return
        wallet, cause = self._state.wallet(moved.currency), fact.cause
        if moved.units < 0:
            spent = EffectKey(cause, "", line_slot(moved.currency, "-"))
            movements = wallet.give_back(
                spent, -moved.units, at.instant, self.end_of(program, moved.currency)
            )
            movements.update(_given_back(kind, -moved.units))
            self._journal.points(at, "", moved.currency, "-", movements)
            return
        for index, portion in enumerate(moved.lots):
            lot = EffectKey(cause, "", line_slot(moved.currency, str(index)))
            forgone = wallet.lots[lot].expired
            key = EffectKey(at.cause, "", line_slot(moved.currency, str(index)))
            movements = wallet.take_back(lot, key, at.where, portion.units, forgone)
            movements.pop("taken", None)
            movements.update(_taken_back(kind, portion.units))
            self._journal.points(at, "", moved.currency, "-", movements)

    def boundary(self, at: At, program: Program) -> None:
        """Holds whose time is up, then points that can be spent from now on, then points that are gone."""
        for currency, wallet in self._state.wallets.items():
            end_of = self.end_of(program, currency)
            for name, hold in sorted(wallet.open_holds().items()):
                if hold.expires_at <= at.instant:
                    closed = wallet.close(name, "expired", at.instant, end_of)
                    self._journal.points(at, "", currency, "-", closed)
            self._journal.points(at, "", currency, "-", wallet.release_due(at.instant))
            self._journal.points(at, "", currency, "-", wallet.expire(at.instant, end_of))

    def keep(self, program: Program, kind: str, day: date) -> None:
        """Remember an activity of a kind that keeps points from expiring."""
        for currency, points in program.points.items():
            expiry = points.section.expiry
            if isinstance(expiry, Idle) and kind in expiry.kept_by:
                name = _kept(currency)
                self._state.counters[name] = max(self._state.counters.get(name, 0), day.toordinal())

    def leave(self, at: At, program: Program) -> None:
        """Give back what open holds set aside, before all that is left is forfeited."""
        for currency, wallet in self._state.wallets.items():
            for name in sorted(wallet.open_holds()):
                movements = wallet.close(name, "voided", at.instant, self.end_of(program, currency))
                self._journal.points(at, "", currency, "-", movements)

    def forfeit(self, at: At) -> None:
        """Everything that is left is gone, as if its end had come; what is owed stays owed."""
        for currency, wallet in self._state.wallets.items():
            self._journal.points(at, "", currency, "-", wallet.expire(at.instant, lambda _: at.instant))

    def next_change(self, program: Program) -> datetime | None:
        """When the next lot runs out or can be spent, or the next hold's time is up."""
        instants = (
            wallet.next_change(self.end_of(program, currency))
            for currency, wallet in self._state.wallets.items()
        )
        ahead = (instant for instant in instants if instant is not None and instant > self._state.at)
        return min(ahead, default=None)

    def end_of(self, program: Program, currency: str) -> EndOf:
        """When what is left of a lot of a currency is gone."""
        points = program.points.get(currency)
        expiry, kept = points and points.section.expiry, self._state.counters.get(_kept(currency), 0)
        return lambda lot: remaining_end(expiry, lot.expires_at, lot.place[0], kept, program.zone)

    def _confirm(self, at: At, fact: ActivityFact) -> None:
        cause = Cause("activity", key_text(*_about(fact)))
        for currency, wallet in self._state.wallets.items():
            self._journal.points(at, "", currency, "-", wallet.confirm(cause))

    def _receive(self, at: At, program: Program, fact: ActivityFact, wallet: Wallet) -> dict[str, int]:
        if fact.moved is None:
            return {}
        movements: dict[str, int] = {}
        for index, portion in enumerate(fact.moved.lots):
            key = EffectKey(at.cause, "", line_slot(fact.moved.currency, str(index)))
            ends = self._portion_end(program, fact, portion)
            lot = Lot(key, at.where, portion.units, portion.units, 0, ends, portion.funding)
            if fact.activity.kind == GIFT:
                lot = _pending(lot, program.points[fact.moved.currency].section, fact, program.zone)
            for movement, units in wallet.earn(lot).items():
                movements[movement] = movements.get(movement, 0) + units
        return movements

    @staticmethod
    def _portion_end(program: Program, fact: ActivityFact, portion: Portion) -> datetime | None:
        points = program.points.get(fact.moved.currency) if fact.moved is not None else None
        if not portion.by_program or points is None:
            return portion.expires_at
        return lot_end(points.section, fact.activity.local_day, program.zone)


def _pending(lot: Lot, section: PointsSection, fact: ActivityFact, zone: ZoneInfo) -> Lot:
    """A gift is pending like what is earned: until its day, or until it is confirmed itself."""
    releases_at = release_at(section, fact.activity.local_day, zone)
    return replace(lot, pending=section.pending is not None, releases_at=releases_at)


def _key(at: At, currency: str) -> EffectKey:
    return EffectKey(at.cause, "", line_slot(currency, "-"))


def _kept(currency: str) -> tuple[str, str]:
    return ("", f"kept/{currency}")


def _hold(at: At, moved: Moved) -> Hold:
    if moved.expires_at is None:
        raise ValueError("a hold has no end")
    return Hold(_key(at, moved.currency), at.where, -moved.units, moved.expires_at)


def _about(fact: ActivityFact) -> NaturalKey:
    if fact.about is None:
        raise ValueError(f"{fact.natural_key} says not what it is about")
    return fact.about


def _signed(kind: str, units: int) -> int:
    """An adjustment is one movement, which goes out below zero."""
    return -units if kind == "adjustment" else units


def _given_back(kind: str, units: int) -> Mapping[str, int]:
    return {"adjusted": units} if kind == "adjustment" else {f"{SPENT_AS[kind]}_back": units}


def _taken_back(kind: str, units: int) -> Mapping[str, int]:
    return {"adjusted": -units} if kind == "adjustment" else {f"{RECEIVED_AS[kind]}_back": units}
