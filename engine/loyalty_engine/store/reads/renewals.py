"""How many of the terms of membership that a rule granted were renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.view import View

# A renewal counts its months from the first day of the term that it prolongs; one for life from its own.
_RENEWALS = """
SELECT count(*) AS terms,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM (
               SELECT a.member_id, a.ended_at AS since
               UNION ALL
               SELECT g.survivor_id, g.merged_at FROM merge g
               WHERE g.business_id = $1 AND g.absorbed_id = a.member_id
           ) part
           JOIN application n ON n.business_id = $1 AND n.member_id = part.member_id AND n.rule = a.rule
           JOIN fact r ON r.business_id = n.business_id AND r.fact_id = n.fact_id
           WHERE n.state = 'admitted' AND n.kind = 'renewal'
             AND n.ended_at > a.ended_at AND n.ended_at >= part.since
             AND (r.attributes ->> 'until' IS NULL OR r.attributes -> 'evidence' -> 'admittedOn'
                                                    = f.attributes -> 'evidence' -> 'admittedOn'))) AS renewed
FROM application a
JOIN fact f ON f.business_id = a.business_id AND f.fact_id = a.fact_id
CROSS JOIN LATERAL (SELECT (f.attributes ->> 'until')::timestamptz AS ends_at) t
WHERE a.business_id = $1 AND a.rule = $2 AND a.state = 'admitted' AND t.ends_at IS NOT NULL
  AND ($3::timestamptz IS NULL OR t.ends_at >= $3) AND ($4::timestamptz IS NULL OR t.ends_at < $4)
"""


@dataclass(frozen=True, slots=True)
class Renewals:
    """So many terms, of which so many were renewed."""

    terms: int
    renewed: int


async def renewals(
    connection: Connection, view: View, rule: str, since: datetime | None, before: datetime | None
) -> Renewals:
    """Of the terms that a rule granted up to ends from one instant until another, how many were renewed."""
    row = await connection.fetchrow(_RENEWALS, view.business_id, rule, since, before)
    return Renewals(0, 0) if row is None else Renewals(row["terms"], row["renewed"])
