"""A promise about members' rows, said in one statement that finds what breaks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty_engine.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Broken:
    """A number that is not what the entries make it; ``member_id`` is None where it is of no member."""

    member_id: UUID | None
    what: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class Promise:
    """``text`` takes the business and members' ids, and finds at most one row with the columns of Broken."""

    name: str
    says: str
    text: str

    async def broken(
        self, connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
    ) -> Broken | None:
        """The first of these members' rows that breaks it."""
        row = await connection.fetchrow(self.text, business_id, list(member_ids))
        return None if row is None else Broken(**dict(row))
