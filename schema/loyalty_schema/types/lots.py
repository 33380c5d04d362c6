"""Lots of points that were earned together, and what spendings used of them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.localtime import DAY, first_instant
from loyalty_engine.program.file import Idle
from loyalty_engine.rating.ends import idle_until, remaining_end
from loyalty_engine.rating.facts import key_text
from loyalty_engine.store.reads import activities, lots, uses
from loyalty_engine.store.reads.lot_ends import IdleEnds
from loyalty_schema.fields import EVERYONE, FEW, POINTS_READ, aggregate, column, computed, given, to_one
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Cause
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner
from loyalty_schema.types.program import currency_of, rule_shown
from loyalty_schema.types.rules import Rule


async def idle_ends(request: Request) -> tuple[IdleEnds, ...]:
    """What is gone by now of the currencies whose points end with idleness."""
    program = (await request.rulebook()).in_force(request.now).program
    found = []
    for key, points in program.points.items():
        if isinstance(points.section.expiry, Idle):
            last = idle_until(points.section.expiry, request.now, program.zone)
            found.append(IdleEnds(key, first_instant(last + DAY, program.zone), last.toordinal()))
    return tuple(found)


async def end_of(
    request: Request, currency: str, expires_at: datetime | None, earned_at: datetime, kept: int
) -> datetime | None:
    """When what is left of points is gone."""
    program = (await request.rulebook()).in_force(request.now).program
    points = program.points.get(currency)
    expiry = None if points is None else points.section.expiry
    return remaining_end(expiry, expires_at, earned_at, kept, program.zone)


async def _points(request: Request, currency: str, units: int) -> Decimal:
    return from_smallest_units(units, (await currency_of(request, currency)).decimals_of)


@strawberry.type(description="What a partner paid of some points.")
class LotFunding:
    """What a partner paid of some points."""

    partner: Partner = given(description="The partner.")
    percent: Decimal = given(description="Its share of them, in percent.")


@strawberry.type(
    description="Points that were earned together and expire together. Its amount is what remains, what "
    "expired and what was used: every point is in exactly one of them."
)
class Lot(Node):
    """Points that were earned together."""

    row: strawberry.Private[lots.LotRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Lot", self.row.lot_id)

    earned_at: datetime = column("earned_at", scope=POINTS_READ, description="When they were earned.")

    @computed(scope=POINTS_READ, description="How many points were earned, as known now.")
    async def amount(self, info: Info) -> Decimal:
        """How many points were earned."""
        return await _points(request_of(info), self.row.currency, self.row.amount)

    @computed(scope=POINTS_READ, description="How many are left: available, or still pending.")
    async def remaining(self, info: Info) -> Decimal:
        """How many are left."""
        request = request_of(info)
        return await _points(request, self.row.currency, await self._left(request))

    @computed(scope=POINTS_READ, description="How many are left and can be spent.")
    async def available(self, info: Info) -> Decimal:
        """How many are left and can be spent."""
        request = request_of(info)
        left = 0 if self.row.pending else await self._left(request)
        return await _points(request, self.row.currency, left)

    @computed(scope=POINTS_READ, description="How many are left and cannot be spent yet.")
    async def pending(self, info: Info) -> Decimal:
        """How many are left and cannot be spent yet."""
        request = request_of(info)
        left = await self._left(request) if self.row.pending else 0
        return await _points(request, self.row.currency, left)

    @computed(scope=POINTS_READ, description="How many ran out unused.")
    async def expired(self, info: Info) -> Decimal:
        """How many ran out unused."""
        request = request_of(info)
        gone = self.row.remaining - await self._left(request)
        return await _points(request, self.row.currency, self.row.expired + gone)

    @computed(
        scope=POINTS_READ,
        description="The instant from which what is left is gone; null: it never expires. Where points end "
        "after idle months, activities that keep them move it, and it is null when nothing is left.",
    )
    async def expires_at(self, info: Info) -> datetime | None:
        """The instant from which what is left is gone."""
        row = self.row
        if row.expires_at is None and not row.remaining:
            return None
        return await end_of(request_of(info), row.currency, row.expires_at, row.earned_at, row.kept)

    @computed(
        scope=POINTS_READ,
        description="From when on pending ones can be spent; null: they can be, or wait for a confirmation.",
    )
    def releases_at(self) -> datetime | None:
        """From when on pending ones can be spent."""
        return self.row.releases_at if self.row.pending else None

    @computed(scope=EVERYONE, description="What they were earned by.")
    def cause(self) -> Cause:
        """What they were earned by."""
        return Cause(row=self.row)

    @computed(
        scope=EVERYONE, description="The rule that awarded them; null: the program itself, or it is not seen."
    )
    async def rule(self, info: Info) -> Rule | None:
        """The rule that awarded them."""
        request = request_of(info)
        version = (await request.rulebook()).in_force(self.row.earned_at)
        return await rule_shown(request, version, self.row.rule)

    @aggregate(
        scope=POINTS_READ,
        brings=FEW,
        description="The partners who paid them; the business paid the rest. A partner sees its own share.",
    )
    async def funded_by(self, info: Info) -> list[LotFunding]:
        """The partners who paid them."""
        found = await request_of(info).reads.load(lots.lot_funding, self.row.lot_id) or []
        return [LotFunding(partner=Partner(row=each.partner), percent=each.percent) for each in found]

    @aggregate(
        scope=POINTS_READ,
        brings=FEW,
        description="What used some of them, the earliest first, as known now: something that arrives late "
        "may change which lots a spending used, never how much it spent.",
    )
    async def uses(
        self, info: Info
    ) -> list[Annotated["PointUse", strawberry.lazy("loyalty_schema.types.lots")]]:
        """What used some of them."""
        found = await request_of(info).reads.load(uses.uses_by_lot, self.row.lot_id) or []
        return [PointUse(row=row) for row in found]

    async def _left(self, request: Request) -> int:
        row = self.row
        end = await end_of(request, row.currency, row.expires_at, row.earned_at, row.kept)
        return 0 if end is not None and end <= request.now else row.remaining


@strawberry.type(description="What one spending used of one lot, or owes.")
class PointUse:
    """What one spending used of one lot, or owes."""

    row: strawberry.Private[uses.UseRow]

    @computed(scope=POINTS_READ, description="How many points.")
    async def amount(self, info: Info) -> Decimal:
        """How many points."""
        return await _points(request_of(info), self.row.currency, self.row.amount)

    lot: Lot | None = to_one(
        lots.lots_by_id,
        "lot_id",
        lambda row: Lot(row=row),
        scope=POINTS_READ,
        description="The lot that they came from; null: there was none, and they are owed.",
    )

    @computed(scope=EVERYONE, description="What used them: a redemption, a hold, a transfer, a return, ...")
    def cause(self) -> Cause:
        """What used them."""
        return Cause(row=self.row)

    at: datetime = column("used_at", scope=POINTS_READ, description="When they were used.")


async def uses_of_activity(request: Request, row: activities.ActivityRow) -> list[uses.UseRow]:
    """What an activity's spendings used; of a capture what its hold did."""
    load = request.reads.load
    if row.kind == "capture" and row.about_fact_id is not None:
        held = await load(activities.activities_by_id, row.about_fact_id)
        return [] if held is None else await uses_of_activity(request, held)
    key = (row.member_id, "activity", key_text(row.source, row.external_id))
    return await load(uses.uses_by_cause, key) or []


async def uses_of_capture(request: Request, activity_id: UUID) -> list[uses.UseRow]:
    """What a capture spent out of its hold."""
    row = await request.reads.load(activities.activities_by_id, activity_id)
    return [] if row is None else await uses_of_activity(request, row)


def shown(rows: Iterable[uses.UseRow]) -> list[PointUse]:
    """Rows as the API shows them."""
    return [PointUse(row=row) for row in rows]
