"""Businesses: a new one begins with its first program version and its owner's key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import UniqueViolationError

from loyalty_engine.ids import new_id
from loyalty_engine.program import Finding, ProgramInvalid, compile_program
from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, add_credential
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.programs import NotPublished, ProgramRefused, Published, add_version
from loyalty_engine.services.refusals import Refusal, RefusalCode
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.publishing import insert_business

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class CreateBusiness:
    """Make a business from its program file; a sandbox's clock may stand at an instant of its own."""

    slug: str
    source: str
    sandbox: bool = False
    clock_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BusinessCreated:
    """A business was made, with its owner's key and the first version of its program."""

    business_id: UUID
    owner: CredentialCreated
    program: Published


async def create_business(engine: Engine, wanted: CreateBusiness) -> BusinessCreated | NotPublished | Refusal:
    """Makes the business, its owner's key and its first program version, all or nothing."""
    refusal = _refusal(wanted)
    if refusal is not None:
        return refusal
    business_id = new_id()
    try:
        return await engine.database.write(
            business_id, lambda connection: _create(engine, connection, business_id, wanted)
        )
    except (ProgramInvalid, ProgramRefused) as wrong:
        return NotPublished(wrong.findings)
    except UniqueViolationError as error:
        if error.constraint_name != "business_slug_key":
            raise
        return Refusal(RefusalCode.ALREADY_EXISTS, "business-exists", {"slug": wanted.slug}, ("slug",))


def _refusal(wanted: CreateBusiness) -> Refusal | None:
    if _SLUG.fullmatch(wanted.slug) is None:
        return Refusal(RefusalCode.INVALID_INPUT, "business-slug-invalid", {"slug": wanted.slug}, ("slug",))
    if wanted.clock_at is not None and not wanted.sandbox:
        return Refusal(RefusalCode.INVALID_INPUT, "business-clock-needs-sandbox", {}, ("clockAt",))
    return None


async def _create(
    engine: Engine, connection: Connection, business_id: UUID, wanted: CreateBusiness
) -> BusinessCreated:
    section = compile_program(wanted.source, engine.installed).file.program
    if section.business != wanted.slug:
        raise ProgramRefused([_other_business(wanted, section.business)])
    await insert_business(
        connection,
        {
            "business_id": business_id,
            "slug": wanted.slug,
            "name": section.name,
            "timezone": section.timezone,
            "currency": section.currency,
            "locale": section.locale,
            "sandbox": wanted.sandbox,
            "clock_at": wanted.clock_at,
            "created_at": engine.clock.now(),
        },
    )
    business = await engine.business(connection, business_id)
    owner = await add_credential(connection, business, CreateCredential("owner", "owner"))
    published = await add_version(engine, connection, business, wanted.source, owner.credential_id)
    return BusinessCreated(business_id, owner, published)


def _other_business(wanted: CreateBusiness, written: str) -> Finding:
    return Finding(
        "program.business", f"the file is of {written!r}, and the business is to be {wanted.slug!r}"
    )
