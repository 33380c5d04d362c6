"""Notices: a downgrade that a member was told of, and that has not come yet."""

from datetime import datetime

import strawberry

from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ProgramVersion
from loyalty_engine.rating.state import Notice as Given
from loyalty_engine.store.reads.standings import StandingRow
from loyalty_engine.words import say
from loyalty_schema.fields import MEMBERS_READ, computed, given
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.program import Tier, tier_of
from loyalty_schema.types.rules import Locale, named


@strawberry.type(description="An announced downgrade, which comes unless the tier is reached again.")
class Notice:
    """An announced downgrade."""

    tier: Tier = given(description="The tier to which it leads, as far as is known.", scope=MEMBERS_READ)
    at: datetime = given(description="When it takes effect.", scope=MEMBERS_READ)
    since: datetime = given(description="Since when it is announced.", scope=MEMBERS_READ)

    @computed(scope=MEMBERS_READ, description="The announcement in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """The announcement in words."""
        request, section = request_of(info), self.tier.section
        return say(
            request.language(locale),
            "notice",
            tier=named(request, section.name, section.key, locale),
            date=local_day(self.at, self.tier.version.program.zone).isoformat(),
        )


def given_in(row: StandingRow) -> Given | None:
    """The notice of a standing as it is stored; None where none was given."""
    if row.notice_tier is None or row.notice_at is None or row.noticed_at is None:
        return None
    return Given(row.notice_tier, row.notice_at, row.noticed_at)


def notice_of(version: ProgramVersion, ladder: str, notice: Given | None) -> Notice | None:
    """A notice as it is shown; None where none was given, or the ladder lacks its tier in that version."""
    tier = None if notice is None else tier_of(version, ladder, notice.tier)
    return None if notice is None or tier is None else Notice(tier=tier, at=notice.at, since=notice.since)
