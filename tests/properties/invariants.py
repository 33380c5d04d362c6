"""What holds in every database at every instant.

`loyalty verify` proves it; what is about points and numbers is said here once more in plain SQL, in words of
its own, so that a promise that a verification forgot does not go unseen.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Protocol
from uuid import UUID

from loyalty_engine.services.engine import Engine
from loyalty_engine.services.verification import verify_business


class OfBusiness(Protocol):
    """A shop of any kind of test: a business, and the engine that works for it."""

    @property
    def engine(self) -> Engine:
        """The engine."""
        ...

    @property
    def business_id(self) -> UUID:
        """The business."""
        ...


BROKEN = {
    "a balance that is kept is credits minus debits": """
        SELECT a.kind, a.balance, moved.total FROM account a
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN t.credit_account_id = a.account_id THEN t.amount
                                     ELSE -t.amount END), 0) AS total
            FROM transfer t WHERE t.business_id = a.business_id
              AND a.account_id IN (t.credit_account_id, t.debit_account_id)) moved
        WHERE a.balance IS NOT NULL AND a.balance <> moved.total
        """,
    "a wallet has what its lots have left to spend, and what is pending is what pending lots have left": """
        SELECT a.member_id, a.kind, a.currency, a.balance, left_.total FROM account a
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.remaining), 0) AS total FROM lot l
            WHERE (l.business_id, l.member_id, l.currency) = (a.business_id, a.member_id, a.currency)
              AND l.pending = (a.kind = 'pending')) left_
        WHERE a.kind IN ('wallet', 'pending') AND a.balance <> left_.total
        """,
    "a lot is what is left of it, what expired, and what was used": """
        SELECT l.lot_id, l.amount, l.remaining, l.expired, used.total FROM lot l
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(u.amount), 0) AS total FROM point_use u
            WHERE (u.business_id, u.lot_id) = (l.business_id, l.lot_id)) used
        WHERE l.amount <> l.remaining + l.expired + used.total
        """,
    "what is owed is what spendings lack, and nobody owes who could spend": """
        SELECT a.member_id, a.currency, a.balance, owed.total FROM account a
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(u.amount), 0) AS total FROM point_use u
            WHERE (u.business_id, u.member_id, u.currency) = (a.business_id, a.member_id, a.currency)
              AND u.lot_id IS NULL) owed
        WHERE a.kind = 'debt' AND (a.balance <> -owed.total OR a.balance < 0 AND EXISTS (
            SELECT FROM account w WHERE w.kind = 'wallet' AND w.balance > 0
              AND (w.business_id, w.member_id, w.currency) = (a.business_id, a.member_id, a.currency)))
        """,
    "what is held is what open holds set aside": """
        SELECT a.member_id, a.currency, a.balance, open_.total FROM account a
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(h.amount), 0) AS total FROM hold h
            WHERE (h.business_id, h.member_id, h.currency) = (a.business_id, a.member_id, a.currency)
              AND h.state = 'open') open_
        WHERE a.kind = 'held' AND a.balance <> open_.total
        """,
    "nobody has lots without a wallet": """
        SELECT l.lot_id FROM lot l WHERE l.remaining > 0 AND NOT EXISTS (
            SELECT FROM account a
            WHERE a.kind = 'wallet'
              AND (a.business_id, a.member_id, a.currency) = (l.business_id, l.member_id, l.currency))
        """,
    "an effect on points or a quota moves just its value": """
        SELECT e.effect_id, e.value, moved.total FROM effect e
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount), 0) AS total FROM transfer t
            WHERE (t.business_id, t.effect_id) = (e.business_id, e.effect_id)) moved
        WHERE moved.total <> CASE WHEN e.kind IN ('points', 'quota') THEN abs(e.value) ELSE 0 END
        """,
    "what is caused in another's history stands there, once": """
        SELECT cause.external_id, caused.rule, caused.total, given.total FROM (
            SELECT e.activity_id, e.rule, sum(e.value) AS total FROM effect e
            JOIN member m USING (business_id, member_id)
            JOIN member r ON (r.business_id, r.external_id) = (m.business_id, m.referred_by)
            WHERE e.kind = 'caused' AND r.status <> 'erased' AND NOT EXISTS (
                SELECT FROM merge n JOIN member s ON s.member_id = n.survivor_id
                WHERE n.absorbed_id = r.member_id AND s.status = 'erased')
            GROUP BY 1, 2 HAVING sum(e.value) <> 0) caused
        FULL JOIN (
            SELECT g.about_fact_id AS activity_id, g.attributes ->> 'rule' AS rule, sum(g.points) AS total
            FROM fact g JOIN member m USING (business_id, member_id)
            WHERE g.kind = 'gift' AND m.status <> 'erased' AND NOT EXISTS (
                SELECT FROM merge n JOIN member s ON s.member_id = n.survivor_id
                WHERE n.absorbed_id = m.member_id AND s.status = 'erased')
              AND NOT EXISTS (SELECT FROM fact r WHERE r.reverses_fact_id = g.fact_id)
            GROUP BY 1, 2) given USING (activity_id, rule)
        LEFT JOIN fact cause ON cause.fact_id = activity_id
        WHERE caused.total IS DISTINCT FROM given.total
        """,
    "a lot has what was awarded under its key": """
        SELECT l.lot_id, l.amount, posted.total FROM lot l
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.value), 0) AS total FROM effect e
            WHERE e.business_id = l.business_id AND e.member_id = l.member_id
              AND (e.cause_kind, e.cause_key, e.rule) = (l.cause_kind, l.cause_key, l.rule)
              AND (e.slot = l.slot || '/earned' OR e.slot LIKE l.slot || '/funded/%')) posted
        WHERE l.rule <> '' AND l.amount <> posted.total
        """,
    "the events of a member are numbered without gaps": """
        SELECT m.external_id, m.event_count, told.many, told.most FROM member m
        CROSS JOIN LATERAL (
            SELECT count(*) AS many, coalesce(max(o.member_sequence), 0) AS most FROM outbox o
            WHERE (o.business_id, o.member_id) = (m.business_id, m.member_id)) told
        WHERE m.event_count <> told.many OR told.many <> told.most
        """,
    "the events of a member are recorded in the order of their numbers": """
        SELECT member_id, member_sequence FROM (
            SELECT member_id, member_sequence, recorded_at, lag(recorded_at) OVER (
                PARTITION BY member_id ORDER BY member_sequence) AS before FROM outbox) told
        WHERE recorded_at < before
        """,
    "each change of tier is told once, and once more where it is corrected": """
        SELECT s.standing_id, told.changes, told.corrections FROM standing s
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE o.type = 'tier.changed' AND o.effect_id = s.effect_id) AS changes,
                   count(*) FILTER (WHERE o.type = 'tier.corrected'
                                      AND o.effect_id = s.withdrawn_effect_id) AS corrections
            FROM outbox o WHERE (o.business_id, o.member_id) = (s.business_id, s.member_id)) told
        WHERE told.changes <> (s.from_tier IS NOT NULL)::int
           OR told.corrections <> (s.withdrawn_effect_id IS NOT NULL)::int
        UNION ALL
        SELECT o.event_id, 0, 0 FROM outbox o
        WHERE o.type IN ('tier.changed', 'tier.corrected') AND NOT EXISTS (
            SELECT FROM standing s WHERE s.business_id = o.business_id
              AND o.effect_id = CASE o.type WHEN 'tier.changed' THEN s.effect_id
                                            ELSE s.withdrawn_effect_id END)
        """,
    "what corrects, returns or reverses something is not recorded before it": """
        SELECT e.effect_id FROM effect e JOIN effect c
          ON (c.business_id, c.effect_id) = (e.business_id, e.corrects_effect_id)
        WHERE e.recorded_at < c.recorded_at
        UNION ALL
        SELECT r.fact_id FROM fact r JOIN fact o
          ON (o.business_id, o.fact_id) = (r.business_id, r.reverses_fact_id)
        WHERE r.recorded_at < o.recorded_at
        UNION ALL
        SELECT r.transfer_id FROM transfer r JOIN transfer o
          ON (o.business_id, o.transfer_id) = (r.business_id, r.reverses_transfer_id)
        WHERE r.recorded_at < o.recorded_at
        """,
    "a member knows the latest instant at which something of it was recorded": """
        SELECT m.external_id, m.last_recorded_at, recorded.latest FROM member m
        JOIN (
            SELECT member_id, recorded_at AS latest FROM fact
            UNION ALL SELECT member_id, recorded_at FROM effect
            UNION ALL SELECT member_id, recorded_at FROM transfer
            UNION ALL SELECT member_id, recorded_at FROM outbox) recorded USING (member_id)
        WHERE m.last_recorded_at < recorded.latest
        """,
    "a budget is what was opened minus what it paid, and never below zero": """
        SELECT a.balance, opened.total, paid.total FROM account a
        JOIN promotion p ON (p.business_id, p.promotion_id) = (a.business_id, a.promotion_id)
        JOIN partner r ON (r.business_id, r.partner_id) = (a.business_id, a.partner_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount), 0) AS total FROM transfer t
            WHERE t.business_id = a.business_id AND t.effect_id IS NULL
              AND t.credit_account_id = a.account_id) opened
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN e.slot LIKE '%/funded/%' THEN e.value
                                     ELSE -e.value END), 0) AS total
            FROM effect e WHERE e.business_id = a.business_id AND e.rule = p.key
              AND (e.slot LIKE '%/funded/' || r.key OR e.slot LIKE '%/funded\\_back/' || r.key)) paid
        WHERE a.kind = 'budget' AND a.balance IS NOT NULL
          AND (a.balance <> opened.total - paid.total OR a.balance < 0)
        """,
    "a quota is what was opened minus one for each award, and never below zero": """
        SELECT p.key, a.balance, opened.total, awarded.many FROM account a
        JOIN promotion p ON (p.business_id, p.promotion_id) = (a.business_id, a.promotion_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount), 0) AS total FROM transfer t
            WHERE t.business_id = a.business_id AND t.effect_id IS NULL
              AND t.credit_account_id = a.account_id) opened
        CROSS JOIN LATERAL (
            SELECT count(*) AS many FROM (
                SELECT FROM effect e
                WHERE e.business_id = a.business_id AND e.rule = p.key
                  AND (e.slot LIKE 'points/%/earned' OR e.slot LIKE 'points/%/funded/%')
                GROUP BY e.member_id, e.cause_key, split_part(e.slot, '/', 3)
                HAVING sum(e.value) > 0) each) awarded
        WHERE a.kind = 'quota' AND (a.balance <> opened.total - awarded.many OR a.balance < 0)
        """,
    "what is in stock is what came in minus what went out and what is redeemed, and never below zero": """
        SELECT r.key, a.balance, came.total, redeemed.many FROM account a
        JOIN reward r USING (business_id, reward_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE t.code WHEN 'supply' THEN t.amount ELSE -t.amount END), 0) AS total
            FROM transfer t WHERE t.business_id = a.business_id AND t.code IN ('supply', 'write_off')
              AND a.account_id IN (t.credit_account_id, t.debit_account_id)) came
        CROSS JOIN LATERAL (
            SELECT count(*) AS many FROM redemption d
            WHERE (d.business_id, d.reward_id) = (r.business_id, r.reward_id)
              AND d.delivery_transfer_id IS NOT NULL AND d.cancelled_at IS NULL) redeemed
        WHERE a.kind = 'stock' AND a.balance IS NOT NULL
          AND (a.balance <> came.total - redeemed.many OR a.balance < 0)
        """,
    "a redemption took its price, and gives it back where it is cancelled": """
        SELECT d.redemption_id, d.price, d.cancelled_at, spent.total FROM redemption d
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.value), 0) AS total FROM effect e
            WHERE (e.business_id, e.member_id) = (d.business_id, d.member_id)
              AND e.activity_id = d.redemption_id AND e.slot LIKE '%/redeemed') spent
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.value), 0) AS total FROM effect e
            WHERE (e.business_id, e.member_id) = (d.business_id, d.member_id)
              AND e.activity_id = d.cancelled_fact_id AND e.slot LIKE '%/redeemed\\_back') back
        WHERE spent.total <> d.price
           OR back.total <> CASE WHEN d.cancelled_at IS NULL THEN 0 ELSE d.price END
        """,
    "a coupon counts the uses that stand, and has no more of them than may be": """
        SELECT c.key, c.used, c.use_limit, standing.many FROM coupon c
        CROSS JOIN LATERAL (
            SELECT count(*) AS many FROM coupon_use u
            WHERE (u.business_id, u.coupon_id) = (c.business_id, c.coupon_id)
              AND u.released_at IS NULL) standing
        WHERE c.used <> standing.many OR c.used > c.use_limit
        """,
    "the place of a member is that of its last fact": """
        SELECT m.external_id FROM member m
        LEFT JOIN LATERAL (
            SELECT f.occurred_at, f.source, f.external_id FROM fact f
            WHERE (f.business_id, f.member_id) = (m.business_id, m.member_id) AND f.type <> 'answer'
            ORDER BY f.occurred_at DESC, f.source DESC, f.external_id DESC LIMIT 1) last ON true
        WHERE last.occurred_at IS DISTINCT FROM m.last_occurred_at
           OR last.source IS DISTINCT FROM m.last_source
           OR last.external_id IS DISTINCT FROM m.last_external_id
        """,
}


async def broken(shop: OfBusiness) -> dict[str, list[tuple[object, ...]]]:
    """What does not hold in this business, with the rows that break it; nothing, if all is well."""
    found = {}
    async with shop.engine.database.reading(shop.business_id) as connection:
        for promise, query in BROKEN.items():
            if rows := await connection.fetch(query):
                found[promise] = [tuple(row) for row in rows[:3]]
    verified = await verify_business(shop.engine, shop.business_id)
    if verified.difference is not None:
        found[verified.difference.check] = [astuple(verified.difference)]
    return found
