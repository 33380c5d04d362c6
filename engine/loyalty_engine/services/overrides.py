"""Setting standings by hand: overrides, grants and status matches, with a reason, an end and a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating import ActivityFact
from loyalty_engine.rating.overrides import HAND_ORIGINS, OVERRIDE, ByHand, HandOrigin
from loyalty_engine.rules import Activity
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, before_enrolment, refuse_sources
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.merged import part_of
from loyalty_engine.services.moved_rows import moved_columns
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.periods import open_periods
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import known_facts
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.overrides import status_match_of

LATEST_YEAR = 2999
"""The last year in which what was set by hand may end."""


@dataclass(frozen=True, slots=True)
class SetStanding:
    """Claim a tier of a ladder by hand, or without a tier end the claims of the origin.

    ``until`` is the first local day on which it holds no more, left out for life; ``occurred_at`` left out is
    now. A status match has an end and evidence, and is made once for a member and ladder.
    """

    member: MemberBy
    ladder: str
    tier: str | None
    reason: str
    source: str
    external_id: str
    occurred_at: datetime | None = None
    until: date | None = None
    locked: bool = False
    origin: HandOrigin = "override"
    evidence: Mapping[str, object] | None = None


async def set_standing(engine: Engine, caller: Caller, key: str, command: SetStanding) -> Recorded | Refusal:
    """Make a claim by hand, or end those of an origin; dated before later facts it folds the member again.

    Refused with NOT_FOUND, ALREADY_EXISTS, PERIOD_CLOSED, or INVALID_INPUT for what cannot be claimed.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Recorded:
        return await _set(engine, caller, connection, business, now, command)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "setStanding", command, work)


async def _set(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    command: SetStanding,
) -> Recorded:
    command = _bounded(command, now)
    deciding = Deciding(engine, caller, connection, business)
    (member,) = await deciding.lock(member=command.member)
    natural = (command.source, command.external_id)
    known = await known_facts(connection, business.business_id, [natural])
    if natural in known:
        raise Refused(already_recorded(known[natural].fact_id, *natural))
    wanted_at = command.occurred_at or deciding.instant(member)
    if wanted_at < member.enrolled_at:
        raise before_enrolment(member.enrolled_at)
    periods = await open_periods(connection, business, deciding.rulebook, deciding.now)
    booked_at = periods.booked_at(wanted_at, None, "occurredAt")
    wanted = _by_hand(command, deciding.rulebook.in_force(booked_at).program, booked_at)
    if wanted.tier is not None and wanted.origin == "match":
        await _refuse_second_match(connection, business, member, wanted.ladder)
    activity = Activity(
        *natural, OVERRIDE, booked_at, local_day(booked_at, business.zone), attributes=wanted.attributes()
    )
    fact, fact_id = ActivityFact(activity), new_id()
    row = {
        **deciding.fact_columns(fact_id, member, fact),
        "original_effective_at": None if booked_at == wanted_at else wanted_at,
        "body_hash": body_hash("standing", activity, command.reason),
        "kind": activity.kind,
        "attributes": dict(activity.attributes),
        "reason": command.reason,
        "counts_as": activity.counts_as,
        "counts_on": activity.local_day,
        "ones": activity.occurrences,
        **moved_columns(None),
    }
    written = await deciding.fold({member.member_id: {fact_id: fact}}, {member.member_id: member}, [row])
    of_member = written[member.member_id]
    effect_ids = tuple(of_member.effect_ids.get(fact_id, ()))
    return Recorded(fact_id, member.member_id, effect_ids, of_member.parked_for(fact))


def _bounded(command: SetStanding, now: datetime) -> SetStanding:
    if command.origin not in HAND_ORIGINS:
        raise invalid("kind-unknown", "origin", kinds=", ".join(HAND_ORIGINS))
    evidence = command.evidence
    return replace(
        command,
        ladder=checks.text(command.ladder, "ladder", longest=64),
        tier=checks.optional_text(command.tier, "tier", longest=64),
        reason=checks.text(command.reason, "reason", longest=500),
        source=checks.source(command.source, "source"),
        external_id=checks.text(command.external_id, "externalId"),
        occurred_at=None
        if command.occurred_at is None
        else checks.instant(command.occurred_at, now, "occurredAt"),
        evidence=None if evidence is None else checks.attributes(evidence, "evidence"),
    )


def _by_hand(command: SetStanding, program: Program, at: datetime) -> ByHand:
    policy = next((each for each in program.ladders if each.key == command.ladder), None)
    if policy is None:
        known = ", ".join(each.key for each in program.ladders)
        raise invalid("ladder-unknown", "ladder", ladder=command.ladder, known=known)
    if command.tier is None:
        if command.until is not None or command.locked or command.evidence is not None:
            raise invalid("standing-ended-says-more", "tier")
        return ByHand(command.ladder, None, origin=command.origin)
    _refuse_tier(command, policy)
    if command.origin == "match" and (command.until is None or not command.evidence):
        raise invalid("match-needs", "until" if command.until is None else "evidence")
    return ByHand(
        command.ladder,
        command.tier,
        _end(command.until, program, at),
        command.locked,
        command.origin,
        command.evidence,
    )


def _refuse_tier(command: SetStanding, policy: LadderPolicy) -> None:
    tiers = policy.ladder.tiers
    if command.tier not in tiers:
        raise invalid("ladder-tier-unknown", "tier", tier=str(command.tier), known=", ".join(tiers))
    if command.tier == policy.ladder.base and not command.locked:
        raise invalid("base-without-lock", "tier", tier=command.tier)


def _end(until: date | None, program: Program, at: datetime) -> datetime | None:
    if until is None:
        return None
    if not local_day(at, program.zone) < until or until.year > LATEST_YEAR:
        raise invalid("standing-end", "until", latest=str(LATEST_YEAR))
    return first_instant(until, program.zone)


async def _refuse_second_match(
    connection: Connection, business: Business, member: MemberRow, ladder: str
) -> None:
    """A member's status elsewhere is matched once on a ladder, whatever became of the match."""
    owners = await part_of(connection, business.business_id, member.member_id)
    found = await status_match_of(connection, business.business_id, owners, ladder)
    if found is not None:
        word = "standing-matched-before"
        raise Refused(Refusal(RefusalCode.ALREADY_EXISTS, word, {"ladder": ladder}, ("origin",), found))
