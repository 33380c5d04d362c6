"""Partners, and the promotions that they fund."""

from datetime import datetime
from decimal import Decimal

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.store.reads import businesses
from loyalty_schema.fields import EVERYONE, FEW, PARTNERS_READ, aggregate, column, computed, to_one
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import points_currency, rule_in_force
from loyalty_schema.types.rules import PointsCurrency, Rule


@strawberry.type(description="Another company whose purchases count here, or who funds promotions.")
class Partner(Node):
    """Another company."""

    row: strawberry.Private[businesses.PartnerRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Partner", self.row.partner_id)

    key: str = column("key", scope=EVERYONE, description="Its key in the program file.")
    name: str = column("name", scope=EVERYONE, description="Its name.")
    created_at: datetime = column("created_at", scope=PARTNERS_READ, description="Since when it is known.")


@strawberry.type(description="What one partner funds of a promotion.")
class PromotionBudget:
    """What one partner funds of a promotion."""

    row: strawberry.Private[businesses.BudgetRow]
    decimals: strawberry.Private[int]

    partner: Partner | None = to_one(
        businesses.partners_by_id,
        "partner_id",
        lambda row: Partner(row=row),
        scope=PARTNERS_READ,
        description="Who funds it; null where the credential may not see the partner.",
    )

    @computed(scope=PARTNERS_READ, description="How many points were put in; null: without a limit.")
    def opened(self) -> Decimal | None:
        """How many points were put in."""
        return _points(self.row.opened, self.decimals)

    @computed(scope=PARTNERS_READ, description="How many points are left; null: without a limit.")
    def left(self) -> Decimal | None:
        """How many points are left."""
        return _points(self.row.left, self.decimals)


@strawberry.type(description="A partner's promotion, decided by one rule of the program.")
class Promotion(Node):
    """A partner's promotion."""

    row: strawberry.Private[businesses.PromotionRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Promotion", self.row.promotion_id)

    key: str = column("key", scope=PARTNERS_READ, description="The id of its rule in the program file.")
    created_at: datetime = column(
        "created_at", scope=PARTNERS_READ, description="When it was published first."
    )
    partner: Partner | None = to_one(
        businesses.partners_by_id,
        "partner_id",
        lambda row: Partner(row=row),
        scope=PARTNERS_READ,
        description="Whose promotion it is.",
    )

    @computed(scope=PARTNERS_READ, description="The points currency in which it awards.")
    async def currency(self, info: Info) -> PointsCurrency | None:
        """The points currency; None when the program in force has it no longer."""
        return points_currency(await request_of(info).rulebook(), request_of(info), self.row.currency)

    @computed(scope=PARTNERS_READ, description="The rule in force that decides it; null when it has ended.")
    async def rule(self, info: Info) -> Rule | None:
        """The rule in force."""
        return await rule_in_force(request_of(info), self.row.key)

    quota: int | None = column(
        "quota",
        scope=PARTNERS_READ,
        description="How many awards all members together are given; null: any number.",
    )
    quota_left: int | None = column(
        "quota_left", scope=PARTNERS_READ, description="How many of them are left; null: any number."
    )

    @aggregate(scope=PARTNERS_READ, brings=FEW, description="Who funds it, and what is left of the budgets.")
    async def budgets(self, info: Info) -> list[PromotionBudget]:
        """Who funds it."""
        request = request_of(info)
        currency = points_currency(await request.rulebook(), request, self.row.currency)
        found = await request.reads.load(businesses.budgets, self.row.promotion_id) or []
        decimals = 0 if currency is None else currency.decimals_of
        return [PromotionBudget(row=row, decimals=decimals) for row in found]


def _points(units: int | None, decimals: int) -> Decimal | None:
    return None if units is None else from_smallest_units(units, decimals)
