"""`loyalty program simulate`: what publishing a file would do, or what a past period would have come to."""

import argparse
from decimal import Decimal
from pathlib import Path

from loyalty_api.commands.outcome import OK, Output, invalid_program, listed
from loyalty_api.commands.program_files import compiled, read_plan
from loyalty_api.commands.session import Session, instant, read_text, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.program import Program
from loyalty_engine.program.plan import NO_PLAN
from loyalty_engine.rating.periods import Cost
from loyalty_engine.services.backtest import Backtested, Period, backtest_program
from loyalty_engine.services.programs import NotPublished
from loyalty_engine.services.simulation import Move, Simulated, simulate_program


def add(program: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    trying = program.add_parser("simulate", help="who would move if the file were published; writes nothing")
    trying.add_argument("file", type=Path, metavar="FILE")
    trying.add_argument(
        "--effective-at", type=instant, metavar="INSTANT", help="as 2026-03-01T00:00:00Z; left out: now"
    )
    trying.add_argument(
        "--plan", type=Path, metavar="PLAN", help="what becomes of members then, as a TOML file"
    )
    past = trying.add_argument_group("back-test", "what a past period would have come to by the file instead")
    past.add_argument("--from", type=instant, metavar="INSTANT", dest="start", help="where the period begins")
    past.add_argument("--until", type=instant, metavar="INSTANT", help="the first instant that is not in it")
    past.add_argument(
        "--sample", type=_sample, metavar="N", help="fold about so many members, of each tier the same share"
    )
    trying.set_defaults(run=simulate)


def _sample(text: str) -> int:
    members = int(text)
    if members < 1:
        raise ValueError
    return members


def simulate(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """Who would move from where to where if the file were published, on a snapshot of all members."""
    source = read_text(arguments.file)
    slug = compiled(arguments.file).file.program.business
    plan = NO_PLAN if arguments.plan is None else read_plan(arguments.plan)
    if (arguments.start, arguments.until, arguments.sample) != (None, None, None):
        return _backtest(arguments, output, settings)

    async def work(session: Session) -> int:
        answer = await simulate_program(
            session.engine, session.caller(slug), source, arguments.effective_at, plan
        )
        if isinstance(answer, NotPublished):
            raise invalid_program(str(arguments.file), answer.findings)
        output.result(_simulated(slug, answer), *_simulated_lines(slug, answer))
        return OK

    return with_engine(output, settings, work)


def _simulated(slug: str, answer: Simulated) -> dict[str, object]:
    return {
        "business": slug,
        "effectiveAt": answer.effective_at,
        "members": answer.members,
        "moves": [{**_move(move), "members": count} for move, count in sorted(answer.moves.items(), key=str)],
        "announced": [
            {**_move(move), "members": count} for move, count in sorted(answer.announced.items(), key=str)
        ],
        "moved": [{"member": member, **_move(move)} for member, move in answer.moved],
        "rules": dict(sorted(answer.rules.items())),
        "findings": listed(answer.findings),
    }


def _move(move: Move) -> dict[str, object]:
    return {"ladder": move.ladder, "from": move.from_tier, "to": move.to_tier, "falls": move.falls}


def _simulated_lines(slug: str, answer: Simulated) -> list[str]:
    moving = f"{sum(answer.moves.values())} of {answer.members} members of {slug!r} would move"
    return [
        *(str(finding) for finding in answer.findings),
        f"{moving} at {answer.effective_at.isoformat()}; nothing was written",
        *(
            f"{count:>9}  {move.ladder}: {move.from_tier} > {move.to_tier}{' (a fall)' if move.falls else ''}"
            for move, count in sorted(answer.moves.items(), key=str)
        ),
        *(
            f"{count:>9}  {move.ladder}: {move.from_tier} > {move.to_tier} would be announced"
            for move, count in sorted(answer.announced.items(), key=str)
        ),
        *(f"{count:>9}  decided by {rule}" for rule, count in sorted(answer.rules.items())),
    ]


def _backtest(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    if arguments.start is None or arguments.until is None or arguments.effective_at is not None:
        arguments.parser.error("a back-test is from --from until --until, without --effective-at")
    source, program = read_text(arguments.file), compiled(arguments.file)
    plan = NO_PLAN if arguments.plan is None else read_plan(arguments.plan)
    slug = program.file.program.business
    period = Period(arguments.start, arguments.until)

    async def work(session: Session) -> int:
        answer = await backtest_program(
            session.engine, session.caller(slug), source, period, plan, arguments.sample
        )
        if isinstance(answer, NotPublished):
            raise invalid_program(str(arguments.file), answer.findings)
        output.result(_backtested(program, answer), *_backtested_lines(program, answer))
        return OK

    return with_engine(output, settings, work)


def _backtested(program: Program, answer: Backtested) -> dict[str, object]:
    return {
        "business": program.file.program.business,
        "from": answer.period.start,
        "until": answer.period.end,
        "members": answer.members,
        "folded": answer.folded,
        "estimate": sorted(answer.estimates),
        "points": [
            {
                "sort": cost.sort,
                "currency": cost.currency,
                "rule": cost.rule or None,
                "partner": cost.partner or None,
                "was": _points(program, cost, each.was),
                "would": _points(program, cost, each.would),
                "margin": _points(program, cost, each.margin),
            }
            for cost, each in answer.costs.items()
        ],
        "tiers": [
            {"ladder": held.ladder, "was": held.was, "would": held.would, "members": count}
            for held, count in sorted(answer.tiers.items(), key=str)
        ],
        "failed": dict(sorted(answer.failed.items())),
        "findings": listed(answer.findings),
    }


ESTIMATES = {
    "sample": "only a part of the members was folded",
    "budgets": "a budget or quota did not suffice, and who would have come first is not known",
    "gifts": "members would have been given something else by others, which they might have spent",
    "merges": "members who were merged would have had something else to bring",
}


def _backtested_lines(program: Program, answer: Backtested) -> list[str]:
    period = f"from {answer.period.start.isoformat()} until {answer.period.end.isoformat()}"
    return [
        *(str(finding) for finding in answer.findings),
        f"{answer.folded} of {answer.members} members, {period}: what it came to, and what it would have",
        *(f"an estimate: {ESTIMATES[reason]}" for reason in sorted(answer.estimates)),
        *(
            f"{_points(program, cost, each.was):>15,} > {_points(program, cost, each.would):>15,}"
            f"{_margin(program, cost, each.margin)}  {_name(cost)}"
            for cost, each in answer.costs.items()
        ),
        *(
            f"{count:>15,} members  {held.ladder}: {held.was or '-'} > {held.would}"
            for held, count in sorted(answer.tiers.items(), key=str)
        ),
        *(f"{count:>15,} members  at whom {rule} failed" for rule, count in sorted(answer.failed.items())),
        "nothing was written",
    ]


def _points(program: Program, cost: Cost, units: int) -> Decimal:
    """In points; a currency that the file no longer has is told in its smallest units."""
    points = program.points.get(cost.currency)
    return from_smallest_units(units, 0 if points is None else points.section.decimals)


def _margin(program: Program, cost: Cost, units: int) -> str:
    return f" +-{_points(program, cost, units):,}" if units else ""


def _name(cost: Cost) -> str:
    by = f" by {cost.rule}" if cost.rule else ""
    return f"{cost.currency} {cost.sort}{by}{f', paid by {cost.partner}' if cost.partner else ''}"
