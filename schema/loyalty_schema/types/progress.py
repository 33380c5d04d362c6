"""The routes to higher tiers: what is missing, who can bring it, and when."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

import strawberry
from strawberry import enum_value

from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ProgramVersion, explain, routes, sights
from loyalty_engine.words import say
from loyalty_schema.fields import MEMBERS_READ, column, computed, given
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.program import Tier, tier_held
from loyalty_schema.types.rules import Locale, Rule, counted, named


@strawberry.enum(description="By what a condition on a route to a higher tier comes to be met.")
class ProgressMeans(Enum):
    """By what a condition on a route to a higher tier comes to be met."""

    ACTIVITY = enum_value("activity", description="By what the member does, added up.")
    SINGLE_ACTIVITY = enum_value(
        "single_activity",
        description="By one activity that has all that is needed: the largest counts, or the last one.",
    )
    POINTS = enum_value(
        "points",
        description="By points that rules award for what the member does: rates, minimums and caps decide "
        "how much that takes, and whether so many can be earned in time.",
    )
    OTHERS = enum_value(
        "others",
        description="By others alone: members who were referred and qualify, or a score, a status or another "
        "value that is recorded of the member.",
    )
    TIME = enum_value("time", description="By time alone: how long one is a member.")
    SEVERAL = enum_value(
        "several", description="By several of these, each with its weight; some may be none of the member's."
    )


@strawberry.type(
    description="A condition on a route to a higher tier; those of one route are met together, in any order."
)
class Progress:
    """A condition on a route to a higher tier."""

    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]
    row: strawberry.Private[sights.Condition]
    leads_to: strawberry.Private[routes.Route]
    route: int = given(
        description="The number of its route, from 0: all conditions with it lead to the tier together.",
        scope=MEMBERS_READ,
    )

    @computed(scope=MEMBERS_READ, description="The tier that it leads to.")
    def tier(self) -> Tier:
        """The tier that it leads to."""
        return tier_held(self.version, self.policy, self.leads_to.tier)

    @computed(scope=MEMBERS_READ, description="The rule that sets the condition.")
    def rule(self) -> Rule:
        """The rule that sets the condition."""
        return Rule(row=self.version.program.rules[self.row.rule])

    have: Decimal = column(
        "have",
        scope=MEMBERS_READ,
        description="What there is, as it will be read when the tier is decided if nothing more comes; of "
        "time, what there is now.",
    )
    need: Decimal = column("need", scope=MEMBERS_READ, description="What is needed.")
    missing: Decimal = column("missing", scope=MEMBERS_READ, description="What is still missing.")
    unit: str = column(
        "unit",
        scope=MEMBERS_READ,
        description="What is counted: a currency, activities, days, units, months, points of a currency, an "
        "attribute or a value by its key, status, or score, where several things or weights are added up.",
    )

    @computed(scope=MEMBERS_READ, description="By what it comes to be met.")
    def means(self) -> ProgressMeans:
        """By what it comes to be met."""
        return ProgressMeans(self.row.means)

    from_: datetime | None = column(
        "since",
        scope=MEMBERS_READ,
        description="Since when what comes counts for it, where that is later than today; null: already.",
        name="from",
    )
    by: datetime | None = column(
        "by",
        scope=MEMBERS_READ,
        description="Until when, exclusive: the review that decides, the end of the window, or when more "
        "will be missing because something counted leaves the window or holds no more; null: none of them.",
    )

    @computed(
        scope=MEMBERS_READ,
        description="Not before when the tier is reached on this route, however early everything is met: the "
        "review that decides, the day on which the membership is long enough, the beginning of a period, the "
        "end of a lock. It is reached then, or with the first activity from then on. Null: at once.",
    )
    def not_before(self) -> datetime | None:
        """Not before when the tier is reached on this route."""
        return self.leads_to.not_before

    begins_anew: bool = column(
        "begins_anew",
        scope=MEMBERS_READ,
        description="Whether a change of tier on the way may begin the ladder's cycle anew, so that what "
        "came before counts no more, or the cycle's review is held at another time.",
    )

    @computed(scope=MEMBERS_READ, description="The route in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """The route in words."""
        request, program = request_of(info), self.version.program
        tier = tier_held(self.version, self.policy, self.leads_to.tier)
        name = named(request, tier.section.name, tier.section.key, locale)
        much = self.row.missing or self.row.need
        amount = counted(request, program, explain.plain(much), self.row.unit, locale)
        if self.row.missing:
            return say(request.language(locale), "progress-short", missing=amount, tier=name)
        return say(request.language(locale), "progress-reached", needed=amount, tier=name)
