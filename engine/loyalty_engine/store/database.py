"""The way to PostgreSQL: a pool in which every connection works for one business at a time."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Self, TypeVar, cast
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection, FurtherMembers

ATTEMPTS = 5
"""How often a write is tried when it met a deadlock or a serialization failure, or was overtaken."""

STATEMENTS_KEPT = 1000

Outcome = TypeVar("Outcome")


class Overtaken(Exception):
    """Another transaction has recorded meanwhile what this one was about to; the next attempt sees it."""


CLASHES = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Overtaken)


class UnsafeRoleError(RuntimeError):
    """The role of this connection could see or change what belongs to other businesses."""

    code = "unsafe_role"


class Database:
    """A pool of connections, and the only five ways to use one.

    What is in `on_statement` is called with the text of every statement; an empty list costs nothing.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self.on_statement: list[Callable[[str], None]] = []

    @classmethod
    async def connect(cls, url: str, *, min_size: int = 1, max_size: int = 10) -> Self:
        """Opens the pool; `url` is `postgresql://...`."""
        pool = await asyncpg.create_pool(
            url,
            min_size=min_size,
            max_size=max_size,
            connection_class=Connection,
            init=_prepare,
            reset=_send_nothing,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            server_settings={"application_name": "loyalty", "timezone": "UTC", "jit": "off"},
        )
        return cls(pool)

    async def close(self) -> None:
        """Closes every connection when its work is done."""
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def reading(self, business_id: UUID) -> AsyncIterator[Connection]:
        """A connection that sees this business; each statement is a transaction of its own."""
        async with self._acquired() as connection:
            await connection.choose(business_id)
            yield connection

    @contextlib.asynccontextmanager
    async def writing(
        self, business_id: UUID, further: frozenset[UUID] = frozenset()
    ) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction for this business, rolled back by any exception.

        Where it locks members it locks ``further`` ones with them.
        """
        async with self._acquired() as connection, connection.writing(business_id, further):
            yield connection

    @contextlib.asynccontextmanager
    async def snapshot(self, business_id: UUID) -> AsyncIterator[Connection]:
        """One transaction in which every statement sees this business as it was at the first one."""
        async with self._acquired() as connection, connection.snapshot(business_id):
            yield connection

    @contextlib.asynccontextmanager
    async def alone(self, lock: int) -> AsyncIterator[Connection | None]:
        """A connection for several transactions, which holds a lock; None while another one holds it."""
        async with self._acquired() as connection, connection.alone(lock) as held:
            yield connection if held else None

    @contextlib.asynccontextmanager
    async def crossing(self) -> AsyncIterator[Connection]:
        """A connection that sees no business's rows, for what belongs to none (the schema's version)."""
        async with self._acquired() as connection:
            await connection.choose(None)
            yield connection

    async def write(self, business_id: UUID, work: Callable[[Connection], Awaitable[Outcome]]) -> Outcome:
        """Does the work in one transaction, and again in a new one after a clash, up to ATTEMPTS times.

        It is also done again, with more members locked, as long as it raises FurtherMembers for others. The
        work must not keep anything from an attempt that failed.
        """
        attempt, further = 1, frozenset[UUID]()
        while True:
            try:
                async with self.writing(business_id, further) as connection:
                    return await work(connection)
            except FurtherMembers as needed:
                if needed.member_ids <= further:
                    raise
                further |= needed.member_ids
            except CLASHES:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(random.uniform(0.0, 0.005 * 2**attempt))  # noqa: S311 - nobody guesses a pause
                attempt += 1

    async def authenticate(self, key_id: str) -> asyncpg.Record | None:
        """The credential of a key, also a revoked or expired one; the caller compares the hash."""
        async with self._acquired() as connection:
            return await connection.fetchrow("SELECT * FROM authenticate($1)", key_id)

    async def due(self, now: datetime, at_most: int) -> list[asyncpg.Record]:
        """What waits to be done in any business (business_id, work, member_id, next_boundary_at).

        The work is `boundary`, for a member whose next boundary has come, a sandbox's own clock counting
        instead of `now`; `vote`, for a member with a vote to close; `events`, for a business with events to
        publish; `simulation`, for one with simulations that wait or run; or `repair`, for one with members at
        which a rule failed. Businesses take turns, each with its earliest members first.
        """
        async with self._acquired() as connection:
            return await connection.fetch("SELECT * FROM due($1, $2)", now, at_most)

    @contextlib.asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        async with self._pool.acquire() as acquired:
            connection = cast("Connection", acquired)
            if not self.on_statement:
                yield connection
                return
            connection.add_query_logger(self._tell)
            try:
                yield connection
            finally:
                connection.remove_query_logger(self._tell)
                await asyncio.sleep(0)  # asyncpg tells of a statement in the loop's next turn

    def _tell(self, logged: Any) -> None:
        for listener in self.on_statement:
            listener(logged.query)


async def _prepare(connection: Any) -> None:
    await connection.prepare_values()


async def _send_nothing(connection: Any) -> None:
    """Spares the round trip of asyncpg's reset; what was left open is rolled back before this is called."""


async def refuse_unsafe_role(connection: Connection) -> None:
    """Raises UnsafeRoleError unless row-level security holds this connection's role to one business."""
    role = await connection.fetchrow(
        """
        SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
               coalesce(pg_has_role(r.oid, to_regrole('loyalty_app'), 'USAGE'), false) AS is_app,
               EXISTS (SELECT FROM pg_class c
                       WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind = 'r'
                         AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns
        FROM pg_roles r WHERE r.rolname = session_user
        """
    )
    if role is None:
        raise UnsafeRoleError("The role of this connection is not known to the server.")
    wrong = {
        "is a superuser": role["superuser"],
        "bypasses row-level security": role["bypasses"],
        "owns tables of the engine, or is a member of their owner": role["owns"],
        "is not a member of loyalty_app": not role["is_app"],
    }
    reasons = [reason for reason, holds in wrong.items() if holds]
    if reasons:
        raise UnsafeRoleError(
            f"The server does not start as {role['name']}, because this role {' and '.join(reasons)}. "
            "Connect as loyalty_app, or as a role that is a member of it and of nothing else."
        )
