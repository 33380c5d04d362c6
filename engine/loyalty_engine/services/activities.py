"""Recording what members did: one activity is a batch of one (DESIGN section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ActivityFact
from loyalty_engine.rules import Activity, ActivityLine
from loyalty_engine.services import checks
from loyalty_engine.services.commands import Batch, LineInput, RecordActivity, Recorded
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import checked_member, found_members, member_not_found
from loyalty_engine.services.folding import Arrivals, FoldingBatch, Written
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.posting import Row
from loyalty_engine.services.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import KnownFact, known_facts, partner_ids
from loyalty_engine.store.members import MemberRow, lock_members

MOST_ITEMS = 1000
MOST_LINES = 200
RESERVED_KINDS = frozenset({"redemption", "adjustment", "override"})
"""Kinds of which the engine knows more than their figures, and that it does not take yet."""


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
    return await once(engine, caller, key, "recordActivities", list(items), work)


def refuse_sources(caller: Caller, sources: Sequence[str]) -> None:
    """Raise Forbidden for a source that the credential does not list."""
    for source in sources:
        if caller.sources is not None and source not in caller.sources:
            raise Forbidden("source-not-yours", {"source": source[:64]})


@dataclass(frozen=True, slots=True)
class _Item:
    """A checked item, and the fact that it becomes."""

    fact_id: UUID
    command: RecordActivity
    activity: Activity
    partner_id: UUID | None
    digest: bytes


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
    rulebook = await engine.rulebook(connection, business.business_id)
    partners = await partner_ids(
        connection, business.business_id, [each.partner for each in commands if each.partner]
    )
    checked = [_checked(command, business, now, partners) for command in commands]
    named = [item.command.member for item in checked if isinstance(item, _Item)]
    found = await found_members(connection, engine, caller, list(dict.fromkeys(named)))
    members = await lock_members(connection, business.business_id, list(found.values()))
    keys = [(item.activity.source, item.activity.external_id) for item in checked if isinstance(item, _Item)]
    known = await known_facts(connection, business.business_id, list(dict.fromkeys(keys)))
    results: list[Recorded | Refusal | _Item] = [
        item if isinstance(item, Refusal) else _sorted_out(item, found, members, known, replays=replays)
        for item in checked
    ]
    _mark_repeats(results, found, replays=replays)
    items = [result for result in results if isinstance(result, _Item)]
    batch = FoldingBatch(connection, business, rulebook, now)
    arrivals = _arrivals(items, found, members)
    written = await batch.fold(
        arrivals,
        facts=[_row(item, found, business, caller, now) for item in items],
        lines=[row for item in items for row in _lines(item, found, business)],
    )
    lost = [
        (item.activity.source, item.activity.external_id)
        for item in items
        if item.fact_id in batch.passed_over
    ]
    first = await known_facts(connection, business.business_id, lost) if lost else {}
    return [_result(result, found, written, batch.passed_over, first) for result in results]


def _checked(
    command: RecordActivity, business: Business, now: datetime, partners: Mapping[str, UUID]
) -> _Item | Refusal:
    try:
        activity = _activity(command, business, now)
        if command.partner is not None and command.partner not in partners:
            raise invalid("partner-unknown", "partner", partner=command.partner[:64])
        member = checked_member(command.member)
        partner_id = partners[command.partner] if command.partner is not None else None
        clean = RecordActivity(
            member, activity.kind, activity.source, activity.external_id, activity.occurred_at
        )
        digest = body_hash("activity", member, activity)
        return _Item(new_id(), clean, activity, partner_id, digest)
    except Refused as refused:
        return refused.refusal


def _activity(command: RecordActivity, business: Business, now: datetime) -> Activity:
    kind = checks.text(command.kind, "kind", longest=64)
    if kind in RESERVED_KINDS:
        raise invalid("kind-not-taken", "kind", kind=kind)
    amount = checks.amount(command.amount, "amount")
    if kind == "return" and (amount is None or amount > 0):
        raise invalid("return-amount-negative", "amount")
    if command.currency is not None and command.currency != business.row.currency:
        raise invalid("currency-other", "currency", currency=business.row.currency)
    occurred_at = checks.instant(command.occurred_at, now, "occurredAt")
    return Activity(
        source=checks.source(command.source, "source"),
        external_id=checks.text(command.external_id, "externalId"),
        kind=kind,
        occurred_at=occurred_at,
        local_day=local_day(occurred_at, business.zone),
        amount=amount,
        units=checks.amount(command.units, "units"),
        channel=checks.optional_text(command.channel, "channel", longest=64),
        partner=command.partner,
        attributes=checks.attributes(command.attributes, "attributes"),
        lines=checked_lines(command.lines, amount),
    )


def checked_lines(lines: Sequence[LineInput], amount: Decimal | None) -> tuple[ActivityLine, ...]:
    """Lines within their bounds, with keys that differ; together they are the amount."""
    if len(lines) > MOST_LINES:
        raise invalid("too-many", "lines", most=str(MOST_LINES))
    found = tuple(
        ActivityLine(
            checks.text(line.key, "lines", str(index), "key", longest=64),
            checks.amount(line.amount, "lines", str(index), "amount") or Decimal(0),
            checks.amount(line.units, "lines", str(index), "units"),
            checks.optional_text(line.category, "lines", str(index), "category", longest=64),
            checks.optional_text(line.product, "lines", str(index), "product"),
        )
        for index, line in enumerate(lines)
    )
    if len({line.key for line in found}) != len(found):
        raise invalid("line-keys-repeated", "lines")
    if found and amount is not None and sum(line.amount for line in found) != amount:
        raise invalid("lines-are-not-the-amount", "lines", amount=str(amount))
    if found and amount is None:
        raise invalid("lines-without-amount", "amount")
    return found


def _sorted_out(
    item: _Item,
    found: Mapping[Any, UUID],
    members: Mapping[UUID, MemberRow],
    known: Mapping[tuple[str, str], KnownFact],
    *,
    replays: bool,
) -> Recorded | Refusal | _Item:
    member_id = found.get(item.command.member)
    if member_id is None:
        return member_not_found().refusal
    if (before := known.get((item.activity.source, item.activity.external_id))) is not None:
        return _known(item, before, replays=replays)
    if item.activity.occurred_at < members[member_id].enrolled_at:
        enrolled_at = members[member_id].enrolled_at.isoformat()
        return invalid("before-enrolment", "occurredAt", enrolledAt=enrolled_at).refusal
    return item


def _known(item: _Item, before: KnownFact, *, replays: bool) -> Recorded | Refusal:
    if replays and before.body_hash == item.digest:
        return Recorded(before.fact_id, before.member_id, replayed=True)
    return already_recorded(before.fact_id, item.activity.source, item.activity.external_id)


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
    results: list[Recorded | Refusal | _Item], found: Mapping[Any, UUID], *, replays: bool
) -> None:
    """Of several items with one natural key the first counts; the others are told its id."""
    first: dict[tuple[str, str], _Item] = {}
    for index, result in enumerate(results):
        if not isinstance(result, _Item):
            continue
        key = (result.activity.source, result.activity.external_id)
        earlier = first.setdefault(key, result)
        if earlier is not result:
            known = KnownFact(earlier.fact_id, found[earlier.command.member], earlier.digest)
            results[index] = _known(result, known, replays=replays)


def _arrivals(
    items: Sequence[_Item], found: Mapping[Any, UUID], members: Mapping[UUID, MemberRow]
) -> list[Arrivals]:
    arrivals: dict[UUID, Arrivals] = {}
    for item in items:
        member_id = found[item.command.member]
        each = arrivals.setdefault(member_id, Arrivals(members[member_id]))
        each.facts[item.fact_id] = ActivityFact(item.activity)
    return list(arrivals.values())


def _row(item: _Item, found: Mapping[Any, UUID], business: Business, caller: Caller, now: datetime) -> Row:
    activity = item.activity
    return {
        "business_id": business.business_id,
        "fact_id": item.fact_id,
        "member_id": found[item.command.member],
        "type": "activity",
        "source": activity.source,
        "external_id": activity.external_id,
        "occurred_at": activity.occurred_at,
        "recorded_at": now,
        "local_day": activity.local_day,
        "body_hash": item.digest,
        "credential_id": caller.credential_id,
        "kind": activity.kind,
        "amount": activity.amount,
        "units": activity.units,
        "currency": business.row.currency,
        "channel": activity.channel,
        "partner_id": item.partner_id,
        "attributes": dict(activity.attributes),
        "counts_as": activity.counts_as,
        "counts_on": activity.local_day,
        "ones": activity.occurrences,
    }


def _lines(item: _Item, found: Mapping[Any, UUID], business: Business) -> list[Row]:
    return [
        line_row(business.business_id, item.fact_id, found[item.command.member], line)
        for line in item.activity.lines
    ]


def line_row(business_id: UUID, fact_id: UUID, member_id: UUID, line: ActivityLine) -> Row:
    """A line as a row."""
    return {
        "business_id": business_id,
        "fact_id": fact_id,
        "line_key": line.key,
        "member_id": member_id,
        "amount": line.amount,
        "units": line.units,
        "category": line.category,
        "product": line.product,
    }


def _result(
    result: Recorded | Refusal | _Item,
    found: Mapping[Any, UUID],
    written: Mapping[UUID, Written],
    passed_over: set[UUID],
    first: Mapping[tuple[str, str], KnownFact],
) -> Recorded | Refusal:
    if not isinstance(result, _Item):
        return result
    key = (result.activity.source, result.activity.external_id)
    if result.fact_id in passed_over:
        return already_recorded(first[key].fact_id, *key)
    member_id = found[result.command.member]
    of_member = written[member_id]
    return Recorded(
        result.fact_id,
        member_id,
        tuple(of_member.effect_ids.get(result.fact_id, ())),
        of_member.parked_for(ActivityFact(result.activity)),
    )
