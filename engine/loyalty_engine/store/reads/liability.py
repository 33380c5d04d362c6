"""What a business owes its members in points, by when it expires and by who funded it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.businesses import PartnerRow
from loyalty_engine.store.reads.view import View

_FUNDED = """
($3::uuid IS NULL OR EXISTS (
    SELECT FROM partner p CROSS JOIN jsonb_array_elements(l.funding) share
    WHERE p.business_id = $1 AND p.partner_id = $3 AND share ->> 0 = p.key))
"""
_WITHOUT_IDLE = ("NULL::bigint AS kept, NULL::date AS earned_on", "")
_WITH_IDLE = (
    "c.used AS kept, e.local_day AS earned_on",
    """
LEFT JOIN counter c ON c.business_id = l.business_id AND c.member_id = l.member_id
                   AND c.rule = '' AND c.name = 'kept/' || l.currency
LEFT JOIN fact e ON e.business_id = l.business_id AND e.source = l.earned_source
                AND e.external_id = l.earned_external_id
""",
)
"""What expires by inactivity has its end from the day of earning, and from the last one that kept it."""


def _lots(selected: str, joined: str) -> str:
    return f"""
SELECT l.expires_at, l.funding, l.pending, {selected},
       sum(l.remaining) AS remaining, sum(l.expired) AS expired
FROM lot l {joined}
WHERE l.business_id = $1 AND l.currency = $2 AND (l.remaining > 0 OR l.expired > 0) AND {_FUNDED}
GROUP BY l.expires_at, l.funding, l.pending, kept, earned_on
"""  # noqa: S608


def _held(selected: str, joined: str) -> str:
    return f"""
SELECT l.expires_at, l.funding, {selected}, sum(u.amount) AS held
FROM hold h
JOIN fact f ON f.business_id = h.business_id AND f.fact_id = h.hold_id
JOIN point_use u ON u.business_id = h.business_id AND u.member_id = h.member_id AND u.currency = h.currency
                AND u.used_source = f.source AND u.used_external_id = f.external_id
JOIN lot l ON l.business_id = u.business_id AND l.lot_id = u.lot_id {joined}
WHERE h.business_id = $1 AND h.currency = $2 AND h.state = 'open' AND u.amount > 0 AND {_FUNDED}
GROUP BY l.expires_at, l.funding, kept, earned_on
"""  # noqa: S608


_LOTS = {False: _lots(*_WITHOUT_IDLE), True: _lots(*_WITH_IDLE)}
_HELD = {False: _held(*_WITHOUT_IDLE), True: _held(*_WITH_IDLE)}
_PARTNERS = """
SELECT p.partner_id, p.key, p.name, p.created_at FROM partner p
WHERE p.business_id = $1 AND p.key = ANY ($2::text[]) AND ($3::uuid IS NULL OR p.partner_id = $3)
"""


async def lot_sums(connection: Connection, view: View, currency: str, *, idle: bool) -> list[asyncpg.Record]:
    """What remains of lots, and what of them expired, by end and funding; a partner's are those it funded."""
    return await connection.fetch(_LOTS[idle], view.business_id, currency, view.partner_id)


async def held_sums(connection: Connection, view: View, currency: str, *, idle: bool) -> list[asyncpg.Record]:
    """What open holds set aside of lots, by their end and funding."""
    return await connection.fetch(_HELD[idle], view.business_id, currency, view.partner_id)


async def funders(connection: Connection, view: View, keys: Sequence[str]) -> dict[str, PartnerRow]:
    """Of some partners, by key, those that may be seen."""
    rows = await connection.fetch(_PARTNERS, view.business_id, list(keys), view.partner_id)
    return {row["key"]: PartnerRow(**dict(row)) for row in rows}
