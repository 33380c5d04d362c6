"""Notices: a downgrade that a member was told of, and that has not come yet."""

from datetime import datetime

import strawberry

from loyalty_engine.rating import ProgramVersion
from loyalty_engine.rating.state import Notice as Given
from loyalty_engine.store.reads.standings import StandingRow
from loyalty_schema.fields import MEMBERS_READ, given
from loyalty_schema.types.program import Tier, tier_of


@strawberry.type(description="An announced downgrade, which comes unless the tier is reached again.")
class Notice:
    """An announced downgrade."""

    tier: Tier = given(description="The tier to which it leads, as far as is known.", scope=MEMBERS_READ)
    at: datetime = given(description="When it takes effect.", scope=MEMBERS_READ)
    since: datetime = given(description="Since when it is announced.", scope=MEMBERS_READ)


def given_in(row: StandingRow) -> Given | None:
    """The notice of a standing as it is stored; None where none was given."""
    if row.notice_tier is None or row.notice_at is None or row.noticed_at is None:
        return None
    return Given(row.notice_tier, row.notice_at, row.noticed_at)


def notice_of(version: ProgramVersion, ladder: str, notice: Given | None) -> Notice | None:
    """A notice as it is shown; None where none was given, or the ladder lacks its tier in that version."""
    tier = None if notice is None else tier_of(version, ladder, notice.tier)
    return None if notice is None or tier is None else Notice(tier=tier, at=notice.at, since=notice.since)
