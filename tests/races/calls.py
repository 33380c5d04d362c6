"""What callers of races ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.races.arena import Call


def enrolment(name: str, **given: Any) -> Call:
    return "enrolMember", {"externalId": name, "enrolledAt": "2026-01-05T09:00:00Z", **given}


def purchase(name: str, external_id: str, amount: str = "10", **given: Any) -> Call:
    wanted: Mapping[str, Any] = {
        "member": {"externalId": name},
        "kind": "purchase",
        "source": "till",
        "externalId": external_id,
        "occurredAt": "2026-03-01T10:00:00Z",
        "amount": amount,
        **given,
    }
    return "recordActivity", wanted


def returned(of: str, external_id: str, **given: Any) -> Call:
    wanted: Mapping[str, Any] = {
        "activity": {"natural": {"source": "till", "externalId": of}},
        "source": "desk",
        "externalId": external_id,
        "occurredAt": "2026-03-02T10:00:00Z",
        **given,
    }
    return "reverseActivity", wanted


def held(name: str, points: int) -> Call:
    wanted = {"member": {"externalId": name}, "points": {"amount": str(points)}}
    return "holdPoints", {**wanted, "expiresAt": "2026-06-16T12:00:00Z"}


def captured(hold: str) -> Call:
    return "captureHold", {"hold": hold}


def voided(hold: str) -> Call:
    return "voidHold", {"hold": hold}


def sent(sender: str, receiver: str, points: int) -> Call:
    by = {"sender": {"externalId": sender}, "receiver": {"externalId": receiver}}
    return "transferPoints", {**by, "points": {"amount": str(points)}}


def adjusted(name: str, points: int) -> Call:
    wanted = {"member": {"externalId": name}, "points": {"amount": str(points)}}
    return "adjustPoints", {**wanted, "reason": "goodwill"}


def paid(name: str, points: int, external_id: str) -> Call:
    wanted = {"member": {"externalId": name}, "source": "till", "externalId": external_id}
    return "payWithPoints", {**wanted, "points": str(points)}


def decided(adjustment: str, *, approve: bool = True) -> Call:
    return "decideAdjustment", {"adjustment": adjustment, "approve": approve}


def reward(key: str, price: int, **given: Any) -> Call:
    terms = {"names": [{"language": "en", "text": key}], "price": str(price)}
    return "createReward", {"key": key, "kind": "GOODS", "terms": terms, **given}


def stocked(key: str, units: int) -> Call:
    return "stockReward", {"reward": {"key": key}, "units": units}


def redeemed(name: str, key: str) -> Call:
    return "redeemReward", {"member": {"externalId": name}, "reward": {"key": key}}


def cancelled(redemption: str) -> Call:
    return "cancelRedemption", {"redemption": redemption}


def fulfilled(redemption: str) -> Call:
    return "fulfilRedemption", {"redemption": redemption}


def coupon(key: str, code: str, **given: Any) -> Call:
    return "createCoupon", {"key": key, "code": code, "onReturn": "RELEASE", **given}


def used(name: str, code: str, external_id: str) -> Call:
    wanted = {"member": {"externalId": name}, "source": "till", "externalId": external_id}
    return "useCoupon", {**wanted, "code": code}


def released(use: str) -> Call:
    return "releaseCouponUse", {"use": use}


def reopened(use: str) -> Call:
    return "reopenCouponUse", {"use": use}
