"""Recording what members did: one activity is a batch of one (DESIGN section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from loyalty_engine.rating import Rulebook
from loyalty_engine.services.activity_items import (
    ActivityItem,
    checked_item,
    fact_row,
    line_rows,
    with_points,
)
from loyalty_engine.services.commands import Batch, MemberBy, RecordActivity, Recorded
from loyalty_engine.services.ended import ended_refusals
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members, member_not_found, named_partners
from loyalty_engine.services.folding import Arrivals, FoldingBatch, Written
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.periods import Periods, open_periods
from loyalty_engine.services.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import KnownFact, known_facts
from loyalty_engine.store.members import MemberRow, lock_members

MOST_ITEMS = 1000


async def record_activity(
    engine: Engine, caller: Caller, key: str, command: RecordActivity
) -> Recorded | Refusal:
    """Record one activity, fold its member and post what it earns and changes.

    The same natural key under another idempotency key is refused with ALREADY_EXISTS and the first one's id.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Recorded:
        (result,) = await _record(engine, caller, connection, business, now, [command], replays=False)
        if isinstance(result, Refusal):
            raise Refused(result)
        return result

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "recordActivity", command, work)


async def record_activities(
    engine: Engine, caller: Caller, key: str, items: Sequence[RecordActivity]
) -> Batch | Refusal:
    """Record up to 1,000 activities, each with its own result; one bad item never harms another.

    An item that was recorded before with the same body is replayed, whatever the key.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Batch:
        return Batch(tuple(await _record(engine, caller, connection, business, now, items, replays=True)))

    if not 1 <= len(items) <= MOST_ITEMS:
        return invalid("too-many-items", "activities", most=str(MOST_ITEMS)).refusal
    refuse_sources(caller, [item.source for item in items])
    return await once(
        engine,
        caller,
        key,
        "recordActivities",
        list(items),
        work,
        beyond_bounds=lambda: _one_by_one(engine, caller, key, items),
    )


async def _one_by_one(
    engine: Engine, caller: Caller, key: str, items: Sequence[RecordActivity]
) -> Batch | Refusal:
    """After one item broke a bound in the database, each in a transaction of its own."""
    results: list[Recorded | Refusal] = []
    for index, item in enumerate(items):

        async def alone(
            connection: Connection, business: Business, now: datetime, item: RecordActivity = item
        ) -> Batch:
            (result,) = await _record(engine, caller, connection, business, now, [item], replays=True)
            return Batch((result,))

        part = await once(engine, caller, f"{body_hash(key).hex()}/{index}", "recordActivities", item, alone)
        results.append(part if isinstance(part, Refusal) else part.results[0])

    async def together(_connection: Connection, _business: Business, _now: datetime) -> Batch:
        return Batch(tuple(results))

    return await once(engine, caller, key, "recordActivities", list(items), together)


def refuse_sources(caller: Caller, sources: Sequence[str]) -> None:
    """Raise Forbidden for a source that the credential does not list."""
    for source in sources:
        if caller.sources is not None and source not in caller.sources:
            raise Forbidden("source-not-yours", {"source": source[:64]})


async def _record(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    commands: Sequence[RecordActivity],
    *,
    replays: bool,
) -> list[Recorded | Refusal]:
    partners = await named_partners(connection, caller, (each.partner for each in commands))
    checked = [checked_item(command, business, now, partners) for command in commands]
    named = [item.member for item in checked if isinstance(item, ActivityItem)]
    found = await found_members(connection, engine, caller, list(dict.fromkeys(named)))
    members = await lock_members(connection, business.business_id, list(found.values()))
    now = business.now()  # after the lock, so that what is recorded of a member is in the order of time
    rulebook = await engine.rulebook(connection, business.business_id)
    keys = [
        (item.activity.source, item.activity.external_id)
        for item in checked
        if isinstance(item, ActivityItem)
    ]
    known = await known_facts(connection, business.business_id, list(dict.fromkeys(keys)))
    periods = await open_periods(connection, business, rulebook, now)
    ended = await ended_refusals(connection, business.business_id, list(members.values()))
    results: list[Recorded | Refusal | ActivityItem] = [
        item
        if isinstance(item, Refusal)
        else _sorted_out(item, rulebook, found, members, ended, known, periods, replays=replays)
        for item in (_in_own_name(item, caller, found) for item in checked)
    ]
    _mark_repeats(results, found, replays=replays)
    items = [result for result in results if isinstance(result, ActivityItem)]
    batch = FoldingBatch(connection, business, rulebook, now)
    arrivals = _arrivals(items, found, members)
    written = await batch.fold(
        arrivals,
        facts=[fact_row(item, found, business, caller, now) for item in items],
        lines=[row for item in items for row in line_rows(item, found, business)],
    )
    lost = [
        (item.activity.source, item.activity.external_id)
        for item in items
        if item.fact_id in batch.passed_over
    ]
    first = await known_facts(connection, business.business_id, lost) if lost else {}
    return [_result(result, found, written, batch.passed_over, first) for result in results]


def _in_own_name(
    item: ActivityItem | Refusal, caller: Caller, found: Mapping[MemberBy, UUID]
) -> ActivityItem | Refusal:
    """The item, which a partner's credential records of its own partner alone."""
    if isinstance(item, Refusal) or item.member not in found or caller.partner_id in (None, item.partner_id):
        return item
    return invalid("partner-not-yours", "partner").refusal


def _sorted_out(
    item: ActivityItem,
    rulebook: Rulebook,
    found: Mapping[MemberBy, UUID],
    members: Mapping[UUID, MemberRow],
    ended: Mapping[UUID, Refusal],
    known: Mapping[tuple[str, str], KnownFact],
    periods: Periods,
    *,
    replays: bool,
) -> Recorded | Refusal | ActivityItem:
    member_id = found.get(item.member)
    if member_id is None:
        return member_not_found().refusal
    if (before := known.get((item.activity.source, item.activity.external_id))) is not None:
        return _known(item, member_id, before, replays=replays)
    if member_id not in members:
        return member_not_found().refusal
    if member_id in ended:
        return ended[member_id]
    occurred_at, enrolled_at = item.activity.occurred_at, members[member_id].enrolled_at
    if occurred_at < enrolled_at and not periods.joining_moves:
        return before_enrolment(enrolled_at).refusal
    try:
        booked_at = periods.booked_at(occurred_at, item.partner_id, "occurredAt")
    except Refused as refused:
        return refused.refusal
    return with_points(item.booked_at(booked_at, periods.business.zone), rulebook)


def _known(item: ActivityItem, member_id: UUID, before: KnownFact, *, replays: bool) -> Recorded | Refusal:
    if replays and (before.member_id, before.body_hash) == (member_id, item.digest):
        return Recorded(before.fact_id, before.member_id, replayed=True)
    return already_recorded(before.fact_id, item.activity.source, item.activity.external_id)


def before_enrolment(enrolled_at: datetime) -> Refused:
    """INVALID_INPUT for what happened before the member joined."""
    return invalid("before-enrolment", "occurredAt", enrolledAt=enrolled_at.isoformat())


def already_recorded(fact_id: UUID, source: str, external_id: str) -> Refusal:
    """ALREADY_EXISTS with the id of the first (BEHAVIOUR L5)."""
    return Refusal(
        RefusalCode.ALREADY_EXISTS,
        "activity-already-recorded",
        {"source": source, "externalId": external_id},
        ("externalId",),
        fact_id,
    )


def _mark_repeats(
    results: list[Recorded | Refusal | ActivityItem], found: Mapping[MemberBy, UUID], *, replays: bool
) -> None:
    """Of several items with one natural key the first counts; the others are told its id."""
    first: dict[tuple[str, str], ActivityItem] = {}
    for index, result in enumerate(results):
        if not isinstance(result, ActivityItem):
            continue
        key = (result.activity.source, result.activity.external_id)
        earlier = first.setdefault(key, result)
        if earlier is not result:
            known = KnownFact(earlier.fact_id, found[earlier.member], earlier.digest)
            results[index] = _known(result, found[result.member], known, replays=replays)


def _arrivals(
    items: Sequence[ActivityItem], found: Mapping[MemberBy, UUID], members: Mapping[UUID, MemberRow]
) -> list[Arrivals]:
    arrivals: dict[UUID, Arrivals] = {}
    for item in items:
        member_id = found[item.member]
        each = arrivals.setdefault(member_id, Arrivals(members[member_id]))
        each.facts[item.fact_id] = item.fact
    return list(arrivals.values())


def _result(
    result: Recorded | Refusal | ActivityItem,
    found: Mapping[MemberBy, UUID],
    written: Mapping[UUID, Written],
    passed_over: set[UUID],
    first: Mapping[tuple[str, str], KnownFact],
) -> Recorded | Refusal:
    if not isinstance(result, ActivityItem):
        return result
    key = (result.activity.source, result.activity.external_id)
    if result.fact_id in passed_over:
        return already_recorded(first[key].fact_id, *key)
    member_id = found[result.member]
    of_member = written[member_id]
    return Recorded(
        result.fact_id,
        member_id,
        tuple(of_member.effect_ids.get(result.fact_id, ())),
        of_member.parked_for(result.fact),
    )
