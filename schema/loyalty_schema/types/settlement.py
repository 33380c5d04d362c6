"""Periods that are closed."""

from datetime import datetime

import strawberry

from loyalty_engine.store.reads import businesses, settlements
from loyalty_schema.fields import EVERYONE, PARTNERS_READ, column, computed, to_one
from loyalty_schema.ids import global_id
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner


@strawberry.type(description="A period that is closed: nothing is recorded in it any more.")
class Settlement(Node):
    """A period that is closed."""

    row: strawberry.Private[settlements.SettlementRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Settlement", self.row.settlement_id)

    until: datetime = column(
        "until_at", scope=PARTNERS_READ, description="What occurred before this instant is closed."
    )
    closed_at: datetime = column(
        "closed_at",
        scope=PARTNERS_READ,
        description="When it was closed; what was recorded later, of the same period too, is not in it.",
    )
    partner: Partner | None = to_one(
        businesses.partners_by_id,
        "partner_id",
        lambda row: Partner(row=row),
        scope=PARTNERS_READ,
        description="The partner whose activities are closed; null: everything is.",
    )
