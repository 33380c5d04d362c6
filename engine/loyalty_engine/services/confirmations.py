"""Confirming activities: what they earned need not stay pending."""

from __future__ import annotations

from datetime import datetime

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ActivityFact
from loyalty_engine.rating.facts import GIFT
from loyalty_engine.rules import Activity
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, refuse_sources
from loyalty_engine.services.commands import ConfirmActivity, Recorded
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.ended import refuse_ended
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.merged import who_goes_on
from loyalty_engine.services.moved_rows import moved_columns
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.periods import open_periods
from loyalty_engine.services.refusals import Refusal, Refused, invalid
from loyalty_engine.services.returns import NOT_RETURNED, named_original, really_at
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import known_facts

NOT_CONFIRMED = {kind: why for kind, why in NOT_RETURNED.items() if kind != GIFT}
"""Kinds that are not confirmed; a gift may be, which is returned only with its cause."""


async def confirm_activity(
    engine: Engine, caller: Caller, key: str, command: ConfirmActivity
) -> Recorded | Refusal:
    """Release what an activity earned, where the program lets a confirmation do so.

    Refused with ORIGINAL_NOT_FOUND (retryable), ALREADY_EXISTS or INVALID_INPUT.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Recorded:
        return await _confirm(engine, caller, connection, business, now, command)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "confirmActivity", command, work)


async def _confirm(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    command: ConfirmActivity,
) -> Recorded:
    natural = (checks.source(command.source, "source"), checks.text(command.external_id, "externalId"))
    occurred_at = checks.instant(command.occurred_at, now, "occurredAt")
    original = await named_original(
        engine, caller, connection, business, command.activity, refused=NOT_CONFIRMED
    )
    deciding = Deciding(engine, caller, connection, business)
    owner = await who_goes_on(connection, business.business_id, original["member_id"])
    (member,) = await deciding.lock_ids([owner])
    await refuse_ended(connection, business.business_id, [member], "activity")
    known = await known_facts(connection, business.business_id, [natural])
    if natural in known:
        raise Refused(already_recorded(known[natural].fact_id, *natural))
    of = (original["source"], original["external_id"])
    periods = await open_periods(connection, business, deciding.rulebook, deciding.now)
    happened_at = really_at(original)
    booked_at = periods.booked_behind(
        occurred_at, original["occurred_at"], original["partner_id"], "occurredAt"
    )
    if occurred_at < happened_at or (booked_at, *natural) <= (original["occurred_at"], *of):
        raise invalid("confirmation-before", "occurredAt", occurredAt=happened_at.isoformat())
    is_brought = member.member_id != original["member_id"]
    if is_brought:
        booked_at = max(booked_at, deciding.instant(member))
    activity = Activity(
        *natural, "confirmation", booked_at, local_day(booked_at, business.zone), attributes={}
    )
    fact, fact_id = ActivityFact(activity, about=of), new_id()
    row = {
        **deciding.fact_columns(fact_id, member, fact),
        "original_effective_at": None if booked_at == occurred_at else occurred_at,
        "body_hash": body_hash("confirmation", natural, original["fact_id"]),
        "kind": activity.kind,
        "attributes": {},
        "counts_as": activity.counts_as,
        "counts_on": activity.local_day,
        "ones": activity.occurrences,
        **moved_columns(None, original["fact_id"]),
    }
    written = await deciding.fold(
        {member.member_id: {fact_id: fact}}, {member.member_id: member}, [row], again=is_brought
    )
    of_member = written[member.member_id]
    effect_ids = tuple(of_member.effect_ids.get(fact_id, ()))
    return Recorded(fact_id, member.member_id, effect_ids, of_member.parked_for(fact), original["fact_id"])
