"""Promises about claims, changes of standing, and what is told of them."""

from loyalty_engine.store.verification.promises import Promise

_ONCE = """
SELECT e.member_id, format('effect %s of %s %s', e.slot, e.cause_kind, e.cause_key) AS what,
       format('posted %s times', sum(e.value)) AS stored, 'once or not at all' AS rebuilt
FROM effect e
WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[]) AND e.kind NOT IN ('points', 'caused', 'forgone')
GROUP BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot
HAVING sum(e.value) NOT IN (0, 1)
ORDER BY e.member_id, e.cause_key, e.slot LIMIT 1
"""
_CORRECTIONS = """
SELECT member_id, format('what effect %s corrects', effect_id) AS what,
       coalesce(corrects_effect_id::text, 'none') AS stored, coalesce(before::text, 'none') AS rebuilt
FROM (
    SELECT e.member_id, e.effect_id, e.corrects_effect_id, lag(e.effect_id) OVER (
        PARTITION BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot ORDER BY e.effect_id) AS before
    FROM effect e WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[])) posted
WHERE corrects_effect_id IS DISTINCT FROM before
ORDER BY member_id, effect_id LIMIT 1
"""
# A return at the very instant of its purchase comes after it, whatever its key.
_PLACED = """
SELECT s.member_id, s.ladder, s.standing_id, s.from_tier, s.to_tier, s.effective_at,
       row_number() OVER (
           PARTITION BY s.member_id, s.ladder
           ORDER BY s.effective_at, s.from_tier IS NOT NULL, NOT s.is_boundary,
                    coalesce(bought.source, s.source), coalesce(bought.external_id, s.external_id),
                    bought.fact_id IS NOT NULL, s.source, s.external_id) AS number
FROM standing s
LEFT JOIN fact f ON f.business_id = s.business_id AND f.source = s.source AND f.external_id = s.external_id
LEFT JOIN fact bought
    ON bought.business_id = f.business_id AND bought.fact_id = f.reverses_fact_id
   AND bought.occurred_at = f.occurred_at
   AND (bought.source, bought.external_id) > (f.source, f.external_id)
WHERE s.business_id = $1 AND s.member_id = ANY ($2::uuid[]) AND s.withdrawn_effect_id IS NULL
"""
_CURRENT = f"""
WITH placed AS ({_PLACED}),
last AS (
    SELECT DISTINCT ON (p.member_id, p.ladder) p.member_id, p.ladder, p.to_tier, p.standing_id, p.effective_at
    FROM placed p ORDER BY p.member_id, p.ladder, p.number DESC),
now AS (
    SELECT c.member_id, c.ladder, c.tier, c.standing_id, c.since FROM current_standing c
    WHERE c.business_id = $1 AND c.member_id = ANY ($2::uuid[]))
SELECT member_id, format('where the member stands on %s', ladder) AS what,
       CASE WHEN n.tier IS NULL THEN 'nowhere'
            ELSE format('%s since %s by %s', n.tier, n.since, n.standing_id) END AS stored,
       CASE WHEN l.to_tier IS NULL THEN 'nowhere'
            ELSE format('%s since %s by %s', l.to_tier, l.effective_at, l.standing_id) END AS rebuilt
FROM last l FULL JOIN now n USING (member_id, ladder)
WHERE (n.tier, n.standing_id, n.since) IS DISTINCT FROM (l.to_tier, l.standing_id, l.effective_at)
ORDER BY member_id, ladder LIMIT 1
"""  # noqa: S608
_CHAIN = f"""
WITH placed AS ({_PLACED})
SELECT member_id, format('tier before standing %s on %s', standing_id, ladder) AS what,
       coalesce(from_tier, 'none') AS stored, coalesce(before, 'none') AS rebuilt
FROM (
    SELECT p.*, lag(p.to_tier) OVER (PARTITION BY p.member_id, p.ladder ORDER BY p.number) AS before
    FROM placed p) changes
WHERE from_tier IS DISTINCT FROM before
ORDER BY member_id, ladder, number LIMIT 1
"""  # noqa: S608
_STANDINGS = """
WITH made AS (
    SELECT s.member_id, s.standing_id, s.withdrawn_effect_id, s.standing_id = max(s.standing_id::text) OVER (
               PARTITION BY s.member_id, e.cause_kind, e.cause_key, e.slot)::uuid AS is_last, posted.total
    FROM standing s
    JOIN effect e ON e.business_id = s.business_id AND e.effect_id = s.effect_id
    CROSS JOIN LATERAL (
        SELECT sum(o.value) AS total FROM effect o
        WHERE o.business_id = e.business_id AND o.member_id = e.member_id
          AND (o.cause_kind, o.cause_key, o.rule, o.slot)
              = (e.cause_kind, e.cause_key, e.rule, e.slot)) posted
    WHERE s.business_id = $1 AND s.member_id = ANY ($2::uuid[]))
SELECT member_id, format('standing %s', standing_id) AS what,
       CASE WHEN withdrawn_effect_id IS NULL THEN 'stands' ELSE 'is withdrawn' END AS stored,
       CASE WHEN is_last AND total = 1 THEN 'stands' ELSE 'is withdrawn' END AS rebuilt
FROM made WHERE (withdrawn_effect_id IS NULL) <> (is_last AND total = 1)
ORDER BY member_id, standing_id LIMIT 1
"""
_EVENTS = """
SELECT m.member_id, 'number of the last event' AS what, m.event_count::text AS stored,
       format('%s events, the last number %s', told.many, told.most) AS rebuilt
FROM member m
CROSS JOIN LATERAL (
    SELECT count(*) AS many, coalesce(max(o.member_sequence), 0) AS most FROM outbox o
    WHERE o.business_id = m.business_id AND o.member_id = m.member_id) told
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[])
  AND (m.event_count <> told.many OR told.many <> told.most)
ORDER BY m.member_id LIMIT 1
"""
_RECORDED = """
SELECT m.member_id, 'when something was recorded last' AS what, m.last_recorded_at::text AS stored,
       last.at::text AS rebuilt
FROM member m
CROSS JOIN LATERAL (
    SELECT max(given.at) AS at FROM (
        SELECT max(f.recorded_at) AS at FROM fact f
        WHERE f.business_id = m.business_id AND f.member_id = m.member_id
        UNION ALL
        SELECT max(e.recorded_at) FROM effect e
        WHERE e.business_id = m.business_id AND e.member_id = m.member_id
        UNION ALL
        SELECT max(t.recorded_at) FROM transfer t
        WHERE t.business_id = m.business_id AND t.member_id = m.member_id
        UNION ALL
        SELECT max(o.recorded_at) FROM outbox o
        WHERE o.business_id = m.business_id AND o.member_id = m.member_id) given) last
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[]) AND m.last_recorded_at < last.at
ORDER BY m.member_id LIMIT 1
"""

ONCE = Promise("once", "claims, changes of standing and uses of a quota are posted once or not at all", _ONCE)
CORRECTIONS = Promise(
    "corrections",
    "an effect corrects the one before of its own key, and the first of a key none",
    _CORRECTIONS,
)
CURRENT = Promise("current_standings", "where a member stands is what the last change says", _CURRENT)
CHAIN = Promise("chain", "each change of standing begins where the one before ended", _CHAIN)
STANDINGS = Promise("standings", "a change of standing stands while its effect does", _STANDINGS)
EVENTS = Promise("events", "the events of a member are numbered without gaps", _EVENTS)
RECORDED = Promise("recorded", "nothing of a member is recorded later than the member's row says", _RECORDED)
