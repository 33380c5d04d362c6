"""Drafts and versions over the API: every mutation once under its key, refused with what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from loyalty_engine.entities import ProgramDraft
from loyalty_engine.ids import new_id
from loyalty_engine.program import Finding, ProgramInvalid, compile_program
from loyalty_engine.program.plan import plan_of
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.program_commands import (
    ProgramPublished,
    ProgramSaved,
    PublishProgram,
    SaveProgram,
    SimulateProgram,
)
from loyalty_engine.services.programs import ProgramRefused, add_version, draft_findings
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.publishing import lock_business, saved_source
from loyalty_engine.store.rows import insert_rows


async def save_program(
    engine: Engine, caller: Caller, key: str, command: SaveProgram
) -> ProgramSaved | Refusal:
    """Keep a file that has no errors as a draft; refused with CONFIG_INVALID and everything that is wrong."""

    async def work(connection: Connection, business: Business, now: datetime) -> ProgramSaved:
        with refusing("source"):
            program = compile_program(command.source, engine.installed)
            findings = await draft_findings(connection, business, program)
        draft_id = new_id()
        draft = {
            "business_id": business.business_id,
            "program_draft_id": draft_id,
            "source": program.source,
            "hash": program.hash,
            "created_at": now,
            "created_by": caller.credential_id,
        }
        await insert_rows(connection, ProgramDraft, [draft])
        return ProgramSaved(draft_id, tuple(findings))

    return await once(engine, caller, key, "saveProgram", command, work)


async def publish_saved_program(
    engine: Engine, caller: Caller, key: str, command: PublishProgram
) -> ProgramPublished | Refusal:
    """Make a draft, an earlier version or a file the next version, with an effective time and a plan.

    Refused with NOT_FOUND for a program that is not there, and with CONFIG_INVALID and everything that is
    wrong where it cannot follow what is published.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> ProgramPublished:
        if command.effective_at is not None and command.effective_at.tzinfo is None:
            raise invalid("instant-without-zone", "effectiveAt")
        source = await named_source(connection, business.business_id, command)
        await lock_business(connection, business.business_id)
        with refusing("source" if command.program_id is None else "program"):
            plan = plan_of(command.plan)
            made = await add_version(
                engine, connection, business, source, caller.credential_id, command.effective_at, plan
            )
        return ProgramPublished(made.program_version_id, made.warnings, made.unchanged)

    return await once(engine, caller, key, "publishProgram", command, work)


async def named_source(
    connection: Connection, business_id: UUID, command: PublishProgram | SimulateProgram
) -> str:
    """The file that is named or given; refused where it is not there, or not named in exactly one way."""
    if (command.program_id is None) == (command.source is None):
        raise invalid("program-or-source", "program")
    if command.source is not None:
        return command.source
    found = await saved_source(connection, business_id, command.program_id or UUID(int=0))
    if found is None:
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "program-not-found", {}, ("program",)))
    return found


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """What is wrong with a file, or with its plan, as a refusal; nothing has been written by then."""
    try:
        yield
    except (ProgramInvalid, ProgramRefused) as wrong:
        findings = tuple(_as_sent(wrong.findings))
        errors = [finding for finding in findings if finding.severity == "error"]
        raise Refused(
            Refusal(
                RefusalCode.CONFIG_INVALID,
                "program-invalid",
                {"first": str(errors[0])[:500]},
                (path,),
                findings=findings,
            )
        ) from wrong


def _as_sent(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield replace(finding, path="effectiveAt") if finding.path == "effective_at" else finding
