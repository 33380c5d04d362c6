"""What a business decides about tiers by tenure."""

from typing import Annotated, Literal

from pydantic import Field

from loyalty_engine.rules import RuleConfig

Lengths = Annotated[
    dict[str, Annotated[int, Field(ge=0, le=1200, strict=True)]], Field(min_length=1, max_length=50)
]


class TierTenureConfig(RuleConfig):
    """How long one has to be a member for each tier."""

    unit: Literal["months", "years"] = Field(description="What the thresholds count: whole months or years.")
    thresholds: Lengths = Field(
        description="The least time for each tier, the bound included; no opinion on tiers left out."
    )
