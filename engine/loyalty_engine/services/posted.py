"""What stands of everything ever posted for a member, and what a fold came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import asyncpg

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.rating import Outcome
from loyalty_engine.rating.wallets import slot_of
from loyalty_engine.services.row_keys import cause_of, key_of
from loyalty_engine.services.states import Stored
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import PostedRows, last_posted_at


@dataclass(slots=True)
class Posted:
    """What was posted for one member before a new fold."""

    effects: dict[EffectKey, asyncpg.Record] = field(default_factory=dict)
    reversible: dict[EffectKey, list[asyncpg.Record]] = field(default_factory=dict)
    claims: dict[EffectKey, asyncpg.Record] = field(default_factory=dict)
    standings: dict[EffectKey, UUID] = field(default_factory=dict)


def posted_by_member(rows: PostedRows) -> dict[UUID, Posted]:
    """The rows by member and key; of a claim that was made more than once the last."""
    found: dict[UUID, Posted] = {}
    for row in rows.effects:
        found.setdefault(row["member_id"], Posted()).effects[key_of(row)] = row
    for row in rows.reversible:
        found[row["member_id"]].reversible.setdefault(key_of(row), []).append(row)
    for row in rows.claims:
        found[row["member_id"]].claims[EffectKey(cause_of(row), "", row["slot"])] = row
    for row in rows.standings:
        found[row["member_id"]].standings[EffectKey(cause_of(row), "", row["slot"])] = row["standing_id"]
    return found


def paid_by_ask(posted: Posted) -> dict[EffectKey, dict[str, int]]:
    """What each partner paid of awards as it is posted, by the keys under which they are asked for."""
    found: dict[EffectKey, dict[str, int]] = {}
    for key, row in posted.effects.items():
        if row["kind"] != "points":
            continue
        _, currency, line, movement, *partner = key.slot.split("/", 4)
        if movement == "funded":
            ask = replace(key, slot=slot_of(currency, line, "ask"))
            found.setdefault(ask, {})[partner[0]] = row["value"]
    return found


@dataclass(frozen=True, slots=True)
class Folded:
    """A member's outcome. ``fact_ids`` are the ids of its facts by the key text of their cause.

    ``arrived`` are those that arrived now; an effect that none of them caused was triggered by ``trigger``.
    """

    stored: Stored
    outcome: Outcome
    fact_ids: Mapping[str, UUID]
    arrived: frozenset[UUID]
    trigger: UUID | None
    answered: bool = False
    """Whether the fold had to ask for something that is recorded as a fact of its own."""

    posted: Posted | None = None
    """What stands, where the member was folded again from the beginning; None after single steps."""
    taken_back: Mapping[EffectKey, UUID] = field(default_factory=dict)
    """Of single steps: the last effect under keys of theirs under which nothing stands any more."""


async def taken_back_before(
    connection: Connection, business_id: UUID, outcomes: Mapping[UUID, Outcome]
) -> dict[UUID, dict[EffectKey, UUID]]:
    """What single steps of members post again, by member: the last effect under each key.

    Only a boundary comes twice: a fold may find that nothing happened at it, and later steps that something
    does. Nothing stands under its keys then.
    """
    boundaries = {
        effect.effective_at
        for outcome in outcomes.values()
        for key, effect in outcome.effects.items()
        if key.cause.kind == "boundary"
    }
    found: dict[UUID, dict[EffectKey, UUID]] = {}
    if boundaries:
        for row in await last_posted_at(connection, business_id, list(outcomes), sorted(boundaries)):
            found.setdefault(row["member_id"], {})[key_of(row)] = row["effect_id"]
    return found
