"""Programs: checking a file, publishing it as the next version, showing what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.program import Finding, Program, ProgramInvalid, compile_program
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.program_changes import change_problems
from loyalty_engine.services.promotions import known_promotions, open_promotions, promotion_findings
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import lock_members, members_ahead
from loyalty_engine.store.publishing import (
    PublishedVersion,
    begin_for_members,
    insert_version,
    lock_business,
    published_versions,
    rename_business,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A version is published; with `unchanged` it was before, and nothing was written.

    `effective_at` is None for the first version, which holds from the beginning of time.
    """

    program_version_id: UUID
    version: int
    hash: str
    effective_at: datetime | None
    warnings: tuple[Finding, ...] = ()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class NotPublished:
    """The file has errors; nothing changed."""

    findings: tuple[Finding, ...]


class ProgramRefused(Exception):
    """The file cannot follow what is published; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


async def publish_program(
    engine: Engine, caller: Caller, source: str, effective_at: datetime | None = None
) -> Published | NotPublished:
    """Publishes the file as the next version, in force from `effective_at` or now.

    The very file that was published last is answered with that version. A version never takes effect in the
    past, nor before one that was published earlier.
    """

    async def work(connection: Connection) -> Published:
        if not await lock_business(connection, caller.business_id):
            raise LookupError(f"no business {caller.business_id}")
        business = await engine.business(connection, caller.business_id)
        published = await add_version(
            engine, connection, business, source, caller.credential_id, effective_at
        )
        if published.effective_at is not None and not published.unchanged:
            await _fold_what_is_ahead(engine, connection, business, published.effective_at)
        return published

    try:
        return await engine.database.write(caller.business_id, work)
    except ProgramInvalid as invalid:
        return NotPublished(invalid.findings)
    except ProgramRefused as refused:
        return NotPublished(refused.findings)


async def _fold_what_is_ahead(
    engine: Engine, connection: Connection, business: Business, effective_at: datetime
) -> None:
    """Fold again the members with facts that the new version decides: a fact may be minutes ahead of now."""
    ahead = await members_ahead(connection, business.business_id, effective_at)
    if not ahead:
        return
    members = await lock_members(connection, business.business_id, ahead, erased=True)
    rulebook = await engine.rulebook(connection, business.business_id)
    batch = FoldingBatch(connection, business, rulebook, business.now())
    await batch.fold([Arrivals(member) for member in members.values()], again=True)


async def add_version(
    engine: Engine,
    connection: Connection,
    business: Business,
    source: str,
    published_by: UUID | None,
    effective_at: datetime | None = None,
) -> Published:
    """Publishes into the open transaction, in which the business is locked.

    Raises ProgramInvalid with every error found in the file.
    """
    program = compile_program(source, engine.installed)
    earlier = await published_versions(connection, business.business_id)
    if earlier and (earlier[-1].hash, dict(earlier[-1].rule_versions)) == (
        program.hash,
        program.rule_versions,
    ):
        return _unchanged(earlier[-1], program)
    known = await known_promotions(connection, business.business_id)
    findings = [
        *_business_problems(program, business),
        *promotion_findings(program, known),
        *_following_problems(program, earlier, effective_at, business.now()),
    ]
    if any(finding.severity == "error" for finding in findings):
        raise ProgramRefused(findings)
    published = Published(
        new_id(),
        len(earlier) + 1,
        program.hash,
        (effective_at or business.now()) if earlier else None,
        (*program.findings, *findings),
    )
    await _write(connection, business, program, published, published_by)
    if published.effective_at is not None:
        await begin_for_members(connection, business.business_id, published.effective_at)
    await open_promotions(connection, business.business_id, program, known, business.now())
    return published


async def _write(
    connection: Connection, business: Business, program: Program, published: Published, by: UUID | None
) -> None:
    section = program.file.program
    if (section.name, section.locale) != (business.row.name, business.row.locale):
        await rename_business(connection, business.business_id, section.name, section.locale)
    await insert_version(
        connection,
        {
            "business_id": business.business_id,
            "program_version_id": published.program_version_id,
            "version": published.version,
            "source": program.source,
            "hash": published.hash,
            "rule_versions": program.rule_versions,
            "effective_at": published.effective_at,
            "published_at": business.now(),
            "published_by": by,
        },
    )


async def show_programs(engine: Engine, caller: Caller) -> list[PublishedVersion]:
    """Every published version of the caller's business with its file, in their order."""
    async with engine.database.reading(caller.business_id) as connection:
        return await published_versions(connection, caller.business_id)


def _unchanged(last: PublishedVersion, program: Program) -> Published:
    return Published(
        last.program_version_id, last.version, last.hash, last.effective_at, program.findings, unchanged=True
    )


def _business_problems(program: Program, business: Business) -> list[Finding]:
    """The file is of this business; stored days and amounts rest on its time zone and currency."""
    row, section = business.row, program.file.program
    fixed = (
        ("program.business", section.business, row.slug),
        ("program.timezone", section.timezone, row.timezone),
        ("program.currency", section.currency, row.currency),
    )
    return [
        Finding(path, f"the business has {kept!r}, which never changes")
        for path, written, kept in fixed
        if written != kept
    ]


def _following_problems(
    program: Program, earlier: Sequence[PublishedVersion], effective_at: datetime | None, now: datetime
) -> list[Finding]:
    if not earlier:
        message = "the first version holds from the beginning of time: leave it out"
        return [] if effective_at is None else [Finding("effective_at", message)]
    last, starts = earlier[-1], effective_at or now
    problems = change_problems(last.source, program)
    if starts < now:
        message = f"a version never takes effect in the past, and it is {now.isoformat()}"
        problems.append(Finding("effective_at", message))
    elif last.effective_at is not None and starts < last.effective_at:
        message = f"version {last.version} takes effect at {last.effective_at.isoformat()}, and comes first"
        problems.append(Finding("effective_at", message))
    return problems
