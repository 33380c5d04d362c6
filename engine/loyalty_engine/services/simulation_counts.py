"""What came of the members so far, as a simulation keeps it between chunks, and its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.program import Program
from loyalty_engine.rating.periods import Cost
from loyalty_engine.services.backtest import Backtested
from loyalty_engine.services.simulation import Move, Simulated
from loyalty_engine.services.strata import Held, Stratum

Counted = Mapping[str, Any]


def previewed(before: Counted | None, chunk: Simulated) -> dict[str, Any]:
    """What a preview counted with what a chunk adds to it."""
    known = before or {"members": 0, "moves": [], "announced": [], "rules": {}}
    moves = _moves(known["moves"]) + chunk.moves
    announced = _moves(known["announced"]) + chunk.announced
    return {
        "members": known["members"] + chunk.members,
        "moves": [[*_key(move), count] for move, count in sorted(moves.items(), key=str)],
        "announced": [[*_key(move), count] for move, count in sorted(announced.items(), key=str)],
        "rules": dict(sorted((Counter(known["rules"]) + chunk.rules).items())),
    }


def _moves(written: Iterable[Sequence[Any]]) -> Counter[Move]:
    return Counter({Move(*key): count for *key, count in written})


def _key(move: Move) -> tuple[str, str, str, bool]:
    return move.ladder, move.from_tier, move.to_tier, move.falls


def stratum_written(stratum: Stratum) -> dict[str, Any]:
    """A stratum as JSON."""
    return {
        "members": stratum.members,
        "folded": stratum.folded,
        "changes": _costs_written(stratum.changes),
        "squares": _costs_written(stratum.squares),
        "tiers": [[held.ladder, held.was, held.would, count] for held, count in stratum.tiers.items()],
        "failed": dict(stratum.failed),
    }


def stratum_read(written: Counted) -> Stratum:
    """A stratum as it was written."""
    return Stratum(
        written["members"],
        written["folded"],
        _costs_read(written["changes"]),
        _costs_read(written["squares"]),
        Counter({Held(ladder, was, would): count for ladder, was, would, count in written["tiers"]}),
        Counter(written["failed"]),
    )


def _costs_written(costs: Mapping[Cost, int]) -> list[list[Any]]:
    return [[cost.sort, cost.currency, cost.rule, cost.partner, count] for cost, count in costs.items()]


def _costs_read(written: Iterable[Sequence[Any]]) -> Counter[Cost]:
    return Counter({Cost(*key): count for *key, count in written})


def backtested(program: Program, found: Backtested) -> dict[str, Any]:
    """The result of a back-test; points are texts with their decimals."""
    return {
        "members": found.members,
        "folded": found.folded,
        "estimates": sorted(found.estimates),
        "costs": [
            {
                "sort": cost.sort,
                "currency": cost.currency,
                "rule": cost.rule or None,
                "partner": cost.partner or None,
                "was": str(_points(program, cost, each.was)),
                "would": str(_points(program, cost, each.would)),
                "margin": str(_points(program, cost, each.margin)),
            }
            for cost, each in found.costs.items()
        ],
        "tiers": [
            [held.ladder, held.was, held.would, count] for held, count in sorted(found.tiers.items(), key=str)
        ],
        "failed": dict(sorted(found.failed.items())),
    }


def _points(program: Program, cost: Cost, units: int) -> Decimal:
    """In points; a currency that the file does not have is told in its smallest units."""
    points = program.points.get(cost.currency)
    return from_smallest_units(units, 0 if points is None else points.section.decimals)
