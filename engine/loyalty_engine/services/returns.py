"""Returns that name what they return, whole, by amount or by line (BEHAVIOUR L8 to L12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ReturnedLine, ReturnFact
from loyalty_engine.rating.facts import NaturalKey
from loyalty_engine.rules import ActivityLine
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, refuse_sources
from loyalty_engine.services.activity_items import bounded_lines, line_row
from loyalty_engine.services.commands import ActivityBy, MemberBy, Recorded, ReverseActivity
from loyalty_engine.services.coupon_returns import uses_undone, write_releases
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members, member_not_found
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.merged import part_of, who_goes_on
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.periods import Periods, open_periods
from loyalty_engine.services.posting import Row
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.returned_points import points_taken
from loyalty_engine.services.undoing import Undoing
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Overtaken
from loyalty_engine.store.facts import (
    known_facts,
    original_fact,
    receipts_of,
    remaining_lines,
    reversed_so_far,
)
from loyalty_engine.store.members import lock_members
from loyalty_engine.store.rewards import redemption


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a return takes, positive, and whether nothing remains afterwards.

    Units are those that it states; ``closing`` are those that no return of the activity stated, by line,
    and under None the activity's: nothing remains of them either.
    """

    amount: Decimal
    units: Decimal | None
    lines: tuple[ActivityLine, ...]
    whole: bool
    closing: Mapping[str | None, Decimal] = field(default_factory=dict)


async def reverse_activity(
    engine: Engine, caller: Caller, key: str, command: ReverseActivity
) -> Recorded | Refusal:
    """Return an activity or a part of it, fold its member again and post the difference.

    Refused with ORIGINAL_NOT_FOUND (retryable), ALREADY_REVERSED, REVERSAL_EXCEEDS_ORIGINAL,
    ALREADY_EXISTS or INVALID_INPUT.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Recorded:
        return await _reverse(engine, caller, connection, business, now, command)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "reverseActivity", command, work)


async def _reverse(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    command: ReverseActivity,
) -> Recorded:
    natural = (
        checks.source(command.source, "source"),
        checks.text(command.external_id, "externalId"),
    )
    occurred_at = checks.instant(command.occurred_at, now, "occurredAt")
    reason = checks.optional_text(command.reason, "reason", longest=500)
    original = await named_original(engine, caller, connection, business, command.activity)
    caused = await receipts_of(connection, business.business_id, original["fact_id"])
    member_ids = [original["member_id"], *(row["member_id"] for row in caused)]
    owner_id = await who_goes_on(connection, business.business_id, original["member_id"])
    person = await part_of(connection, business.business_id, owner_id)
    locked = await lock_members(connection, business.business_id, [*member_ids, *person], erased=True)
    if "erased" in (locked[original["member_id"]].status, locked[owner_id].status):
        raise member_not_found()
    owner = None if owner_id == original["member_id"] else owner_id
    members = {member_id: locked[member_id] for member_id in member_ids}
    await _refuse_rewards(connection, business.business_id, original)
    now = business.now()
    known = await known_facts(connection, business.business_id, [natural])
    if natural in known:
        raise Refused(already_recorded(known[natural].fact_id, *natural))
    rulebook = await engine.rulebook(connection, business.business_id)
    periods = await open_periods(connection, business, rulebook, now)
    booked_at = _booked_at(occurred_at, original, periods)
    taken = await _taken(connection, business.business_id, original, command)
    if original["kind"] == "redemption" and not taken.whole:
        raise invalid("redemption-returned-whole", "lines" if command.lines else "amount")
    fact, fact_id = _fact(natural, booked_at, original, taken), new_id()
    row = {
        **_row(fact_id, fact, original, taken, business, caller, now),
        "reason": reason,
        "body_hash": body_hash("return", natural, original["fact_id"], command),
        "original_effective_at": None if booked_at == occurred_at else occurred_at,
    }
    undoing = Undoing(business, caller, now)
    undone = [undoing.of(each, max(booked_at, each["occurred_at"]), reason) for each in caused]
    uses = await uses_undone(connection, undoing, original, person, booked_at, reason) if taken.whole else []
    arrivals = {
        member_id: Arrivals(member, {fact_id: fact} if member_id == original["member_id"] else {})
        for member_id, member in members.items()
    }
    for its_fact, its_row in (*undone, *uses):
        of_its_member = arrivals.setdefault(its_row["member_id"], Arrivals(locked[its_row["member_id"]]))
        of_its_member.facts[its_row["fact_id"]] = its_fact
    batch = FoldingBatch(connection, business, rulebook, now)
    written = await batch.fold(
        list(arrivals.values()),
        facts=[row, *({**dict.fromkeys(row), **its_row} for _, its_row in (*undone, *uses))],
        lines=_line_rows(business, fact_id, original, taken),
    )
    if batch.passed_over:
        raise Overtaken
    await write_releases(connection, business.business_id, [its_row for _, its_row in uses])
    of_member = written[original["member_id"]]
    effect_ids = tuple(of_member.effect_ids.get(fact_id, ()))
    points = rulebook.in_force(fact.occurred_at).program.points
    taken_back, debt = await points_taken(connection, business.business_id, points, effect_ids, owner)
    parked = of_member.parked_for(fact)
    return Recorded(fact_id, original["member_id"], effect_ids, parked, original["fact_id"], taken_back, debt)


async def _refuse_rewards(connection: Connection, business_id: UUID, original: asyncpg.Record) -> None:
    """A reward's redemption ends with more than its points: that has a mutation of its own."""
    if original["kind"] == "redemption" and await redemption(connection, business_id, original["fact_id"]):
        raise invalid("return-of-a-reward", "activity")


def _line_rows(business: Business, fact_id: UUID, original: asyncpg.Record, taken: _Taken) -> list[Row]:
    return [
        {
            **line_row(business.business_id, fact_id, original["member_id"], _negative(line)),
            "closing_units": _below(taken.closing.get(line.key)),
        }
        for line in taken.lines
    ]


NOT_RETURNED = {
    "hold": "return-of-a-hold",
    "capture": "return-of-a-hold",
    "void": "return-of-a-hold",
    "adjustment": "return-by-counter-adjustment",
    "receipt": "return-of-a-caused",
    "coupon": "return-of-a-coupon",
    "gift": "return-of-a-caused",
    "merge": "return-of-a-caused",
    "absorption": "return-of-a-caused",
    "return": "return-of-a-return",
    "confirmation": "return-of-a-return",
    "override": "return-of-an-override",
    "pause": "return-of-a-pause",
    "resume": "return-of-a-pause",
    "closing": "return-of-a-closing",
}
"""Kinds that are not returned, and why."""


async def named_original(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    by: ActivityBy,
    *,
    refused: Mapping[str, str] = NOT_RETURNED,
) -> asyncpg.Record:
    """The activity that is named, which the caller may see; refused with ORIGINAL_NOT_FOUND (retryable).

    INVALID_INPUT for the kinds in ``refused``, which says why.
    """
    if (by.id is None) == (by.natural is None):
        raise invalid("activity-named-once", "activity")
    natural = None
    if by.natural is not None:
        natural = (
            checks.text(by.natural[0], "activity", "natural", "source", longest=64),
            checks.text(by.natural[1], "activity", "natural", "externalId"),
        )
    original = await original_fact(connection, business.business_id, by.id, natural)
    visible = (
        original is not None
        and caller.partner_id in (None, original["partner_id"])
        and await found_members(connection, engine, caller, [MemberBy(id=original["member_id"])])
    )
    if original is None or not visible or original["type"] != "activity":
        raise Refused(Refusal(RefusalCode.ORIGINAL_NOT_FOUND, "original-not-found", {}, ("activity",)))
    if original["reverses_fact_id"] is not None or original["kind"] in refused:
        raise invalid(refused.get(original["kind"], "return-of-a-return"), "activity")
    return original


def _booked_at(occurred_at: datetime, original: asyncpg.Record, periods: Periods) -> datetime:
    """When the return counts: at its own instant, else now; never before a purchase that was booked late."""
    bought_at = really_at(original)
    if occurred_at < bought_at:
        raise invalid("return-before-purchase", "occurredAt", occurredAt=bought_at.isoformat())
    return periods.booked_behind(occurred_at, original["occurred_at"], original["partner_id"], "occurredAt")


def really_at(original: asyncpg.Record) -> datetime:
    """When an activity happened, also where it counts from later on."""
    happened_at: datetime = original["original_effective_at"] or original["occurred_at"]
    return happened_at


async def _taken(
    connection: Connection, business_id: UUID, original: asyncpg.Record, command: ReverseActivity
) -> _Taken:
    before = await reversed_so_far(connection, business_id, original["fact_id"])
    if before["ones"] < 0:
        raise Refused(Refusal(RefusalCode.ALREADY_REVERSED, "already-reversed", {}, ("activity",)))
    amount_left = (original["amount"] or Decimal(0)) - before["amount"]
    units_left = None if original["units"] is None else original["units"] - before["units"]
    left = [
        ActivityLine(row["line_key"], row["amount"], row["units"], row["category"], row["product"])
        for row in await remaining_lines(connection, business_id, original["fact_id"])
    ]
    if amount_left < 0 or (units_left is not None and units_left < 0):
        raise invalid("return-amount-positive", "activity")
    amount = checks.amount(command.amount, "amount")
    if command.lines:
        return _by_line(bounded_lines(command.lines), amount, left, amount_left, units_left)
    if amount is None or amount == amount_left:
        return _whole(amount_left, units_left, left, None, ())
    if amount <= 0:
        raise invalid("return-amount-positive", "amount")
    if amount > amount_left:
        raise _exceeds("amount", amount_left)
    if left:
        raise invalid("return-by-line", "lines")
    return _Taken(amount, None, (), whole=False)


def _by_line(
    given: Sequence[ActivityLine],
    stated_amount: Decimal | None,
    left: Sequence[ActivityLine],
    amount_left: Decimal,
    units_left: Decimal | None,
) -> _Taken:
    if stated_amount is not None and stated_amount != sum(line.amount for line in given):
        raise invalid("lines-are-not-the-amount", "lines", amount=str(stated_amount))
    known = {line.key: line for line in left}
    lines = tuple(_taken_line(index, line, known) for index, line in enumerate(given))
    amount = sum((line.amount for line in lines), Decimal(0))
    if amount <= 0:
        raise invalid("return-amount-positive", "lines")
    if amount > amount_left:  # where some line takes off
        raise _exceeds("lines", amount_left)
    stated = [line.units for line in lines if line.units is not None]
    units = sum(stated, Decimal(0)) if stated and units_left is not None else None
    if units is not None and units_left is not None and units > units_left:
        raise _exceeds("units", units_left)
    if amount == amount_left:
        return _whole(amount_left, units_left, left, units, lines)
    return _Taken(amount, units, lines, whole=False)


def _whole(
    amount: Decimal,
    units_left: Decimal | None,
    left: Sequence[ActivityLine],
    units: Decimal | None,
    lines: Sequence[ActivityLine],
) -> _Taken:
    """All that remains, with the units that the return states and those that it closes."""
    stated = {line.key: line.units for line in lines}
    closing: dict[str | None, Decimal] = {
        line.key: line.units - (stated.get(line.key) or Decimal(0)) for line in left if line.units is not None
    }
    if units_left is not None:
        closing[None] = units_left - (units or Decimal(0))
    taken = tuple(replace(line, units=stated.get(line.key)) for line in left)
    return _Taken(
        amount, units, taken, whole=True, closing={key: value for key, value in closing.items() if value}
    )


def _taken_line(index: int, line: ActivityLine, known: Mapping[str, ActivityLine]) -> ActivityLine:
    path = ("lines", str(index))
    if line.key not in known:
        raise invalid("line-unknown", *path, "key", key=line.key)
    left = known[line.key]
    if line.amount < 0 or (line.units is not None and line.units < 0):
        raise invalid("return-amount-positive", *path, "amount")
    if line.amount > left.amount:
        raise _exceeds(f"lines.{index}.amount", left.amount)
    if line.units is not None and (left.units is None or line.units > left.units):
        raise _exceeds(f"lines.{index}.units", left.units or Decimal(0))
    return ActivityLine(line.key, line.amount, line.units, left.category, left.product)


def _exceeds(path: str, left: Decimal) -> Refused:
    return Refused(
        Refusal(
            RefusalCode.REVERSAL_EXCEEDS_ORIGINAL,
            "reversal-exceeds-original",
            {"left": format(left.normalize(), "f")},
            tuple(path.split(".")),
        )
    )


def _fact(natural: NaturalKey, occurred_at: datetime, original: asyncpg.Record, taken: _Taken) -> ReturnFact:
    return ReturnFact(
        *natural,
        occurred_at,
        (original["source"], original["external_id"]),
        taken.amount,
        taken.units,
        tuple(ReturnedLine(line.key, line.amount, line.units) for line in taken.lines),
    )


def _row(
    fact_id: UUID,
    fact: ReturnFact,
    original: asyncpg.Record,
    taken: _Taken,
    business: Business,
    caller: Caller,
    now: datetime,
) -> Row:
    return {
        "business_id": business.business_id,
        "fact_id": fact_id,
        "member_id": original["member_id"],
        "type": "activity",
        "source": fact.source,
        "external_id": fact.external_id,
        "occurred_at": fact.occurred_at,
        "recorded_at": now,
        "local_day": local_day(fact.occurred_at, business.zone),
        "credential_id": caller.credential_id,
        "original_effective_at": None,
        "kind": "return",
        "amount": None if original["amount"] is None else -taken.amount,
        "units": None if taken.units is None else -taken.units,
        "currency": original["currency"],
        "channel": original["channel"],
        "partner_id": original["partner_id"],
        "attributes": original["attributes"] if taken.whole else {},
        "reverses_fact_id": original["fact_id"],
        "counts_as": original["kind"],
        "counts_on": original["local_day"],
        "ones": -1 if taken.whole else 0,
        "closing_units": _below(taken.closing.get(None)),
    }


def _below(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def _negative(line: ActivityLine) -> ActivityLine:
    units = None if line.units is None else -line.units
    return ActivityLine(line.key, -line.amount, units, line.category, line.product)
