"""One connection of the pool, which knows the business it last worked for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from loyalty_engine.store.json_text import json_text, json_value

if TYPE_CHECKING:
    _PlainConnection = asyncpg.Connection[asyncpg.Record]
else:
    _PlainConnection = asyncpg.Connection

_SET_FOR_SESSION = "SELECT set_config('loyalty.business_id', $1, false)"
_NOT_KNOWN = object()


class FurtherMembers(Exception):
    """A transaction needs members that it did not lock: it begins again and locks them with the others."""

    def __init__(self, member_ids: frozenset[UUID]) -> None:
        super().__init__(f"{len(member_ids)} further members are needed")
        self.member_ids = member_ids


class NotCommittedError(RuntimeError):
    """The transaction was rolled back by the server, because a statement in it had failed."""

    code = "not_committed"


class Connection(_PlainConnection):
    """A connection that remembers the business its session is set to, and sets it only when it changes."""

    _remembered: object = _NOT_KNOWN
    further: frozenset[UUID] = frozenset()
    """The members that the transaction locks besides those that it asks for."""
    locked: frozenset[UUID] = frozenset()
    """The members that the transaction has locked."""

    async def prepare_values(self) -> None:
        """Makes JSON arrive as values; all else arrives as asyncpg has it (UUID, Decimal, UTC instants)."""
        await self.set_type_codec("jsonb", encoder=json_text, decoder=json_value, schema="pg_catalog")

    async def choose(self, business_id: UUID | None) -> None:
        """Sets the session to a business, or to none; only outside a transaction, which could take it back.

        The memory is cleared before and written after, so that a failure in between is never remembered.
        """
        if self._remembered == business_id:
            return
        if self.is_in_transaction():
            raise RuntimeError("The business of a session is changed outside a transaction only.")
        self._remembered = _NOT_KNOWN
        await self.execute(_SET_FOR_SESSION, "" if business_id is None else str(business_id))
        self._remembered = business_id

    async def begin(self, business_id: UUID, further: frozenset[UUID] = frozenset()) -> None:
        """Begins a transaction for the business, whatever the session is set to, in one round trip."""
        self.further, self.locked = further, frozenset()
        setting = UUID(bytes=business_id.bytes)
        await self.execute(
            f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL loyalty.business_id = '{setting}'"
        )

    async def begin_snapshot(self, business_id: UUID) -> None:
        """Begins a transaction that sees the business as it is now, writes nothing, and makes nobody wait."""
        setting = UUID(bytes=business_id.bytes)
        await self.execute(
            f"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL loyalty.business_id = '{setting}'"
        )

    @contextlib.asynccontextmanager
    async def writing(self, business_id: UUID, further: frozenset[UUID] = frozenset()) -> AsyncIterator[None]:
        """One READ COMMITTED transaction for the business, rolled back by any exception."""
        try:
            await self.begin(business_id, further)
            yield
            await self.commit()
        except BaseException:
            await asyncio.shield(self.rollback())
            raise

    @contextlib.asynccontextmanager
    async def snapshot(self, business_id: UUID) -> AsyncIterator[None]:
        """One transaction in which every statement sees the business as it was at the first one."""
        try:
            await self.begin_snapshot(business_id)
            yield
        finally:
            await asyncio.shield(self.rollback())

    @contextlib.asynccontextmanager
    async def alone(self, lock: int) -> AsyncIterator[bool]:
        """Holds a lock over several transactions, but no longer than the connection stands.

        False: another connection holds it.
        """
        held: bool | None = None
        try:
            held = await self.fetchval("SELECT pg_try_advisory_lock($1)", lock)
            yield bool(held)
        finally:
            if held is not False and not self.is_closed():
                await asyncio.shield(self.fetchval("SELECT pg_advisory_unlock($1)", lock))

    def have_locked(self, member_ids: Iterable[UUID]) -> None:
        """Notes that members are locked until the transaction ends."""
        self.locked |= frozenset(member_ids)

    async def commit(self) -> None:
        """Commits; raises NotCommittedError where the server rolls back instead, which is no error to it."""
        outcome = await self.execute("COMMIT")
        if outcome != "COMMIT":
            raise NotCommittedError("A statement of this transaction had failed, so nothing was written.")

    async def rollback(self) -> None:
        """Takes back the open transaction, if there is one and the server is still there."""
        if not self.is_closed() and self.is_in_transaction():
            await self.execute("ROLLBACK")
