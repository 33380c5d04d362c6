"""What a further version of a program may not change, or only with a plan, because histories rest on it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import first_instant
from loyalty_engine.program import Finding, Program
from loyalty_engine.program.file import LadderSection, PointsSection, ProgramFile
from loyalty_engine.program.plan import LadderPlan, Plan
from loyalty_engine.store.publishing import PublishedVersion

OFTEN_DAYS = 90
MOST_CHANGES = 3
"""Changes that take effect within `OFTEN_DAYS` without a warning: members are told about a month ahead, and
no more than one change a month can be told so."""


def files_before(earlier: Sequence[PublishedVersion], starts: datetime) -> list[ProgramFile]:
    """The files in force before an instant, in their order; of several that took effect at one, the last."""
    found: dict[datetime | None, str] = {}
    for version in earlier:
        if version.effective_at is None or version.effective_at < starts:
            found[version.effective_at] = version.source
    return [ProgramFile.model_validate(tomllib.loads(source)) for source in found.values()]


def change_problems(
    before: Sequence[ProgramFile], program: Program, plan: Plan, starts: datetime
) -> list[Finding]:
    """Errors where the file, after those in force before it, drops what members stand on without a plan."""
    old, new = before[-1], program.file
    return [
        *_points_problems(old.points, new.points),
        *_gone_ladders(old, new, plan),
        *_unknown_ladders(old, new, plan),
        *_ladder_problems(before, program, plan, starts),
    ]


def too_often(earlier: Sequence[PublishedVersion], starts: datetime) -> Iterator[Finding]:
    """A warning where many versions take effect within a short time."""
    since = starts - timedelta(days=OFTEN_DAYS)
    changes = {
        version.effective_at
        for version in earlier
        if version.effective_at is not None and since < version.effective_at <= starts
    } | {starts}
    if len(changes) > MOST_CHANGES:
        yield Finding(
            "effective_at",
            f"this is change {len(changes)} within {OFTEN_DAYS} days: members cannot follow rules that "
            "change so often",
            "warning",
            f"gather changes and let at most {MOST_CHANGES} take effect within {OFTEN_DAYS} days",
        )


def _points_problems(old: Sequence[PointsSection], new: Sequence[PointsSection]) -> Iterator[Finding]:
    at = {section.key: index for index, section in enumerate(new)}
    for section in old:
        if section.key not in at:
            message = f"the currency {section.key!r} is gone, and balances are kept in it"
            yield Finding("points", message, fix="leave it in the file, without a rule that awards it")
        elif new[at[section.key]].decimals != section.decimals:
            yield Finding(
                f"points.{at[section.key]}.decimals",
                f"balances are kept with {section.decimals} decimals",
                fix=f"write decimals = {section.decimals}, or make another currency",
            )
    yield from _order_problems("points", [each.key for each in old], [each.key for each in new])


def _order_problems(path: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Finding]:
    kept = [key for key in after if key in before]
    if kept != [key for key in before if key in after]:
        yield Finding(path, f"the order was {', '.join(before)}", fix="keep the order")


def _gone_ladders(old: ProgramFile, new: ProgramFile, plan: Plan) -> Iterator[Finding]:
    left = {section.key for section in new.ladders}
    for section in old.ladders:
        if section.key not in left and plan.of(section.key).claims != "remove":
            yield Finding(
                "ladders",
                f"the ladder {section.key!r} is gone, and members stand on it",
                fix=f'say so in the plan: [ladders.{section.key}] claims = "remove"',
            )


def _unknown_ladders(old: ProgramFile, new: ProgramFile, plan: Plan) -> Iterator[Finding]:
    known = {section.key for section in (*old.ladders, *new.ladders)}
    for key in plan.ladders:
        if key not in known:
            yield Finding(f"plan.ladders.{key}", f"there is no ladder {key!r}", fix="leave it out")


def _ladder_problems(
    before: Sequence[ProgramFile], program: Program, plan: Plan, starts: datetime
) -> Iterator[Finding]:
    was = {section.key: section for file in before for section in file.ladders}
    for index, section in enumerate(program.file.ladders):
        own, path = plan.of(section.key), f"plan.ladders.{section.key}"
        yield from _plan_problems(path, own, program.zone, starts)
        if section.key not in was:
            if own.tiers or own.claims == "protect_until":
                yield Finding(path, "nobody stands on a ladder that is new", fix="leave it out")
            continue
        old = was[section.key]
        yield from _map_problems(path, own, old, section)
        if section.key in plan.ladders:
            yield from _lost_tiers(f"ladders.{index}.tiers", own, old, section)
        else:
            yield from _unplanned(f"ladders.{index}.tiers", old, section)


def _plan_problems(path: str, plan: LadderPlan, zone: ZoneInfo, starts: datetime) -> Iterator[Finding]:
    if plan.claims == "remove":
        yield Finding(f"{path}.claims", "the file still has this ladder", fix="write another plan for it")
    if plan.until is not None and first_instant(plan.until, zone) <= starts:
        message = f"the protection ends before the version takes effect at {starts.isoformat()}"
        yield Finding(f"{path}.until", message, fix="write a later day")


def _map_problems(path: str, plan: LadderPlan, old: LadderSection, new: LadderSection) -> Iterator[Finding]:
    before, after = _keys(old), _keys(new)
    for tier, to in plan.tiers.items():
        at = f"{path}.tiers.{tier}"
        if tier not in before:
            yield Finding(
                at, f"there was no tier {tier!r}; there was {', '.join(before)}", fix="leave it out"
            )
        elif to not in after:
            yield Finding(
                at, f"there is no tier {to!r}; there is {', '.join(after)}", fix="name one of those"
            )
        elif tier == before[0] and to != after[0]:
            message = f"nobody claims the base tier, so that its members stand on {after[0]!r} from then on"
            yield Finding(at, message, fix='leave it out; claims = "regrade_now" raises those who qualify')


def _lost_tiers(path: str, plan: LadderPlan, old: LadderSection, new: LadderSection) -> Iterator[Finding]:
    if plan.claims == "regrade_now":
        return
    for tier in _keys(old)[1:]:
        if tier not in _keys(new) and tier not in plan.tiers:
            yield _gone(path, tier, new)


def _unplanned(path: str, old: LadderSection, new: LadderSection) -> Iterator[Finding]:
    before, after = _keys(old), _keys(new)
    fix = f'give the ladder a plan: [ladders.{new.key}] claims = "keep", or another one'
    for tier in before:
        if tier not in after:
            yield _gone(path, tier, new)
    if [tier for tier in before if tier in after] != [tier for tier in after if tier in before]:
        yield Finding(path, f"the order was {', '.join(before)}, and members stand on it", fix=fix)
    if before[0] in after and after[0] != before[0]:
        yield Finding(
            f"{path}.0", f"the base tier was {before[0]!r}, which its members do not claim", fix=fix
        )


def _gone(path: str, tier: str, new: LadderSection) -> Finding:
    return Finding(
        path,
        f"the tier {tier!r} is gone, and nothing says where its members go",
        fix=f'say so in the plan: [ladders.{new.key}] tiers = {{ {tier} = "{_keys(new)[0]}" }}, or '
        'claims = "regrade_now"',
    )


def _keys(section: LadderSection) -> list[str]:
    return [tier.key for tier in section.tiers]
