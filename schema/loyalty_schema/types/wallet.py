"""A member's points: balances, what expires, and the entries that they are made of."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.store.reads import businesses, entries, held, lots, wallets
from loyalty_engine.store.reads.effects import EffectRow
from loyalty_engine.store.reads.members import MemberRow
from loyalty_engine.store.reads.moments import ALWAYS, Moment
from loyalty_engine.store.reads.pages import Page
from loyalty_engine.store.reads.totals import Totals, totals
from loyalty_engine.store.reads.uses import uses_by_cause
from loyalty_engine.words import say
from loyalty_schema.connections import After, Connection, First, connection_of, slice_of
from loyalty_schema.enums import EntryCode, HoldState, value_of
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.fields import (
    EVERYONE,
    FEW,
    POINTS_READ,
    aggregate,
    computed,
    given,
    page,
    to_one,
)
from loyalty_schema.filters import EntryFilter, LotFilter, instants_of
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Effect
from loyalty_schema.types.lots import Lot, PointUse, end_of, idle_ends, shown, uses_of_capture
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner
from loyalty_schema.types.program import version_by_id
from loyalty_schema.types.rules import Locale, PointsCurrency

if TYPE_CHECKING:
    from loyalty_schema.types.held import Hold

SPENDING = ("redeem", "send", "adjust", "hold", "capture", "take_back", "merge")
"""The codes of entries by which points are spent, or are taken back."""

LONGEST_LOOK = timedelta(days=36_600)
WalletCurrency = Annotated[
    str | None,
    strawberry.argument(description="The currency's key; left out: the first currency of the file."),
]


@strawberry.type(description="Points that expire together.")
class Expiry:
    """Points that expire together."""

    at: datetime = given(description="The instant from which they are gone.", scope=POINTS_READ)
    amount: Decimal = given(description="How many points, available or pending.", scope=POINTS_READ)


@strawberry.type(description="A movement in a wallet.")
class LedgerEntry(Node, Effect):
    """A movement in a wallet."""

    row: strawberry.Private[entries.EntryRow]

    @property
    def effect_row(self) -> EffectRow:
        """What every effect has."""
        return self.row.effect

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("LedgerEntry", self.row.transfer_id)

    @computed(scope=POINTS_READ, description="Why points moved.")
    def code(self) -> EntryCode:
        """Why points moved."""
        return EntryCode(self.row.code)

    @computed(
        scope=POINTS_READ,
        description="What it added to the points that can be spent; below zero: took from them. "
        "A capture takes nothing from them any more: its hold did.",
    )
    async def amount(self, info: Info) -> Decimal:
        """What it added to the points that can be spent."""
        return await self._points(request_of(info), self.row.amount)

    @computed(scope=POINTS_READ, description="How many points moved, above zero; also of a capture.")
    async def moved(self, info: Info) -> Decimal:
        """How many points moved."""
        return await self._points(request_of(info), self.row.moved)

    @aggregate(
        scope=POINTS_READ,
        brings=FEW,
        description="Which lots its spending used, and what it owes, as known now; empty for what spends "
        "nothing. Entries of one spending, such as the shares of several payers, have the same.",
    )
    async def uses(self, info: Info) -> list[PointUse]:
        """Which lots its spending used, and what it owes."""
        request, effect = request_of(info), self.row.effect
        if self.row.code not in SPENDING or self.row.reverses_transfer_id is not None:
            return []
        if self.row.code == "capture" and effect.activity_id is not None:
            return shown(await uses_of_capture(request, effect.activity_id))
        key = (self.row.member_id, effect.cause_kind, effect.cause_key)
        found = await request.reads.load(uses_by_cause, key) or []
        spending = (effect.rule, "/".join(effect.slot.split("/")[:3]))
        return shown(row for row in found if (row.rule, row.slot) == spending)

    partner: Partner | None = to_one(
        businesses.partners_by_id,
        "partner_id",
        lambda row: Partner(row=row),
        scope=POINTS_READ,
        description="The partner whose budget paid, or was paid back.",
    )
    reverses: Annotated["LedgerEntry", strawberry.lazy("loyalty_schema.types.wallet")] | None = to_one(
        entries.entries_by_id,
        "reverses_transfer_id",
        lambda row: LedgerEntry(row=row),
        scope=POINTS_READ,
        description="The entry that it corrects.",
    )

    @computed(scope=POINTS_READ, description="The entry in words.")
    async def message(self, info: Info, locale: Locale = None) -> str:
        """The entry in words."""
        request = request_of(info)
        moved = await self._points(request, self.row.moved)
        return say(request.language(locale), self._word(), amount=moved)

    def _word(self) -> str:
        if self.row.reverses_transfer_id is not None:
            return "entry-reversed"
        if self.row.code == "adjust" and self.row.amount < 0:
            return "entry-adjust-away"
        return f"entry-{self.row.code}".replace("_", "-")

    async def _points(self, request: Request, units: int) -> Decimal:
        version = version_by_id(await request.rulebook(), self.row.effect.program_version_id)
        if version is None or self.row.currency not in version.program.points:
            raise LookupError(f"no points currency {self.row.currency}")
        return from_smallest_units(units, version.program.points[self.row.currency].section.decimals)


@strawberry.type(description="A member's points in one currency.")
class Wallet:
    """A member's points in one currency."""

    member: strawberry.Private[MemberRow]
    points: strawberry.Private[PointsCurrency]

    @computed(scope=POINTS_READ, description="The points currency.")
    def currency(self) -> PointsCurrency:
        """The points currency."""
        return self.points

    @aggregate(scope=POINTS_READ, description="What can be spent now.")
    async def available(self, info: Info) -> Decimal:
        """What can be spent now."""
        return self._points((await self._balance(info)).available)

    @aggregate(scope=POINTS_READ, description="What was earned and cannot be spent yet.")
    async def pending(self, info: Info) -> Decimal:
        """What was earned and cannot be spent yet."""
        return self._points((await self._balance(info)).pending)

    @aggregate(scope=POINTS_READ, description="What is set aside for spendings under way.")
    async def held(self, info: Info) -> Decimal:
        """What is set aside for spendings under way."""
        return self._points((await self._balance(info)).held)

    @aggregate(scope=POINTS_READ, description="What is owed: taken back after it was spent.")
    async def debt(self, info: Info) -> Decimal:
        """What is owed."""
        return self._points((await self._balance(info)).debt)

    @aggregate(scope=POINTS_READ, description="All that was ever awarded, less what returns took back.")
    async def earned(self, info: Info) -> Decimal:
        """All that was ever awarded."""
        return self._points((await self._totals(info)).earned)

    @aggregate(
        scope=POINTS_READ,
        description="All that was ever redeemed, or sent to others, less what was given back.",
    )
    async def spent(self, info: Info) -> Decimal:
        """All that was ever redeemed, or sent to others."""
        return self._points((await self._totals(info)).spent)

    @aggregate(scope=POINTS_READ, description="All that ever expired unused.")
    async def expired(self, info: Info) -> Decimal:
        """All that ever expired unused."""
        return self._points((await self._totals(info)).expired)

    @aggregate(scope=POINTS_READ, brings=FEW, description="What expires soon, in its order.")
    async def expiring(
        self,
        info: Info,
        within: Annotated[timedelta, strawberry.argument(description='How soon, e.g. "P30D".')],
    ) -> list[Expiry]:
        """What expires soon."""
        request = request_of(info)
        if within > LONGEST_LOOK:
            raise RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, "within is at most 36600 days.")
        found = await request.reads.load(
            wallets.expiries,
            self.member.member_id,
            request.now,
            request.now + within,
            await idle_ends(request),
        )
        sums: dict[datetime, int] = {}
        currency = self.points.row.key
        for row in (found or {}).get(currency, ()):
            at = await end_of(request, currency, row.expires_at, row.earned_at, row.kept)
            if at is not None and at <= request.now + within:
                sums[at] = sums.get(at, 0) + row.amount
        return [Expiry(at=at, amount=self._points(units)) for at, units in sorted(sums.items())]

    @page(
        scope=POINTS_READ,
        description="The points in it by what earned them, in the order in which they are used: "
        "what expires first, then what was earned first.",
    )
    async def lots(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        where: Annotated[
            LotFilter | None, strawberry.argument(description="Which lots; left out: all.")
        ] = None,
    ) -> Connection[Lot]:
        """The points in it by what earned them."""
        request, listed = request_of(info), "lots"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.load(
            lots.lot_pages,
            self.member.member_id,
            self.points.row.key,
            where.open if where and where.open is not None else None,
            request.now,
            await idle_ends(request),
            slice_,
        )
        return connection_of(
            request,
            listed,
            slice_,
            found or Page((), False),
            lots.place_of,
            lambda row: Lot(row=row),
        )

    @page(scope=POINTS_READ, description="What of it was set aside, the latest first.")
    async def holds(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        state: Annotated[
            HoldState | None, strawberry.argument(description="Those in this state; left out: all.")
        ] = None,
    ) -> Connection[Annotated["Hold", strawberry.lazy("loyalty_schema.types.held")]]:
        """What of it was set aside."""
        from loyalty_schema.types.held import Hold

        request, listed = request_of(info), "holds"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.load(
            held.hold_pages,
            self.member.member_id,
            self.points.row.key,
            value_of(state) if state else None,
            request.now,
            slice_,
        )
        return connection_of(
            request,
            listed,
            slice_,
            found or Page((), False),
            lambda row: (row.opened_at, row.hold_id),
            lambda row: Hold(row=row),
        )

    @page(
        scope=POINTS_READ,
        description="The movements of its points, the latest recorded first. Their amounts add up to "
        "`available`, in which what is over is left out also before its EXPIRE is recorded.",
    )
    async def entries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        where: Annotated[
            EntryFilter | None, strawberry.argument(description="Which entries; left out: all.")
        ] = None,
    ) -> Connection[LedgerEntry]:
        """The movements in it."""
        request, listed = request_of(info), "entries"
        slice_ = slice_of(request, listed, first=first, after=after)
        effective_from, effective_before = instants_of(where.effective_at if where else None)
        code = where.code if where else None
        wanted = entries.EntryWanted(value_of(code) if code else None, effective_from, effective_before)
        found = await request.reads.load(
            entries.entry_pages, self.member.member_id, self.points.row.key, wanted, slice_
        )
        return connection_of(
            request,
            listed,
            slice_,
            found or Page((), False),
            lambda row: (row.recorded_at, row.transfer_id),
            lambda row: LedgerEntry(row=row),
        )

    async def _balance(self, info: Info) -> wallets.Balance:
        request = request_of(info)
        found = await request.reads.load(
            wallets.balances, self.member.member_id, request.now, await idle_ends(request)
        )
        return (found or {}).get(self.points.row.key, wallets.Balance())

    async def _totals(self, info: Info) -> Totals:
        moment = Moment(self.member.member_id, ALWAYS, ALWAYS)
        found = await request_of(info).reads.load(totals, moment)
        return (found or {}).get(self.points.row.key, Totals())

    def _points(self, units: int) -> Decimal:
        return from_smallest_units(units, self.points.decimals_of)
