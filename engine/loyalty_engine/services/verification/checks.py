"""What a check is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from loyalty_engine.rating import Rulebook
from loyalty_engine.services.engine import Business, Engine
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.verification.promises import Broken, Promise

UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What stored rows raise that say what cannot be: that they do is a difference too."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some members of a business as they are in one snapshot, with the rulebook in it."""

    connection: Connection
    business: Business
    rulebook: Rulebook
    members: Mapping[UUID, MemberRow]

    @property
    def business_id(self) -> UUID:
        """The business."""
        return self.business.business_id

    @property
    def ids(self) -> list[UUID]:
        """The members' ids, in their order."""
        return list(self.members)


class MemberCheck(Protocol):
    """Proves one promise for a chunk of members; ``says`` is the promise in words."""

    @property
    def name(self) -> str:
        """By what it is known, for ever."""

    @property
    def says(self) -> str:
        """What it proves."""

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first thing that is not so."""


class BusinessCheck(Protocol):
    """Proves one promise for a business as a whole, in as many snapshots as it needs."""

    @property
    def name(self) -> str:
        """By what it is known, for ever."""

    @property
    def says(self) -> str:
        """What it proves."""

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first thing that is not so."""


@dataclass(frozen=True, slots=True)
class Said:
    """A check that one statement makes."""

    promise: Promise

    @property
    def name(self) -> str:
        """The promise's."""
        return self.promise.name

    @property
    def says(self) -> str:
        """The promise in words."""
        return self.promise.says

    async def first(self, chunk: Chunk) -> Broken | None:
        """What the statement finds."""
        return await self.promise.broken(chunk.connection, chunk.business_id, chunk.ids)
