"""What a gym decides about tiers by streak."""

from typing import Annotated

from pydantic import Field

from loyalty_engine.rules import RuleConfig, Text

Weeks = Annotated[int, Field(ge=1, le=5200, strict=True)]


class TierStreakConfig(RuleConfig):
    """Where the streak is found, and how long each tier wants it."""

    score: Text = Field("streak_weeks", description="The key of the outside score that holds the streak.")
    weeks: dict[str, Weeks] = Field(
        min_length=1, description="The least weeks for each tier; no opinion on tiers left out."
    )
