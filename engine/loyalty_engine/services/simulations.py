"""Simulations over the API: asked for once under a key, and cancelled; a worker does them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from loyalty_engine.entities.simulation import SAMPLE_MOST
from loyalty_engine.ids import new_id
from loyalty_engine.program import Finding, compile_program
from loyalty_engine.program.plan import NO_PLAN, Plan, plan_of
from loyalty_engine.services.backtest import Period, backtest_findings
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.program_commands import (
    CancelSimulation,
    SimulateProgram,
    SimulationCancelled,
    SimulationQueued,
)
from loyalty_engine.services.program_mutations import named_source, refusing
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.simulation import candidate
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.programs import version_headers
from loyalty_engine.store.publishing import lock_business
from loyalty_engine.store.simulations import (
    end_simulation,
    forget_simulations,
    insert_simulation,
    open_simulations,
)

OPEN_MOST = 3
"""How many simulations of a business wait and run at once."""

KEPT_MOST = 100
"""Of how many simulations that have ended a business keeps what came of them."""


async def queue_simulation(
    engine: Engine, caller: Caller, key: str, command: SimulateProgram
) -> SimulationQueued | Refusal:
    """Try a file in the background; what is wrong with it is refused at once, as publishing refuses it.

    Refused with RETRYABLE while `OPEN_MOST` others wait or run.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> SimulationQueued:
        _check(command)
        business_id = business.business_id
        source = await named_source(connection, business_id, command)
        await lock_business(connection, business_id)
        await engine.rulebook(connection, business_id)  # there must be one to be compared with
        with refusing("source" if command.program_id is None else "program"):
            plan = plan_of(command.plan)
            tried = await _tried(engine, connection, business, source, command, plan)
        if len(await open_simulations(connection, business_id)) >= OPEN_MOST:
            raise Refused(Refusal(RefusalCode.RETRYABLE, "simulations-running", {"most": str(OPEN_MOST)}))
        await forget_simulations(connection, business_id, KEPT_MOST - 1)
        row = {
            "business_id": business_id,
            "simulation_id": new_id(),
            "source": source,
            "plan": None if plan == NO_PLAN else plan.text,
            "sample": command.sample,
            "rulebook_version": (await version_headers(connection, business_id))[-1].version,
            "asked_at": now,
            "asked_by": caller.credential_id,
            "state": "queued",
            "chunks": 0,
            "attempts": 0,
            "members_done": 0,
            **tried,
        }
        await insert_simulation(connection, row)
        return SimulationQueued(row["simulation_id"])

    return await once(engine, caller, key, "simulateProgram", command, work)


async def cancel_simulation(
    engine: Engine, caller: Caller, key: str, command: CancelSimulation
) -> SimulationCancelled | Refusal:
    """End a simulation; the chunk at hand is the last, and counts no more. NOT_FOUND where there is none."""

    async def work(connection: Connection, business: Business, now: datetime) -> SimulationCancelled:
        ended = await end_simulation(connection, business.business_id, command.simulation_id, now)
        if ended is None:
            raise Refused(Refusal(RefusalCode.NOT_FOUND, "simulation-not-found", {}, ("simulation",)))
        return SimulationCancelled(command.simulation_id, ended)

    return await once(engine, caller, key, "cancelSimulation", command, work)


def _check(command: SimulateProgram) -> None:
    for name, at in (("effectiveAt", command.effective_at), ("from", command.start), ("until", command.end)):
        if at is not None and at.tzinfo is None:
            raise invalid("instant-without-zone", name)
    if (command.start is None) != (command.end is None):
        raise invalid("simulation-period", "from" if command.start is None else "until")
    if command.start is not None and command.effective_at is not None:
        raise invalid("simulation-period", "effectiveAt")
    if command.sample is not None and command.start is None:
        raise invalid("simulation-period", "sample")
    if command.sample is not None and not 1 <= command.sample <= SAMPLE_MOST:
        raise invalid("simulation-sample", "sample", most=str(SAMPLE_MOST))


async def _tried(
    engine: Engine,
    connection: Connection,
    business: Business,
    source: str,
    command: SimulateProgram,
    plan: Plan,
) -> dict[str, Any]:
    """The columns that say what is tried, with what is to be thought of it."""
    if command.start is None or command.end is None:
        version, findings = await candidate(engine, connection, business, source, command.effective_at, plan)
        return {
            "kind": "preview",
            "effective_at": version.effective_at,
            "from_at": None,
            "until_at": None,
            "findings": _written(findings),
        }
    period = Period(command.start, command.end)
    findings = await backtest_findings(
        connection, business, compile_program(source, engine.installed), period, plan
    )
    return {
        "kind": "backtest",
        "effective_at": None,
        "from_at": period.start,
        "until_at": period.end,
        "findings": _written(findings),
    }


def _written(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]
