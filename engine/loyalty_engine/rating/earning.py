"""Earning from an activity, and taking back what a linked return no longer deserves."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import Program
from loyalty_engine.rating.awards import Award, Awards, awards_of, capped, count_caps
from loyalty_engine.rating.ends import lot_end
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.state import State, Wallet
from loyalty_engine.rating.tallies import contribution
from loyalty_engine.rating.wallets import Earned, earn, slot_of, split, take, take_back
from loyalty_engine.rules import Activity, FundingShare, Member, Occasion, PartnerAward


@dataclass(frozen=True, slots=True)
class Ask:
    """What a step wants of partners' budgets: ``units`` in all for the key, each paying its share.

    ``partial`` lets the answer be less than what is wanted, else it is all or nothing.
    """

    key: EffectKey
    currency: str
    units: int
    funding: tuple[FundingShare, ...]
    partial: bool
    at: datetime


Asking = Generator[Ask, int, None]
"""A step under way: it yields asks and is sent how many units were granted."""


def earning_returns(program: Program) -> str:
    """The view of figures that earning rules have: that of the programme's ladders if all undo."""
    return "undo" if program.undoes else "from_now"


@dataclass(frozen=True, slots=True)
class Rated:
    """A purchase as it was rated, kept because something of it is returned later."""

    program: Program
    member: Member
    counters: Mapping[tuple[str, str], int]
    earned: tuple[Earned, ...]


class Earning:
    """The points side of a fold."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal
        self._taken: dict[EffectKey, tuple[int, int]] = {}

    def rate(
        self, at: At, place: Place, program: Program, activity: Activity, member: Member, keep: bool
    ) -> Generator[Ask, int, Rated | None]:
        """Award what the activity earns; with ``keep``, what is needed to take it back again."""
        counters = dict(self._state.counters) if keep else {}
        if keep:
            member = replace(member, figures=dict(member.figures))
        awards = self._awards(program, activity, member, self._state.counters)
        self._journal.failed(at, awards.failures)
        earned = yield from self._award(at, place, program, activity, awards)
        return Rated(program, member, counters, tuple(earned)) if keep else None

    def _awards(
        self, program: Program, activity: Activity, member: Member, counters: Mapping[tuple[str, str], int]
    ) -> Awards:
        figures_with = self._state.tallies.figures(
            program.measures,
            earning_returns(program),
            activity.local_day,
            self._state.joined_on,
            extra=lambda figure, view: contribution(figure, view, activity, activity),
        )
        return awards_of(program, Occasion(activity, figures_with), member, counters)

    def _award(
        self, at: At, place: Place, program: Program, activity: Activity, awards: Awards
    ) -> Generator[Ask, int, list[Earned]]:
        earned: list[Earned] = []
        for name in awards.once:
            self._state.counters[name] = 1
        for award in awards.lines:
            limited = self._capped(award, activity, program, self._state.counters)
            if limited.units:
                earned.append(self._credit(at, place, program, activity, limited))
        chosen: set[str] = set()
        for award in awards.offers:
            if award.currency in chosen:
                continue
            granted = yield from self._granted(at, program, activity, award)
            if granted.units:
                earned.append(self._credit(at, place, program, activity, granted))
            steps_in = not granted.units and _offer(award).exhausted == "next"
            if program.points[award.currency].section.offers.choose == "best" and not steps_in:
                chosen.add(award.currency)
        return earned

    def _capped(
        self, award: Award, activity: Activity, program: Program, counters: Mapping[tuple[str, str], int]
    ) -> Award:
        return capped(award, activity.local_day, counters, program.points[award.currency].section.decimals)

    def _granted(
        self, at: At, program: Program, activity: Activity, award: Award
    ) -> Generator[Ask, int, Award]:
        limited = self._capped(award, activity, program, self._state.counters)
        offer = _offer(award)
        budgets = program.promotions[award.rule].budgets
        if limited.units and any(budgets.get(share.partner) is not None for share in offer.funding):
            key = EffectKey(at.cause, award.rule, slot_of(award.currency, award.slot, "ask"))
            units = yield Ask(
                key, award.currency, limited.units, offer.funding, offer.exhausted == "reduce", at.instant
            )
            return replace(limited, units=units)
        return limited

    def _credit(self, at: At, place: Place, program: Program, activity: Activity, award: Award) -> Earned:
        currency = award.currency
        key = EffectKey(at.cause, award.rule, f"points/{currency}/{award.slot}")
        funding = award.offer.funding if award.offer is not None else ()
        wallet = self._state.wallets.get(currency, Wallet())
        if award.units > 0:
            ends = lot_end(program.points[currency].section, activity.local_day, program.zone)
            wallet, extra = earn(wallet, key, place, award.units, ends)
            count_caps(award, activity.local_day, self._state.counters)
        else:
            wallet, extra = take(wallet, -award.units)
        self._state.wallets[currency] = wallet
        self._journal.points(at, award.rule, currency, award.slot, split(award.units, funding))
        self._journal.points(at, "", currency, "-", extra)
        return Earned(key, currency, award.slot, award.units, funding)

    def take_back(self, at: At, rated: Rated, after: Activity | None) -> None:
        """Take back earned - points(what remains), at the rates of the purchase, cumulatively."""
        program, targets = rated.program, {}
        if after is not None:
            awards = self._awards(program, after, rated.member, rated.counters)
            targets = {
                (award.rule, award.slot): self._capped(award, after, program, rated.counters).units
                for award in (*awards.lines, *awards.offers)
            }
        for earned in rated.earned:
            if earned.units > 0:
                target = min(max(targets.get((earned.key.rule, earned.line), 0), 0), earned.units)
                self._take_award_back(at, earned, target)

    def _take_award_back(self, at: At, earned: Earned, target: int) -> None:
        wanted_before, taken_before = self._taken.get(earned.key, (0, 0))
        wanted = earned.units - target - wanted_before
        if wanted <= 0:
            return
        wallet, extra, taken = take_back(self._state.wallets[earned.currency], earned.key, wanted)
        self._state.wallets[earned.currency] = wallet
        self._taken[earned.key] = (wanted_before + wanted, taken_before + taken)
        before = split(earned.units - taken_before, earned.funding, back=True)
        left = split(earned.units - taken_before - taken, earned.funding, back=True)
        movements = {name: value - left.get(name, 0) for name, value in before.items()}
        self._journal.points(
            at, earned.key.rule, earned.currency, earned.line, {k: v for k, v in movements.items() if v}
        )
        self._journal.points(at, "", earned.currency, "-", extra)


def _offer(award: Award) -> PartnerAward:
    if award.offer is None:
        raise ValueError(f"{award.rule} awarded a line where an offer was expected")
    return award.offer
