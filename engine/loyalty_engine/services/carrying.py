"""What goes from a member that is merged to the one that goes on: one activity in each history (SEMANTICS 7).

The merge itself carries everything. What comes into the history that ended later on, such as a return of what
was bought in it, is rated there, and what that leaves is carried after the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Lot, consumed_by
from loyalty_engine.ledger.wallet import Spending, Wallet
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ActivityFact, Fact, ReturnFact, Rulebook, State
from loyalty_engine.rating.carried import (
    ABSORPTION,
    MERGE,
    Carried,
    CarriedClaim,
    CarriedCounter,
    CarriedLot,
    CarriedPoints,
    WithdrawnClaim,
)
from loyalty_engine.rating.facts import NaturalKey, key_text, natural_key_of
from loyalty_engine.rating.tiers import tier_later
from loyalty_engine.rules import Activity
from loyalty_engine.services.carried_rows import carried_in, carried_terms_of
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.engine import Business
from loyalty_engine.services.moved_rows import NOTHING_MOVED
from loyalty_engine.services.operations import body_hash
from loyalty_engine.services.posting import Row
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.merges import carried_terms, left_with

Terms = Mapping[NaturalKey, Mapping[str, object]]
ClaimKey = tuple[str, str, datetime | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two activities by which something is carried, by member and id, and their rows."""

    left: UUID
    facts: Mapping[UUID, Mapping[UUID, Fact]]
    rows: tuple[Row, Row]


def pair_of(
    business: Business,
    absorbed: MemberRow,
    survivor: MemberRow,
    carried: Carried,
    at: datetime,
    now: datetime,
    reason: str | None = None,
    credential_id: UUID | None = None,
) -> Pair:
    """The activity that ends a history, and the one that it causes in the other."""
    left, came = new_id(), new_id()
    natural_left, natural_came = (OWN_SOURCE, f"{MERGE}/{left}"), (OWN_SOURCE, f"{ABSORPTION}/{left}")
    day = local_day(at, business.zone)

    def activity(natural: NaturalKey, kind: str) -> Activity:
        return Activity(*natural, kind, at, day, attributes={})

    def row(fact_id: UUID, member: MemberRow, natural: NaturalKey, kind: str) -> Row:
        return {
            "business_id": business.business_id,
            "fact_id": fact_id,
            "member_id": member.member_id,
            "type": "activity",
            "source": natural[0],
            "external_id": natural[1],
            "occurred_at": at,
            "recorded_at": now,
            "local_day": day,
            "body_hash": body_hash(kind, natural),
            "credential_id": credential_id,
            "kind": kind,
            "attributes": {},
            "reason": reason,
            "counts_as": kind,
            "counts_on": day,
            "ones": 0,
            **NOTHING_MOVED,
            "points_terms": carried_terms_of(carried),
            "about_fact_id": left if kind == ABSORPTION else None,
        }

    return Pair(
        left,
        {
            absorbed.member_id: {left: ActivityFact(activity(natural_left, MERGE), carried=carried)},
            survivor.member_id: {
                came: ActivityFact(activity(natural_came, ABSORPTION), about=natural_left, carried=carried)
            },
        },
        (row(left, absorbed, natural_left, MERGE), row(came, survivor, natural_came, ABSORPTION)),
    )


async def everything_of(connection: Connection, business_id: UUID, state: State) -> Carried:
    """All that a history has that ends now: points, claims in force, what is used of caps, and its age.

    Of claims on one tier until one end the strongest is carried: one that is locked, else granted, which may
    be renewed, else made by hand.
    """
    points, claims = await _points_of(connection, business_id, state), _claims_of(state, state.at)
    counters = tuple(
        CarriedCounter(rule, name, used) for (rule, name), used in sorted(state.counters.items()) if used
    )
    return Carried(points, tuple(claims.values()), counters, state.joined_on)


async def rest_of(
    connection: Connection,
    business_id: UUID,
    rulebook: Rulebook,
    member_id: UUID,
    state: State,
    facts: Iterable[Fact],
    at: datetime,
) -> Carried:
    """What a history that has ended has again at an instant: points, and claims that were not carried yet.

    ``facts`` are those that came into it since. With claims goes which of those that were carried it has no
    more; tiers go by their names at that instant.
    """
    rows = await left_with(connection, business_id, member_id)
    carried: dict[ClaimKey, WithdrawnClaim] = {}
    for merge, then, terms in rows:
        left = carried_in(terms)
        for gone in left.withdrawn:
            tier = tier_later(rulebook, gone.ladder, gone.tier, then, at)
            carried.pop((gone.ladder, tier, gone.until_at), None)
        for claim in left.claims:
            key = (claim.ladder, tier_later(rulebook, claim.ladder, claim.tier, then, at), claim.until_at)
            carried[key] = WithdrawnClaim(merge, *key)
    _, ended_at, _ = rows[0]
    claims = {
        (ladder, tier, until): replace(claim, tier=tier)
        for (ladder, then_tier, until), claim in _claims_of(state, at).items()
        for tier in (tier_later(rulebook, ladder, then_tier, ended_at, at),)
    }
    points = await _points_of(connection, business_id, state)
    merges = {Cause("activity", key_text(OWN_SOURCE, merge)): carried_in(terms) for merge, _, terms in rows}
    return Carried(
        tuple(
            replace(each, back=_back(each.currency, state.wallet(each.currency), facts, merges))
            for each in points
        ),
        tuple(claim for key, claim in claims.items() if key not in carried),
        withdrawn=tuple(
            each for key, each in carried.items() if key not in claims and _lasts(each.until_at, at)
        ),
    )


def _back(
    currency: str, wallet: Wallet, facts: Iterable[Fact], carried: Mapping[Cause, Carried]
) -> tuple[tuple[NaturalKey, int], ...]:
    """What is owed because returns took points that had gone on pending, by the activity that earned them.

    A return that counts after the merge owes it itself; one that counts before it leaves the merge with less
    than was ``carried``.
    """
    found: dict[NaturalKey, int] = {}
    for fact in facts:
        if isinstance(fact, ReturnFact):
            earned_by = Cause("activity", key_text(*fact.of))
            pending = {lot.key for lot in wallet.lots.values() if lot.pending and lot.key.cause == earned_by}
            found[fact.of] = sum(
                _owed(spending, _lacking(key, spending, fact, pending, carried))
                for key, spending in wallet.spendings.items()
            )
        elif isinstance(fact, ActivityFact) and fact.carried is not None:
            for points in fact.carried.points:
                found.update(points.back if points.currency == currency else ())
    return tuple((natural, units) for natural, units in sorted(found.items()) if units)


def _lacking(
    key: EffectKey,
    spending: Spending,
    fact: ReturnFact,
    pending: set[EffectKey],
    carried: Mapping[Cause, Carried],
) -> int:
    """What one spending has not got of an activity's pending lots because of its return."""
    if key.cause == fact.cause:
        return spending.amount if any((lot.rule, lot.slot) == (key.rule, key.slot) for lot in pending) else 0
    if key.cause not in carried:
        return 0
    return sum(
        lot.units - spending.parts.get(lot.key, 0)
        for points in carried[key.cause].points
        for lot in points.lots
        if lot.key in pending
    )


def _owed(spending: Spending, lacking: int) -> int:
    return min(lacking, spending.parts.get(None, 0))


def _claims_of(state: State, at: datetime) -> dict[ClaimKey, CarriedClaim]:
    """The claims that last longer, of those on one tier until one end the strongest."""
    claims = [
        CarriedClaim(ladder, claim.tier, claim.until_at, claim.origin, claim.locked)
        for ladder, standing in sorted(state.ladders.items())
        for claim in standing.claims
        if _lasts(claim.until_at, at)
    ]
    claims.sort(key=lambda claim: (not claim.locked, claim.origin == "rules", claim.origin != "grant"))
    return {(claim.ladder, claim.tier, claim.until_at): claim for claim in reversed(claims)}


def _lasts(until: datetime | None, at: datetime) -> bool:
    return until is None or until > at


async def _points_of(connection: Connection, business_id: UUID, state: State) -> tuple[CarriedPoints, ...]:
    """The points and debts that there are in a history."""
    waiting = [
        natural_key_of(lot.key.cause.key)
        for wallet in state.wallets.values()
        for lot in wallet.lots.values()
        if lot.pending and lot.remaining and lot.key.cause.kind == "activity"
    ]
    terms: Terms = await carried_terms(connection, business_id, waiting) if waiting else {}
    found = [_points(currency, wallet, terms) for currency, wallet in sorted(state.wallets.items())]
    return tuple(points for points in found if points.lots or points.debt)


def _points(currency: str, wallet: Wallet, terms: Terms) -> CarriedPoints:
    left = sorted((lot for lot in wallet.lots.values() if lot.remaining), key=consumed_by)
    lots = tuple(
        CarriedLot(
            lot.key,
            lot.place,
            lot.remaining,
            lot.expires_at,
            lot.funding,
            lot.pending,
            lot.releases_at,
            _earned_by(currency, lot, terms),
        )
        for lot in left
    )
    return CarriedPoints(currency, lots, wallet.debt)


def _earned_by(currency: str, lot: Lot, terms: Terms) -> NaturalKey | None:
    """The activity that a confirmation of this lot names; of what a merge brought, the one of long ago."""
    if not lot.pending or lot.key.cause.kind != "activity":
        return None
    natural = natural_key_of(lot.key.cause.key)
    if natural not in terms:
        return natural
    return _brought_by(currency, lot.key, terms[natural])


def _brought_by(currency: str, key: EffectKey, terms: Mapping[str, object]) -> NaturalKey | None:
    points: object = terms["points"]
    if not isinstance(points, list):
        raise TypeError("the points of a merge are a list")
    index = int(key.slot.rpartition("/")[2])
    earned_by = next(each for each in points if each["currency"] == currency)["lots"][index]["earned_by"]
    return None if earned_by is None else (earned_by[0], earned_by[1])
