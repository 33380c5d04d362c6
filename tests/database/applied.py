"""Applications, one that is voted on and one that has ended, for statements about them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from loyalty_engine.entities import Application, ApplicationElector, ApplicationEvent, ApplicationVote
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows
from tests.database.world import NOON, World


async def applied(connection: Connection, world: World, member_id: UUID, elector: UUID) -> dict[str, object]:
    """A vote of one elector is open; another vote was closed, and its application rejected."""
    opened = _application(world, member_id, step="vote", closes_at=NOON + timedelta(days=9), event_count=1)
    ended = _application(world, member_id, state="rejected", ended_at=NOON, event_count=2)
    await insert_rows(connection, Application, [opened, ended])
    first = world.row(
        application_id=opened["application_id"],
        number=1,
        kind="applied",
        occurred_at=NOON,
        recorded_at=NOON,
    )
    counted = {"electors": 3, "in_favour": 1, "against": 2, "abstained": 0, "result": "lost", "step": "vote"}
    closed = {**first, "application_id": ended["application_id"], "number": 2, "kind": "closed", **counted}
    await insert_rows(connection, ApplicationEvent, [first])
    await insert_rows(connection, ApplicationEvent, [closed])
    may_vote = world.row(application_id=opened["application_id"], member_id=elector)
    await insert_rows(connection, ApplicationElector, [may_vote])
    await insert_rows(
        connection, ApplicationVote, [{**may_vote, "version": 1, "choice": "against", "cast_at": NOON}]
    )
    return {"application": opened["application_id"], "ended": ended["application_id"]}


def _application(world: World, member_id: UUID, **values: object) -> Row:
    standard: dict[str, object] = {
        "application_id": new_id(),
        "member_id": member_id,
        "rule": "admission",
        "program_version_id": world.program_version_id,
        "kind": "entry",
        "state": "open",
        "step": None,
        "opened_at": NOON,
        "closes_at": None,
        "ended_at": None,
    }
    return world.row(**{**standard, **values})
