"""The program file, one TOML file per business, as frozen models (SEMANTICS sections 4 and 6).

A key without a default is required: nothing is implied by the engine.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Key = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Lower-case letters, digits and _.")
]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]
Period = Literal["month", "quarter", "year"]
Names = Annotated[
    dict[
        Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Za-z]+)?$")],
        Annotated[str, Field(min_length=1, max_length=200)],
    ],
    Field(max_length=30),
]


class Section(BaseModel):
    """A table of the file: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Late(Section):
    """Until when what happened earlier may still be recorded, and what becomes of it afterwards."""

    days: int | None = Field(
        None,
        strict=True,
        ge=0,
        le=36500,
        description="How many local days before today are still open; left out: all that is not settled.",
    )
    then: Literal["refuse", "book_now"] = Field(
        description="What is later is refused with PERIOD_CLOSED, or counts from now on."
    )


class ProgramSection(Section):
    """`[program]`: whose program it is, and where its days begin."""

    business: Slug = Field(description="The slug of the business.")
    name: str = Field(min_length=1, max_length=200, description="The programme's name for members.")
    timezone: str = Field(description='The zone in which its days begin, e.g. "Asia/Shanghai".')
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="The ISO 4217 currency of its amounts.")
    locale: Literal["en", "zh"] = Field(
        "en", description="The language of its words where none is asked for."
    )
    sector: Literal["grocery", "pharmacy", "insurance"] | None = Field(
        None, description="For what the law bans from rewards; left out: only what is protected everywhere."
    )
    late: Late | None = Field(None, description="How late something may be recorded; left out: no limit.")
    earlier: Literal["moves_joining"] | None = Field(
        None, description="An activity before joining moves joining to it; left out: it is refused."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f'no such time zone: {value!r}; write one like "Europe/London"') from None
        return value


class AfterMonths(Section):
    """Expiry after months, counted from the day of earning."""

    months: int = Field(strict=True, ge=1, le=600, description="How many months after the day of earning.")
    then: Literal["that_day", "end_of_month", "end_of_quarter", "end_of_year"] = Field(
        "that_day",
        description="The last valid day: that very day, or the last of its month, quarter or year.",
    )


class AfterDays(Section):
    """Expiry after days."""

    days: int = Field(
        strict=True, ge=1, le=36500, description="How many days after the day of earning; the last valid day."
    )


class FixedDay(Section):
    """Expiry at the first such day later than the day of earning plus some months."""

    day: str = Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$", description='The day as "MM-DD".')
    after_months: int = Field(strict=True, ge=0, le=600, description="The least age in months.")


class Idle(Section):
    """Expiry of everything after months in which the member did nothing that keeps points."""

    idle_months: int = Field(
        strict=True, ge=1, le=600, description="How many months after the last activity that keeps them."
    )
    kept_by: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        min_length=1, max_length=20, description="The kinds of activities that keep points."
    )


class Pending(Section):
    """Points that cannot be spent at once, e.g. while what was bought may still be returned."""

    days: int | None = Field(
        None,
        strict=True,
        ge=1,
        le=3660,
        description="Until 00:00 of so many days after the day of earning; left out: confirmation alone.",
    )
    confirmed: bool = Field(False, description="Whether confirming the activity releases them earlier.")

    @model_validator(mode="after")
    def _ends_somehow(self) -> Pending:
        if self.days is None and not self.confirmed:
            raise ValueError(
                "say when pending points can be spent: { days = 14 }, { confirmed = true } or both"
            )
        return self


class Offers(Section):
    """How several partner offers for one activity combine."""

    choose: Literal["best", "all"] = Field(description="The best offer alone, or all of them.")
    before: Literal["caps"] = Field("caps", description="Chosen by what they award before caps are applied.")


class PointsSection(Section):
    """`[[points]]`: a points currency."""

    key: Key
    name: Names = Field(default_factory=dict, description="Its name by language.")
    decimals: int = Field(strict=True, ge=0, le=4, description="Digits after the point of its smallest unit.")
    rounding: Literal["floor", "toward_zero", "half_up", "half_even"] = Field(
        description="How a line is rounded, once, to the smallest unit."
    )
    redeemable: bool = Field(True, description="false: qualifying only, never spent, sent or held.")
    pending: Pending | None = Field(
        None, description="{ days = 14 }, { confirmed = true } or both; left out: to be spent at once."
    )
    expiry: Literal["never"] | AfterMonths | AfterDays | FixedDay | Idle = Field(
        description='"never", { months = 12, then = "end_of_month" }, { days = 365 }, '
        '{ day = "10-01", after_months = 36 } or { idle_months = 24, kept_by = ["purchase"] }.'
    )
    tender: Money | None = Field(
        None, description="What one point pays of a purchase, in the program's currency; left out: nothing."
    )
    approval_above: Money | None = Field(
        None, description="Adjustments of more points than that need a second person; left out: none does."
    )
    offers: Offers = Field(
        default=Offers(choose="best", before="caps"), description="How partner offers combine."
    )


class UntilMonths(Section):
    """A claim that ends some months after its own day."""

    months: int = Field(strict=True, ge=1, le=600, description="How many months after the claim's own day.")


class UntilEndOf(Section):
    """A claim that ends with the period that begins at or contains its instant, or some months later."""

    end_of: Period = Field(description="month, quarter or year.")
    plus_months: int = Field(
        0, strict=True, ge=0, le=600, description="How many months after the period's end."
    )


Until = Annotated[
    Literal["lifetime", "opinion"] | UntilMonths | UntilEndOf,
    Field(
        description='"lifetime", { months = 12 }, { end_of = "year", plus_months = 12 }, or "opinion": as '
        "long as the rules that support the tier say."
    ),
]


class Upgrade(Section):
    """When figures become a claim, and until when it holds."""

    at: Literal["activity", "review"] = Field(description="At every activity, or at reviews alone.")
    until: Until


class Cycle(Section):
    """The ladder's own period: it begins at joining, and anew when it is over or a change restarts it."""

    months: int = Field(ge=1, le=600, description="How many months, counted from its beginning.")
    restart: list[Literal["upgrade", "downgrade"]] = Field(
        max_length=2, description="The changes of standing that begin it anew; [] for none."
    )


ReviewDate = Annotated[
    str,
    Field(
        pattern=r"^((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))$"
    ),
]


class Review(Section):
    """Regular reviews, at 00:00 local of the period's first day or of dates of each year."""

    every: Period | Literal["cycle"] | None = Field(
        None, description="month, quarter, year or cycle; left out: on the dates."
    )
    dates: list[ReviewDate] = Field(
        default_factory=list, max_length=24, description='Dates of each year as "MM-DD", instead of every.'
    )
    until: Until

    @model_validator(mode="after")
    def _one_of_both(self) -> Review:
        if (self.every is None) == (not self.dates):
            raise ValueError(
                'say when reviews are held: either every = "month" or dates = ["03-01", "09-01"]'
            )
        if len(set(self.dates)) < len(self.dates):
            raise ValueError("a date stands here twice")
        return self


class Downgrade(Section):
    """How far a member falls when the last claim on the tier held ends."""

    to: Literal["qualified", "one_step", "base"] = Field(
        description="To what the figures support, at most one step, or to the base tier."
    )
    grace_days: int = Field(
        0,
        strict=True,
        ge=0,
        le=3660,
        description="How many days a claim is prolonged that ends in a fall.",
    )
    notice_days: int = Field(
        0,
        strict=True,
        ge=0,
        le=3660,
        description="How many days before it a downgrade is announced at least.",
    )


class TierSection(Section):
    """A tier of a ladder."""

    key: Key
    name: Names = Field(default_factory=dict, description="Its name by language.")


class LadderSection(Section):
    """`[[ladders]]`: tiers from the base upwards, and the life of a standing on them."""

    key: Key
    name: Names = Field(default_factory=dict, description="Its name by language.")
    tiers: list[TierSection] = Field(min_length=2, max_length=50, description="From the base tier upwards.")
    combine: str | dict[str, Any] = Field(
        description='A rule id, or a tree like { op = "any_of", of = ["a", { op = "all_of", of = ["b"] }] }; '
        "any_of takes at_least (1), weighted takes weights and at_least."
    )
    keep: str | dict[str, Any] | None = Field(
        None, description="What keeps the tier held; a tree like combine. Left out: the same as combine."
    )
    cycle: Cycle | None = Field(None, description="Needed where a window or the review says cycle.")
    upgrade: Upgrade
    review: Review | None = Field(None, description="Left out: never.")
    downgrade: Downgrade
    returns: Literal["undo", "from_now", "at_review", "never"] = Field(
        description="What a return does to figures and claims."
    )


class RuleSection(Section):
    """`[[rules]]`: a configured rule."""

    id: Key
    rule: str = Field(min_length=1, max_length=63, description="The name of an installed rule.")
    version: str | None = Field(None, description="The rule's version; left out: the one installed.")
    config: dict[str, Any] = Field(description="The rule's own configuration.")


class ProgramFile(Section):
    """The whole file."""

    program: ProgramSection
    points: list[PointsSection] = Field(default_factory=list, max_length=20)
    ladders: list[LadderSection] = Field(default_factory=list, max_length=20)
    rules: list[RuleSection] = Field(default_factory=list, max_length=200)
