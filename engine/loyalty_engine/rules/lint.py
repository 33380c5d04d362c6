"""Findings that many rules share: names of tiers that a configuration mentions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from loyalty_engine.rules.decisions import Problem
from loyalty_engine.rules.inputs import Ladder

Path = tuple[str | int, ...]


def tier_problems(ladders: Sequence[Ladder], names: Iterable[tuple[Path, str]]) -> Iterator[Problem]:
    """An error for each name, given with its path, that is not one tier of the ladders, named once."""
    seen: dict[tuple[str, str | None], str] = {}
    for path, name in names:
        owners = [(ladder.key, ladder.own(name)) for ladder in ladders if ladder.own(name) is not None]
        if not owners:
            known = ", ".join(f"{ladder.key}: {', '.join(ladder.tiers)}" for ladder in ladders) or "no ladder"
            yield Problem(path, f"there is no tier {name!r}; there is {known}")
        elif len(owners) > 1:
            keys = " and ".join(key for key, _ in owners)
            yield Problem(path, f"ladders {keys} both have it; write {owners[0][0]}.{name}")
        elif seen.setdefault(owners[0], name) != name:
            yield Problem(path, f"{name!r} and {seen[owners[0]]!r} are one tier")


def keyed(names: Iterable[str], *path: str) -> Iterator[tuple[Path, str]]:
    """The keys of a table, each with its path."""
    return (((*path, name), name) for name in names)


def listed(names: Iterable[str], *path: str) -> Iterator[tuple[Path, str]]:
    """The elements of a list, each with its path."""
    return (((*path, index), name) for index, name in enumerate(names))


def threshold_problems(
    ladders: Sequence[Ladder], thresholds: Mapping[str, Decimal | int], *path: str
) -> Iterator[Problem]:
    """Unknown tiers as errors; a bound that changes nothing as a warning.

    A rule that no ladder names has no ladders to check against.
    """
    if not ladders:
        return
    yield from tier_problems(ladders, keyed(thresholds, *path))
    for ladder in ladders:
        yield from _idle_bounds(ladder, thresholds, *path)


def _idle_bounds(ladder: Ladder, thresholds: Mapping[str, Decimal | int], *path: str) -> Iterator[Problem]:
    named = sorted((ladder.rank(tier), name) for name in thresholds if (tier := ladder.own(name)) is not None)
    below: str | None = None
    for rank, name in named:
        if rank == 0:
            message = f"{name!r} is the base tier, which needs no support"
            yield Problem((*path, name), message, "warning", "leave it out")
        elif below is not None and thresholds[name] == thresholds[below]:
            message = f"{name!r} asks for no more than the lower tier {below!r}: both begin at the same edge"
            fix = f"ask for more than {thresholds[below]}"
            yield Problem((*path, name), message, "warning", fix, (ladder.key, ladder.tiers[rank]))
        elif below is not None and thresholds[name] < thresholds[below]:
            message = f"{name!r} asks for no more than the lower tier {below!r}"
            fix = f"ask for more than {thresholds[below]}, or exchange the two"
            yield Problem((*path, name), message, "warning", fix, (ladder.key, ladder.tiers[rank]))
        below = name if rank else below
