"""Using coupons by their codes, releasing what was used, and reopening it (BEHAVIOUR L27 to L29, L33).

Whatever keeps a code from being used, the answer is the same. Decisions are made under lock: the member's
first, then the coupon's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.amounts import EXACT
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, refuse_sources
from loyalty_engine.services.codes import code_hash, normal_code
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.coupon_commands import CouponReleased, CouponUsed, UseCoupon
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.ended import refuse_left
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members
from loyalty_engine.services.merged import part_of, who_goes_on
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.undoing import undo_decided
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.coupons import (
    CouponRow,
    coupon_by_hash,
    coupon_use,
    insert_use,
    lock_coupon,
    places_of_uses,
    release_uses,
)
from loyalty_engine.store.facts import known_facts
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.rewards import end_redemption, redemption

Row = dict[str, Any]
SMALLEST = Decimal("0.0001")
HUNDRED = Decimal(100)


async def use_coupon(engine: Engine, caller: Caller, key: str, command: UseCoupon) -> CouponUsed | Refusal:
    """Use a coupon, as an activity of the member.

    Refused with CODE_NOT_USABLE for every code that this member cannot use now, whatever the reason; with
    ALREADY_EXISTS for an activity that was recorded before; INVALID_INPUT where it would take nothing off.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> CouponUsed:
        natural = (checks.source(command.source, "source"), checks.text(command.external_id, "externalId"))
        purchase, amount = _purchase(command), _amount(command)
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        known = await known_facts(connection, business.business_id, [natural])
        if natural in known:
            raise Refused(already_recorded(known[natural].fact_id, *natural))
        coupon = await _usable(engine, connection, deciding, member, command.code)
        place = await _place(connection, business.business_id, member.member_id, coupon)
        if place is None:
            raise not_usable()
        discount = _discount(coupon, amount)
        row = {
            "coupon_use_id": new_id(),
            "purchase_source": purchase[0],
            "purchase_external_id": purchase[1],
            "amount": amount,
            "discount": discount,
            "reopens_use_id": None,
        }
        return await _write(deciding, connection, member, coupon, {**row, "place": place}, natural)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "useCoupon", command, work)


async def release_coupon_use(
    engine: Engine, caller: Caller, key: str, use_id: UUID
) -> CouponReleased | Refusal:
    """Give a use back: the coupon can be used once more. Refused with ALREADY_REVERSED or NOT_FOUND."""

    async def work(connection: Connection, business: Business, _now: datetime) -> CouponReleased:
        deciding = Deciding(engine, caller, connection, business)
        member, use, _ = await _locked(deciding, engine, caller, connection, use_id)
        if use["released_fact_id"] is not None:
            raise Refused(Refusal(RefusalCode.ALREADY_REVERSED, "coupon-use-released", {}, ("use",)))
        undone = await undo_decided(deciding, caller, connection, member, use_id)
        row = {
            "business_id": business.business_id,
            "coupon_use_id": use_id,
            "released_at": deciding.instant(member),
            "released_fact_id": undone.fact_id,
        }
        await release_uses(connection, [row])
        return CouponReleased(use_id, use["coupon_id"], member.member_id, undone.fact_id, undone.effect_ids)

    return await once(engine, caller, key, "releaseCouponUse", use_id, work)


async def reopen_coupon_use(engine: Engine, caller: Caller, key: str, use_id: UUID) -> CouponUsed | Refusal:
    """Use a coupon again as it was used by a use that was released, if it still may be.

    Refused with QUOTA_EXCEEDED where it was used up meanwhile, ALREADY_EXISTS where it was reopened before,
    MEMBER_BLOCKED where the member has left.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> CouponUsed:
        deciding = Deciding(engine, caller, connection, business)
        member, use, coupon = await _locked(deciding, engine, caller, connection, use_id)
        if use["reopened_by"] is not None:
            refusal = Refusal(
                RefusalCode.ALREADY_EXISTS, "coupon-use-reopened", {}, ("use",), use["reopened_by"]
            )
            raise Refused(refusal)
        if use["released_fact_id"] is None:
            raise invalid("coupon-use-not-released", "use")
        await refuse_left(connection, business.business_id, member, "use")
        place = await _place(connection, business.business_id, member.member_id, coupon)
        if place is None:
            raise Refused(Refusal(RefusalCode.QUOTA_EXCEEDED, "coupon-used-up", {}, ("use",)))
        kept = ("purchase_source", "purchase_external_id", "amount", "discount")
        row = {name: use[name] for name in kept} | {"coupon_use_id": new_id(), "reopens_use_id": use_id}
        return await _write(deciding, connection, member, coupon, {**row, "place": place}, None)

    return await once(engine, caller, key, "reopenCouponUse", use_id, work)


def not_usable() -> Refused:
    """The one answer for unknown, foreign, expired, used and too early codes."""
    return Refused(Refusal(RefusalCode.CODE_NOT_USABLE, "code-not-usable", {}, ("code",)))


async def _usable(
    engine: Engine, connection: Connection, deciding: Deciding, member: MemberRow, written: str
) -> CouponRow:
    """The coupon of a code, locked, which this member may use now as far as time and person go."""
    business_id, at = deciding.business.business_id, deciding.instant(member)
    code = normal_code(written)
    if code is None:
        raise not_usable()
    coupon_id = await coupon_by_hash(connection, business_id, code_hash(engine.secret_key, business_id, code))
    if coupon_id is None:
        raise not_usable()
    coupon = await lock_coupon(connection, business_id, coupon_id)
    is_over = coupon.valid_until is not None and coupon.valid_until <= at
    is_foreign = coupon.member_id is not None and coupon.member_id not in await part_of(
        connection, business_id, member.member_id
    )
    if is_over or is_foreign or at < coupon.valid_from:
        raise not_usable()
    if coupon.redemption_id is not None:
        given_by = await redemption(connection, business_id, coupon.redemption_id)
        if given_by is None or given_by["cancelled_at"] is not None:
            raise not_usable()
    return coupon


async def _place(connection: Connection, business_id: UUID, member_id: UUID, coupon: CouponRow) -> int | None:
    """The first place that none of the uses of the person has; None where the coupon is used up."""
    if coupon.use_limit is not None and coupon.used >= coupon.use_limit:
        return None
    owners = await part_of(connection, business_id, await who_goes_on(connection, business_id, member_id))
    taken = await places_of_uses(connection, business_id, coupon.coupon_id, owners)
    if coupon.member_limit is not None and len(taken) >= coupon.member_limit:
        return None
    return min(set(range(1, len(taken) + 2)) - set(taken))


async def _write(
    deciding: Deciding,
    connection: Connection,
    member: MemberRow,
    coupon: CouponRow,
    use: Row,
    natural: tuple[str, str] | None,
) -> CouponUsed:
    business_id, at = deciding.business.business_id, deciding.instant(member)
    about = {} if coupon.key is None else {"coupon": coupon.key}
    purchase = (
        {}
        if use["purchase_source"] is None
        else {"purchase": [use["purchase_source"], use["purchase_external_id"]]}
    )
    decided = Decided(
        member,
        "coupon",
        attributes={**about, **purchase},
        fact_id=use["coupon_use_id"],
        natural=natural,
    )
    (recorded,) = await deciding.record(decided)
    own = {"business_id": business_id, "coupon_id": coupon.coupon_id, "member_id": member.member_id}
    await insert_use(connection, {**own, **use, "member_limit": coupon.member_limit, "used_at": at})
    await _fulfil(connection, business_id, coupon, at)
    return CouponUsed(
        recorded.fact_id, coupon.coupon_id, member.member_id, use["discount"], recorded.effect_ids
    )


async def _fulfil(connection: Connection, business_id: UUID, coupon: CouponRow, at: datetime) -> None:
    """The member who redeemed points for the coupon has what it was for."""
    if coupon.redemption_id is None:
        return
    given_by = await redemption(connection, business_id, coupon.redemption_id)
    if given_by is not None and given_by["fulfilled_at"] is None:
        row = {"business_id": business_id, "redemption_id": coupon.redemption_id, "fulfilled_at": at}
        await end_redemption(connection, row)


async def _locked(
    deciding: Deciding, engine: Engine, caller: Caller, connection: Connection, use_id: UUID
) -> tuple[MemberRow, asyncpg.Record, CouponRow]:
    """A use with its member and its coupon, both locked."""
    business_id = deciding.business.business_id
    named = await coupon_use(connection, business_id, use_id)
    by = [] if named is None else [MemberBy(id=named["member_id"])]
    if named is None or not await found_members(connection, engine, caller, by):
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "coupon-use-not-found", {}, ("use",)))
    (member,) = await deciding.lock_ids([named["member_id"]])
    coupon = await lock_coupon(connection, business_id, named["coupon_id"])
    use = await coupon_use(connection, business_id, use_id)
    if use is None:
        raise LookupError("a use is never removed")
    return member, use, coupon


def _purchase(command: UseCoupon) -> tuple[str | None, str | None]:
    if command.purchase is None:
        return None, None
    source, external_id = command.purchase
    return (
        checks.text(source, "purchase", "source", longest=64),
        checks.text(external_id, "purchase", "externalId"),
    )


def _amount(command: UseCoupon) -> Decimal | None:
    amount = checks.amount(command.amount, "amount")
    if amount is not None and amount < 0:
        raise invalid("coupon-without-effect", "amount")
    return amount


def _discount(coupon: CouponRow, amount: Decimal | None) -> Decimal | None:
    """What the coupon takes off the amount, never more than it; refused where that is nothing.

    The till rounds it to its money. None where the coupon has no value, or no amount was said.
    """
    if amount is None or (coupon.value_amount is None and coupon.value_percent is None):
        return None
    off = coupon.value_amount
    if coupon.value_percent is not None:
        share = EXACT.divide(EXACT.multiply(amount, coupon.value_percent), HUNDRED)
        off = share.quantize(SMALLEST, rounding=ROUND_DOWN, context=EXACT)
    discount = min(off or Decimal(0), amount)
    if not discount:
        raise invalid("coupon-without-effect", "amount")
    return discount
