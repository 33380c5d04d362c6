"""A business's published programs, partners, and promotions with their budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, exists, func, select

from loyalty_engine.entities import Account, Partner, ProgramDraft, ProgramVersion, Promotion, Transfer
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import Page, Slice, Sort, page_of, seek_values, sliced
from loyalty_engine.store.reads.view import (
    View,
    ViewStatement,
    of_business,
    of_partner,
    one_of_ids,
    rows_of,
)
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version without its source."""

    program_version_id: UUID
    version: int
    hash: str
    effective_at: datetime | None
    published_at: datetime


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A program file that was saved."""

    program_draft_id: UUID
    source: str


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner."""

    partner_id: UUID
    key: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A promotion, keyed by the rule that decides it; both numbers of awards are None without a quota."""

    promotion_id: UUID
    key: str
    partner_id: UUID
    currency: str
    created_at: datetime
    quota: int | None
    quota_left: int | None


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What a partner funds of a promotion, in smallest units; both numbers are None without a limit."""

    promotion_id: UUID
    partner_id: UUID
    currency: str
    left: int | None
    opened: int | None


_version, _partner, _promotion = columns(ProgramVersion), columns(Partner), columns(Promotion)
_account, _transfer = columns(Account), columns(Transfer)
_draft = columns(ProgramDraft)


def _partners(held: bool) -> Any:
    return select(*(_partner[name] for name in PartnerRow.__slots__)).where(
        of_business(_partner), *of_partner(_partner.partner_id, held)
    )


def _promotions(held: bool) -> Any:
    of_quota = {"quota": _OPENED_QUOTA, "quota_left": _quota.c.balance}
    return (
        select(*(of_quota[name] if name in of_quota else _promotion[name] for name in PromotionRow.__slots__))
        .select_from(
            table(Promotion).outerjoin(
                _quota,
                (_quota.c.business_id == _promotion.business_id)
                & (_quota.c.promotion_id == _promotion.promotion_id)
                & (_quota.c.kind == "quota"),
            )
        )
        .where(of_business(_promotion), *of_partner(_promotion.partner_id, held))
    )


def _opened(account_id: Any, owner: Any) -> Any:
    """What the transfers that opened an account brought, or null."""
    return (
        select(func.sum(_transfer.amount))
        .where(
            of_business(_transfer), _transfer.effect_id.is_(None), _transfer.credit_account_id == account_id
        )
        .correlate(owner)
        .scalar_subquery()
    )


_quota = table(Account).alias("quota")
_OPENED_QUOTA = cast(_opened(_quota.c.account_id, _quota), BigInteger)

_VERSIONS = Statement(
    select(*(_version[name] for name in VersionRow.__slots__)).where(
        of_business(_version), one_of_ids(_version.program_version_id)
    )
)
_DRAFTS = Statement(
    select(*(_draft[name] for name in DraftRow.__slots__)).where(
        of_business(_draft), one_of_ids(_draft.program_draft_id)
    )
)
_LATEST_DRAFTS = Statement(
    select(*(_draft[name] for name in DraftRow.__slots__))
    .where(
        of_business(_draft),
        ~exists().where(
            of_business(_version),
            _version.hash == _draft.hash,
            _version.published_at >= _draft.created_at,
        ),
    )
    .order_by(_draft.created_at.desc(), _draft.program_draft_id.desc())
    .limit(100)
)
_PARTNERS_BY_ID = ViewStatement(lambda held: _partners(held).where(one_of_ids(_partner.partner_id)))
_PROMOTIONS_BY_ID = ViewStatement(lambda held: _promotions(held).where(one_of_ids(_promotion.promotion_id)))
_OPENED = _opened(_account.account_id, table(Account))
_BUDGETS = ViewStatement(
    lambda held: (
        select(
            _account.promotion_id,
            _account.partner_id,
            _account.currency,
            _account.balance,
            case((_account.balance.is_not(None), cast(func.coalesce(_OPENED, 0), BigInteger))),
        )
        .where(
            of_business(_account),
            _account.kind == "budget",
            one_of_ids(_account.promotion_id),
            *of_partner(_account.partner_id, held),
        )
        .order_by(_account.promotion_id, _account.partner_id)
    )
)


async def versions_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, VersionRow]:
    """Published versions by id."""
    records = await _VERSIONS.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {row.program_version_id: row for row in rows_of(VersionRow, records)}


async def drafts_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, DraftRow]:
    """Drafts by id."""
    records = await _DRAFTS.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {row.program_draft_id: row for row in rows_of(DraftRow, records)}


async def latest_drafts(connection: Connection, view: View) -> list[DraftRow]:
    """The latest 100 drafts whose file was not published since, the latest first."""
    return rows_of(DraftRow, await _LATEST_DRAFTS.fetch(connection, business_id=view.business_id))


async def partners_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, PartnerRow]:
    """Partners by id; a partner sees itself alone."""
    found = rows_of(PartnerRow, await _PARTNERS_BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.partner_id: row for row in found}


async def promotions_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, PromotionRow]:
    """Promotions by id; a partner sees its own alone."""
    found = rows_of(PromotionRow, await _PROMOTIONS_BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.promotion_id: row for row in found}


async def budgets(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, list[BudgetRow]]:
    """The budgets of promotions, by promotion; a partner sees its own alone."""
    found: dict[UUID, list[BudgetRow]] = {}
    for row in rows_of(BudgetRow, await _BUDGETS.fetch(connection, view, ids=list(ids))):
        found.setdefault(row.promotion_id, []).append(row)
    return found


async def partner_page(connection: Connection, view: View, slice_: Slice) -> Page[PartnerRow]:
    """A page of partners by key."""
    statement = _partner_page(slice_.size, slice_.backward, slice_.beyond is not None)
    return page_of(
        rows_of(PartnerRow, await statement.fetch(connection, view, **seek_values(slice_))), slice_
    )


async def promotion_page(connection: Connection, view: View, slice_: Slice) -> Page[PromotionRow]:
    """A page of promotions by key."""
    statement = _promotion_page(slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, view, **seek_values(slice_))
    return page_of(rows_of(PromotionRow, records), slice_)


@lru_cache(maxsize=256)
def _partner_page(size: int, backward: bool, seeking: bool) -> ViewStatement:
    sort = Sort((_partner.key,))
    return ViewStatement(lambda held: sliced(_partners(held), sort, size, backward, seeking))


@lru_cache(maxsize=256)
def _promotion_page(size: int, backward: bool, seeking: bool) -> ViewStatement:
    sort = Sort((_promotion.key,))
    return ViewStatement(lambda held: sliced(_promotions(held), sort, size, backward, seeking))
