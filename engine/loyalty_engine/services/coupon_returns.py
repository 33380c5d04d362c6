"""What the whole return of a purchase does with the coupons that were used for it (BEHAVIOUR L28, L29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.rating import ReturnFact
from loyalty_engine.services.posting import Row
from loyalty_engine.services.undoing import Undoing
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.coupons import release_uses, uses_to_release
from loyalty_engine.store.facts import original_fact


async def uses_undone(
    connection: Connection,
    undoing: Undoing,
    purchase: asyncpg.Record,
    member_ids: Sequence[UUID],
    returned_at: datetime,
    reason: str | None,
) -> list[tuple[ReturnFact, Row]]:
    """Returns of the members' uses for the purchase that are released with it; their coupons are locked."""
    business_id, found = undoing.business.business_id, []
    natural = purchase["source"], purchase["external_id"]
    for use in await uses_to_release(connection, business_id, member_ids, *natural):
        original = await original_fact(connection, business_id, use["coupon_use_id"], None)
        if original is None:
            raise LookupError(f"no activity {use['coupon_use_id']}")
        found.append(undoing.of(original, max(returned_at, original["occurred_at"]), reason))
    return found


async def write_releases(connection: Connection, business_id: UUID, undone: Sequence[Row]) -> None:
    """Say of the uses by which of these returns they were released."""
    await release_uses(
        connection,
        [
            {
                "business_id": business_id,
                "coupon_use_id": row["reverses_fact_id"],
                "released_at": row["occurred_at"],
                "released_fact_id": row["fact_id"],
            }
            for row in undone
        ],
    )
