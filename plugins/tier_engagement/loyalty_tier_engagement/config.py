"""What a business decides about tiers by engagement."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, field_validator

from loyalty_engine.rules import Factor, RuleConfig, Text, Texts, Thresholds, Window

Weights = Annotated[dict[Text, Factor], Field(min_length=1, max_length=50)]


class TierEngagementConfig(RuleConfig):
    """What members take part in over a window, and how much of it each tier asks for."""

    weights: Weights = Field(
        description="How much an activity of each kind counts, e.g. { review = 3, share = 1, lesson = 2 }."
    )
    count: Literal["activities", "local_days"] = Field(
        "activities",
        description='"activities", or "local_days": of each kind at most one a day counts.',
    )
    channels: Texts = Field((), description="Only activities through these channels.")
    partners: Texts = Field((), description="Only activities at these partners.")
    window: Window
    thresholds: Thresholds = Field(
        description="The least weighted count for each tier, bound included; no opinion on tiers left out."
    )
    net: StrictBool = Field(
        default=True, description="Whether an activity that was returned whole no longer counts."
    )

    @field_validator("weights")
    @classmethod
    def _no_return(cls, weights: Weights) -> Weights:
        if "return" in weights:
            raise ValueError("a return is nothing that a member takes part in")
        return weights
