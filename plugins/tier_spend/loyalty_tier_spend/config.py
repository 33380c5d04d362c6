"""What a business decides about tiers by spend."""

from pydantic import Field, StrictBool

from loyalty_engine.rules import Selection, Thresholds, Window


class TierSpendConfig(Selection):
    """Spend over a window, and how much of it each tier asks for."""

    window: Window
    thresholds: Thresholds = Field(
        description="The least spend for each tier, the bound included; no opinion on tiers left out."
    )
    net: StrictBool = Field(default=True, description="Whether returns lower the spend.")
