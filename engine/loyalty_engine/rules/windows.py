"""Windows as data: over which local days a measure adds up (SEMANTICS section 3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _WindowModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Calendar(_WindowModel):
    """The calendar period in the business's time zone that contains the day."""

    calendar: Literal["day", "week", "month", "quarter", "year"] = Field(
        description="The period: day, week (from Monday), month, quarter or year."
    )


class FiscalYear(_WindowModel):
    """A year that begins on a stated day, e.g. "04-01"."""

    fiscal_year: str = Field(
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$",
        description='Its first day as "MM-DD", at most the 28th.',
    )


class RollingDays(_WindowModel):
    """The last n local days, the day itself included."""

    rolling_days: int = Field(
        strict=True, ge=1, le=3660, description="How many days, the day itself included."
    )


class RollingMonths(_WindowModel):
    """On day D the dates d with D - n months < d <= D."""

    rolling_months: int = Field(strict=True, ge=1, le=120, description="How many months back from the day.")


class Previous(_WindowModel):
    """The period before the one that contains the day."""

    previous: Calendar | FiscalYear = Field(description="The kind of period.")


Window = Annotated[
    Literal["lifetime", "anniversary", "cycle"]
    | Calendar
    | FiscalYear
    | RollingDays
    | RollingMonths
    | Previous,
    Field(
        description='"lifetime", "anniversary" (years of membership), "cycle" (of the ladder), '
        '{ calendar = "year" }, { fiscal_year = "04-01" }, { rolling_days = 30 }, { rolling_months = 12 } '
        'or { previous = { calendar = "month" } }.'
    ),
]
