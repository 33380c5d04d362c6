"""Finding and locking members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from loyalty_engine.store.connection import Connection, FurtherMembers
from loyalty_engine.store.settlements import settlement_lock


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as the fold needs it: where its history stands."""

    member_id: UUID
    external_id: str
    status: str
    enrolled_at: datetime
    joined_on: date
    last_occurred_at: datetime | None
    last_source: str | None
    last_external_id: str | None
    folded_until: datetime
    next_boundary_at: datetime | None
    event_count: int
    last_recorded_at: datetime
    referred_by: str | None
    paused_at: datetime | None
    paused_until: datetime | None
    closed_at: datetime | None
    rulebook_version: int

    def not_before(self, now: datetime) -> datetime:
        """When it is recorded what comes now, also where a clock was ahead of this one or jumped back."""
        return max(now, self.last_recorded_at)


_COLUMNS = ", ".join(f"m.{name}" for name in MemberRow.__slots__)

_VISIBLE = """
($2::uuid IS NULL OR m.partner_id = $2 OR EXISTS (
    SELECT FROM fact f
    WHERE f.business_id = m.business_id AND f.member_id = m.member_id AND f.partner_id = $2) OR EXISTS (
    SELECT FROM merge g JOIN member a ON a.business_id = g.business_id AND a.member_id = g.absorbed_id
    WHERE g.business_id = m.business_id AND g.survivor_id = m.member_id AND (a.partner_id = $2 OR EXISTS (
        SELECT FROM fact f
        WHERE f.business_id = a.business_id AND f.member_id = a.member_id AND f.partner_id = $2))))
"""

_BY_ID = f"""
SELECT m.member_id AS asked, m.member_id FROM member m
WHERE m.business_id = $1 AND {_VISIBLE} AND m.member_id = ANY ($3::uuid[])
"""  # noqa: S608
_BY_EXTERNAL_ID = f"""
SELECT m.external_id AS asked, m.member_id FROM member m
WHERE m.business_id = $1 AND {_VISIBLE} AND m.external_id = ANY ($3::text[])
"""  # noqa: S608
_REFERRERS = f"""
SELECT m.external_id, m.member_id, r.member_id AS referrer_id
FROM member m
LEFT JOIN member r ON r.business_id = m.business_id AND r.external_id = m.referred_by
WHERE m.business_id = $1 AND {_VISIBLE} AND m.external_id = ANY ($3::text[])
"""  # noqa: S608
_BY_IDENTITY = f"""
SELECT given.number AS asked, m.member_id
FROM unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS given(kind, hash, number)
JOIN identity i ON i.business_id = $1 AND i.kind = given.kind AND i.identity_hash = given.hash
JOIN member m ON m.business_id = i.business_id AND m.member_id = i.member_id
WHERE {_VISIBLE}
"""  # noqa: S608
_LOCK = f"""
WITH settlement AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($3))
SELECT {_COLUMNS} FROM member m, settlement
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[])
ORDER BY m.member_id FOR NO KEY UPDATE OF m
"""  # noqa: S608
_LOCKED = f"""
SELECT {_COLUMNS} FROM member m
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[]) AND m.status <> 'erased'
"""  # noqa: S608
_LOCK_NAMES = "SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS given(lock)"
_LOCK_DUE = f"""
WITH settlement AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($4))
SELECT {_COLUMNS} FROM member m, settlement
WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[])
  AND (m.next_boundary_at <= $3 OR m.rulebook_version < (
      SELECT max(p.version) FROM program_version p WHERE p.business_id = $1 AND p.effective_at <= $3))
ORDER BY m.member_id LIMIT $5 FOR NO KEY UPDATE OF m SKIP LOCKED
"""  # noqa: S608


async def members_by_id(
    connection: Connection, business_id: UUID, partner_id: UUID | None, ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Those of the members that exist and that the partner, if there is one, may see."""
    rows = await connection.fetch(_BY_ID, business_id, partner_id, list(ids))
    return {row["asked"]: row["member_id"] for row in rows}


async def members_by_external_id(
    connection: Connection, business_id: UUID, partner_id: UUID | None, external_ids: Sequence[str]
) -> dict[str, UUID]:
    """The members of the business's own ids."""
    rows = await connection.fetch(_BY_EXTERNAL_ID, business_id, partner_id, list(external_ids))
    return {row["asked"]: row["member_id"] for row in rows}


async def referrers_by_external_id(
    connection: Connection, business_id: UUID, partner_id: UUID | None, external_ids: Sequence[str]
) -> dict[str, tuple[UUID, UUID | None]]:
    """The members of the business's own ids, each with the member who referred it."""
    rows = await connection.fetch(_REFERRERS, business_id, partner_id, list(external_ids))
    return {row["external_id"]: (row["member_id"], row["referrer_id"]) for row in rows}


async def members_by_identity(
    connection: Connection,
    business_id: UUID,
    partner_id: UUID | None,
    identities: Sequence[tuple[str, bytes]],
) -> dict[tuple[str, bytes], UUID]:
    """The members of identities, given as kind and keyed hash."""
    kinds, hashes = [kind for kind, _ in identities], [value for _, value in identities]
    rows = await connection.fetch(_BY_IDENTITY, business_id, partner_id, kinds, hashes)
    return {identities[row["asked"] - 1]: row["member_id"] for row in rows}


async def lock_names(connection: Connection, locks: Sequence[int]) -> None:
    """Take locks that stand for names nobody may have yet, in this order, until the transaction ends."""
    await connection.execute(_LOCK_NAMES, list(locks))


async def lock_members(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], *, erased: bool = False
) -> dict[UUID, MemberRow]:
    """Lock members in the order of their ids; read what they are in a later statement if it is not here.

    Further members that the transaction needs are locked with them. Those who are erased are left out, unless
    asked for: nothing is recorded of them any more. Until it ends no period of the business is closed.
    """
    wanted, asked = connection.further.union(member_ids), set(member_ids)
    rows = await connection.fetch(_LOCK, business_id, sorted(wanted), settlement_lock(business_id))
    connection.have_locked(wanted)
    return {
        row["member_id"]: MemberRow(**dict(row))
        for row in rows
        if row["member_id"] in asked and (erased or row["status"] != "erased")
    }


async def locked_members(
    connection: Connection, business_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, MemberRow]:
    """What members are that are locked already; of those who are erased nothing more is recorded.

    Raises FurtherMembers for those that are not locked.
    """
    wanted = frozenset(member_ids)
    if missing := wanted - connection.locked:
        raise FurtherMembers(missing)
    rows = await connection.fetch(_LOCKED, business_id, sorted(wanted))
    return {row["member_id"]: MemberRow(**dict(row)) for row in rows}


async def lock_due_members(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], now: datetime, at_most: int
) -> dict[UUID, MemberRow]:
    """Lock the first, by their ids, of those that are still due and that nobody else is working on."""
    lock = settlement_lock(business_id)
    rows = await connection.fetch(_LOCK_DUE, business_id, list(member_ids), now, lock, at_most)
    return {row["member_id"]: MemberRow(**dict(row)) for row in rows}


_PARKED = """
SELECT DISTINCT member_id FROM parked WHERE business_id = $1 AND resolved_at IS NULL ORDER BY member_id
"""


async def parked_members(connection: Connection, business_id: UUID) -> list[UUID]:
    """The members at which a rule failed and that were not folded since its repair."""
    return [row["member_id"] for row in await connection.fetch(_PARKED, business_id)]
