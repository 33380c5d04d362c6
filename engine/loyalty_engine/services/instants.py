"""When what the engine records itself happens."""

from __future__ import annotations

from datetime import datetime, timedelta

from loyalty_engine.services.checks import CLOCK_SKEW
from loyalty_engine.store.members import MemberRow

JUST_AFTER = timedelta(microseconds=1)


def instant_behind(member: MemberRow, now: datetime) -> datetime:
    """Now, behind all that happened to the member.

    That a clock far ahead recorded something of the member is no reason to decide in its future, where
    points have expired that have not.
    """
    recorded = max(member.not_before(now), member.enrolled_at)
    since = recorded if recorded <= now + CLOCK_SKEW else max(now, member.enrolled_at)
    if member.last_occurred_at is None or member.last_occurred_at < since:
        return since
    return min(member.last_occurred_at + JUST_AFTER, recorded + CLOCK_SKEW)
