"""Promises about accounts, transfers and lots."""

from loyalty_engine.store.verification.promises import Promise

_FLOORS = """
SELECT a.member_id, format('balance of the %s account, %s', a.kind, a.currency) AS what,
       a.balance::text AS stored,
       CASE WHEN a.kind = 'debt' THEN 'at most 0' ELSE 'at least 0' END AS rebuilt
FROM account a
WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[])
  AND CASE WHEN a.kind = 'debt' THEN a.balance > 0 ELSE a.balance < 0 END
ORDER BY a.member_id, a.kind, a.currency LIMIT 1
"""
_BALANCES = """
WITH moved AS (
    SELECT t.credit_account_id AS account_id, t.amount FROM transfer t
    WHERE t.business_id = $1 AND t.member_id = ANY ($2::uuid[])
    UNION ALL
    SELECT t.debit_account_id, -t.amount FROM transfer t
    WHERE t.business_id = $1 AND t.member_id = ANY ($2::uuid[]))
SELECT a.member_id, format('balance of the %s account, %s', a.kind, a.currency) AS what,
       coalesce(a.balance::text, 'none') AS stored, coalesce(sum(m.amount), 0)::text AS rebuilt
FROM account a LEFT JOIN moved m ON m.account_id = a.account_id
WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[])
GROUP BY a.account_id, a.member_id, a.kind, a.currency, a.balance
HAVING a.balance IS DISTINCT FROM coalesce(sum(m.amount), 0)
ORDER BY a.member_id, a.kind, a.currency LIMIT 1
"""
_REVERSALS = """
SELECT t.member_id, format('reversals of transfer %s', t.transfer_id) AS what,
       sum(r.amount)::text AS stored, format('at most %s', t.amount) AS rebuilt
FROM transfer t
JOIN transfer r ON r.business_id = t.business_id AND r.reverses_transfer_id = t.transfer_id
WHERE t.business_id = $1 AND t.member_id = ANY ($2::uuid[])
GROUP BY t.transfer_id, t.member_id, t.amount
HAVING sum(r.amount) > t.amount
ORDER BY t.member_id, t.transfer_id LIMIT 1
"""
_EFFECTS = """
SELECT e.member_id, format('value of effect %s', e.effect_id) AS what, e.value::text AS stored,
       format('%s in transfers', coalesce(moved.total, 0)) AS rebuilt
FROM effect e
LEFT JOIN LATERAL (
    SELECT sum(t.amount) AS total FROM transfer t
    WHERE t.business_id = e.business_id AND t.effect_id = e.effect_id) moved ON true
WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[])
  AND coalesce(moved.total, 0) <> CASE WHEN e.kind IN ('points', 'quota') THEN abs(e.value) ELSE 0 END
ORDER BY e.member_id, e.effect_id LIMIT 1
"""
_LOTS = """
SELECT l.member_id, format('amount of lot %s of %s %s', l.slot, l.cause_kind, l.cause_key) AS what,
       l.amount::text AS stored, posted.total::text AS rebuilt
FROM lot l
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.value), 0) AS total FROM effect e
    WHERE e.business_id = l.business_id AND e.member_id = l.member_id
      AND (e.cause_kind, e.cause_key, e.rule) = (l.cause_kind, l.cause_key, l.rule)
      AND (e.slot = l.slot || '/earned' OR starts_with(e.slot, l.slot || '/funded/'))) posted
WHERE l.business_id = $1 AND l.member_id = ANY ($2::uuid[]) AND l.rule <> '' AND l.amount <> posted.total
ORDER BY l.member_id, l.earned_at, l.slot LIMIT 1
"""
_PARTS_OF_LOTS = """
SELECT l.member_id, format('lot %s of %s %s', l.slot, l.cause_kind, l.cause_key) AS what,
       format('%s left, %s expired, %s used', l.remaining, l.expired, used.total) AS stored,
       format('%s in all', l.amount) AS rebuilt
FROM lot l
CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.amount), 0) AS total FROM point_use u
    WHERE u.business_id = l.business_id AND u.lot_id = l.lot_id) used
WHERE l.business_id = $1 AND l.member_id = ANY ($2::uuid[])
  AND (l.remaining < 0 OR l.expired < 0 OR l.remaining + l.expired + used.total <> l.amount)
ORDER BY l.member_id, l.earned_at, l.slot LIMIT 1
"""
_POTS = """
WITH parts AS (
    SELECT l.member_id, l.currency, CASE WHEN l.pending THEN 'pending' ELSE 'wallet' END AS kind,
           l.remaining AS units
    FROM lot l WHERE l.business_id = $1 AND l.member_id = ANY ($2::uuid[])
    UNION ALL
    SELECT u.member_id, u.currency, 'debt', -u.amount FROM point_use u
    WHERE u.business_id = $1 AND u.member_id = ANY ($2::uuid[]) AND u.lot_id IS NULL
    UNION ALL
    SELECT h.member_id, h.currency, 'held', h.amount FROM hold h
    WHERE h.business_id = $1 AND h.member_id = ANY ($2::uuid[]) AND h.state = 'open'),
made AS (
    SELECT p.member_id, p.currency, p.kind, sum(p.units) AS total FROM parts p GROUP BY 1, 2, 3),
kept AS (
    SELECT a.member_id, a.currency, a.kind COLLATE "default" AS kind, a.balance FROM account a
    WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[]))
SELECT member_id, format('what the %s account has, %s', kind, currency) AS what,
       coalesce(k.balance, 0)::text AS stored,
       format('%s in %s', coalesce(m.total, 0), CASE kind
           WHEN 'debt' THEN 'spendings without lots' WHEN 'held' THEN 'open holds'
           WHEN 'pending' THEN 'pending lots' ELSE 'lots' END) AS rebuilt
FROM kept k FULL JOIN made m USING (member_id, currency, kind)
WHERE coalesce(k.balance, 0) <> coalesce(m.total, 0)
ORDER BY member_id, currency, kind LIMIT 1
"""
_OWING = """
SELECT d.member_id, format('debt beside points that can be spent, %s', d.currency) AS what,
       (-d.balance)::text AS stored, format('0, as the wallet has %s', w.balance) AS rebuilt
FROM account d
JOIN account w ON w.business_id = d.business_id AND w.member_id = d.member_id AND w.currency = d.currency
              AND w.kind = 'wallet' AND w.balance > 0
WHERE d.business_id = $1 AND d.member_id = ANY ($2::uuid[]) AND d.kind = 'debt' AND d.balance < 0
ORDER BY d.member_id, d.currency LIMIT 1
"""
_ANSWERS = """
SELECT given.member_id, format('points awarded by %s for %s', given.rule, given.cause_key) AS what,
       posted.total::text AS stored, format('%s granted of %s asked', given.granted, given.asked) AS rebuilt
FROM (
    SELECT f.member_id, f.asked_cause_kind AS cause_kind, f.asked_cause_key AS cause_key,
           f.asked_rule AS rule, f.asked_slot AS slot, sum(f.granted) AS granted, sum(f.asked) AS asked
    FROM fact f WHERE f.business_id = $1 AND f.member_id = ANY ($2::uuid[]) AND f.type = 'answer'
    GROUP BY 1, 2, 3, 4, 5) given
CROSS JOIN LATERAL (
    SELECT CASE WHEN split_part(given.slot, '/', 4) = 'back' THEN -1 ELSE 1 END AS sign,
           coalesce(sum(e.value), 0) AS total FROM effect e
    WHERE e.business_id = $1 AND e.member_id = given.member_id
      AND (e.cause_kind, e.cause_key, e.rule) = (given.cause_kind, given.cause_key, given.rule)
      AND CASE WHEN split_part(given.slot, '/', 4) = 'back'
          THEN e.slot = concat_ws('/', split_part(given.slot, '/', 1), split_part(given.slot, '/', 2),
                                  split_part(given.slot, '/', 3), 'funded_back',
                                  split_part(given.slot, '/', 5))
          ELSE starts_with(e.slot, left(given.slot, -3))
               AND (e.slot LIKE '%/earned' OR e.slot LIKE '%/funded/%') END) posted
WHERE given.granted <> posted.sign * posted.total OR given.granted > given.asked
   OR posted.sign * given.granted < 0
ORDER BY given.member_id, given.cause_key, given.rule LIMIT 1
"""
_QUOTAS = """
WITH awarded AS (
    SELECT e.member_id, e.cause_kind, e.cause_key, e.rule,
           split_part(e.slot, '/', 2) AS currency, split_part(e.slot, '/', 3) AS line,
           coalesce(sum(e.value) FILTER (WHERE e.kind = 'points'), 0) AS points,
           coalesce(sum(e.value) FILTER (WHERE e.kind = 'quota'), 0) AS uses
    FROM effect e
    JOIN promotion p ON p.business_id = e.business_id AND p.key = e.rule
    JOIN account a ON a.business_id = p.business_id AND a.promotion_id = p.promotion_id AND a.kind = 'quota'
    WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[])
      AND (e.kind = 'quota' OR e.slot LIKE 'points/%/earned' OR e.slot LIKE 'points/%/funded/%')
    GROUP BY 1, 2, 3, 4, 5, 6)
SELECT member_id, format('uses of the quota of %s by %s', rule, cause_key) AS what, uses::text AS stored,
       format('%s, as %s points were awarded', (points > 0)::int, points) AS rebuilt
FROM awarded WHERE uses <> (points > 0)::int
ORDER BY member_id, cause_key, rule LIMIT 1
"""
_RETURNS = """
SELECT o.member_id, format('returns of %s %s', o.source, o.external_id) AS what,
       format('amount %s, units %s', sum(-r.amount), sum(-r.units)) AS stored,
       format('at most amount %s, units %s', o.amount, o.units) AS rebuilt
FROM fact o JOIN fact r ON r.business_id = o.business_id AND r.reverses_fact_id = o.fact_id
WHERE o.business_id = $1 AND o.member_id = ANY ($2::uuid[])
GROUP BY o.fact_id, o.member_id, o.source, o.external_id, o.amount, o.units, o.ones
HAVING sum(-r.amount) > o.amount OR sum(-r.units) > o.units OR sum(r.ones) < -o.ones
ORDER BY o.member_id, o.source, o.external_id LIMIT 1
"""

FLOORS = Promise("floors", "no balance is beyond its floor", _FLOORS)
BALANCES = Promise("balances", "a kept balance is what its transfers credit minus what they debit", _BALANCES)
REVERSALS = Promise("reversals", "the reversals of a transfer are together at most the transfer", _REVERSALS)
EFFECTS = Promise(
    "effects", "an effect on points or on a quota moves just its value, any other effect none", _EFFECTS
)
LOTS = Promise("lots", "a lot has what was awarded under its key", _LOTS)
PARTS_OF_LOTS = Promise(
    "parts_of_lots", "a lot is what is left of it, what expired, and what spendings used", _PARTS_OF_LOTS
)
POTS = Promise(
    "pots",
    "a wallet has what is left in lots, what is pending is in pending lots, held in open holds, "
    "owed in spendings without lots",
    _POTS,
)
OWING = Promise("owing", "nobody owes who could spend", _OWING)
ANSWERS = Promise(
    "answers", "what a budget paid, or got back, is what was granted of what was asked", _ANSWERS
)
QUOTAS = Promise(
    "quotas", "an award of a promotion with a quota uses one of it, and nothing else does", _QUOTAS
)
RETURNS = Promise("returns", "nothing is returned that was not bought", _RETURNS)
