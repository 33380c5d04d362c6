"""Gifts: points that one member's activity gives to another member."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.effects import Cause, CauseKind, EffectKey
from loyalty_engine.rating.wallets import gift_of
from loyalty_engine.services.causing import gift_name
from loyalty_engine.store.reads import gifts, members
from loyalty_engine.store.reads.activities import ActivityRow
from loyalty_engine.store.reads.effects import EffectRow
from loyalty_schema.fields import ACTIVITIES_READ, EVERYONE, MEMBERS_READ, POINTS_READ, computed
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Effect
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import currency_of
from loyalty_schema.types.rules import PointsCurrency

if TYPE_CHECKING:
    from loyalty_schema.types.activity import Activity
    from loyalty_schema.types.member import Member


@strawberry.type(description="Points that what a member did gives to another member.")
class Gift(Node, Effect):
    """Points that what a member did gives to another member."""

    row: strawberry.Private[gifts.GiftRow]

    @property
    def effect_row(self) -> EffectRow:
        """What every effect has."""
        return self.row.effect

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Gift", self.row.effect.effect_id)

    @computed(
        scope=POINTS_READ,
        description="How many points it gives; below zero: takes back of what its cause had given.",
    )
    async def amount(self, info: Info) -> Decimal:
        """How many points it gives."""
        return from_smallest_units(self.row.units, (await self._currency(info)).decimals_of)

    @computed(scope=POINTS_READ, description="Points of which currency.")
    async def currency(self, info: Info) -> PointsCurrency:
        """Points of which currency."""
        return await self._currency(info)

    @computed(
        scope=ACTIVITIES_READ,
        description="The activity that it is in the history of who was given, as known now; null: it is "
        "given no more, or may not be seen.",
    )
    async def activity(
        self, info: Info
    ) -> Annotated["Activity", strawberry.lazy("loyalty_schema.types.activity")] | None:
        """The activity that it is in the history of who was given."""
        from loyalty_schema.types.activity import Activity

        row = await self._standing(request_of(info))
        return None if row is None else Activity(row=row)

    @computed(
        scope=MEMBERS_READ,
        description="Who was given, as known now; null: nobody any more, or a member who may not be seen.",
    )
    async def to(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("loyalty_schema.types.member")] | None:
        """Who was given."""
        from loyalty_schema.types.member import Member

        request = request_of(info)
        given = await self._standing(request)
        row = None if given is None else await request.reads.load(members.members_by_id, given.member_id)
        return None if row is None else Member(row=row)

    async def _currency(self, info: Info) -> PointsCurrency:
        return await currency_of(request_of(info), gift_of(self.row.effect.slot)[0])

    async def _standing(self, request: Request) -> ActivityRow | None:
        effect = self.row.effect
        if effect.activity_id is None:
            return None
        cause = Cause(cast("CauseKind", effect.cause_kind), effect.cause_key)
        name = gift_name(EffectKey(cause, effect.rule, effect.slot))
        found = await request.reads.load(gifts.standing_gifts, effect.activity_id) or []
        return next((row for row in found if row.external_id.rpartition("/")[0] == name), None)
