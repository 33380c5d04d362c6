"""Simulations that wait, run and are kept, and the members of a past period in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from loyalty_engine.entities import Simulation
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.rows import Row, insert_rows


@dataclass(frozen=True, slots=True)
class SimulationWork:
    """A simulation as a worker takes it up: what is tried, and how far it is."""

    simulation_id: UUID
    kind: str
    source: str | None
    plan: str | None
    effective_at: datetime | None
    from_at: datetime | None
    until_at: datetime | None
    sample: int | None
    rulebook_version: int
    state: str
    attempts: int
    members: int | None
    members_done: int
    after_member_id: UUID | None
    through_member_id: UUID | None
    chosen: list[Any] | None
    counted: dict[str, Any] | None
    moved: dict[str, Any] | None

    def further(self, members: int, after: UUID | None, counted: dict[str, Any], *, done: bool) -> Advanced:
        """How far it is when some more members, up to one of them, are done."""
        so_far = self.members_done + members
        return Advanced(
            so_far if done else max(so_far, self.members or 0),
            so_far,
            after,
            self.through_member_id,
            None if done else self.chosen,
            counted,
            None,
            done,
        )


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a simulation is after a chunk; with `done` it has ended, and `counted` is its result.

    Without `moved` the members who are named stay the same.
    """

    members: int
    members_done: int
    after_member_id: UUID | None
    through_member_id: UUID | None
    chosen: list[Any] | None
    counted: dict[str, Any]
    moved: dict[str, Any] | None
    done: bool


_WORK = f"""
SELECT {", ".join(f"s.{each.name}" for each in fields(SimulationWork))}
FROM simulation s
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running')
"""  # noqa: S608
_BEGIN = """
UPDATE simulation s SET attempts = s.attempts + 1
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running')
"""
_OPEN = """
SELECT s.simulation_id FROM simulation s
WHERE s.business_id = $1 AND s.state IN ('queued', 'running') ORDER BY s.asked_at, s.simulation_id
"""
_ADVANCE = """
UPDATE simulation s
SET state = CASE WHEN $10 THEN 'done' ELSE 'running' END, started_at = coalesce(s.started_at, $3),
    heartbeat_at = $3, ended_at = CASE WHEN $10 THEN $3::timestamptz END, chunks = s.chunks + 1, attempts = 0,
    members = $4, members_done = $5, after_member_id = $6, through_member_id = $7, chosen = $8, counted = $9,
    moved = coalesce($11, s.moved)
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running')
"""
_TELL = """
UPDATE simulation s SET heartbeat_at = $3, members_done = $4
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running')
"""
_FAIL = """
UPDATE simulation s SET state = 'failed', failure = $3, ended_at = $4, heartbeat_at = $4
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running') AND s.attempts >= $5
"""
_CANCEL = """
UPDATE simulation s SET state = 'cancelled', ended_at = $3
WHERE s.business_id = $1 AND s.simulation_id = $2 AND s.state IN ('queued', 'running')
"""
_EXISTS = "SELECT s.state FROM simulation s WHERE s.business_id = $1 AND s.simulation_id = $2"
_TOO_MANY = """
SELECT s.simulation_id FROM simulation s
WHERE s.business_id = $1 AND s.ended_at IS NOT NULL AND s.source IS NOT NULL
ORDER BY s.asked_at DESC, s.simulation_id DESC OFFSET $2
"""
_FORGET = """
UPDATE simulation s SET source = NULL, chosen = NULL, counted = NULL, moved = NULL
WHERE s.business_id = $1 AND s.simulation_id = ANY ($2::uuid[])
"""
_JOINED = """
SELECT m.member_id, count(*) OVER () AS members FROM member m
WHERE m.business_id = $1 AND m.enrolled_at < $2 ORDER BY m.member_id DESC LIMIT 1
"""
_JOINED_AFTER = f"""
SELECT {", ".join(f"m.{name}" for name in MemberRow.__slots__)} FROM member m
WHERE m.business_id = $1 AND m.enrolled_at < $2 AND ($3::uuid IS NULL OR m.member_id > $3)
  AND m.member_id <= $4
ORDER BY m.member_id LIMIT 200
"""  # noqa: S608


async def insert_simulation(connection: Connection, row: Row) -> None:
    """Writes a simulation that waits for a worker."""
    await insert_rows(connection, Simulation, [row])


async def open_simulations(connection: Connection, business_id: UUID) -> list[UUID]:
    """Those that wait or run, the earliest first."""
    return [row["simulation_id"] for row in await connection.fetch(_OPEN, business_id)]


async def open_simulation(
    connection: Connection, business_id: UUID, simulation_id: UUID
) -> SimulationWork | None:
    """The simulation as it is now; None where it has ended."""
    row = await connection.fetchrow(_WORK, business_id, simulation_id)
    return None if row is None else SimulationWork(**dict(row))


async def begin_chunk(connection: Connection, business_id: UUID, simulation_id: UUID) -> None:
    """Count an attempt at the next chunk, which `advance_simulation` forgets when the chunk is done."""
    await connection.execute(_BEGIN, business_id, simulation_id)


def simulation_lock(simulation_id: UUID) -> int:
    """The lock that a worker holds during a chunk; who cancels the simulation does not wait for it."""
    return int.from_bytes(sha256(b"simulation" + simulation_id.bytes).digest()[:8], "big", signed=True)


async def advance_simulation(
    connection: Connection, business_id: UUID, simulation_id: UUID, at: datetime, to: Advanced
) -> bool:
    """Write what a chunk came to; False where it was cancelled meanwhile."""
    written = (to.members, to.members_done, to.after_member_id, to.through_member_id, to.chosen, to.counted)
    done = await connection.execute(_ADVANCE, business_id, simulation_id, at, *written, to.done, to.moved)
    return done == "UPDATE 1"


async def tell_simulation(
    connection: Connection, business_id: UUID, simulation_id: UUID, at: datetime, members_done: int
) -> bool:
    """Write how many members of a piece that is not done are done; False where it was cancelled."""
    done = await connection.execute(_TELL, business_id, simulation_id, at, members_done)
    return done == "UPDATE 1"


async def fail_simulation(
    connection: Connection,
    business_id: UUID,
    simulation_id: UUID,
    failure: str,
    at: datetime,
    attempts: int,
) -> None:
    """End a simulation without a result, if its chunk was begun at least so often, unless it has ended."""
    await connection.execute(_FAIL, business_id, simulation_id, failure, at, attempts)


async def end_simulation(
    connection: Connection, business_id: UUID, simulation_id: UUID, at: datetime
) -> bool | None:
    """Cancel a simulation; False where it has ended, None where there is none."""
    if await connection.execute(_CANCEL, business_id, simulation_id, at) == "UPDATE 1":
        return True
    return None if await connection.fetchval(_EXISTS, business_id, simulation_id) is None else False


async def forget_simulations(connection: Connection, business_id: UUID, kept: int) -> None:
    """Forget the files, results and members of those that have ended, but for the latest ones."""
    ids = [row["simulation_id"] for row in await connection.fetch(_TOO_MANY, business_id, kept)]
    if ids:
        await connection.execute(_FORGET, business_id, ids)


async def last_joined(connection: Connection, business_id: UUID, before: datetime) -> tuple[UUID | None, int]:
    """The last by id of the members who joined before an instant, and how many there are."""
    row = await connection.fetchrow(_JOINED, business_id, before)
    return (None, 0) if row is None else (row["member_id"], row["members"])


async def joined_after(
    connection: Connection, business_id: UUID, before: datetime, after: UUID | None, last: UUID
) -> list[MemberRow]:
    """The next 200 of them in the order of their ids, none beyond the last."""
    rows = await connection.fetch(_JOINED_AFTER, business_id, before, after, last)
    return [MemberRow(**dict(row)) for row in rows]
