"""What a business decides about tiers by frequency."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from loyalty_engine.rules import NamedNumber, Selection, Thresholds, Window

Counted = Annotated[
    Literal["activities", "local_days", "units"] | NamedNumber,
    Field(
        description='What is counted: "activities", "local_days" (distinct dates with an activity), '
        '"units", or a number of the activity, as { attribute = "nights" }.'
    ),
]


class TierFrequencyConfig(Selection):
    """A count over a window, and how much of it each tier asks for."""

    count: Counted
    window: Window
    thresholds: Thresholds = Field(
        description="The least count for each tier, the bound included; no opinion on tiers left out."
    )
    net: StrictBool = Field(
        default=True, description="Whether returns lower the count; an activity is lost when returned whole."
    )
