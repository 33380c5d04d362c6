"""How many terms of membership were renewed."""

from decimal import ROUND_HALF_EVEN, Decimal

import strawberry

from loyalty_engine.store.reads import renewals
from loyalty_schema.fields import APPLICATIONS_READ, column, computed

EXACT_TO = Decimal("0.0001")


@strawberry.type(description="How many of some terms of membership were renewed.")
class Renewals:
    """How many of some terms of membership were renewed."""

    row: strawberry.Private[renewals.Renewals]

    terms: int = column("terms", scope=APPLICATIONS_READ, description="How many terms there are.")
    renewed: int = column(
        "renewed",
        scope=APPLICATIONS_READ,
        description="After how many of them a renewal granted another one. Who lapsed and was admitted anew "
        "renewed nothing.",
    )

    @computed(
        scope=APPLICATIONS_READ,
        description="The renewed ones as a share of all, to four decimals; null: there are no terms.",
    )
    def rate(self) -> Decimal | None:
        """The renewed ones as a share of all."""
        if not self.row.terms:
            return None
        return (Decimal(self.row.renewed) / self.row.terms).quantize(EXACT_TO, rounding=ROUND_HALF_EVEN)
