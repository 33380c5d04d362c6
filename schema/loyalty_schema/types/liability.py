"""What a business owes its members in points."""

from datetime import date
from decimal import Decimal

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.services.liability import LiabilityPart as Part
from loyalty_schema.fields import PARTNERS_READ, POINTS_READ, computed
from loyalty_schema.types.partner import Partner


@strawberry.type(description="Points that expire in one month and that one funder stands for.")
class LiabilityPart:
    """Points that expire in one month and that one funder stands for."""

    row: strawberry.Private[Part]
    decimals: strawberry.Private[int]

    @computed(
        scope=POINTS_READ,
        description="The first day of the month in which they expire; null: they have no end, or, of what "
        "expired by inactivity, none that is kept.",
    )
    def month(self) -> date | None:
        """The first day of the month in which they expire."""
        return self.row.month

    @computed(scope=PARTNERS_READ, description="Who stands for them; null: the business.")
    def partner(self) -> Partner | None:
        """Who stands for them."""
        return None if self.row.partner is None else Partner(row=self.row.partner)

    @computed(scope=POINTS_READ, description="What members can spend.")
    def available(self) -> Decimal:
        """What members can spend."""
        return from_smallest_units(self.row.available, self.decimals)

    @computed(scope=POINTS_READ, description="What cannot be spent yet.")
    def pending(self) -> Decimal:
        """What cannot be spent yet."""
        return from_smallest_units(self.row.pending, self.decimals)

    @computed(scope=POINTS_READ, description="What open holds set aside.")
    def held(self) -> Decimal:
        """What open holds set aside."""
        return from_smallest_units(self.row.held, self.decimals)

    @computed(scope=POINTS_READ, description="What expired unused: breakage, which is owed no more.")
    def expired(self) -> Decimal:
        """What expired unused."""
        return from_smallest_units(self.row.expired, self.decimals)
