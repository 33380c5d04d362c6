"""Enrolling members. A person is known by identities, of which only keyed hashes are kept (BEHAVIOUR L24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from loyalty_engine.entities import Identity, Profile
from loyalty_engine.entities import Member as MemberEntity
from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import Fact, ValueFact
from loyalty_engine.services import checks
from loyalty_engine.services.commands import Enrolled, EnrolledBatch, EnrolMember, MemberBy, ProfileInput
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import (
    checked_identity,
    checked_partner,
    found_members,
    identity_hash,
    named_partners,
)
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.operations import body_hash, once
from loyalty_engine.services.posting import Row
from loyalty_engine.services.referrals import Referrers
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, lock_names
from loyalty_engine.store.rows import JSON_NULL, insert_rows

MOST_ITEMS = 1000
MOST_IDENTITIES = 20
KINDS = ("person", "organisation")
NAME_LOCKS = 64
"""How many locks of a business stand for all names: enrolments that share one follow one another."""


async def enrol_member(engine: Engine, caller: Caller, key: str, command: EnrolMember) -> Enrolled | Refusal:
    """Make a member, on the base tier of every ladder.

    An external id or identity that is taken is refused with ALREADY_EXISTS and the member's id; who names
    oneself as referrer, with REFERRAL_REFUSED.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> Enrolled:
        (result,) = await _enrol(engine, caller, connection, business, now, [command])
        if isinstance(result, Refusal):
            raise Refused(result)
        return result

    return await once(engine, caller, key, "enrolMember", command, work)


async def enrol_members(
    engine: Engine, caller: Caller, key: str, items: Sequence[EnrolMember]
) -> EnrolledBatch | Refusal:
    """Make up to 1,000 members, each with its own result."""

    async def work(connection: Connection, business: Business, now: datetime) -> EnrolledBatch:
        return EnrolledBatch(tuple(await _enrol(engine, caller, connection, business, now, items)))

    if not 1 <= len(items) <= MOST_ITEMS:
        return invalid("too-many-items", "members", most=str(MOST_ITEMS)).refusal
    return await once(engine, caller, key, "enrolMembers", list(items), work)


@dataclass(frozen=True, slots=True)
class _New:
    """A checked member to be."""

    member: MemberRow
    row: Row
    identities: tuple[tuple[str, str], ...]
    profile: Row | None
    attributes: Mapping[str, object]


async def _enrol(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    now: datetime,
    commands: Sequence[EnrolMember],
) -> list[Enrolled | Refusal]:
    partners = await named_partners(connection, caller, (each.partner for each in commands))
    checked = [_checked(command, caller, business, now, partners) for command in commands]
    news = [each for each in checked if isinstance(each, _New)]
    await lock_names(connection, _name_locks(business.business_id, news))
    taken = await _taken(connection, engine, caller, news)
    referrers = await Referrers.named(connection, caller, (each.member.referred_by for each in news))
    results: list[Enrolled | Refusal] = []
    making: list[_New] = []
    for each in checked:
        if isinstance(each, Refusal):
            results.append(each)
            continue
        existing = next((taken[name] for name in _names(each) if name in taken), None)
        name, referred_by = each.member.external_id, each.member.referred_by
        if (objection := referrers.objection(name, referred_by, existing)) is not None:
            results.append(objection)
            continue
        if existing is not None:
            results.append(_already(existing))
            continue
        taken.update(dict.fromkeys(_names(each), each.member.member_id))
        referrers.join(name, each.member.member_id, referred_by)
        making.append(each)
        results.append(Enrolled(each.member.member_id))
    await _make(engine, connection, business, now, making)
    rulebook = await engine.rulebook(connection, business.business_id)
    arrivals = [Arrivals(each.member, _values(each)) for each in making]
    facts = [row for each in arrivals for row in _value_rows(each, business, caller, now)]
    batch = FoldingBatch(connection, business, rulebook, now)
    await batch.fold(arrivals, facts=facts, new=True)
    return results


def _names(new: _New) -> list[MemberBy]:
    return [
        MemberBy(external_id=new.member.external_id),
        *(MemberBy(identity=identity) for identity in new.identities),
    ]


def _name_locks(business_id: UUID, news: Sequence[_New]) -> list[int]:
    """The locks that stand for all names of the new members, in the one order in which they are taken."""
    names = (repr((name.external_id, name.identity)) for new in news for name in _names(new))
    chosen = {sha256(name.encode()).digest()[0] % NAME_LOCKS for name in names}
    digests = (sha256(b"name" + business_id.bytes + bytes([each])).digest() for each in sorted(chosen))
    return [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]


def _already(member_id: UUID) -> Refusal:
    return Refusal(RefusalCode.ALREADY_EXISTS, "member-already-exists", {}, ("externalId",), member_id)


async def _taken(
    connection: Connection, engine: Engine, caller: Caller, news: Sequence[_New]
) -> dict[MemberBy, UUID]:
    """Whose the names are already; to tell that two are one person everybody's are looked at."""
    anybody = replace(caller, partner_id=None)
    return await found_members(
        connection, engine, anybody, list(dict.fromkeys(name for new in news for name in _names(new)))
    )


def _checked(
    command: EnrolMember, caller: Caller, business: Business, now: datetime, partners: Mapping[str, UUID]
) -> _New | Refusal:
    try:
        return _new(command, caller, business, now, partners)
    except Refused as refused:
        return refused.refusal


def _new(
    command: EnrolMember, caller: Caller, business: Business, now: datetime, partners: Mapping[str, UUID]
) -> _New:
    if command.kind not in KINDS:
        raise invalid("kind-unknown", "kind", kinds=", ".join(KINDS))
    _, partner_id = checked_partner(command.partner, partners)
    if len(command.identities) > MOST_IDENTITIES:
        raise invalid("too-many", "identities", most=str(MOST_IDENTITIES))
    enrolled_at = checks.instant(command.enrolled_at or now, now, "enrolledAt")
    member = MemberRow(
        member_id=new_id(),
        external_id=checks.text(command.external_id, "externalId"),
        status="active",
        enrolled_at=enrolled_at,
        joined_on=local_day(enrolled_at, business.zone),
        last_occurred_at=None,
        last_source=None,
        last_external_id=None,
        folded_until=enrolled_at,
        referred_by=checks.optional_text(command.referred_by, "referredBy"),
        paused_at=None,
        paused_until=None,
        closed_at=None,
        last_recorded_at=now,
        next_boundary_at=None,
        event_count=0,
        rulebook_version=0,
    )
    row = {
        **{name: getattr(member, name) for name in MemberRow.__slots__},
        "business_id": business.business_id,
        "kind": command.kind,
        "channel": checks.optional_text(command.channel, "channel", longest=64),
        "partner_id": caller.partner_id if partner_id is None else partner_id,
        "created_at": now,
    }
    identities = tuple(
        dict.fromkeys(
            checked_identity(kind, value, "identities", str(index))
            for index, (kind, value) in enumerate(command.identities)
        )
    )
    profile = None if command.profile is None else _profile(command.profile)
    return _New(member, row, identities, profile, checks.attributes(command.attributes, "attributes"))


def _profile(profile: ProfileInput) -> Row:
    longest = {"email": 320, "phone": 32, "locale": 35}
    return {
        name: checks.optional_text(value, "profile", _camel(name), longest=longest.get(name, 200))
        if isinstance(value, str)
        else value
        for name, value in asdict(profile).items()
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


async def _make(
    engine: Engine, connection: Connection, business: Business, now: datetime, news: Sequence[_New]
) -> None:
    await insert_rows(connection, MemberEntity, [new.row for new in news])
    identities = [
        {
            "business_id": business.business_id,
            "identity_id": new_id(),
            "member_id": new.member.member_id,
            "kind": kind,
            "identity_hash": identity_hash(engine, business.business_id, kind, value),
            "created_at": now,
        }
        for new in news
        for kind, value in new.identities
    ]
    await insert_rows(connection, Identity, identities)
    profiles = [
        {
            "business_id": business.business_id,
            "member_id": new.member.member_id,
            **new.profile,
            "updated_at": now,
        }
        for new in news
        if new.profile is not None
    ]
    await insert_rows(connection, Profile, profiles)


def _values(new: _New) -> dict[UUID, Fact]:
    """The attributes given at enrolment are dated values like later ones."""
    found: dict[UUID, Fact] = {}
    for key, value in new.attributes.items():
        fact_id = new_id()
        found[fact_id] = ValueFact(
            checks.OWN_SOURCE,
            f"enrolment/{new.member.member_id}/{key}",
            new.member.enrolled_at,
            "attribute",
            key,
            value,
        )
    return found


def _value_rows(arrivals: Arrivals, business: Business, caller: Caller, now: datetime) -> list[Row]:
    return [
        value_row(fact_id, fact, arrivals.member.member_id, business, caller, now)
        for fact_id, fact in arrivals.facts.items()
        if isinstance(fact, ValueFact)
    ]


def value_hash(fact: ValueFact) -> bytes:
    """The digest of a dated value as it was sent."""
    return body_hash("value", fact)


def value_row(
    fact_id: UUID, fact: ValueFact, member_id: UUID, business: Business, caller: Caller, now: datetime
) -> Row:
    """A dated value as a row."""
    return {
        "business_id": business.business_id,
        "fact_id": fact_id,
        "member_id": member_id,
        "type": "value",
        "source": fact.source,
        "external_id": fact.external_id,
        "occurred_at": fact.occurred_at,
        "recorded_at": now,
        "local_day": local_day(fact.occurred_at, business.zone),
        "body_hash": value_hash(fact),
        "credential_id": caller.credential_id,
        "value_kind": fact.kind,
        "value_key": fact.key,
        "value": JSON_NULL if fact.value is None else fact.value,
    }
