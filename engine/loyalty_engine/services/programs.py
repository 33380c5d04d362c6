"""Programs: checking a file, publishing it as the next version, showing what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.program import Finding, Program, ProgramInvalid, compile_program
from loyalty_engine.program.plan import NO_PLAN, Plan, stored_plan
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.program_changes import change_problems, files_before, too_often
from loyalty_engine.services.promotions import Known, known_promotions, open_promotions, promotion_findings
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.publishing import (
    PublishedVersion,
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
    engine: Engine,
    caller: Caller,
    source: str,
    effective_at: datetime | None = None,
    plan: Plan = NO_PLAN,
) -> Published | NotPublished:
    """Publishes the file as the next version, in force from `effective_at` or now, with its plan.

    The very file and plan that were published last are answered with that version. A version never takes
    effect in the past, nor before one that was published earlier; at the very instant of that one it takes
    its place. Members are advanced afterwards, in chunks, and each before anything else happens to it.
    """

    async def work(connection: Connection) -> Published:
        if not await lock_business(connection, caller.business_id):
            raise LookupError(f"no business {caller.business_id}")
        business = await engine.business(connection, caller.business_id)
        return await add_version(
            engine, connection, business, source, caller.credential_id, effective_at, plan
        )

    try:
        return await engine.database.write(caller.business_id, work)
    except ProgramInvalid as invalid:
        return NotPublished(invalid.findings)
    except ProgramRefused as refused:
        return NotPublished(refused.findings)


async def add_version(
    engine: Engine,
    connection: Connection,
    business: Business,
    source: str,
    published_by: UUID | None,
    effective_at: datetime | None = None,
    plan: Plan = NO_PLAN,
) -> Published:
    """Publishes into the open transaction, in which the business is locked.

    Raises ProgramInvalid with every error found in the file, and ProgramRefused where it cannot follow.
    """
    program = compile_program(source, engine.installed)
    earlier = await published_versions(connection, business.business_id)
    if earlier and _is_published(earlier[-1], program, effective_at, plan):
        return _unchanged(earlier[-1], program)
    known = await known_promotions(connection, business.business_id)
    findings = publication_findings(program, business, known, earlier, effective_at, plan)
    published = Published(
        new_id(),
        len(earlier) + 1,
        program.hash,
        (effective_at or business.now()) if earlier else None,
        (*program.findings, *findings),
    )
    await _write(connection, business, program, published, published_by, plan)
    await open_promotions(connection, business.business_id, program, known, business.now())
    return published


def publication_findings(
    program: Program,
    business: Business,
    known: Known,
    earlier: Sequence[PublishedVersion],
    effective_at: datetime | None,
    plan: Plan,
) -> list[Finding]:
    """What is to be thought of when a program follows those published; ProgramRefused where it cannot."""
    findings = [
        *_business_problems(program, business),
        *promotion_findings(program, known),
        *_following_problems(program, earlier, effective_at, business.now(), plan),
    ]
    if any(finding.severity == "error" for finding in findings):
        raise ProgramRefused(findings)
    return findings


def findings_at(
    program: Program,
    business: Business,
    known: Known,
    earlier: Sequence[PublishedVersion],
    starts: datetime,
    plan: Plan,
) -> list[Finding]:
    """What would have been found of a program that follows those in force before an instant.

    Raises ProgramRefused where it could not have followed them.
    """
    findings = [
        *_business_problems(program, business),
        *promotion_findings(program, known),
        *change_problems(files_before(earlier, starts), program, plan, starts),
    ]
    if any(finding.severity == "error" for finding in findings):
        raise ProgramRefused(findings)
    return findings


def _is_published(
    last: PublishedVersion, program: Program, effective_at: datetime | None, plan: Plan
) -> bool:
    """Whether the last version is this one, with this plan, and takes effect no other time than asked for."""
    return (
        last.hash == program.hash
        and dict(last.rule_versions) == program.rule_versions
        and plan in (NO_PLAN, stored_plan(last.plan))
        and effective_at in (None, last.effective_at)
    )


async def _write(
    connection: Connection,
    business: Business,
    program: Program,
    published: Published,
    by: UUID | None,
    plan: Plan,
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
            "plan": None if plan == NO_PLAN else plan.text,
            "plan_hash": None if plan == NO_PLAN else plan.hash,
        },
    )


async def draft_findings(connection: Connection, business: Business, program: Program) -> list[Finding]:
    """What is found of a file that is to be published some time; what a plan may still mend are warnings.

    Raises ProgramRefused where nothing will.
    """
    known = await known_promotions(connection, business.business_id)
    findings = [*_business_problems(program, business), *promotion_findings(program, known)]
    if any(finding.severity == "error" for finding in findings):
        raise ProgramRefused(findings)
    earlier = await published_versions(connection, business.business_id)
    following = _following_problems(program, earlier, None, _after(earlier, business.now()), NO_PLAN)
    return [*program.findings, *findings, *(replace(each, severity="warning") for each in following)]


def _after(earlier: Sequence[PublishedVersion], now: datetime) -> datetime:
    """When a version could take effect at the earliest."""
    last = earlier[-1].effective_at if earlier else None
    return now if last is None else max(now, last)


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
        Finding(path, f"the business has {kept!r}, which never changes", fix=f"write {kept!r}")
        for path, written, kept in fixed
        if written != kept
    ]


def _following_problems(
    program: Program,
    earlier: Sequence[PublishedVersion],
    effective_at: datetime | None,
    now: datetime,
    plan: Plan,
) -> list[Finding]:
    if not earlier:
        return _beginning_problems(effective_at, plan)
    last, starts = earlier[-1], effective_at or now
    if starts < now:
        message = f"a version never takes effect in the past, and it is {now.isoformat()}"
        return [Finding("effective_at", message, fix="leave it out, for now")]
    if last.effective_at is not None and starts < last.effective_at:
        message = f"version {last.version} takes effect at {last.effective_at.isoformat()}, and comes first"
        return [Finding("effective_at", message, fix="write that instant, to take its place, or a later one")]
    before = files_before(earlier, starts)
    return [*change_problems(before, program, plan, starts), *too_often(earlier, starts)]


def _beginning_problems(effective_at: datetime | None, plan: Plan) -> list[Finding]:
    message, fix = "the first version holds from the beginning of time", "leave it out"
    wrong = (("effective_at", effective_at is not None), ("plan", plan != NO_PLAN))
    return [Finding(path, message, fix=fix) for path, given in wrong if given]
