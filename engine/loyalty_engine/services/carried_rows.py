"""What a merge carries, as the terms of its activities' rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from loyalty_engine.ledger.effects import Cause, EffectKey
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
from loyalty_engine.rules import FundingShare

Row = dict[str, Any]


def carried_terms_of(carried: Carried) -> Row:
    """The terms that both activities of a merge have."""
    return {
        "points": [
            {
                "currency": points.currency,
                "lots": [_lot_terms(lot) for lot in points.lots],
                "debt": points.debt,
                **({"back": [[*natural, units] for natural, units in points.back]} if points.back else {}),
            }
            for points in carried.points
        ],
        "claims": [
            [claim.ladder, claim.tier, _written(claim.until_at), claim.origin, claim.locked]
            for claim in carried.claims
        ],
        "counters": [[counter.rule, counter.name, counter.used] for counter in carried.counters],
        "withdrawn": [
            [claim.merge, claim.ladder, claim.tier, _written(claim.until_at)] for claim in carried.withdrawn
        ],
        "joined_on": None if carried.joined_on is None else carried.joined_on.isoformat(),
    }


def carried_of(row: asyncpg.Record) -> Carried | None:
    """What the activity of a row carries; None for every other activity."""
    return carried_in(row["points_terms"]) if row["kind"] in (MERGE, ABSORPTION) else None


def carried_in(terms: Row) -> Carried:
    """What such terms say."""
    return Carried(
        tuple(
            CarriedPoints(
                each["currency"],
                tuple(map(_lot, each["lots"])),
                each["debt"],
                tuple(((source, external_id), units) for source, external_id, units in each.get("back", ())),
            )
            for each in terms["points"]
        ),
        tuple(
            CarriedClaim(ladder, tier, _instant(until), origin, locked)
            for ladder, tier, until, origin, locked in terms["claims"]
        ),
        tuple(CarriedCounter(*counter) for counter in terms["counters"]),
        None if terms["joined_on"] is None else date.fromisoformat(terms["joined_on"]),
        tuple(
            WithdrawnClaim(merge, ladder, tier, _instant(until))
            for merge, ladder, tier, until in terms["withdrawn"]
        ),
    )


def _lot_terms(lot: CarriedLot) -> Row:
    key = lot.key
    return {
        "key": [key.cause.kind, key.cause.key, key.rule, key.slot],
        "place": [lot.place[0].isoformat(), *lot.place[1:]],
        "units": lot.units,
        "expires_at": _written(lot.expires_at),
        "funding": [[share.partner, str(share.percent)] for share in lot.funding],
        "pending": lot.pending,
        "releases_at": _written(lot.releases_at),
        "earned_by": None if lot.earned_by is None else list(lot.earned_by),
    }


def _lot(written: Row) -> CarriedLot:
    kind, cause, rule, slot = written["key"]
    at, source, external_id = written["place"]
    earned_by = written["earned_by"]
    return CarriedLot(
        EffectKey(Cause(kind, cause), rule, slot),
        (datetime.fromisoformat(at), source, external_id),
        written["units"],
        _instant(written["expires_at"]),
        tuple(FundingShare(partner, Decimal(percent)) for partner, percent in written["funding"]),
        written["pending"],
        _instant(written["releases_at"]),
        None if earned_by is None else (earned_by[0], earned_by[1]),
    )


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
