"""The catalogue of rewards: made, given new terms, and stocked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.entities.reward import ON_RETURN, REWARD_KINDS, REWARD_STATES
from loyalty_engine.ids import new_id
from loyalty_engine.program import Program
from loyalty_engine.program.file import PointsSection
from loyalty_engine.services import checks
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.offers import MOST_UNITS, ahead, checked_key, count, worth
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import points_section, units_of
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.reward_commands import (
    CreateReward,
    RewardBy,
    RewardSaved,
    RewardStocked,
    StockReward,
    TermsInput,
    UpdateReward,
)
from loyalty_engine.services.reward_tiers import named_tier
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rewards import (
    OfferRow,
    insert_accounts,
    insert_reward,
    insert_terms,
    lock_stock,
    move_units,
    offer,
    stock_of,
    units_account,
)

Row = dict[str, Any]

LONGEST_REDEMPTION = 3660
MOST_TIERS = 50
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]+)?")


async def create_reward(
    engine: Engine, caller: Caller, key: str, command: CreateReward
) -> RewardSaved | Refusal:
    """Put a reward into the catalogue. Refused with ALREADY_EXISTS where its key is taken."""

    async def work(connection: Connection, business: Business, now: datetime) -> RewardSaved:
        program = (await engine.rulebook(connection, business.business_id)).in_force(now).program
        reward, section = _reward(program, command)
        terms = _terms(program, section, command.kind, command.terms, now)
        stock = count(command.stock, "stock", least=0)
        own = {"business_id": business.business_id, "reward_id": new_id()}
        made = {"credential_id": caller.credential_id}
        if not await insert_reward(connection, {**own, **reward, **made, "created_at": now}):
            known = await offer(connection, business.business_id, None, reward["key"])
            existing = None if known is None else known.reward_id
            raise Refused(Refusal(RefusalCode.ALREADY_EXISTS, "reward-exists", {}, ("key",), existing))
        await insert_terms(connection, {**own, **terms, **made, "version": 1, "recorded_at": now})
        await _open_stock(connection, business.business_id, own["reward_id"], stock, now)
        return RewardSaved(own["reward_id"], 1)

    return await once(engine, caller, key, "createReward", command, work)


async def update_reward(
    engine: Engine, caller: Caller, key: str, command: UpdateReward
) -> RewardSaved | Refusal:
    """Give a reward new terms; redemptions keep those under which they were made.

    Terms are versions that only grow, so that every redemption can say what was on offer to it.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> RewardSaved:
        reward_id = (await named_reward(connection, business.business_id, command.reward)).reward_id
        await lock_stock(connection, business.business_id, reward_id)
        known = await named_reward(connection, business.business_id, RewardBy(id=reward_id))
        program = (await engine.rulebook(connection, business.business_id)).in_force(now).program
        section = points_section(program, known.currency, "reward")
        row = {
            "business_id": business.business_id,
            "reward_id": reward_id,
            "version": known.version + 1,
            "recorded_at": now,
            "credential_id": caller.credential_id,
            **_terms(program, section, known.kind, command.terms, now),
        }
        await insert_terms(connection, row)
        return RewardSaved(reward_id, known.version + 1)

    return await once(engine, caller, key, "updateReward", command, work)


async def stock_reward(
    engine: Engine, caller: Caller, key: str, command: StockReward
) -> RewardStocked | Refusal:
    """Put units into stock or take some out. Refused with OUT_OF_STOCK where there are fewer."""

    async def work(connection: Connection, business: Business, now: datetime) -> RewardStocked:
        units = count(command.units, "units", least=-MOST_UNITS) or 0
        if not units:
            raise invalid("stock-of-nothing", "units")
        reward_id = (await named_reward(connection, business.business_id, command.reward)).reward_id
        stock = await lock_stock(connection, business.business_id, reward_id)
        if stock.balance is None:
            raise invalid("stock-unlimited", "reward")
        if stock.balance + units < 0:
            raise out_of_stock("units")
        left = count(stock.balance + units, "units", least=0) or 0
        code = "supply" if units > 0 else "write_off"
        await move_units(connection, business.business_id, reward_id, stock, code, abs(units), now)
        return RewardStocked(reward_id, left)

    return await once(engine, caller, key, "stockReward", command, work)


async def named_reward(connection: Connection, business_id: UUID, by: RewardBy) -> OfferRow:
    """The reward that is named, with the terms in force; refused with NOT_FOUND."""
    if (by.id is None) == (by.key is None):
        raise invalid("reward-named-once", "reward")
    key = None if by.key is None else checks.text(by.key, "reward", "key")
    found = await offer(connection, business_id, by.id, key)
    if found is None:
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "reward-not-found", {}, ("reward",)))
    return found


def out_of_stock(*path: str) -> Refused:
    """OUT_OF_STOCK."""
    return Refused(Refusal(RefusalCode.OUT_OF_STOCK, "out-of-stock", {}, path or None))


def _reward(program: Program, command: CreateReward) -> tuple[Row, PointsSection]:
    """What of a reward stays for ever."""
    key = checked_key(command.key, "key")
    if command.kind not in REWARD_KINDS:
        raise invalid("kind-unknown", "kind", kinds=", ".join(REWARD_KINDS))
    section = points_section(program, command.currency)
    if not section.redeemable:
        raise invalid("points-not-redeemable", "currency", currency=section.key)
    return {"key": key, "kind": command.kind, "currency": section.key, **_coupon(command)}, section


def _terms(program: Program, section: PointsSection, kind: str, terms: TermsInput, now: datetime) -> Row:
    """A version of terms within its bounds."""
    if terms.state not in REWARD_STATES:
        raise invalid("kind-unknown", "terms", "state", kinds=", ".join(REWARD_STATES))
    if len(terms.prices) > MOST_TIERS or len(terms.tiers) > MOST_TIERS:
        raise invalid("too-many", "terms", most=str(MOST_TIERS))
    starts = ahead(terms.valid_from, "terms", "validFrom") or now
    ends = ahead(terms.valid_until, "terms", "validUntil")
    if ends is not None and ends <= starts:
        raise invalid("ends-before-it-begins", "terms", "validUntil")
    return {
        "names": _names(terms.names),
        "price": units_of(section, terms.price, "terms", "price"),
        "prices": _prices(program, section, terms),
        "eligible": sorted({named_tier(program, each, "terms", "tiers") for each in terms.tiers}),
        **_value(kind, terms),
        "valid_from": starts,
        "valid_until": ends,
        "redemption_days": count(terms.redemption_days, "terms", "redemptionDays", most=LONGEST_REDEMPTION),
        "member_limit": count(terms.member_limit, "terms", "memberLimit"),
        "state": terms.state,
    }


def _names(names: Mapping[str, str]) -> dict[str, str]:
    if not 1 <= len(names) <= 30:
        raise invalid("name-wanted", "terms", "names")
    for language in names:
        if not _LANGUAGE.fullmatch(language):
            raise invalid("language-form", "terms", "names")
    return {language: checks.text(name, "terms", "names") for language, name in sorted(names.items())}


def _prices(program: Program, section: PointsSection, terms: TermsInput) -> dict[str, int]:
    found: dict[str, int] = {}
    for written, points in terms.prices:
        tier = named_tier(program, written, "terms", "prices")
        if tier in found:
            raise invalid("tier-named-twice", "terms", "prices", tier=tier)
        found[tier] = units_of(section, points, "terms", "prices")
    return found


def _value(kind: str, terms: TermsInput) -> Row:
    """How much a discount or a coupon is worth: money, or a percentage."""
    found = worth(terms.value_amount, terms.value_percent, "terms")
    is_given = any(value is not None for value in found.values())
    if is_given and kind not in ("discount", "coupon"):
        raise invalid("value-of-a-discount", "terms", "valueAmount")
    if not is_given and kind == "discount":
        raise invalid("value-of-money-or-percent", "terms", "valueAmount")
    return found


def _coupon(command: CreateReward) -> Row:
    """Who may use the coupons that a reward gives, and what a return does with their uses."""
    if (command.kind == "coupon") != (command.coupon is not None):
        raise invalid("coupon-of-its-kind", "coupon")
    if command.coupon is None:
        return {"coupon_bearer": None, "coupon_on_return": None}
    if command.coupon.on_return not in ON_RETURN:
        raise invalid("kind-unknown", "coupon", "onReturn", kinds=", ".join(ON_RETURN))
    return {"coupon_bearer": command.coupon.bearer, "coupon_on_return": command.coupon.on_return}


async def _open_stock(
    connection: Connection, business_id: UUID, reward_id: UUID, units: int | None, now: datetime
) -> None:
    """The account of a reward's units, with the first of them; None is without a limit."""
    balance = None if units is None else 0
    await insert_accounts(connection, [units_account(business_id, "stock", reward_id, balance, now)])
    if units:
        stock = await stock_of(connection, business_id, reward_id)
        await move_units(connection, business_id, reward_id, stock, "supply", units, now)
