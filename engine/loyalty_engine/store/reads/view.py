"""With whose eyes a statement reads: those of a business, or of one of its partners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, bindparam, exists, or_, select
from sqlalchemy.sql.elements import ClauseElement

from loyalty_engine.entities import Fact, Member, Merge
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import table

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class View:
    """A business, and the partner to whose linked members and own rows a reader is held, if to any."""

    business_id: UUID
    partner_id: UUID | None = None


class ViewStatement:
    """One statement in two forms: for a whole business, and for one of its partners.

    ``build`` is told whether to hold the rows to the partner ``:partner_id``.
    """

    def __init__(self, build: Callable[[bool], ClauseElement]) -> None:
        self._whole = Statement(build(False))
        self._held = Statement(build(True))

    async def fetch(self, connection: Connection, view: View, **values: Any) -> list[asyncpg.Record]:
        """All rows that the view may see."""
        if view.partner_id is None:
            return await self._whole.fetch(connection, business_id=view.business_id, **values)
        return await self._held.fetch(
            connection, business_id=view.business_id, partner_id=view.partner_id, **values
        )


def of_business(columns: Any) -> Any:
    """That a row belongs to the business, said by the statement itself."""
    return columns.business_id == bindparam("business_id", type_=Uuid)


def one_of_ids(column: Any, name: str = "ids") -> Any:
    """That a column is among an array of ids."""
    return column == any_(bindparam(name, type_=ARRAY(Uuid)))


def of_partner(column: Any, held: bool) -> Sequence[Any]:
    """That a row is the partner's own, where the view is held to one."""
    return (column == bindparam("partner_id", type_=Uuid),) if held else ()


def linked(member_id: Any, held: bool) -> Sequence[Any]:
    """That a member is linked to the partner: it, or one that went into it, joined or was active there."""
    if not held:
        return ()
    merge = table(Merge).alias("linked_merge").c
    absorbed = exists(
        select(1).where(
            of_business(merge), merge.survivor_id == member_id, or_(*_at_partner(merge.absorbed_id))
        )
    )
    return (or_(*_at_partner(member_id), absorbed),)


def _at_partner(member_id: Any) -> Sequence[Any]:
    member, fact = table(Member).alias("linked_member").c, table(Fact).alias("linked_fact").c
    partner = bindparam("partner_id", type_=Uuid)
    joined = exists(
        select(1).where(of_business(member), member.member_id == member_id, member.partner_id == partner)
    )
    active = exists(
        select(1).where(
            of_business(fact),
            fact.member_id == member_id,
            fact.type == "activity",
            fact.partner_id == partner,
        )
    )
    return joined, active


def rows_of(row_class: type[Row], records: Sequence[asyncpg.Record]) -> list[Row]:
    """Records as rows whose fields stand in the order of the columns."""
    return [row_class(*record) for record in records]
