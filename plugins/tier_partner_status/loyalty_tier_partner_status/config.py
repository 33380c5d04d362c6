"""What a business decides about tiers by the status at a partner."""

from typing import Annotated

from pydantic import Field

from loyalty_engine.rules import RuleConfig, Text

Statuses = Annotated[dict[Text, Text], Field(min_length=1, max_length=100)]


class TierPartnerStatusConfig(RuleConfig):
    """Which tier a member's status at a partner supports."""

    key: Text = Field(
        description="The key of the dated value of the kind partner_status, for example the partner's."
    )
    statuses: Statuses = Field(
        description='The tier for each status at the partner, e.g. { platinum = "gold", gold = "silver" }; a '
        "status supports lower tiers named here as well, one that is not named none."
    )
