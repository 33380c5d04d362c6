"""What a further version of a program may not change, because histories rest on it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence

from loyalty_engine.program import Finding, Program
from loyalty_engine.program.file import LadderSection, PointsSection, ProgramFile

_NEEDS_PLAN = "it needs a migration plan, which does not exist yet"


def change_problems(before: str, program: Program) -> list[Finding]:
    """Errors where the file, after the published file `before`, drops or reorders what members stand on."""
    old = ProgramFile.model_validate(tomllib.loads(before))
    return [*_points_problems(old.points, program.file.points), *_ladder_problems(old, program.file)]


def _points_problems(old: Sequence[PointsSection], new: Sequence[PointsSection]) -> Iterator[Finding]:
    at = {section.key: index for index, section in enumerate(new)}
    for section in old:
        if section.key not in at:
            yield Finding("points", f"the currency {section.key!r} is gone: {_NEEDS_PLAN}")
        elif new[at[section.key]].decimals != section.decimals:
            yield Finding(
                f"points.{at[section.key]}.decimals",
                f"balances are kept with {section.decimals} decimals: {_NEEDS_PLAN}",
            )
    yield from _order_problems("points", [each.key for each in old], [each.key for each in new])


def _ladder_problems(old: ProgramFile, new: ProgramFile) -> Iterator[Finding]:
    at = {section.key: index for index, section in enumerate(new.ladders)}
    for section in old.ladders:
        if section.key not in at:
            yield Finding("ladders", f"the ladder {section.key!r} is gone: {_NEEDS_PLAN}")
        else:
            path = f"ladders.{at[section.key]}.tiers"
            yield from _tier_problems(path, section, new.ladders[at[section.key]])
    yield from _order_problems(
        "ladders", [each.key for each in old.ladders], [each.key for each in new.ladders]
    )


def _tier_problems(path: str, old: LadderSection, new: LadderSection) -> Iterator[Finding]:
    before, after = [tier.key for tier in old.tiers], [tier.key for tier in new.tiers]
    for tier in before:
        if tier not in after:
            yield Finding(path, f"the tier {tier!r} is gone: {_NEEDS_PLAN}")
    yield from _order_problems(path, before, after)
    if before[0] in after and after[0] != before[0]:
        yield Finding(f"{path}.0", f"the base tier was {before[0]!r}: {_NEEDS_PLAN}")


def _order_problems(path: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Finding]:
    kept = [key for key in after if key in before]
    if kept != [key for key in before if key in after]:
        yield Finding(path, f"the order was {', '.join(before)}: {_NEEDS_PLAN}")
