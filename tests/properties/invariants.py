"""What holds in every database at every instant, said in plain SQL: each query finds what breaks it."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from loyalty_engine.services.engine import Engine


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
    "an effect on points moves just its value": """
        SELECT e.effect_id, e.value, moved.total FROM effect e
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount), 0) AS total FROM transfer t
            WHERE (t.business_id, t.effect_id) = (e.business_id, e.effect_id)) moved
        WHERE moved.total <> CASE WHEN e.kind = 'points' THEN abs(e.value) ELSE 0 END
        """,
    "claims and standings are posted once or not at all": """
        SELECT member_id, cause_key, slot, sum(value) FROM effect
        WHERE kind <> 'points' GROUP BY member_id, cause_kind, cause_key, rule, slot
        HAVING sum(value) NOT IN (0, 1)
        """,
    "an effect corrects the one before of its own key, and only the first of a key corrects none": """
        SELECT effect_id, corrects_effect_id, before FROM (
            SELECT e.effect_id, e.corrects_effect_id, lag(e.effect_id) OVER (
                PARTITION BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot
                ORDER BY e.effect_id) AS before
            FROM effect e) posted
        WHERE corrects_effect_id IS DISTINCT FROM before
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
    "where a member stands is what the last change says": """
        SELECT m.external_id, given.ladder FROM member m
        CROSS JOIN LATERAL (
            SELECT DISTINCT ON (s.ladder) s.ladder, s.to_tier, s.standing_id, s.effective_at FROM standing s
            WHERE (s.business_id, s.member_id) = (m.business_id, m.member_id)
              AND s.withdrawn_effect_id IS NULL
            ORDER BY s.ladder, s.effective_at DESC, s.from_tier IS NULL, s.is_boundary,
                     s.source DESC, s.external_id DESC) given
        FULL JOIN current_standing c
          ON (c.business_id, c.member_id, c.ladder) = (m.business_id, m.member_id, given.ladder)
        WHERE (c.tier, c.standing_id, c.since)
              IS DISTINCT FROM (given.to_tier, given.standing_id, given.effective_at)
        """,
    "each change of standing begins where the one before ended": """
        SELECT member_id, ladder, before, from_tier FROM (
            SELECT member_id, ladder, from_tier, lag(to_tier) OVER (
                PARTITION BY member_id, ladder
                ORDER BY effective_at, from_tier IS NOT NULL, NOT is_boundary, source, external_id) AS before
            FROM standing WHERE withdrawn_effect_id IS NULL) changes
        WHERE from_tier IS DISTINCT FROM before
        """,
    "a change of standing stands while its effect does": """
        SELECT s.standing_id FROM standing s JOIN effect e
          ON (e.business_id, e.effect_id) = (s.business_id, s.effect_id)
        WHERE (s.withdrawn_effect_id IS NULL) <> (s.standing_id = (
            SELECT s2.standing_id FROM standing s2 JOIN effect e2
              ON (e2.business_id, e2.effect_id) = (s2.business_id, s2.effect_id)
            WHERE (e2.business_id, e2.member_id, e2.cause_kind, e2.cause_key, e2.slot)
                  = (e.business_id, e.member_id, e.cause_kind, e.cause_key, e.slot)
            ORDER BY s2.standing_id DESC LIMIT 1)
          AND 1 = (SELECT sum(e3.value) FROM effect e3
            WHERE (e3.business_id, e3.member_id, e3.cause_kind, e3.cause_key, e3.slot)
                  = (e.business_id, e.member_id, e.cause_kind, e.cause_key, e.slot)))
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
    "an award from a budget is what was granted": """
        SELECT given.asked_cause_key, given.granted, posted.total FROM (
            SELECT f.business_id, f.member_id, f.asked_cause_kind, f.asked_cause_key, f.asked_rule,
                   f.asked_slot, sum(f.granted) AS granted, sum(f.asked) AS asked
            FROM fact f WHERE f.type = 'answer' GROUP BY 1, 2, 3, 4, 5, 6) given
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.value), 0) AS total FROM effect e
            WHERE (e.business_id, e.member_id, e.cause_kind, e.cause_key, e.rule)
                  = (given.business_id, given.member_id, given.asked_cause_kind, given.asked_cause_key,
                     given.asked_rule)
              AND e.slot LIKE left(given.asked_slot, -3) || '%'
              AND (e.slot LIKE '%/earned' OR e.slot LIKE '%/funded/%')) posted
        WHERE given.granted <> posted.total OR given.granted > given.asked OR given.granted < 0
        """,
    "nothing is returned that was not bought": """
        SELECT o.external_id FROM fact o JOIN fact r
          ON (r.business_id, r.reverses_fact_id) = (o.business_id, o.fact_id)
        GROUP BY o.business_id, o.fact_id, o.external_id, o.amount, o.units, o.ones
        HAVING sum(-r.amount) > o.amount OR sum(-r.units) > o.units OR sum(r.ones) < -o.ones
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
    return found
