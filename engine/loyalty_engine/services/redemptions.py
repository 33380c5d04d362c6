"""Redeeming rewards, and how redemptions end: fulfilled, cancelled, or when their time is up.

What is redeemed is decided under lock: the member's first, then that of the reward's units. Whether the time
of a redemption is up is seen by whoever looks; nobody has to write it down.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import Program
from loyalty_engine.rating import Moved, State
from loyalty_engine.rating.objecting import RedemptionRuleFailed, objection_to
from loyalty_engine.rules import Redemption
from loyalty_engine.services import checks
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.coupons import issued
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members
from loyalty_engine.services.merged import part_of
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import insufficient, points_section
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.reward_commands import (
    CancelRedemption,
    Redeemed,
    RedeemReward,
    RedemptionCancelled,
    RedemptionFulfilled,
)
from loyalty_engine.services.reward_tiers import Price, is_eligible, price_for
from loyalty_engine.services.rewards import named_reward, out_of_stock
from loyalty_engine.services.undoing import undo_decided
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.coupons import coupon_of_redemption, insert_coupon, lock_coupon
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.rewards import (
    OfferRow,
    end_redemption,
    insert_redemption,
    lock_stock,
    move_units,
    places_taken,
    redemption,
    stock_of,
)

_logger = logging.getLogger(__name__)

Row = dict[str, Any]


async def redeem_reward(
    engine: Engine, caller: Caller, key: str, command: RedeemReward
) -> Redeemed | Refusal:
    """Spend points on a reward, all of it or nothing.

    Refused with INSUFFICIENT_POINTS, OUT_OF_STOCK, QUOTA_EXCEEDED where the member has redeemed it as often
    as it may, NOT_FOUND, INVALID_INPUT where it is not on offer now or not to this member or a rule objects,
    or RULE_FAILED where a rule that might object fails.
    """

    codes: dict[str, str] = {}

    async def work(connection: Connection, business: Business, _now: datetime) -> Redeemed:
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        offered = await named_reward(connection, business.business_id, command.reward)
        redeemed, row = await _redeem(deciding, connection, member, offered)
        if offered.kind == "coupon":
            coupon = issued(engine, caller, offered, row, deciding.now)
            await insert_coupon(connection, coupon.row)
            codes["code"] = coupon.code
        return redeemed

    outcome = await once(engine, caller, key, "redeemReward", command, work)
    if isinstance(outcome, Refusal) or outcome.replayed:
        return outcome
    return replace(outcome, code=codes.get("code"))


async def _redeem(
    deciding: Deciding, connection: Connection, member: MemberRow, offered: OfferRow
) -> tuple[Redeemed, Row]:
    business_id, at = deciding.business.business_id, deciding.instant(member)
    _on_offer(offered, at)
    state = await deciding.state(member)
    price = _price(deciding.program, state, offered)
    _ask_rules(deciding, state, offered, price, at)
    place = await _place(connection, business_id, member.member_id, offered)
    delivery_id = await _deliver(connection, business_id, offered.reward_id, deciding.now)
    tier = {} if price.tier is None else {"tier": price.tier}
    decided = Decided(
        member,
        "redemption",
        Moved(offered.currency, -price.units),
        attributes={"reward": offered.key, **tier},
    )
    (recorded,) = await deciding.record(decided)
    row = {
        "business_id": business_id,
        "redemption_id": recorded.fact_id,
        "member_id": member.member_id,
        "reward_id": offered.reward_id,
        "version": offered.version,
        "price": price.units,
        "tier": price.tier,
        "place": place,
        "member_limit": offered.member_limit,
        "redeemed_at": at,
        "expires_at": _end(deciding.business, at, offered.redemption_days),
        "delivery_transfer_id": delivery_id,
    }
    await insert_redemption(connection, row)
    return Redeemed(recorded.fact_id, member.member_id, recorded.effect_ids), row


def _on_offer(offered: OfferRow, at: datetime) -> None:
    ended = offered.valid_until is not None and offered.valid_until <= at
    if offered.state != "active" or at < offered.valid_from or ended:
        raise invalid("reward-not-on-offer", "reward")


def _price(program: Program, state: State, offered: OfferRow) -> Price:
    """What it costs the member, who has so many points."""
    if not is_eligible(program, state, offered.eligible):
        raise invalid("reward-not-for-tier", "member", tiers=", ".join(offered.eligible))
    section = points_section(program, offered.currency, "reward")
    price = price_for(program, state, offered.price, offered.prices)
    available = state.wallet(offered.currency).available
    if available < price.units:
        raise insufficient(section, available, price.units)
    return price


def _ask_rules(deciding: Deciding, state: State, offered: OfferRow, price: Price, at: datetime) -> None:
    """Refused where a rule objects, and with RULE_FAILED where one fails: nobody knows what it would say."""
    program = deciding.program
    points = from_smallest_units(price.units, program.points[offered.currency].section.decimals)
    wanted = Redemption(
        offered.key, offered.kind, offered.currency, points, local_day(at, deciding.business.zone)
    )
    try:
        objection = objection_to(program, state, wanted)
    except RedemptionRuleFailed as error:
        _logger.exception("business %s: a rule failed at a redemption", deciding.business.business_id)
        failed = {"rule": error.failed.rule}
        raise Refused(Refusal(RefusalCode.RULE_FAILED, "rule-failed", failed, ("reward",))) from error
    if objection is not None:
        raise invalid("redemption-objected", "reward", rule=objection[0], reason=objection[1])


async def _place(connection: Connection, business_id: UUID, member_id: UUID, offered: OfferRow) -> int:
    """The first place that none of the member's redemptions of the reward has."""
    owners = await part_of(connection, business_id, member_id)
    taken = await places_taken(connection, business_id, offered.reward_id, owners)
    if offered.member_limit is not None and len(taken) >= offered.member_limit:
        limit = {"limit": str(offered.member_limit)}
        raise Refused(Refusal(RefusalCode.QUOTA_EXCEEDED, "reward-limit-reached", limit, ("reward",)))
    return min(set(range(1, len(taken) + 2)) - set(taken))


async def _deliver(connection: Connection, business_id: UUID, reward_id: UUID, now: datetime) -> UUID | None:
    """Take one unit out of stock; None where units are unlimited, and nobody waits for anybody."""
    if (await stock_of(connection, business_id, reward_id)).balance is None:
        return None
    stock = await lock_stock(connection, business_id, reward_id)
    if not stock.balance:
        raise out_of_stock("reward")
    return await move_units(connection, business_id, reward_id, stock, "deliver", 1, now)


def _end(business: Business, at: datetime, days: int | None) -> datetime | None:
    """The end of the local day so many days after."""
    if days is None:
        return None
    return first_instant(local_day(at, business.zone) + timedelta(days=days + 1), business.zone)


async def cancel_redemption(
    engine: Engine, caller: Caller, key: str, command: CancelRedemption
) -> RedemptionCancelled | Refusal:
    """Give points back to the lots that they came from, and the unit to the stock.

    Points whose end has come meanwhile are gone at once. Refused with ALREADY_REVERSED where it was cancelled
    before, and INVALID_INPUT where it was fulfilled or its time is up.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> RedemptionCancelled:
        reason = checks.optional_text(command.reason, "reason", longest=500)
        deciding = Deciding(engine, caller, connection, business)
        member, row = await _open(deciding, engine, caller, connection, command.redemption)
        restock_id = await _restock(connection, business.business_id, row, deciding.now)
        undone = await undo_decided(deciding, caller, connection, member, command.redemption, reason)
        await end_redemption(
            connection,
            {
                "business_id": business.business_id,
                "redemption_id": command.redemption,
                "cancelled_at": deciding.instant(member),
                "cancelled_fact_id": undone.fact_id,
                "restock_transfer_id": restock_id,
            },
        )
        section = points_section(deciding.program, row["currency"], "redemption")
        back = {section.key: from_smallest_units(row["price"], section.decimals)}
        return RedemptionCancelled(
            command.redemption, member.member_id, undone.fact_id, undone.effect_ids, back
        )

    return await once(engine, caller, key, "cancelRedemption", command, work)


async def fulfil_redemption(
    engine: Engine, caller: Caller, key: str, redemption_id: UUID
) -> RedemptionFulfilled | Refusal:
    """Say that the member has what was redeemed: it is not given back any more.

    Refused with ALREADY_REVERSED where it was cancelled, and INVALID_INPUT where it was fulfilled before or
    its time is up.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> RedemptionFulfilled:
        deciding = Deciding(engine, caller, connection, business)
        member, opened = await _open(deciding, engine, caller, connection, redemption_id)
        if opened["kind"] == "coupon":
            raise invalid("redemption-of-a-coupon", "redemption")
        row = {"business_id": business.business_id, "redemption_id": redemption_id}
        await end_redemption(connection, {**row, "fulfilled_at": deciding.instant(member)})
        return RedemptionFulfilled(redemption_id, member.member_id)

    return await once(engine, caller, key, "fulfilRedemption", redemption_id, work)


async def _open(
    deciding: Deciding, engine: Engine, caller: Caller, connection: Connection, redemption_id: UUID
) -> tuple[MemberRow, asyncpg.Record]:
    """The redemption and its member, locked, if it is still open."""
    business_id = deciding.business.business_id
    named = await redemption(connection, business_id, redemption_id)
    by = [] if named is None else [MemberBy(id=named["member_id"])]
    if named is None or not await found_members(connection, engine, caller, by):
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "redemption-not-found", {}, ("redemption",)))
    (member,) = await deciding.lock_ids([named["member_id"]])
    coupon_id = await coupon_of_redemption(connection, business_id, redemption_id)
    if coupon_id is not None:
        await lock_coupon(connection, business_id, coupon_id)
    row = await redemption(connection, business_id, redemption_id)
    if row is None:
        raise LookupError("a redemption is never removed")
    if row["cancelled_at"] is not None:
        raise Refused(Refusal(RefusalCode.ALREADY_REVERSED, "redemption-cancelled", {}, ("redemption",)))
    if row["fulfilled_at"] is not None:
        raise invalid("redemption-fulfilled", "redemption")
    if row["expires_at"] is not None and row["expires_at"] <= deciding.instant(member):
        raise invalid("redemption-expired", "redemption", expiresAt=row["expires_at"].isoformat())
    return member, row


async def _restock(
    connection: Connection, business_id: UUID, row: asyncpg.Record, now: datetime
) -> UUID | None:
    if row["delivery_transfer_id"] is None:
        return None
    stock = await lock_stock(connection, business_id, row["reward_id"])
    return await move_units(
        connection,
        business_id,
        row["reward_id"],
        stock,
        "restock",
        1,
        now,
        reverses=row["delivery_transfer_id"],
    )
