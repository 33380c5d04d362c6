"""Checks of a business as a whole: its programs, shared accounts, events and operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from uuid import UUID

from loyalty_engine.program import ProgramInvalid, compile_program
from loyalty_engine.program.plan import plan_hash, stored_plan
from loyalty_engine.services.engine import Engine, ProgramUnavailable, refuse_other_versions
from loyalty_engine.services.operations import decode
from loyalty_engine.services.verification.checks import UNREADABLE
from loyalty_engine.store.publishing import PublishedVersion, published_versions
from loyalty_engine.store.verification.business import (
    last_position,
    missing_ids,
    missing_position,
    operations_after,
    shared_account,
)
from loyalty_engine.store.verification.promises import Broken
from loyalty_engine.store.verification.rewards import coupon_counted

POSITIONS_AT_ONCE = 10_000


class Programs:
    """Every published version is the file that it was, and can still be folded."""

    name = "programs"
    says = "every published version has the hashes of its file and its plan, and loads"

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first version that does not."""
        async with engine.database.snapshot(business_id) as connection:
            versions = await published_versions(connection, business_id)
        for number, version in enumerate(versions, 1):
            what = f"program version {version.version}"
            if version.version != number:
                return Broken(None, what, str(version.version), str(number))
            found = sha256(version.source.encode()).hexdigest()
            if found != version.hash:
                return Broken(None, f"hash of {what}", version.hash, found)
            planned = None if version.plan is None else plan_hash(version.plan)
            if planned != version.plan_hash:
                return Broken(None, f"hash of the plan of {what}", str(version.plan_hash), str(planned))
            if (problem := _problem(version, engine)) is not None:
                return Broken(None, what, "published", f"does not load: {problem}")
        return None


def _problem(version: PublishedVersion, engine: Engine) -> str | None:
    try:
        refuse_other_versions(version.rule_versions, engine.installed)
        program = compile_program(version.source, engine.installed)
        stored_plan(version.plan)
    except (ProgramInvalid, ProgramUnavailable, ValueError) as error:
        return str(error)
    if program.rule_versions != dict(version.rule_versions):
        return f"its rules are {program.rule_versions}, published were {dict(version.rule_versions)}"
    return None


class SharedBalances:
    """Kept balances of accounts that many members share."""

    name = "shared_balances"
    says = (
        "the balance of a limited budget, a quota or a reward's units is what its transfers credit minus "
        "what they debit, and not below 0"
    )

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first account with another balance."""
        async with engine.database.snapshot(business_id) as connection:
            return await shared_account(connection, business_id)


class Coupons:
    """Coupons count their uses."""

    name = "coupons"
    says = "a coupon was used as often as there are uses of it that were not released"

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first coupon that was used more often, or less."""
        async with engine.database.snapshot(business_id) as connection:
            return await coupon_counted(connection, business_id)


class Positions:
    """Published events have the positions 1, 2, 3 and so on."""

    name = "positions"
    says = "the positions of published events have no gaps, and the business knows the last one"

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first position that is wrong."""
        async with engine.database.snapshot(business_id) as connection:
            told, given = await last_position(connection, business_id)
        if told != given:
            return Broken(None, "last position of an event", str(told), str(given))
        for begin in range(1, told + 1, POSITIONS_AT_ONCE):
            end = min(told, begin + POSITIONS_AT_ONCE - 1)
            async with engine.database.snapshot(business_id) as connection:
                missing = await missing_position(connection, business_id, begin, end)
            if missing is not None:
                return Broken(None, f"event at position {missing}", "none", "one")
        return None


class Operations:
    """What was done under an idempotency key can be answered again."""

    name = "operations"
    says = "every stored outcome can be answered again, and what it names is there"

    async def first(self, engine: Engine, business_id: UUID) -> Broken | None:
        """The first operation that cannot, in the order of actor and key."""
        actor, key = "", ""
        while True:
            async with engine.database.snapshot(business_id) as connection:
                rows = await operations_after(connection, business_id, actor, key)
                named: dict[UUID, str] = {}
                for row in rows:
                    actor, key = row["actor"], row["key"]
                    what = f"outcome of {row['mutation']} under {key!r} of {actor}"
                    try:
                        outcome = decode(row["outcome"])
                        if not is_dataclass(outcome):
                            return Broken(None, what, str(row["outcome"])[:200], "an outcome")
                    except UNREADABLE as error:
                        return Broken(None, what, str(row["outcome"])[:200], f"cannot be read: {error!r}")
                    named.update(dict.fromkeys(_ids(outcome), what))
                missing = await missing_ids(connection, business_id, named)
            for each, what in named.items():
                if each in missing:
                    return Broken(None, what, f"names {each}", "there is nothing of that id")
            if not rows:
                return None


def _ids(outcome: object) -> Iterator[UUID]:
    match outcome:
        case UUID():
            yield outcome
        case tuple():
            for item in outcome:
                yield from _ids(item)
        case Mapping():
            for item in outcome.values():
                yield from _ids(item)
    if is_dataclass(outcome) and not isinstance(outcome, type):
        for each in fields(outcome):
            yield from _ids(getattr(outcome, each.name))
