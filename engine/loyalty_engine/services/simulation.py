"""What publishing a program would do to every member, tried on a snapshot and written nowhere.

The boundary at which the version would take effect is applied to each member's stored state; publishing
it afterwards moves just the members that it moves here, as long as nothing else happens in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.program import Finding, ProgramInvalid, compile_program
from loyalty_engine.program.plan import NO_PLAN, Plan
from loyalty_engine.rating import Effect, Folding, Outcome, ProgramVersion, Rulebook, explain
from loyalty_engine.rating.tiers import carried_tier
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.folding import folded_without
from loyalty_engine.services.histories import fold_whole, histories
from loyalty_engine.services.programs import NotPublished, ProgramRefused, publication_findings
from loyalty_engine.services.promotions import known_promotions
from loyalty_engine.services.states import stored_states
from loyalty_engine.services.verification.replay import StoredAnswers
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.publishing import published_versions
from loyalty_engine.store.verification.business import last_member, members_after

LISTED = 1000
"""How many members are named; more are only counted."""

JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Move:
    """From one tier of a ladder to another; ``falls`` where the new version ranks it lower."""

    ladder: str
    from_tier: str
    to_tier: str
    falls: bool


@dataclass(slots=True)
class Simulated:
    """How many members there are, who would move where, and how often each rule would decide.

    ``announced`` are falls that come later, because their notice is given only then. ``moved`` names at most
    `LISTED` members, those who fall before the others.
    """

    effective_at: datetime
    members: int = 0
    moves: Counter[Move] = field(default_factory=Counter)
    announced: Counter[Move] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    falling: list[tuple[MemberRow, Move]] = field(default_factory=list)
    others: list[tuple[MemberRow, Move]] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()

    @property
    def moved(self) -> list[tuple[str, Move]]:
        """The members who move, by the business's own ids."""
        return [(member.external_id, move) for member, move in (*self.falling, *self.others)][:LISTED]


async def simulate_program(
    engine: Engine,
    caller: Caller,
    source: str,
    effective_at: datetime | None = None,
    plan: Plan = NO_PLAN,
) -> Simulated | NotPublished:
    """Try publishing the file on every member as it is now; refused where publishing would be."""
    try:
        async with engine.database.snapshot(caller.business_id) as connection:
            business = await engine.business(connection, caller.business_id)
            version, findings = await candidate(engine, connection, business, source, effective_at, plan)
            result = Simulated(version.effective_at or business.now(), findings=findings)
            if version.effective_at is not None:
                await _whole(await preview(engine, connection, business, version), result)
            return result
    except (ProgramInvalid, ProgramRefused) as wrong:
        return NotPublished(wrong.findings)


async def candidate(
    engine: Engine,
    connection: Connection,
    business: Business,
    source: str,
    effective_at: datetime | None,
    plan: Plan,
) -> tuple[ProgramVersion, tuple[Finding, ...]]:
    """The file as the version that it would be, and what is to be thought of it.

    Raises ProgramInvalid or ProgramRefused where it could not be published.
    """
    program = compile_program(source, engine.installed)
    earlier = await published_versions(connection, business.business_id)
    known = await known_promotions(connection, business.business_id)
    findings = publication_findings(program, business, known, earlier, effective_at, plan)
    starts = (effective_at or business.now()) if earlier else None
    version = ProgramVersion(new_id(), len(earlier) + 1, starts, program, plan)
    return version, (*program.findings, *findings)


async def preview(
    engine: Engine, connection: Connection, business: Business, version: ProgramVersion
) -> Preview:
    """The boundary of a version that takes effect after those that are published now."""
    published = await engine.rulebook(connection, business.business_id)
    return Preview(connection, business, Rulebook((*published.versions, version)), version)


async def _whole(trying: Preview, result: Simulated) -> None:
    connection, business_id = trying.connection, trying.business.business_id
    after, last = None, (await last_member(connection, business_id))[0]
    while last is not None and after != last:
        rows = await members_after(connection, business_id, after, last)
        if not rows:
            break
        await trying.add(result, rows)
        after = rows[-1].member_id


class Preview:
    """The boundary at which a version would take effect, applied to members as a connection sees them."""

    def __init__(
        self, connection: Connection, business: Business, rulebook: Rulebook, version: ProgramVersion
    ) -> None:
        self.connection = connection
        self.business = business
        self._rulebook = rulebook
        self._version = version

    async def add(self, result: Simulated, rows: Sequence[MemberRow]) -> None:
        """Count what would become of some members."""
        for member, outcome in (await self._outcomes(rows, result.effective_at)).items():
            result.members += 1
            _add(result, self._rulebook, self._version, member, outcome)

    async def _outcomes(self, rows: Sequence[MemberRow], until: datetime) -> Mapping[MemberRow, Outcome]:
        """Each member taken up to the version: by one step, or folded again where it stands beyond."""
        connection, business, rulebook = self.connection, self.business, self._rulebook
        again = [row for row in rows if folded_without(rulebook, row)]
        live = [row for row in rows if row not in again]
        found: dict[MemberRow, Outcome] = {}
        states = await stored_states(connection, business.business_id, rulebook, live)
        for row in live:
            before = Folding(rulebook, states[row.member_id].state)
            before.advance(until - JUST_BEFORE)
            step = Folding(rulebook, before.state)
            step.advance(until)
            found[row] = step.outcome()
        known = await histories(connection, business.business_id, rulebook, again)
        for row in again:
            now = business.now()
            answers = StoredAnswers(connection, business.business_id, business.zone, now)
            found[row] = await fold_whole(rulebook, known[row.member_id], answers, now, until)
        return found


def _add(
    result: Simulated, rulebook: Rulebook, version: ProgramVersion, member: MemberRow, outcome: Outcome
) -> None:
    for effect in _announced(outcome, result.effective_at):
        move = Move(effect.ladder or "", effect.from_tier or "", effect.to_tier or "", falls=True)
        result.announced[move] += 1
    for effect in _changes(outcome, result.effective_at):
        policy = version.program.ladder(effect.ladder or "")
        was, to = effect.from_tier or policy.ladder.base, effect.to_tier or policy.ladder.base
        old = rulebook.ladder_before(version, policy.key)
        held = None
        if old is not None:
            held = carried_tier(old.ladder, policy.ladder, version.plan.of(policy.key), was)
        lost = held is None or policy.ladder.rank(to) < policy.ladder.rank(held)
        move = Move(policy.key, was, to, falls=lost)
        result.moves[move] += 1
        named = result.falling if lost else result.others
        if len(named) < LISTED:
            named.append((member, move))
        if effect.ruling is not None and held != to:
            ruling = explain.Ruling(
                effect.ruling.figures,
                effect.ruling.opinions,
                local_day(effect.ruling.at, version.program.zone),
                effect.ruling.at_boundary,
                member.joined_on,
            )
            result.rules.update(explain.deciding_rules(version.program, policy, ruling, to, rose=not lost))


def _changes(outcome: Outcome, at: datetime) -> Iterator[Effect]:
    """The changes of standing at the boundary at which the version takes effect."""
    for key, effect in outcome.effects.items():
        is_change = effect.kind == "standing" and effect.from_tier is not None
        if is_change and key.cause.kind == "boundary" and effect.effective_at == at:
            yield effect


def _announced(outcome: Outcome, at: datetime) -> Iterator[Effect]:
    """The notices that are given for the first time then."""
    for effect in outcome.effects.values():
        if effect.notice is not None and effect.notice.since == at:
            yield effect
