"""A business in a few figures."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from loyalty_engine.store.connection import Connection


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """A partner's budget of a promotion in smallest units; `opened` is None where it has no limit."""

    promotion: str
    partner: str
    currency: str
    opened: int | None
    used: int


@dataclass(frozen=True, slots=True)
class BusinessFigures:
    """How many members and activities there are, who stands where, and what is owed to members."""

    members: int
    activities: int
    tiers: dict[tuple[str, str], int]
    points: dict[str, int]
    budgets: tuple[BudgetFigures, ...]


_COUNTS = """
SELECT (SELECT count(*) FROM member m WHERE m.business_id = $1),
       (SELECT count(*) FROM fact f WHERE f.business_id = $1 AND f.type = 'activity')
"""

_TIERS = """
SELECT s.ladder, s.tier, count(*) FROM current_standing s
WHERE s.business_id = $1 GROUP BY s.ladder, s.tier
"""

_POINTS = """
SELECT a.currency, sum(a.balance)::bigint FROM account a
WHERE a.business_id = $1 AND a.kind IN ('wallet', 'debt') GROUP BY a.currency
"""

# What a budget paid is what left it minus what came back; its opening has no effect.
_BUDGETS = """
SELECT p.key AS promotion, r.key AS partner, a.currency,
       CASE WHEN a.balance IS NULL THEN NULL ELSE coalesce((
           SELECT sum(t.amount) FROM transfer t WHERE t.business_id = $1
             AND t.effect_id IS NULL AND t.credit_account_id = a.account_id), 0)::bigint
       END AS opened,
       coalesce((
           SELECT sum(CASE WHEN t.debit_account_id = a.account_id THEN t.amount ELSE -t.amount END)
           FROM transfer t
           WHERE t.business_id = $1 AND t.effect_id IS NOT NULL
             AND a.account_id IN (t.debit_account_id, t.credit_account_id)), 0)::bigint AS used
FROM account a
JOIN promotion p ON p.business_id = $1 AND p.promotion_id = a.promotion_id
JOIN partner r ON r.business_id = $1 AND r.partner_id = a.partner_id
WHERE a.business_id = $1 AND a.kind = 'budget' ORDER BY p.key, r.key
"""


async def counts(connection: Connection, business_id: UUID) -> tuple[int, int]:
    """How many members and activities there are."""
    record = await connection.fetchrow(_COUNTS, business_id)
    return (0, 0) if record is None else (record[0], record[1])


async def business_figures(connection: Connection, business_id: UUID) -> BusinessFigures:
    """All figures, each exact, read one after another."""
    members, activities = await counts(connection, business_id)
    tiers = await connection.fetch(_TIERS, business_id)
    points = await connection.fetch(_POINTS, business_id)
    budgets = await connection.fetch(_BUDGETS, business_id)
    return BusinessFigures(
        members,
        activities,
        {(record[0], record[1]): record[2] for record in tiers},
        {record[0]: record[1] for record in points},
        tuple(BudgetFigures(**dict(record)) for record in budgets),
    )
