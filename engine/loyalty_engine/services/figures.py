"""A business in a few figures, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.store.summary import business_figures, counts


@dataclass(frozen=True, slots=True)
class Budget:
    """What a partner opened for a promotion and what of it is spent; `opened` is None without a limit."""

    promotion: str
    partner: str
    currency: str
    opened: Decimal | None
    used: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """How many there are, who stands where (by ladder, tiers upwards), what is owed, what partners paid."""

    members: int
    activities: int
    tiers: Mapping[str, Mapping[str, int]]
    points: Mapping[str, Decimal]
    budgets: tuple[Budget, ...]


async def how_many(engine: Engine, caller: Caller) -> tuple[int, int]:
    """The members and the activities of the caller's business."""
    async with engine.database.reading(caller.business_id) as connection:
        return await counts(connection, caller.business_id)


async def figures(engine: Engine, caller: Caller) -> Figures:
    """The caller's business by the program in force now."""
    async with engine.database.reading(caller.business_id) as connection:
        business = await engine.business(connection, caller.business_id)
        rulebook = await engine.rulebook(connection, caller.business_id)
        found = await business_figures(connection, caller.business_id)
    program = rulebook.in_force(business.now()).program

    def points(currency: str, units: int) -> Decimal:
        return from_smallest_units(units, program.points[currency].section.decimals)

    return Figures(
        found.members,
        found.activities,
        {
            policy.key: {tier: found.tiers.get((policy.key, tier), 0) for tier in policy.ladder.tiers}
            for policy in program.ladders
        },
        {currency: points(currency, found.points.get(currency, 0)) for currency in program.points},
        tuple(
            Budget(
                row.promotion,
                row.partner,
                row.currency,
                None if row.opened is None else points(row.currency, row.opened),
                points(row.currency, row.used),
            )
            for row in found.budgets
        ),
    )
