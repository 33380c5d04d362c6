"""Idempotency around every mutation: the same key gives the same outcome (BEHAVIOUR L2 to L7)."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from asyncpg import CheckViolationError

from loyalty_engine.clock import ClockJumped
from loyalty_engine.program import Finding
from loyalty_engine.services import checks
from loyalty_engine.services.application_commands import ApplicationChanged, VoteCast
from loyalty_engine.services.commands import (
    Adjusted,
    Batch,
    ClockSet,
    Enrolled,
    EnrolledBatch,
    Erased,
    MembersMerged,
    Paid,
    ParkedRule,
    Recorded,
    Settled,
    Transferred,
)
from loyalty_engine.services.coupon_commands import CouponCreated, CouponReleased, CouponUsed
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.services.program_commands import (
    ProgramPublished,
    ProgramSaved,
    SimulationCancelled,
    SimulationQueued,
)
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.reward_commands import (
    Redeemed,
    RedemptionCancelled,
    RedemptionFulfilled,
    RewardSaved,
    RewardStocked,
)
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import CLASHES
from loyalty_engine.store.json_text import json_text
from loyalty_engine.store.operations import (
    KnownOperation,
    StillRunning,
    finish_operation,
    once_it_is_free,
    take_operation,
)

BOUNDS = "_bounds_check"
"""How the names of constraints end that bound a number; breaking any other one is a defect."""


DEEPEST_HASHED = 32
"""Levels of input that are told apart; what is deeper is refused, whatever it is."""


class BeyondBounds(Exception):
    """The database refused a number: a figure, or a balance, would be more than 9 * 10^15."""


Done = TypeVar(
    "Done",
    Enrolled,
    Recorded,
    Batch,
    EnrolledBatch,
    ClockSet,
    Transferred,
    Adjusted,
    Paid,
    RewardSaved,
    RewardStocked,
    Redeemed,
    RedemptionCancelled,
    RedemptionFulfilled,
    Settled,
    Erased,
    MembersMerged,
    CouponCreated,
    CouponUsed,
    CouponReleased,
    ApplicationChanged,
    VoteCast,
    ProgramSaved,
    ProgramPublished,
    SimulationQueued,
    SimulationCancelled,
)
Work = Callable[[Connection, Business, datetime], Awaitable[Done]]


async def once(
    engine: Engine,
    caller: Caller,
    key: str,
    mutation: str,
    command: object,
    work: Work[Done],
    *,
    beyond_bounds: Callable[[], Awaitable[Done | Refusal]] | None = None,
) -> Done | Refusal:
    """Do the work under an idempotency key, or answer what came of it before.

    A refusal is an outcome like any other and is answered again, except where it is retryable. So is that a
    number is out of bounds, unless ``beyond_bounds`` says what is done then, under the same key.
    """
    try:
        key = checks.text(key, "idempotencyKey")
        digest = body_hash(mutation, command, secret=engine.secret_key)
        return await once_it_is_free(
            lambda: engine.database.write(
                caller.business_id,
                lambda connection: _attempt(engine, caller, key, mutation, digest, work, connection),
            )
        )
    except Refused as refused:
        return refused.refusal
    except BeyondBounds:
        if beyond_bounds is not None:
            return await beyond_bounds()
        refuse: Work[Done] = _out_of_bounds
        return await once(engine, caller, key, mutation, command, refuse)
    except CLASHES:
        return Refusal(RefusalCode.RETRYABLE, "try-again")
    except ClockJumped:
        return Refusal(RefusalCode.RETRYABLE, "clock-jumped")
    except ProgramUnavailable as unavailable:
        return Refusal(RefusalCode.CONFIG_INVALID, "program-unavailable", {"reason": str(unavailable)[:500]})
    except StillRunning:
        return Refusal(RefusalCode.IDEMPOTENCY_IN_PROGRESS, "idempotency-in-progress")


async def _out_of_bounds(_connection: Connection, _business: Business, _now: datetime) -> NoReturn:
    raise invalid("number-out-of-bounds")


async def _attempt(
    engine: Engine,
    caller: Caller,
    key: str,
    mutation: str,
    digest: bytes,
    work: Work[Done],
    connection: Connection,
) -> Done | Refusal:
    business = await engine.business(connection, caller.business_id)
    now = business.now()
    known = await take_operation(connection, caller.business_id, caller.actor, key, mutation, digest, now)
    if known is not None:
        return _replay(known, mutation, digest)  # type: ignore[return-value]
    outcome: Done | Refusal
    try:
        outcome = await work(connection, business, now)
    except CheckViolationError as error:
        if not (error.constraint_name or "").endswith(BOUNDS):
            raise
        raise BeyondBounds from error
    except Refused as refused:
        if refused.refusal.retryable:
            raise
        outcome = refused.refusal
    await finish_operation(connection, caller.business_id, caller.actor, key, encode(outcome))
    return outcome


def _replay(known: KnownOperation, mutation: str, digest: bytes) -> object:
    if (known.mutation, known.input_hash) != (mutation, digest):
        raise Refused(Refusal(RefusalCode.IDEMPOTENCY_CONFLICT, "idempotency-conflict"))
    outcome = decode(known.outcome)
    return outcome if isinstance(outcome, Refusal) else _replayed(outcome)


def _replayed(outcome: Any) -> object:
    values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    return type(outcome)(**{**values, "replayed": True})


def body_hash(*parts: object, secret: bytes = b"") -> bytes:
    """A digest of coerced input, for telling the same request from another one.

    Takes whatever comes from outside, because it is made before the input is checked. Input that may name a
    person is hashed under a secret, so that the digest does not give it away.
    """
    written = json_text([_plain(part, 0) for part in parts]).encode("utf-8", "surrogatepass")
    return hmac.new(secret, written, sha256).digest()


def _plain(value: object, depth: int) -> object:
    if depth > DEEPEST_HASHED:
        return "deeper"
    match value:
        case None | bool() | str() | UUID() | date():
            return value
        case Decimal():
            return _digits(value)
        case int():
            return hex(value)
        case Mapping():
            return {str(key): _plain(value[key], depth + 1) for key in sorted(value, key=str)}
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), depth + 1) for field in fields(value)}
    return repr(value)


def _digits(value: Decimal) -> str:
    """A number by its digits, alike however it is written, and no longer for a large exponent."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return str(value)
    written = "".join(map(str, digits))
    significant = written.rstrip("0")
    if not significant:
        return "0"
    return f"{'-' if sign else ''}{significant}E{exponent + len(written) - len(significant)}"


_TYPES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        Enrolled,
        Recorded,
        Batch,
        EnrolledBatch,
        ClockSet,
        Transferred,
        Adjusted,
        Paid,
        RewardSaved,
        RewardStocked,
        Redeemed,
        RedemptionCancelled,
        RedemptionFulfilled,
        Settled,
        Erased,
        MembersMerged,
        CouponCreated,
        CouponUsed,
        CouponReleased,
        ApplicationChanged,
        VoteCast,
        ProgramSaved,
        ProgramPublished,
        SimulationQueued,
        SimulationCancelled,
        Finding,
        Refusal,
        ParkedRule,
    )
}


def encode(outcome: object) -> object:
    """An outcome as JSON, with the name of its type."""
    match outcome:
        case UUID():
            return {"uuid": str(outcome)}
        case datetime():
            return {"instant": outcome.isoformat()}
        case Decimal():
            return {"decimal": str(outcome)}
        case tuple() | list():
            return [encode(item) for item in outcome]
        case Mapping():
            return {"map": {str(key): encode(item) for key, item in outcome.items()}}
        case RefusalCode():
            return {"code": outcome.value}
    if type(outcome).__name__ in _TYPES and is_dataclass(outcome):
        return {
            "type": type(outcome).__name__,
            "fields": {field.name: encode(getattr(outcome, field.name)) for field in fields(outcome)},
        }
    if outcome is None or isinstance(outcome, str | int | bool):
        return outcome
    raise TypeError(f"{type(outcome).__name__} is no part of an outcome")


def decode(stored: Any) -> object:
    """The outcome that was kept."""
    match stored:
        case {"type": str(name), "fields": dict(values)}:
            return _TYPES[name](**{key: decode(item) for key, item in values.items()})
        case {"uuid": str(value)}:
            return UUID(value)
        case {"instant": str(value)}:
            return datetime.fromisoformat(value)
        case {"decimal": str(value)}:
            return Decimal(value)
        case {"map": dict(values)}:
            return {key: decode(item) for key, item in values.items()}
        case {"code": str(value)}:
            return RefusalCode(value)
        case list():
            return tuple(decode(item) for item in stored)
    return stored
