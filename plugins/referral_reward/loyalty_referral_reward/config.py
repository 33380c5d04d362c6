"""What a business decides about referrals."""

from typing import Annotated

from pydantic import Field

from loyalty_engine.rules import Amount, Selection, Text

Points = Annotated[int, Field(le=9_000_000_000_000, strict=True)]


class ReferralRewardConfig(Selection):
    """What both sides get for the referred member's first purchase that qualifies."""

    currency: Text = Field(description="The points currency that is given.")
    referrer_points: Points = Field(ge=1, description="The points for the member who referred.")
    referred_points: Points = Field(
        default=0, ge=0, description="The points for the member who was referred; 0: none."
    )
    minimum_amount: Amount = Field(
        description="The least amount of the purchase, of what remains of it after returns."
    )
    within_days: int | None = Field(
        None,
        ge=1,
        le=36_500,
        strict=True,
        description="Only a purchase within so many local days, that of joining included; left out: any.",
    )
