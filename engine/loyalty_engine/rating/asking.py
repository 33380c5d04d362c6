"""Days at which rules ask for their ladders to be asked, because time alone changes what they say."""

from __future__ import annotations

from datetime import date, datetime

from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.judgement import RuleFailed, failure
from loyalty_engine.rules import Member, Rule


def asks(program: Program, policy: LadderPolicy) -> tuple[str, ...]:
    """The rules of a ladder that have such days; they matter only where an activity claims."""
    if policy.upgrade.at != "activity":
        return ()
    return tuple(
        rule for rule in policy.rules if type(program.rules[rule].instance).boundaries is not Rule.boundaries
    )


def next_asked(
    program: Program, policy: LadderPolicy, member: Member, after: date
) -> tuple[date | None, tuple[RuleFailed, ...]]:
    """The next of those days behind a local day, and the rules that could not say theirs."""
    days: list[date] = []
    failures: list[RuleFailed] = []
    for rule in asks(program, policy):
        try:
            day = _checked(program.rules[rule].instance.boundaries(member, after), after)
        except Exception as error:  # noqa: BLE001 - whatever a rule raises is its failure
            failures.append(failure(rule, error))
        else:
            days += [] if day is None else [day]
    return min(days, default=None), tuple(failures)


def _checked(day: object, after: date) -> date | None:
    if day is None:
        return None
    if isinstance(day, datetime) or not isinstance(day, date) or day <= after:
        raise TypeError(f"boundaries answered {day!r} for what comes after {after}")
    return day
