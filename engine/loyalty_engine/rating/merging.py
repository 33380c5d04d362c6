"""The fold's side of a merge: a history that ends, and one that goes on with what the other had.

Points keep their ends, their place in the order of spending and who funded them. Claims in force count on,
what was used of caps is used up together, and measures read the activities of both on their own days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import EndOf, Lot, Place
from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.carried import Carried, CarriedClaim, CarriedPoints
from loyalty_engine.rating.facts import ActivityFact, Brought, NaturalKey, ValueFact, came_with, place_of
from loyalty_engine.rating.journal import At, Journal
from loyalty_engine.rating.measuring import Measuring
from loyalty_engine.rating.returned import Returned
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.standing import Standings
from loyalty_engine.rating.state import Claim, State
from loyalty_engine.rating.taken import Taken
from loyalty_engine.rating.wallets import line_slot

KEPT_ONCE = ("once/", "kept/")
"""Counters that say that something happened, or when last, and are not added up."""


class Merging:
    """What merges do in one fold."""

    def __init__(
        self,
        state: State,
        journal: Journal,
        standings: Standings,
        measuring: Measuring,
    ) -> None:
        self._state = state
        self._journal = journal
        self._standings = standings
        self._measuring = measuring
        self._came: dict[Place, Place] = {}
        self._known: dict[tuple[str, str], Place] = {}
        self._waiting: dict[NaturalKey, list[tuple[str, EffectKey]]] = {}

    # The history that ends

    def leave(self, at: At, carried: Carried) -> None:
        """Everything that is carried is gone, and no boundary comes any more."""
        for points in carried.points:
            self._journal.points(at, "", points.currency, "-", self._left(at, points))
        self._state.closed = True

    def _left(self, at: At, points: CarriedPoints) -> dict[str, int]:
        """Debt is paid first, by whom it goes to, so that no point that is carried pays it."""
        wallet, movements = self._state.wallet(points.currency), _Movements()
        if points.debt:
            key = EffectKey(at.cause, "", line_slot(points.currency, "debt"))
            movements.add({"debt_left": points.debt})
            movements.add(wallet.earn(Lot(key, at.where, points.debt, points.debt, 0, None)))
        key = EffectKey(at.cause, "", line_slot(points.currency, "-"))
        parts = {lot.key: lot.units for lot in points.lots}
        movements.add({"left": sum(parts.values())})
        movements.add(wallet.use(key, at.where, parts))
        return movements

    # The history that goes on

    def arrive(self, at: At, carried: Carried, end_of: Callable[[str], EndOf]) -> None:
        """Take in counters, points, and for how long the other one had been a member."""
        if carried.joined_on is not None and carried.joined_on < self._state.joined_on:
            self._state.joined_on, self._state.joined_earlier = carried.joined_on, True
        for counter in carried.counters:
            name = (counter.rule, counter.name)
            used = self._state.counters.get(name, 0)
            once = counter.name.startswith(KEPT_ONCE)
            self._state.counters[name] = max(used, counter.used) if once else used + counter.used
        for points in carried.points:
            movements = self._arrived(at, points, end_of(points.currency))
            self._journal.points(at, "", points.currency, "-", movements)

    def _arrived(self, at: At, points: CarriedPoints, end_of: EndOf) -> dict[str, int]:
        wallet, movements = self._state.wallet(points.currency), _Movements()
        for index, lot in enumerate(points.lots):
            key = EffectKey(at.cause, "", line_slot(points.currency, str(index)))
            movements.add({"came": lot.units})
            movements.add(
                wallet.earn(
                    Lot(
                        key,
                        lot.place,
                        lot.units,
                        lot.units,
                        0,
                        lot.expires_at,
                        lot.funding,
                        lot.pending,
                        lot.releases_at,
                    )
                )
            )
            if lot.earned_by is not None:
                self._waiting.setdefault(lot.earned_by, []).append((points.currency, key))
        if points.debt:
            movements.add({"debt_came": points.debt})
            key = EffectKey(at.cause, "", line_slot(points.currency, "debt"))
            parts = self._taken_of(points, wallet)
            movements.add(wallet.use(key, at.where, parts))
            movements.add(wallet.spend(key, at.where, points.debt - sum(parts.values())))
        movements.add(wallet.release_due(at.instant))
        movements.add(wallet.expire(at.instant, end_of))
        return movements

    def _taken_of(self, points: CarriedPoints, wallet: Wallet) -> dict[EffectKey, int]:
        """Of what returns took back, how much each of the lots that had earned it and came pending pays."""
        parts: dict[EffectKey, int] = {}
        for earned_by, units in points.back:
            left = min(units, points.debt - sum(parts.values()))
            for currency, key in self._waiting.get(earned_by, ()):
                taken = min(left, wallet.lots[key].remaining) if currency == points.currency else 0
                if taken:
                    parts[key] = taken
                    left -= taken
        return parts

    def confirm(self, at: At, fact: ActivityFact) -> None:
        """Release what an activity of an absorbed history earned, if this confirms it."""
        if fact.activity.kind != "confirmation" or fact.about is None:
            return
        for currency, key in self._waiting.get(fact.about, ()):
            wallet = self._state.wallet(currency)
            if wallet.lots[key].pending and wallet.lots[key].remaining:
                self._journal.points(at, "", currency, "-", wallet.release(key))

    # Measures

    def measure(self, at: At, brought: Brought) -> list[Returned]:
        """Take in what the other history had for measures; the returns of what an earlier merge brought."""
        returned: list[Returned] = []
        for value in brought.values:
            self.learn(value)
        for each in brought.measured:
            if isinstance(each, Taken):
                self._came[each.place] = at.where
                self._measuring.take(replace(each, came=at.where))
                continue
            came = self._came[each.bought.place]
            changes = self._measuring.lower(replace(each, bought=replace(each.bought, came=came)))
            if came < at.where:
                bought = each.bought
                returned.append(Returned(changes, bought.activity.local_day, bought.place, came))
        return returned

    def learn(self, fact: ValueFact) -> None:
        """A dated value holds, of both histories the later one."""
        name, place = (fact.kind, fact.key), place_of(fact)
        if name not in self._known or self._known[name] < place:
            self._known[name], self._state.values[name] = place, fact.value

    # Tiers

    def claim(
        self, at: At, rulebook: Rulebook, version: ProgramVersion, carried: Carried, tiers: Mapping[str, str]
    ) -> None:
        """Bring the claims of the other history, take back those that it has no more, and claim anew.

        Claims on ladders that the program has no more come too, by the last version that has them, since
        these may come back; nothing is claimed anew there.
        """
        program, frozen = version.program, self._state.frozen
        for policy in program.ladders:
            if policy.key not in frozen:
                came, gone = self._brought(at, policy, carried), self._gone(policy.key, carried)
                self._standings.bring(at, program, policy, came, gone, tiers)
        of_both = {claim.ladder for claim in carried.claims} | {gone.ladder for gone in carried.withdrawn}
        for ladder in sorted(of_both.difference(frozen, [policy.key for policy in program.ladders])):
            if (known := rulebook.last_with(version, ladder)) is not None:
                self._claim_where_dropped(
                    replace(at, program=known.id), known.program, ladder, carried, tiers
                )

    def _claim_where_dropped(
        self, at: At, program: Program, ladder: str, carried: Carried, tiers: Mapping[str, str]
    ) -> None:
        policy, is_new = program.ladder(ladder), ladder not in self._state.ladders
        came = self._brought(at, policy, carried)
        if is_new and came:
            self._standings.begin(at, policy)
        gone = self._gone(ladder, carried)
        if came or gone:
            self._standings.bring(at, program, policy, came, gone, tiers, anew=False)
        if is_new and came:
            self._journal.as_one_change(at, ladder, None, self._state.ladders[ladder].tier, None)

    @staticmethod
    def _brought(at: At, policy: LadderPolicy, carried: Carried) -> list[Claim]:
        return [
            _brought(at, claim)
            for claim in carried.claims
            if claim.ladder == policy.key and claim.tier in policy.ladder.tiers
        ]

    def _gone(self, ladder: str, carried: Carried) -> list[Claim]:
        """The claims that the other history has no more; a pause may have moved their ends."""
        found: list[Claim] = []
        for gone in carried.withdrawn:
            held = self._state.ladders.get(ladder) if gone.ladder == ladder else None
            claims = () if held is None else held.claims
            found += [
                claim
                for claim in claims
                if claim.tier == gone.tier
                and (claim.until_at == gone.until_at or claim.moved_by is not None)
                and came_with(claim.first_cause, gone.merge)
            ][:1]
        return found


def _brought(at: At, carried: CarriedClaim) -> Claim:
    origin = cast("Any", carried.origin)  # It was a claim's before.
    return Claim(carried.tier, at.instant, carried.until_at, at.cause, origin, carried.locked)


class _Movements(dict[str, int]):
    """Movements that add up."""

    def add(self, parts: Mapping[str, int]) -> None:
        for movement, units in parts.items():
            self[movement] = self.get(movement, 0) + units
