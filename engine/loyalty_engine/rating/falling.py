"""What prolongs a claim whose end would be a fall (SEMANTICS 4).

A prolongation is a claim of its own on the tier held, which begins where the claim ends that it prolongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating.journal import At
from loyalty_engine.rating.state import PROLONGING, Claim, LadderState


def graced(
    policy: LadderPolicy, held: LadderState, ended: Sequence[Claim], at: At, zone: ZoneInfo
) -> Claim | None:
    """The claim by which grace prolongs those that end here; None where there is none, or no more.

    What a return withdraws does not end: it is given no grace.
    """
    last = [claim for claim in ended if claim.tier == held.tier]
    end = graced_until(policy, last, at.instant, zone)
    return None if end is None else Claim(held.tier, at.instant, end, at.cause, origin="grace")


def graced_until(
    policy: LadderPolicy, last: Sequence[Claim], end: datetime, zone: ZoneInfo
) -> datetime | None:
    """Until when grace prolongs the last claims on a tier, at their end; None where they were prolonged."""
    days = policy.downgrade.grace_days
    if not days or not last or any(claim.origin in PROLONGING for claim in last):
        return None
    return first_instant(local_day(end, zone) + timedelta(days=days), zone)
