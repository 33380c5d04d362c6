"""What a return did with points, as it is told to whoever returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.program import PointsCurrency
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import moved_by
from loyalty_engine.store.merges import debts_of

ByCurrency = dict[str, Decimal]


async def points_taken(
    connection: Connection,
    business_id: UUID,
    points: Mapping[str, PointsCurrency],
    effect_ids: Sequence[UUID],
    owner: UUID | None,
) -> tuple[ByCurrency, ByCurrency]:
    """By currency, what the effects of a return took from the wallet, and how much debt they added.

    ``owner`` is who goes on with a history that was merged: what is not owed there was paid.
    """
    taken, debt = ByCurrency(), ByCurrency()
    owed = None if owner is None else await debts_of(connection, business_id, owner)
    for row in await moved_by(connection, business_id, effect_ids):
        decimals, added = points[row["currency"]].section.decimals, row["debt"]
        if owed is not None:
            added = min(added, owed.get(row["currency"], 0))
        taken[row["currency"]] = from_smallest_units(row["taken"], decimals)
        debt[row["currency"]] = from_smallest_units(added, decimals)
    return taken, debt
