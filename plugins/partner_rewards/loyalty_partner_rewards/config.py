"""What a business and its partner agree for a promotion."""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, ValidationInfo, field_validator

from loyalty_engine.rules import Amount, Exact, Number, RuleConfig, Selection, Text, Texts

Multiple = Annotated[Decimal, Field(gt=1, le=100, decimal_places=4), Exact()]
Share = Annotated[Decimal, Field(gt=0, le=100, decimal_places=4), Exact()]
Points = Annotated[int, Field(ge=1, le=9_000_000_000_000, strict=True)]
Awards = Annotated[int, Field(ge=1, le=2_000_000_000, strict=True)]
Period = Literal["activity", "day", "week", "month", "quarter", "year", "lifetime"]


def _plain_date(value: object) -> object:
    """A number or an instant would be read as some date; only a date is one."""
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("write a local date, as 2025-03-01")  # noqa: TRY004 - becomes a finding
    return value


LocalDate = Annotated[date, BeforeValidator(_plain_date)]


class Funding(RuleConfig):
    """A partner's share of every award, and the budget that it opens for it."""

    partner: Text = Field(description="The partner that pays.")
    percent: Share = Field(description="Its share of each award; what is left over the business pays.")
    budget_points: Points | None = Field(None, description="The opening budget; either this or unlimited.")
    unlimited: Literal[True] | None = Field(
        None, validate_default=True, description="The partner pays whatever was awarded."
    )

    @field_validator("unlimited")
    @classmethod
    def _one_of_two(cls, unlimited: bool | None, info: ValidationInfo) -> bool | None:
        if "budget_points" in info.data and (info.data["budget_points"] is None) == (unlimited is None):
            raise ValueError("give either budget_points or unlimited = true")
        return unlimited


class PartnerCap(RuleConfig):
    """At most so many points, or awards, of one member in a period."""

    period: Period = Field(description="The calendar period of the business's days; activity: for each one.")
    points: Points | None = Field(None, description="The most points.")
    times: Points | None = Field(None, validate_default=True, description="The most awards.")
    key: Text | None = Field(None, description="The name it is counted under; left out: the rule's id.")

    @field_validator("times")
    @classmethod
    def _any_of_two(cls, times: int | None, info: ValidationInfo) -> int | None:
        if times is None and info.data.get("points", 0) is None:
            raise ValueError("give points, times or both")
        return times


class Audience(RuleConfig):
    """Whom the promotion is for: who meets all that is said here."""

    tiers: Texts = Field((), description="Tiers of which one is held, as gold or status.gold.")
    attributes: dict[Text, StrictStr | StrictInt | StrictBool] = Field(
        default_factory=dict,
        max_length=50,
        description="The member's attributes that have just these values.",
    )
    segments: Texts = Field((), description="Segments of which the member is in one.")


class Birthday(RuleConfig):
    """When a member's birthday is; no year of birth is asked for."""

    attribute: Text = Field(
        "birthday", description="The member's attribute that holds its month and day, as 02-29."
    )
    leap_day: Literal["feb28", "mar1"] = Field(
        description="When a birthday on 29 February is kept in a year without that day."
    )

    def is_on(self, day: date, known: object) -> bool:
        """Whether a local day is the birthday that is known of a member."""
        if known == "02-29" and not isleap(day.year):
            known = {"feb28": "02-28", "mar1": "03-01"}[self.leap_day]
        return known == f"{day:%m-%d}"


class PartnerRewardsConfig(RuleConfig):
    """One promotion of one partner."""

    partner: Text = Field(description="Whose promotion it is.")
    currency: Text = Field(description="The points currency that is awarded.")
    eligible: Selection = Field(
        Selection(), description="The activities that are rewarded; an unlinked return never is."
    )
    figure: Number = "amount"
    minimum: Amount | None = Field(
        None, description="The least eligible number for an award; left out: the number does not matter."
    )
    multiple: Multiple | None = Field(
        None,
        description="How many times the points of the activity's plain lines a member has in the end, the "
        "lines themselves included; either this or points.",
    )
    points: Points | None = Field(
        None, validate_default=True, description="The points of each award; either this or multiple."
    )
    once_per_member: StrictBool = Field(default=False, description="One award in a member's whole history.")
    caps: tuple[PartnerCap, ...] = Field((), max_length=10, description="Limits for each member.")
    starts_on: LocalDate | None = Field(
        None, alias="from", description="The first local date; left out: from the beginning."
    )
    ends_before: LocalDate | None = Field(
        None, alias="until", description="The first local date after it; left out: without end."
    )
    audience: Audience = Field(Audience(), description="Whom it is for; left out: every member.")
    birthday: Birthday | None = Field(
        None,
        description="Only on the member's birthday; points are then awarded once in each calendar year.",
    )
    funding: tuple[Funding, ...] = Field(
        max_length=20, description="Who pays; an empty list: the business alone."
    )
    quota: Awards | None = Field(
        None, description="How many awards all members together are given; left out: any number."
    )
    exhausted: Literal["reduce", "none", "next"] | None = Field(
        None,
        validate_default=True,
        description="When a budget cannot pay its share: grant what it can, nothing, or let the next best "
        "offer step in, which it also does when the quota is used up; required when a budget is limited or "
        "there is a quota.",
    )

    @field_validator("points")
    @classmethod
    def _one_of_two(cls, points: int | None, info: ValidationInfo) -> int | None:
        if "multiple" in info.data and (info.data["multiple"] is None) == (points is None):
            raise ValueError("give either multiple or points")
        return points

    @field_validator("ends_before")
    @classmethod
    def _not_empty(cls, until: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("starts_on")
        if until is not None and start is not None and until <= start:
            raise ValueError("until is the first date after the promotion, so it is later than from")
        return until

    @field_validator("funding")
    @classmethod
    def _at_most_the_whole(cls, funding: tuple[Funding, ...]) -> tuple[Funding, ...]:
        if len({share.partner for share in funding}) != len(funding):
            raise ValueError("a partner funds one share")
        if sum(share.percent for share in funding) > 100:
            raise ValueError("the shares are more than 100 percent")
        return funding

    @field_validator("exhausted")
    @classmethod
    def _said_when_limited(cls, exhausted: str | None, info: ValidationInfo) -> str | None:
        limited = any(share.budget_points is not None for share in info.data.get("funding", ()))
        if exhausted is None and (limited or info.data.get("quota") is not None):
            raise ValueError('a budget or the awards are limited: say "reduce", "none" or "next"')
        return exhausted
