"""What a business decides about tiers by referrals."""

from typing import Annotated

from pydantic import Field

from loyalty_engine.rules import RuleConfig, Text, Thresholds, Window

Rewards = Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]


class TierReferralConfig(RuleConfig):
    """Members referred who qualified in a window, and how many of them each tier asks for."""

    rewards: Rewards = Field(
        description="The ids of the rules of the file that reward whoever referred, as of referral_reward: "
        "who qualified is what they say."
    )
    window: Window
    thresholds: Thresholds = Field(
        description="The least number of members for each tier, bound included; no opinion on tiers left out."
    )
