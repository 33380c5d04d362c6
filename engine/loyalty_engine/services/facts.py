"""Recording dated values of members: attributes, segments, scores, consents, offers sent, partner status."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from loyalty_engine.entities.fact import VALUE_KINDS
from loyalty_engine.ids import new_id
from loyalty_engine.rating import ValueFact
from loyalty_engine.rules import held_until
from loyalty_engine.rules.measures import exact
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, before_enrolment, refuse_sources
from loyalty_engine.services.commands import Recorded, RecordFact
from loyalty_engine.services.ended import refuse_ended
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import checked_member, found_members, member_not_found, named_partners
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.members import value_hash, value_row
from loyalty_engine.services.operations import once
from loyalty_engine.services.periods import open_periods
from loyalty_engine.services.refusals import Refusal, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Overtaken
from loyalty_engine.store.facts import known_facts
from loyalty_engine.store.members import lock_members


async def record_fact(engine: Engine, caller: Caller, key: str, command: RecordFact) -> Recorded | Refusal:
    """Record a dated value; a value dated before later facts folds the member again."""

    async def work(connection: Connection, business: Business, now: datetime) -> Recorded:
        return await _record(engine, caller, connection, business, now, command)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "recordFact", command, work)


async def _record(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    command: RecordFact,
) -> Recorded:
    fact = _checked(command, now)
    await _refuse_status_elsewhere(connection, caller, fact)
    by = checked_member(command.member)
    found = await found_members(connection, engine, caller, [by])
    if by not in found:
        raise member_not_found()
    member = (await lock_members(connection, business.business_id, [found[by]])).get(found[by])
    if member is None:
        raise member_not_found()
    await refuse_ended(connection, business.business_id, [member])
    now = business.now()
    known = await known_facts(connection, business.business_id, [fact.natural_key])
    if fact.natural_key in known:
        raise Refused(already_recorded(known[fact.natural_key].fact_id, *fact.natural_key))
    if fact.occurred_at < member.enrolled_at:
        raise before_enrolment(member.enrolled_at)
    rulebook = await engine.rulebook(connection, business.business_id)
    periods = await open_periods(connection, business, rulebook, now)
    booked_at = periods.booked_at(fact.occurred_at, None, "occurredAt")
    digest, original = value_hash(fact), None if booked_at == fact.occurred_at else fact.occurred_at
    fact = replace(fact, occurred_at=booked_at)
    fact_id = new_id()
    batch = FoldingBatch(connection, business, rulebook, now)
    row = {
        **value_row(fact_id, fact, member.member_id, business, caller, now),
        "body_hash": digest,
        "original_effective_at": original,
    }
    written = await batch.fold([Arrivals(member, {fact_id: fact})], facts=[row])
    if batch.passed_over:
        raise Overtaken
    of_member = written[member.member_id]
    return Recorded(
        fact_id,
        member.member_id,
        tuple(of_member.effect_ids.get(fact_id, ())),
        of_member.parked_for(fact),
    )


async def _refuse_status_elsewhere(connection: Connection, caller: Caller, fact: ValueFact) -> None:
    """A partner tells the status that members have there, under its own key, and no other partner's."""
    if fact.kind != "partner_status" or caller.partner_id is None:
        return
    if fact.key not in await named_partners(connection, caller, [fact.key]):
        raise invalid("partner-unknown", "key", partner=fact.key)


NUMERIC = re.compile(r"[+-]?(?=.*[0-9])[0-9.]+")
"""What whoever writes it means as a number."""


def _checked(command: RecordFact, now: datetime) -> ValueFact:
    if command.kind not in VALUE_KINDS:
        raise invalid("kind-unknown", "kind", kinds=", ".join(VALUE_KINDS))
    return ValueFact(
        checks.source(command.source, "source"),
        checks.text(command.external_id, "externalId"),
        checks.instant(command.occurred_at, now, "occurredAt"),
        command.kind,
        checks.text(command.key, "key", longest=64),
        _checked_value(command.kind, checks.document(command.value, "value")),
    )


def _checked_value(kind: str, value: object) -> object:
    """The value; a score that looks like a number must be one that rules can read, or it would count as 0."""
    score, _ = held_until(value)
    if kind == "score" and isinstance(score, str) and NUMERIC.fullmatch(score) and exact(score) is None:
        raise invalid("score-not-exact", "value")
    return value
