"""What a business decides about tiers by points."""

from pydantic import Field, StrictBool

from loyalty_engine.rules import RuleConfig, Text, Texts, Thresholds, Window


class TierPointsConfig(RuleConfig):
    """Points earned over a window, and how many of them each tier asks for."""

    currency: Text = Field(description="The points currency; one that cannot be redeemed will do.")
    rules: Texts = Field((), description="Only points that these rules of the file award, by their ids.")
    kinds: Texts = Field((), description="Only points for activities of these kinds.")
    channels: Texts = Field((), description="Only points for activities through these channels.")
    partners: Texts = Field((), description="Only points for activities at these partners.")
    window: Window
    thresholds: Thresholds = Field(
        description="The least points for each tier, the bound included; no opinion on tiers left out."
    )
    net: StrictBool = Field(
        default=True, description="Whether a return lowers the points by those that it takes back."
    )
