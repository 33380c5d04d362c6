"""Applications for membership as rows, for those who decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from loyalty_engine.entities import Application, ApplicationEvent, ApplicationVote
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows, update_rows


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application as it is once its member is locked."""

    application_id: UUID
    member_id: UUID
    rule: str
    program_version_id: UUID
    kind: str
    state: str
    step: str | None
    fee: Decimal | None
    opened_at: datetime
    closes_at: datetime | None
    ended_at: datetime | None
    fact_id: UUID | None
    event_count: int


_COLUMNS = ", ".join(f"a.{name}" for name in ApplicationRow.__slots__)
_APPLICATION = f"SELECT {_COLUMNS} FROM application a WHERE a.business_id = $1 AND a.application_id = $2"  # noqa: S608
_OPEN = f"""
SELECT {_COLUMNS} FROM application a
WHERE a.business_id = $1 AND a.member_id = $2 AND a.state = 'open' ORDER BY a.rule
"""  # noqa: S608
_ADMISSIONS = """
SELECT f.member_id, f.source, f.external_id, f.occurred_at, f.attributes
FROM application a JOIN fact f ON f.business_id = a.business_id AND f.fact_id = a.fact_id
WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[]) AND a.rule = $3 AND a.state = 'admitted'
ORDER BY a.ended_at DESC, a.application_id DESC
"""
_FIX_ELECTORATE = """
INSERT INTO application_elector (business_id, application_id, member_id)
SELECT DISTINCT $1::uuid, $2::uuid, s.member_id
FROM unnest($4::text[], $5::text[], $6::int[], $7::int[]) AS given(ladder, tier, first, last)
JOIN current_standing s ON s.business_id = $1 AND s.ladder = given.ladder AND s.tier = given.tier
JOIN member m ON m.business_id = s.business_id AND m.member_id = s.member_id
WHERE m.status = 'active' AND m.member_id <> $3 AND (
    SELECT max(p.version) FROM program_version p
    WHERE p.business_id = $1 AND p.version <= m.rulebook_version
      AND (p.effective_at IS NULL OR p.effective_at <= m.folded_until)
) BETWEEN given.first AND given.last
"""
_ELECTORS = "SELECT count(*) FROM application_elector e WHERE e.business_id = $1 AND e.application_id = $2"
_IS_ELECTOR = """
SELECT EXISTS (
    SELECT FROM application_elector e
    WHERE e.business_id = $1 AND e.application_id = $2 AND e.member_id = $3)
"""
_BALLOTS = """
SELECT v.member_id, v.version, v.choice, v.cast_at FROM application_vote v
WHERE v.business_id = $1 AND v.application_id = $2
"""
_LAST_VOTE = """
SELECT coalesce(max(v.version), 0) FROM application_vote v
WHERE v.business_id = $1 AND v.application_id = $2 AND v.member_id = $3
"""


async def application(
    connection: Connection, business_id: UUID, application_id: UUID
) -> ApplicationRow | None:
    """An application; what it is once its member is locked."""
    row = await connection.fetchrow(_APPLICATION, business_id, application_id)
    return None if row is None else ApplicationRow(**dict(row))


async def open_applications(
    connection: Connection, business_id: UUID, member_id: UUID
) -> list[ApplicationRow]:
    """Those of a member that have not ended."""
    return [ApplicationRow(**dict(row)) for row in await connection.fetch(_OPEN, business_id, member_id)]


async def admissions(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], rule: str
) -> list[asyncpg.Record]:
    """The activities by which a rule admitted one of some members, the last one first."""
    return await connection.fetch(_ADMISSIONS, business_id, list(member_ids), rule)


async def insert_application(connection: Connection, row: Row) -> None:
    """Write an application."""
    await insert_rows(connection, Application, [row])


async def change_application(connection: Connection, row: Row) -> None:
    """Set what follows an application's events; the row names it by its key."""
    await update_rows(connection, Application, [row])


async def insert_event(connection: Connection, row: Row) -> None:
    """Write what happened to an application."""
    await insert_rows(connection, ApplicationEvent, [row])


async def fix_electorate(
    connection: Connection, business_id: UUID, application_id: UUID, applicant: UUID, tiers: Sequence[Row]
) -> None:
    """Write who may vote: the active members who stand on one of the tiers now, the applicant excepted.

    Each tier has its ``ladder``, its name ``tier``, and the numbers of the ``first`` and the ``last`` version
    in which it is called so: a member stands under the names of the version by which it was folded last.
    """
    columns = [[row[name] for row in tiers] for name in ("ladder", "tier", "first", "last")]
    await connection.execute(_FIX_ELECTORATE, business_id, application_id, applicant, *columns)


async def electors(connection: Connection, business_id: UUID, application_id: UUID) -> int:
    """How many may vote."""
    found: int = await connection.fetchval(_ELECTORS, business_id, application_id)
    return found


async def is_elector(
    connection: Connection, business_id: UUID, application_id: UUID, member_id: UUID
) -> bool:
    """Whether a member may vote."""
    found: bool = await connection.fetchval(_IS_ELECTOR, business_id, application_id, member_id)
    return found


async def ballots(connection: Connection, business_id: UUID, application_id: UUID) -> list[asyncpg.Record]:
    """Every version of every vote."""
    return await connection.fetch(_BALLOTS, business_id, application_id)


async def insert_vote(connection: Connection, row: Row) -> int:
    """Write the next version of an elector's vote, whose applicant is locked; its number."""
    version: int = 1 + await connection.fetchval(
        _LAST_VOTE, row["business_id"], row["application_id"], row["member_id"]
    )
    await insert_rows(connection, ApplicationVote, [{**row, "version": version}])
    return version
