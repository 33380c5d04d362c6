"""Promises about members that went into others."""

from loyalty_engine.store.verification.promises import Promise

_MERGED = """
SELECT m.member_id, 'status of the member' AS what, m.status AS stored,
       CASE WHEN g.absorbed_id IS NULL THEN 'merged into nobody' ELSE 'merged' END AS rebuilt
FROM member m
LEFT JOIN merge g ON g.business_id = m.business_id AND g.absorbed_id = m.member_id AND g.is_direct
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[])
  AND (m.status = 'merged') <> (g.absorbed_id IS NOT NULL)
ORDER BY m.member_id LIMIT 1
"""
# What went to somebody who was erased afterwards is given to nobody.
_LEFT_BEHIND = """
SELECT a.member_id, format('balance of the %s account, %s, of a merged member', a.kind, a.currency) AS what,
       a.balance::text AS stored, '0' AS rebuilt
FROM account a
JOIN merge g ON g.business_id = a.business_id AND g.absorbed_id = a.member_id AND g.is_direct
JOIN member s ON s.business_id = g.business_id AND s.member_id = g.survivor_id AND s.status <> 'erased'
WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[]) AND a.balance <> 0
ORDER BY a.member_id, a.kind, a.currency LIMIT 1
"""
_CARRIED = """
SELECT f.member_id, format('what %s carried', f.external_id) AS what,
       format('%s to %s', coalesce(came.units, 'nothing'), coalesce(came.to_id::text, 'nobody')) AS stored,
       format('%s to %s', coalesce(sent.units, 'nothing'), coalesce(g.survivor_id::text, 'nobody')) AS rebuilt
FROM fact f
LEFT JOIN merge g ON g.business_id = f.business_id AND g.absorbed_id = f.member_id AND g.is_direct
CROSS JOIN LATERAL (
    SELECT string_agg(format('%s %s %s', parts.total, parts.currency, parts.what), ', '
                      ORDER BY parts.currency, parts.what) AS units
    FROM (SELECT split_part(e.slot, '/', 2) AS currency, sum(e.value) AS total,
                 CASE WHEN e.slot LIKE '%/debt_left' THEN 'owed' ELSE 'had' END AS what
          FROM effect e
          WHERE e.business_id = f.business_id AND e.activity_id = f.fact_id
            AND (e.slot LIKE '%/left' OR e.slot LIKE '%/debt_left')
          GROUP BY 1, 3 HAVING sum(e.value) <> 0) parts) sent
CROSS JOIN LATERAL (
    SELECT min(o.member_id::text) AS to_id,
           string_agg(format('%s %s %s', parts.total, parts.currency, parts.what), ', '
                      ORDER BY parts.currency, parts.what)
           FILTER (WHERE parts.total IS NOT NULL) AS units
    FROM fact o
    LEFT JOIN LATERAL (
        SELECT split_part(e.slot, '/', 2) AS currency, sum(e.value) AS total,
               CASE WHEN e.slot LIKE '%/debt_came' THEN 'owed' ELSE 'had' END AS what
        FROM effect e
        WHERE e.business_id = o.business_id AND e.activity_id = o.fact_id
          AND (e.slot LIKE '%/came' OR e.slot LIKE '%/debt_came')
        GROUP BY 1, 3 HAVING sum(e.value) <> 0) parts ON true
    WHERE o.business_id = f.business_id AND o.about_fact_id = f.fact_id AND o.kind = 'absorption') came
WHERE f.business_id = $1 AND f.member_id = ANY ($2::uuid[]) AND f.kind = 'merge'
  AND (came.units IS DISTINCT FROM sent.units OR came.to_id IS DISTINCT FROM g.survivor_id::text)
ORDER BY f.member_id, f.external_id LIMIT 1
"""
_TERMS = """
SELECT f.member_id, format('terms of %s', f.external_id) AS what,
       left(o.points_terms::text, 500) AS stored, left(f.points_terms::text, 500) AS rebuilt
FROM fact f
JOIN fact o ON o.business_id = f.business_id AND o.about_fact_id = f.fact_id AND o.kind = 'absorption'
WHERE f.business_id = $1 AND f.member_id = ANY ($2::uuid[]) AND f.kind = 'merge'
  AND o.points_terms IS DISTINCT FROM f.points_terms
ORDER BY f.member_id, f.external_id LIMIT 1
"""

MERGED = Promise("merged", "a member is merged exactly where it went into another one", _MERGED)
LEFT_BEHIND = Promise("left_behind", "a merged member has no points and owes none", _LEFT_BEHIND)
CARRIED = Promise(
    "carried", "what left a merged member came to the one that goes on, and nobody else", _CARRIED
)
TERMS = Promise("carried_as", "it came with the ends, funders, claims and counters that it had", _TERMS)
