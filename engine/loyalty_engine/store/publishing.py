"""What publishing a program writes: versions, partners, promotions and their budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, case, func, select, update

from loyalty_engine.entities import Account, Business, Partner, ProgramVersion, Promotion, Transfer
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A published version with everything that a further one is compared with."""

    program_version_id: UUID
    version: int
    source: str
    hash: str
    rule_versions: Mapping[str, str]
    effective_at: datetime | None
    published_at: datetime
    plan: str | None
    plan_hash: str | None


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What a funding partner opened for a promotion, in smallest units; None is without a limit.

    ``quota`` is how many awards there are of the promotion in all; None is any number.
    """

    promotion_id: UUID
    promotion: str
    owner: str
    currency: str
    funder: str | None
    opened: int | None
    quota: int | None


_business, _version = columns(Business), columns(ProgramVersion)
_partner, _promotion, _account, _transfer = (
    columns(Partner),
    columns(Promotion),
    columns(Account),
    columns(Transfer),
)

_LOCK_BUSINESS = Statement(
    select(_business.business_id)
    .where(_business.business_id == bindparam("business_id"))
    .with_for_update(key_share=True)
)
_VERSIONS = Statement(
    select(*(_version[name] for name in PublishedVersion.__slots__))
    .where(_version.business_id == bindparam("business_id"))
    .order_by(_version.version)
)
_RENAME = Statement(
    update(table(Business))
    .where(_business.business_id == bindparam("business"))
    .values(name=bindparam("new_name"), locale=bindparam("new_locale"))
)
_PARTNERS = Statement(
    select(_partner.key, _partner.partner_id).where(
        _partner.business_id == bindparam("business_id"),
        _partner.key == any_(bindparam("keys", type_=ARRAY(Text))),
    )
)
_FUNDING = Statement(
    select(_account.account_id).where(
        _account.business_id == bindparam("business_id"),
        _account.kind == "funding",
        _account.currency == bindparam("currency"),
    )
)

_owner = table(Partner).alias("owner")
_funder = table(Partner).alias("funder")
_budget = table(Account).alias("budget")
_quota = table(Account).alias("quota")


def _opened(account: Any) -> Any:
    return (
        select(func.coalesce(func.sum(_transfer.amount), 0))
        .where(
            _transfer.business_id == bindparam("business_id"),
            _transfer.effect_id.is_(None),  # transfers that open an account have none, and are few
            _transfer.credit_account_id == account.c.account_id,
        )
        .scalar_subquery()
    )


def _of_promotion(account: Any, kind: str) -> Any:
    return (
        (account.c.business_id == _promotion.business_id)
        & (account.c.promotion_id == _promotion.promotion_id)
        & (account.c.kind == kind)
    )


_BUDGETS = Statement(
    select(
        _promotion.promotion_id,
        _promotion.key.label("promotion"),
        _owner.c.key.label("owner"),
        _promotion.currency,
        _funder.c.key.label("funder"),
        case((_budget.c.balance.is_(None), None), else_=_opened(_budget)).label("opened"),
        case((_quota.c.balance.is_(None), None), else_=_opened(_quota)).label("quota"),
    )
    .select_from(
        table(Promotion)
        .join(
            _owner,
            (_owner.c.business_id == _promotion.business_id) & (_owner.c.partner_id == _promotion.partner_id),
        )
        .outerjoin(_budget, _of_promotion(_budget, "budget"))
        .outerjoin(_quota, _of_promotion(_quota, "quota"))
        .outerjoin(
            _funder,
            (_funder.c.business_id == _budget.c.business_id) & (_funder.c.partner_id == _budget.c.partner_id),
        )
    )
    .where(_promotion.business_id == bindparam("business_id"))
    .order_by(_promotion.key, _funder.c.key)
)


async def lock_business(connection: Connection, business_id: UUID) -> bool:
    """Lets one publication of a business run at a time; False when there is no such business."""
    return await _LOCK_BUSINESS.fetchrow(connection, business_id=business_id) is not None


async def published_versions(connection: Connection, business_id: UUID) -> list[PublishedVersion]:
    """All versions with their sources, in their order."""
    records = await _VERSIONS.fetch(connection, business_id=business_id)
    return [PublishedVersion(**dict(record)) for record in records]


_SAVED = """
SELECT source FROM program_draft WHERE business_id = $1 AND program_draft_id = $2
UNION ALL
SELECT source FROM program_version WHERE business_id = $1 AND program_version_id = $2
"""


async def saved_source(connection: Connection, business_id: UUID, program_id: UUID) -> str | None:
    """The file of a draft or of a published version; None where there is none."""
    found: str | None = await connection.fetchval(_SAVED, business_id, program_id)
    return found


async def insert_business(connection: Connection, row: Row) -> None:
    """Writes the business whose transaction this is."""
    await insert_rows(connection, Business, [row])


async def rename_business(connection: Connection, business_id: UUID, name: str, locale: str) -> None:
    """Takes the name and the language of a newly published program."""
    await _RENAME.execute(connection, business=business_id, new_name=name, new_locale=locale)


async def insert_version(connection: Connection, row: Row) -> None:
    """Writes one published version, for ever."""
    await insert_rows(connection, ProgramVersion, [row])


async def partners_by_key(connection: Connection, business_id: UUID, keys: Sequence[str]) -> dict[str, UUID]:
    """Which of the partners exist."""
    records = await _PARTNERS.fetch(connection, business_id=business_id, keys=list(keys))
    return {record["key"]: record["partner_id"] for record in records}


async def insert_partners(connection: Connection, rows: Sequence[Row]) -> None:
    """Writes partners; one that another transaction made meanwhile stays as it is."""
    await insert_rows(connection, Partner, rows, skip_existing=True)


async def promotion_budgets(connection: Connection, business_id: UUID) -> list[BudgetRow]:
    """Every promotion with each funding partner's opening; a promotion that nobody funds has one row."""
    records = await _BUDGETS.fetch(connection, business_id=business_id)
    return [BudgetRow(**_whole(dict(record))) for record in records]


async def funding_account(connection: Connection, business_id: UUID, currency: str) -> UUID | None:
    """The account from which budgets of a currency come."""
    found: UUID | None = await _FUNDING.fetchval(connection, business_id=business_id, currency=currency)
    return found


async def insert_promotions(
    connection: Connection, promotions: Sequence[Row], accounts: Sequence[Row], transfers: Sequence[Row]
) -> None:
    """Writes promotions, their accounts, and the transfers that open their budgets and quotas."""
    await insert_rows(connection, Promotion, promotions)
    await insert_rows(connection, Account, accounts)
    await insert_rows(connection, Transfer, transfers)


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """A sum arrives as a decimal."""
    sums = {name: values[name] for name in ("opened", "quota") if values[name] is not None}
    return {**values, **{name: int(value) for name, value in sums.items()}}
