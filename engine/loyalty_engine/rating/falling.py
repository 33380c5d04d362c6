"""What prolongs a claim whose end would be a fall (SEMANTICS 4).

A prolongation is a claim of its own on the tier held, which begins where the claim ends that it prolongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating.journal import At
from loyalty_engine.rating.state import PROLONGING, Claim, LadderState


def graced(
    policy: LadderPolicy, held: LadderState, ended: Sequence[Claim], at: At, zone: ZoneInfo
) -> Claim | None:
    """The grace that a fall at the end of claims gives; None without grace, or where they were prolonged.

    ``ended`` are the claims that end here. What a return withdraws does not end: it is given no grace.
    """
    days = policy.downgrade.grace_days
    last = [claim for claim in ended if claim.tier == held.tier]
    if not days or not last or any(claim.origin in PROLONGING for claim in last):
        return None
    end = first_instant(local_day(at.instant, zone) + timedelta(days=days), zone)
    return Claim(held.tier, at.instant, end, at.cause, origin="grace")
