"""Earning from an activity, and taking back what a linked return no longer deserves."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from loyalty_engine.ledger.amounts import shares
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import Lot, Place
from loyalty_engine.program import Program
from loyalty_engine.rating.awards import Award, Awards, Given, Limits, awards_of, count_caps
from loyalty_engine.rating.ends import lot_end, release_at
from loyalty_engine.rating.inputs import shown
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.rated import Rated, limited_award, wanted_back
from loyalty_engine.rating.state import Effect, State
from loyalty_engine.rating.tallies import Tallies
from loyalty_engine.rating.wallets import Earned, gift_slot, line_slot, slot_of, split
from loyalty_engine.rules import Activity, FundingShare, Member, Occasion, PartnerAward, Points


@dataclass(frozen=True, slots=True)
class Ask:
    """What a step wants of partners' budgets: ``units`` in all for the key, each paying its share.

    ``partial`` lets the answer be less than what is wanted, else it is all or nothing. With ``quota`` what is
    granted first for the key uses one award of the promotion's quota; without one left nothing is granted.
    What goes back to one partner's budget is below zero: what was given back once may be with somebody else
    by now, so that a later fold which gives back less asks for the difference too.
    """

    key: EffectKey
    currency: str
    units: int
    funding: tuple[FundingShare, ...]
    partial: bool
    at: datetime
    quota: bool = False


Asking = Generator[Ask, int, None]
"""A step under way: it yields asks and is sent how many units were granted."""


def earning_returns(program: Program) -> str:
    """The view of figures that earning rules have: that of the programme's ladders if all undo."""
    return "undo" if program.undoes else "from_now"


class Earning:
    """The points side of a fold."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal
        self._taken: dict[EffectKey, tuple[int, int]] = {}
        self._given_back: dict[tuple[EffectKey, str], int] = {}

    def rate(
        self, at: At, place: Place, program: Program, activity: Activity, member: Member, keep: bool
    ) -> Generator[Ask, int, Rated]:
        """Award what the activity earns; with ``keep``, such that it can be taken back again."""
        counters, tallies = self._state.counters, self._state.tallies
        if keep:
            counters, tallies = dict(counters), tallies.copy()
            member = replace(member, figures=MappingProxyType(dict(member.figures)))
        awards = self._awards(program, activity, member, counters, tallies)
        self._journal.failed(at, awards.failures)
        gifts = [self._gift(at, given) for given in awards.gifts]
        earned = yield from self._award(at, place, program, activity, awards)
        return Rated(program, member, counters, tallies, tuple(earned), tuple(gifts), set(awards.once))

    def _gift(self, at: At, given: Given) -> Effect:
        key = EffectKey(at.cause, given.rule, gift_slot(given.currency, given.slot, given.to))
        gift = Effect(key, "caused", given.units, at.instant, at.program)
        self._journal.caused(gift)
        return gift

    def _awards(
        self,
        program: Program,
        activity: Activity,
        member: Member,
        counters: Mapping[tuple[str, str], int],
        tallies: Tallies,
    ) -> Awards:
        figures_with = tallies.figures(
            program.measures,
            earning_returns(program),
            activity.local_day,
            self._state.joined_on,
            extra=activity,
            values=member.values,
        )
        return awards_of(program, Occasion(shown(activity), figures_with), member, counters)

    def _award(
        self, at: At, place: Place, program: Program, activity: Activity, awards: Awards
    ) -> Generator[Ask, int, list[Earned]]:
        earned: list[Earned] = []
        limits = Limits(self._state.counters)
        for name in awards.once:
            self._state.counters[name] = 1
        for award in awards.lines:
            limited = limited_award(award, activity, program, limits)
            if limited.units:
                count_caps(limited, activity.local_day, limits)
                earned.append(self._credit(at, place, program, activity, limited))
        chosen: set[str] = set()
        for award in awards.offers:
            if award.currency in chosen:
                continue
            limited = limited_award(award, activity, program, limits)
            granted = yield from self._granted(at, program, limited)
            if granted.units:
                count_caps(granted, activity.local_day, limits)
                earned.append(self._credit(at, place, program, activity, granted))
                if program.promotions[granted.rule].quota is not None:
                    self._journal.used(at, granted.rule, granted.currency, granted.slot)
            exhausted = limited.units > 0 and not granted.units
            steps_in = exhausted and _offer(award).exhausted == "next"
            if program.points[award.currency].section.offers.choose == "best" and not steps_in:
                chosen.add(award.currency)
        return earned

    def _granted(self, at: At, program: Program, limited: Award) -> Generator[Ask, int, Award]:
        offer, terms = _offer(limited), program.promotions[limited.rule]
        has_quota = terms.quota is not None
        is_limited = has_quota or any(terms.budgets.get(share.partner) is not None for share in offer.funding)
        if not limited.units or not is_limited:
            return limited
        key = EffectKey(at.cause, limited.rule, slot_of(limited.currency, limited.slot, "ask"))
        partial = offer.exhausted == "reduce"
        units = yield Ask(key, limited.currency, limited.units, offer.funding, partial, at.instant, has_quota)
        return replace(limited, units=units)

    def _credit(self, at: At, place: Place, program: Program, activity: Activity, award: Award) -> Earned:
        currency, section = award.currency, program.points[award.currency].section
        key = EffectKey(at.cause, award.rule, line_slot(currency, award.slot))
        funding = award.offer.funding if award.offer is not None else ()
        wallet = self._state.wallet(currency)
        if award.units > 0:
            day, zone = activity.local_day, program.zone
            pending, releases_at = section.pending is not None, release_at(section, day, zone)
            ends = lot_end(section, day, zone)
            extra = wallet.earn(
                Lot(key, place, award.units, award.units, 0, ends, funding, pending, releases_at)
            )
        else:
            extra = wallet.spend(key, place, -award.units)
        self._journal.points(at, award.rule, currency, award.slot, split(award.units, funding))
        self._journal.points(at, "", currency, "-", extra)
        return Earned(key, currency, award.slot, award.units, funding)

    def take_back(self, at: At, rated: Rated, after: Activity | None) -> Generator[Ask, int, Points]:
        """Take back earned - points(what remains), at the rates of the purchase, cumulatively; how many.

        What one rule's lines of a currency earned is taken together: caps that they share may cut
        another line of what remains. What a rule that fails here had earned stays until its repair.
        Partners' budgets are asked each time, also where nothing goes back to them now. What is given once
        may be given again after a return of what gave it.
        """
        awards = self._remaining_awards(rated, after)
        self._journal.failed(at, awards.failures)
        self._take_gifts_back(rated, awards)
        wanted = wanted_back(rated, after, awards, {key: each[0] for key, each in self._taken.items()})
        for earned in rated.earned:
            if earned.units > 0 and (earned.funding or wanted.get(earned.key)):
                yield from self._take_award_back(at, rated.program, earned, wanted.get(earned.key, 0))
        return rated.points_of(wanted)

    def points_in_the_end(self, rated: Rated, steps: Iterable[Activity | None]) -> Points:
        """What is left of its points after returns that leave so much of it one after another."""
        gone: dict[EffectKey, int] = {}
        for after in steps:
            awards = self._remaining_awards(rated, after)
            for key, units in wanted_back(rated, after, awards, gone).items():
                gone[key] = gone.get(key, 0) + units
        return rated.points_of({each.key: each.units - gone.get(each.key, 0) for each in rated.earned})

    def _remaining_awards(self, rated: Rated, after: Activity | None) -> Awards:
        if after is None:
            return Awards()
        return self._awards(rated.program, after, rated.member, rated.counters, rated.tallies)

    def _take_gifts_back(self, rated: Rated, awards: Awards) -> None:
        """Give no more than what remains would have given; what it gives no more may be given again."""
        failed = {failure.rule for failure in awards.failures}
        deserved = {
            (given.rule, gift_slot(given.currency, given.slot, given.to)): given.units
            for given in awards.gifts
        }
        for gift in rated.gifts:
            if gift.key.rule not in failed:
                units = min(gift.value, deserved.get((gift.key.rule, gift.key.slot), 0))
                self._journal.caused(replace(gift, value=units))
        for name in [each for each in rated.once if each not in awards.once and each[0] not in failed]:
            rated.once.remove(name)
            self._state.counters[name] = 0

    def _take_award_back(self, at: At, program: Program, earned: Earned, wanted: int) -> Asking:
        wanted_before, taken_before = self._taken.get(earned.key, (0, 0))
        forgone = wanted_before - taken_before
        key = EffectKey(at.cause, earned.key.rule, line_slot(earned.currency, earned.line))
        wallet = self._state.wallet(earned.currency)
        extra = wallet.take_back(earned.key, key, at.where, wanted, forgone) if wanted else {}
        taken = extra.pop("taken", 0)
        self._taken[earned.key] = (wanted_before + wanted, taken_before + taken)
        self._journal.forgone(at, earned.key.rule, earned.currency, earned.line, wanted - taken)
        movements = {}
        for share in earned.funding:
            units = yield from self._give_back(at, program, earned, share, taken_before + taken)
            movements[f"funded_back/{share.partner}"] = units
        movements["earned_back"] = taken - sum(movements.values())
        self._journal.points(at, earned.key.rule, earned.currency, earned.line, movements)
        self._journal.points(at, "", earned.currency, "-", extra)

    def _give_back(
        self, at: At, program: Program, earned: Earned, share: FundingShare, taken: int
    ) -> Generator[Ask, int, int]:
        """What a partner's budget gets back now of an award of which so much was taken in all.

        More than its share where it got it once and others have it now; the business pays the difference.
        """
        name = (earned.key, share.partner)
        (paid,), (left,) = (
            shares(earned.units, [share.percent]),
            shares(earned.units - taken, [share.percent]),
        )
        before = self._given_back.get(name, 0)
        units = max(0, paid - left - before)
        if program.promotions[earned.key.rule].budgets.get(share.partner) is not None:
            slot = slot_of(earned.currency, earned.line, f"back/{share.partner}")
            whole = FundingShare(share.partner, Decimal(100))
            key = EffectKey(at.cause, earned.key.rule, slot)
            units = -(yield Ask(key, earned.currency, -units, (whole,), True, at.instant))
        self._given_back[name] = before + units
        return units


def _offer(award: Award) -> PartnerAward:
    if award.offer is None:
        raise ValueError(f"{award.rule} awarded a line where an offer was expected")
    return award.offer
