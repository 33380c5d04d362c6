"""Claims and changes of standing say what the effects say that made them."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.rating import Claim
from loyalty_engine.rating.facts import natural_key_of
from loyalty_engine.rating.journal import claim_slot, made_of
from loyalty_engine.services.verification.checks import Chunk
from loyalty_engine.store.verification.promises import Broken
from loyalty_engine.store.verification.rows import claim_rows, standing_rows

AT_THE_BOUNDARY = ("", "")


class Records:
    """The rows that go with effects on tiers have what the effects have."""

    name = "records"
    says = "a claim and a change of standing say what the effect says that made them"

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first one that says something else."""
        standings = await standing_rows(chunk.connection, chunk.business_id, chunk.ids)
        claims = await claim_rows(chunk.connection, chunk.business_id, chunk.ids)
        return _first("standing", standings) or _first("claim", claims)


def _first(kind: str, rows: Sequence[asyncpg.Record]) -> Broken | None:
    for row in rows:
        what = f"{kind} {row[f'{kind}_id']}"
        if row["slot"] is None:
            return Broken(row["member_id"], what, "is there", "has no effect")
        slot = _claim_slot(row) if kind == "claim" else _standing_slot(row)
        at = row["from_at"] if kind == "claim" else row["effective_at"]
        stored = (kind, row["member_id"], slot, at, _place(row) if kind == "standing" else None)
        made = (
            row["kind"],
            row["effect_member_id"],
            row["slot"],
            row["effect_at"],
            _effect_place(row) if kind == "standing" else None,
        )
        if stored != made:
            return Broken(row["member_id"], what, _said(stored), _said(made))
    return None


def _claim_slot(row: asyncpg.Record) -> str:
    made_by = Cause(row["made_kind"], row["made_key"])
    posted_by = Cause(row["cause_kind"], row["cause_key"])
    moved_by = None if row["moves_claim_id"] is None else posted_by
    made = made_of(row["slot"])
    claim = Claim(row["tier"], row["from_at"], row["until_at"], made_by, moved_by=moved_by, made=made)
    return claim_slot(row["ladder"], claim)


def _standing_slot(row: asyncpg.Record) -> str:
    return f"{row['ladder']}/{row['from_tier'] or ''}>{row['to_tier']}"


def _place(row: asyncpg.Record) -> tuple[object, ...]:
    return (row["is_boundary"], row["source"], row["external_id"])


def _effect_place(row: asyncpg.Record) -> tuple[object, ...]:
    kind = row["cause_kind"]
    if kind in ("boundary", "enrolment"):
        return (kind == "boundary", *AT_THE_BOUNDARY)
    return (False, *natural_key_of(row["cause_key"]))


def _said(parts: Sequence[object]) -> str:
    kind, member_id, slot, at, place = parts
    return f"{kind} {slot} of {member_id} at {at}" + ("" if place is None else f" by {place}")
