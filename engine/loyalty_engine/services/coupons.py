"""Making coupons: by the business, or for a redemption that gives one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.entities.reward import ON_RETURN
from loyalty_engine.ids import new_id
from loyalty_engine.services.codes import FEWEST_SYMBOLS, code_hash, new_code, normal_code
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.coupon_commands import CouponCreated, CreateCoupon
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import checked_member, found_members, member_not_found
from loyalty_engine.services.offers import ahead, checked_key, count, worth
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.reward_commands import RewardBy
from loyalty_engine.services.rewards import named_reward
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.coupons import coupon_by_key, insert_coupon
from loyalty_engine.store.rewards import OfferRow

Row = dict[str, Any]


async def create_coupon(
    engine: Engine, caller: Caller, key: str, command: CreateCoupon
) -> CouponCreated | Refusal:
    """Make a coupon. A code that was made here is shown in this answer, and never again.

    Refused with ALREADY_EXISTS where its key is taken.
    """
    made: dict[str, str] = {}

    async def work(connection: Connection, business: Business, now: datetime) -> CouponCreated:
        row = {
            "business_id": business.business_id,
            "coupon_id": new_id(),
            **_checked(command, now),
            "member_id": await _bound_to(connection, engine, caller, command.member),
            "reward_id": await _good_for(connection, business.business_id, command.reward),
            "created_at": now,
            "credential_id": caller.credential_id,
        }
        code = _own_code(command.code)
        if code is None:
            made["code"] = new_code()
            code = normal_code(made["code"]) or ""
        row["code_hash"] = code_hash(engine.secret_key, business.business_id, code)
        if not await insert_coupon(connection, row):
            existing = await coupon_by_key(connection, business.business_id, row["key"])
            if existing is None:
                raise invalid("code-taken", "code")
            raise Refused(Refusal(RefusalCode.ALREADY_EXISTS, "coupon-exists", {}, ("key",), existing))
        return CouponCreated(row["coupon_id"])

    outcome = await once(engine, caller, key, "createCoupon", command, work)
    if isinstance(outcome, Refusal) or outcome.replayed:
        return outcome
    return replace(outcome, code=made.get("code"))


@dataclass(frozen=True, slots=True)
class Issued:
    """A coupon that a redemption gives: its row, and its code, which is kept nowhere."""

    row: Row
    code: str


def issued(engine: Engine, caller: Caller, offered: OfferRow, redemption: Row, now: datetime) -> Issued:
    """A coupon for one use, as good as its redemption, for its member or for whoever has the code."""
    code, business_id = new_code(), redemption["business_id"]
    row = {
        "business_id": business_id,
        "coupon_id": new_id(),
        "key": None,
        "code_hash": code_hash(engine.secret_key, business_id, normal_code(code) or ""),
        "use_limit": 1,
        "member_limit": None,
        "used": 0,
        "member_id": None if offered.coupon_bearer else redemption["member_id"],
        "reward_id": offered.reward_id,
        "redemption_id": redemption["redemption_id"],
        "value_amount": offered.value_amount,
        "value_percent": offered.value_percent,
        "on_return": offered.coupon_on_return,
        "valid_from": min(now, redemption["redeemed_at"]),
        "valid_until": redemption["expires_at"],
        "created_at": redemption["redeemed_at"],
        "credential_id": caller.credential_id,
    }
    return Issued(row, code)


def _checked(command: CreateCoupon, now: datetime) -> Row:
    if command.on_return not in ON_RETURN:
        raise invalid("kind-unknown", "onReturn", kinds=", ".join(ON_RETURN))
    starts, ends = ahead(command.valid_from, "validFrom") or now, ahead(command.valid_until, "validUntil")
    if ends is not None and ends <= starts:
        raise invalid("ends-before-it-begins", "validUntil")
    return {
        "key": checked_key(command.key, "key"),
        "use_limit": count(command.limit, "limit"),
        "member_limit": count(command.member_limit, "memberLimit"),
        "used": 0,
        "redemption_id": None,
        **worth(command.value_amount, command.value_percent),
        "on_return": command.on_return,
        "valid_from": starts,
        "valid_until": ends,
    }


def _own_code(written: str | None) -> str | None:
    """A code of one's own, which is long enough; None where there is none."""
    if written is None:
        return None
    code = normal_code(written)
    if code is None or len(code) < FEWEST_SYMBOLS:
        raise invalid("code-form", "code", fewest=str(FEWEST_SYMBOLS))
    return code


async def _bound_to(
    connection: Connection, engine: Engine, caller: Caller, named: MemberBy | None
) -> UUID | None:
    if named is None:
        return None
    by = checked_member(named)
    found = await found_members(connection, engine, caller, [by])
    if by not in found:
        raise member_not_found()
    return found[by]


async def _good_for(connection: Connection, business_id: UUID, named: RewardBy | None) -> UUID | None:
    return None if named is None else (await named_reward(connection, business_id, named)).reward_id
