"""What a business decides about points for purchases."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from loyalty_engine.rules import Amount, Factor, Number, Percent, RuleConfig, Selection, Text

Rates = Annotated[dict[str, Factor], Field(min_length=1, max_length=50)]
Points = Annotated[int, Field(ge=1, le=9_000_000_000_000, strict=True)]


class EarnCap(RuleConfig):
    """At most so many points in a period."""

    period: Literal["activity", "day", "week", "month", "quarter", "year", "lifetime"] = Field(
        description="The calendar period of the business's days; activity: for each one."
    )
    points: Points = Field(description="The most points of this rule's lines under the key.")
    key: Text | None = Field(None, description="The name it is counted under; left out: the rule's id.")


class EarnPurchaseConfig(Selection):
    """Points for each unit of a number, by tier or for everybody."""

    currency: Text = Field(description="The points currency that is earned.")
    figure: Number = "amount"
    negative: Literal["take_back", "zero"] = Field(
        description="What a number below zero earns, as an unlinked return: points taken back, or nothing."
    )
    rate: Factor | None = Field(None, description="Points for each unit; either this or rates.")
    rates: Rates | None = Field(
        None,
        validate_default=True,
        description="Points for each unit by the tier held before the activity; a tier left out has the rate "
        "of the nearest lower one.",
    )
    bonus_percent: dict[str, Percent] = Field(
        default_factory=dict,
        max_length=50,
        description="Percent of this rule's rounded points on top, by the tier held before; a tier left out "
        "has that of the nearest lower one, else none.",
    )
    ladder: Text | None = Field(
        None, description="The ladder whose tiers are meant; needed when the program has several."
    )
    minimum: Amount = Field(
        default=Decimal(0), description="The least size of the number that earns or takes back anything."
    )
    caps: tuple[EarnCap, ...] = Field(
        (), max_length=10, description="Limits on what the rule awards, its bonus included."
    )

    @field_validator("rates")
    @classmethod
    def _one_of_two(cls, rates: Rates | None, info: ValidationInfo) -> Rates | None:
        if "rate" in info.data and (info.data["rate"] is None) == (rates is None):
            raise ValueError("give either rate, for everybody, or rates, by tier")
        return rates
