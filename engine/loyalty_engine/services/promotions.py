"""Partners and promotions as a program's rules name them, with the budgets and quotas that they open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.amounts import MAXIMUM
from loyalty_engine.program import Finding, Program
from loyalty_engine.rules import PromotionTerms
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import AWARDS
from loyalty_engine.store.publishing import (
    BudgetRow,
    funding_account,
    insert_partners,
    insert_promotions,
    partners_by_key,
    promotion_budgets,
)
from loyalty_engine.store.rows import Row

PARTNER_KEY_LENGTH_MAX = 64
QUOTA_MAX = 2_000_000_000

Known = Mapping[str, Sequence[BudgetRow]]
"""The promotions that exist, by key, with a row for each funding partner."""


@dataclass
class _Opening:
    """What is to be written."""

    promotions: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    transfers: list[Row] = field(default_factory=list)


async def known_promotions(connection: Connection, business_id: UUID) -> Known:
    """What earlier versions opened."""
    known: dict[str, list[BudgetRow]] = {}
    for row in await promotion_budgets(connection, business_id):
        known.setdefault(row.promotion, []).append(row)
    return known


def promotion_findings(program: Program, known: Known) -> Iterator[Finding]:
    """Errors where a promotion cannot be opened or became another one; warnings where a number stays."""
    paths = {section.id: f"rules.{index}.config" for index, section in enumerate(program.file.rules)}
    for key, terms in program.promotions.items():
        for partner in sorted({terms.partner, *terms.budgets}):
            if not 1 <= len(partner) <= PARTNER_KEY_LENGTH_MAX:
                yield Finding(
                    paths[key],
                    f"a partner's key has at most {PARTNER_KEY_LENGTH_MAX} characters: {partner!r}",
                )
        for partner in terms.budgets:
            if (opened_units(program, terms, partner) or 0) > MAXIMUM:
                yield Finding(paths[key], f"the budget of {partner!r} is larger than an account can hold")
        if terms.quota is not None and not 1 <= terms.quota <= QUOTA_MAX:
            yield Finding(paths[key], f"a quota is from 1 to {QUOTA_MAX} awards, not {terms.quota}")
        if key in known:
            yield from _changes(paths[key], program, terms, known[key])


def _changes(
    path: str, program: Program, terms: PromotionTerms, rows: Sequence[BudgetRow]
) -> Iterator[Finding]:
    first = rows[0]
    if (first.owner, first.currency) != (terms.partner, terms.currency):
        yield Finding(
            path,
            f"this promotion is of {first.owner!r} in {first.currency!r} since it was first published: "
            "give the rule another id",
        )
        return
    if (first.quota is None) != (terms.quota is None):
        had = "no quota" if first.quota is None else "a quota"
        yield Finding(
            path, f"this promotion has had {had} since it was first published: give the rule another id"
        )
    elif first.quota != terms.quota:
        yield Finding(path, f"the quota stays as it was opened, at {first.quota} awards", "warning")
    for row in rows:
        if row.funder is None or row.funder not in terms.budgets:
            continue
        opened = opened_units(program, terms, row.funder)
        if row.opened is not None and opened is None:
            yield Finding(
                path,
                f"the budget of {row.funder!r} was opened with a limit: give the rule another id",
            )
        elif row.opened != opened:
            yield Finding(path, f"the budget of {row.funder!r} stays as it was opened", "warning")


def opened_units(program: Program, terms: PromotionTerms, partner: str) -> int | None:
    """A partner's budget in smallest units; None is without a limit."""
    points = terms.budgets[partner]
    decimals = program.points[terms.currency].section.decimals
    return None if points is None else points * 10**decimals


async def open_promotions(
    connection: Connection, business_id: UUID, program: Program, known: Known, now: datetime
) -> None:
    """Makes the partners, promotions, quotas and budgets that do not exist yet; what exists is left alone."""
    partners = await _partners(connection, business_id, program, now)
    opening = _Opening()
    for key, terms in program.promotions.items():
        rows = known.get(key, ())
        promotion_id = rows[0].promotion_id if rows else new_id()
        if not rows:
            opening.promotions.append(
                {
                    "business_id": business_id,
                    "promotion_id": promotion_id,
                    "key": key,
                    "partner_id": partners[terms.partner],
                    "currency": terms.currency,
                    "created_at": now,
                }
            )
            if terms.quota is not None:
                quota = _account(business_id, "quota", AWARDS, now, promotion_id)
                await _fund(connection, opening, quota, terms.quota)
        funded = {row.funder for row in rows}
        for partner in terms.budgets:
            if partner not in funded:
                budget = _account(business_id, "budget", terms.currency, now, promotion_id, partners[partner])
                await _fund(connection, opening, budget, opened_units(program, terms, partner))
    await insert_promotions(connection, opening.promotions, opening.accounts, opening.transfers)


async def _partners(
    connection: Connection, business_id: UUID, program: Program, now: datetime
) -> dict[str, UUID]:
    """The ids of all partners that promotions name; a new one is called by its key."""
    wanted = sorted({key for terms in program.promotions.values() for key in (terms.partner, *terms.budgets)})
    missing = set(wanted) - set(await partners_by_key(connection, business_id, wanted))
    rows = [
        {"business_id": business_id, "partner_id": new_id(), "key": key, "name": key, "created_at": now}
        for key in sorted(missing)
    ]
    await insert_partners(connection, rows)
    return await partners_by_key(connection, business_id, wanted)


async def _fund(connection: Connection, opening: _Opening, budget: Row, units: int | None) -> None:
    """Opens a budget or a quota, with a transfer of what is in it; None is without a limit."""
    opening.accounts.append({**budget, "balance": None if units is None else 0})
    if not units:
        return
    source = await _funding(connection, opening, budget)
    opening.transfers.append(
        {
            "business_id": budget["business_id"],
            "transfer_id": new_id(),
            "effect_id": None,
            "member_id": None,
            "code": "open_budget",
            "currency": budget["currency"],
            "debit_account_id": source,
            "credit_account_id": budget["account_id"],
            "amount": units,
            "effective_at": budget["created_at"],
            "recorded_at": budget["created_at"],
        }
    )


async def _funding(connection: Connection, opening: _Opening, budget: Row) -> UUID:
    """The account from which budgets of the currency, or quotas, come, made at the first one."""
    for account in opening.accounts:
        if (account["promotion_id"], account["currency"]) == (None, budget["currency"]):
            made: UUID = account["account_id"]
            return made
    found = await funding_account(connection, budget["business_id"], budget["currency"])
    if found is not None:
        return found
    source = _account(budget["business_id"], "funding", budget["currency"], budget["created_at"])
    opening.accounts.append(source)
    new: UUID = source["account_id"]
    return new


def _account(
    business_id: UUID,
    kind: str,
    currency: str,
    now: datetime,
    promotion_id: UUID | None = None,
    partner_id: UUID | None = None,
) -> Row:
    return {
        "business_id": business_id,
        "account_id": new_id(),
        "kind": kind,
        "currency": currency,
        "member_id": None,
        "promotion_id": promotion_id,
        "partner_id": partner_id,
        "balance": None,
        "created_at": now,
    }
