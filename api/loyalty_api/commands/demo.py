"""`loyalty demo`: a shop with a year of real purchases, loaded like the API's, served with an explorer."""

import argparse
import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from uuid import UUID

from loyalty_api.commands.demo_key import demo_key
from loyalty_api.commands.loading import Tally, enrol_all, progress, record_all
from loyalty_api.commands.outcome import OK, CommandFailed, Output, invalid_program, refused
from loyalty_api.commands.serve import listening
from loyalty_api.commands.session import Session, read_text, with_engine
from loyalty_api.retail_data import LAST_DAY, retail_data
from loyalty_api.runtime import settle
from loyalty_api.serving import address, serve, stop_signals
from loyalty_api.settings import Settings
from loyalty_engine.jobs.worker import work, work_once
from loyalty_engine.services.businesses import CreateBusiness, create_business
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.engine import Caller
from loyalty_engine.services.figures import Figures, figures, how_many
from loyalty_engine.services.programs import NotPublished
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.shipped import shipped

SLUG = "online_retail"
MEMBER = "14911"
"""The customer who bought on the most days; the ready query asks about this one."""

QUERY = f"""\
{{
  business {{ name program {{ ladders {{ key tiers {{ key memberCount }} }} }} }}
  member(by: {{ externalId: "{MEMBER}" }}) {{
    standing {{ tier {{ key }} since until progress {{ tier {{ key }} rule {{ key }} have need missing }} }}
    wallet {{ available entries(first: 3) {{ nodes {{ code amount effectiveAt }} }} }}
  }}
}}"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    demo = commands.add_parser("demo", help="a shop with real purchases, served with an explorer")
    demo.add_argument("--exit", action="store_true", help="end when everything is loaded, without serving")
    demo.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """Loads what is not there yet, and serves it until Ctrl-C."""

    async def show(session: Session) -> int:
        return await _show(session, bound)

    with _address(arguments, settings) as bound:
        return with_engine(output, settings, show)


@contextlib.contextmanager
def _address(arguments: argparse.Namespace, settings: Settings) -> Iterator[socket.socket | None]:
    if arguments.exit:
        yield None
        return
    with listening(settings) as bound:
        yield bound


async def _show(session: Session, bound: socket.socket | None) -> int:
    started = monotonic()
    caller = await _business(session)
    tally, seconds = await _load(session, caller)
    repaired: set[UUID] = set()
    while await work_once(session.engine, repaired):
        pass
    found = await figures(session.engine, caller)
    key = await demo_key(session, caller)
    rate = round(tally.recorded / seconds) if tally.recorded else None
    document = {**_document(found), "activitiesPerSecond": rate, "seconds": round(monotonic() - started, 1)}
    if bound is None:
        session.output.result(document, *_summary(found, rate))
        return OK
    session.output.result({**document, "address": address(bound), "key": key}, *_summary(found, rate))
    await _serve(session, bound, key)
    return OK


async def _serve(session: Session, bound: socket.socket, key: str) -> None:
    from loyalty_api.app import create_app

    with stop_signals() as stop:
        app = create_app(session.engine, session.settings, QUERY)
        settle()
        for line in _invitation(address(bound), key):
            session.output.note(line)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work(session.engine, stop))
            await serve(app, bound, stop)
            stop.set()


async def _business(session: Session) -> Caller:
    """The sandbox that the demo plays in, made if it is not there."""
    found = session.business_id(SLUG)
    if found is not None:
        return operator(found)
    source = read_text(Path(shipped("examples/programmes/online_retail.toml")))
    made = await create_business(
        session.engine, CreateBusiness(SLUG, source, sandbox=True, clock_at=LAST_DAY)
    )
    if isinstance(made, Refusal):
        raise refused(made)
    if isinstance(made, NotPublished):
        raise invalid_program("examples/programmes/online_retail.toml", made.findings)
    return operator(made.business_id)


async def _load(session: Session, caller: Caller) -> tuple[Tally, float]:
    """Sends what an earlier run may have left out, under the same keys; nothing where nothing is missing."""
    data = retail_data()
    members, activities = await how_many(session.engine, caller)
    if members < len(data.members):
        with progress(session.output, "members", len(data.members)) as move:
            _all_well(await enrol_all(session.engine, caller, "demo:members", data.members, move))
    started, tally = monotonic(), Tally()
    if activities < len(data.activities):
        with progress(session.output, "activities", len(data.activities)) as move:
            tally = await record_all(session.engine, caller, "demo:activities", data.activities, move)
        _all_well(tally)
    return tally, monotonic() - started


def _all_well(tally: Tally) -> None:
    for number, refusal in tally.refused:
        failure = refused(refusal)
        raise CommandFailed(failure.code, f"item {number} of the sample data was refused: {failure}")


def _document(found: Figures) -> dict[str, object]:
    return {
        "business": SLUG,
        "members": found.members,
        "activities": found.activities,
        "tiers": found.tiers,
        "pointsOutstanding": found.points,
        "budgets": [
            {"promotion": each.promotion, "partner": each.partner, "opened": each.opened, "used": each.used}
            for each in found.budgets
        ],
    }


def _summary(found: Figures, rate: int | None) -> list[str]:
    lines = [f"{found.members:,} members, {found.activities:,} purchases and returns"]
    for ladder, tiers in found.tiers.items():
        lines.append(f"  {ladder}: " + ", ".join(f"{tier} {count:,}" for tier, count in tiers.items()))
    lines += [f"  {points:,} {currency} outstanding" for currency, points in found.points.items()]
    for each in found.budgets:
        limit = "without a limit" if each.opened is None else f"of {each.opened:,}"
        lines.append(f"  {each.partner} paid {each.used:,} {each.currency} {limit} for {each.promotion!r}")
    return lines if rate is None else [*lines, f"  {rate:,} activities a second"]


def _invitation(where: str, key: str) -> list[str]:
    return [
        "",
        f"an explorer, with the key: {where}/graphql#key={key}",
        f"for programs:              {where}/graphql, Authorization: Bearer {key}",
        "a query to begin with:",
        "",
        QUERY,
        "",
        "Ctrl-C ends it; the next start reuses what is there.",
    ]
