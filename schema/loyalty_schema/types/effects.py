"""Effects: what activities and the calendar caused, each with its cause, its rule and the program."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Protocol
from uuid import UUID

import strawberry

from loyalty_engine.store.reads import activities, entries, gifts, standings
from loyalty_engine.store.reads.effects import EffectRow
from loyalty_schema.enums import CauseKind
from loyalty_schema.fields import ACTIVITIES_READ, EVERYONE, computed
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.program import Program, rule_shown, version_by_id
from loyalty_schema.types.rules import Rule

if TYPE_CHECKING:
    from loyalty_schema.types.activity import Activity


class Caused(Protocol):
    """A row that says what caused it."""

    @property
    def cause_kind(self) -> str:
        """What kind of thing it was."""

    @property
    def cause_key(self) -> str:
        """Its natural key."""

    @property
    def activity_id(self) -> UUID | None:
        """The activity, where it was one."""

    @property
    def boundary_at(self) -> datetime | None:
        """The instant of the calendar, where it was one."""


@strawberry.type(description="What caused an effect.")
class Cause:
    """What caused an effect."""

    row: strawberry.Private[Caused]

    @computed(scope=EVERYONE, description="What kind of thing it was.")
    def kind(self) -> CauseKind:
        """What kind of thing it was."""
        return CauseKind(self.row.cause_kind)

    @computed(
        scope=EVERYONE,
        description="Its natural key: of an activity its source and id, as JSON; empty to a partner "
        "who may not see the activity.",
    )
    async def key(self, info: Info) -> str:
        """Its natural key."""
        request, activity_id = request_of(info), self.row.activity_id
        if request.caller.partner_id is None or activity_id is None:
            return self.row.cause_key
        is_seen = await request.reads.load(activities.activities_by_id, activity_id) is not None
        return self.row.cause_key if is_seen else ""

    @computed(scope=ACTIVITIES_READ, description="The activity, where it was one that may be seen.")
    async def activity(
        self, info: Info
    ) -> Annotated["Activity", strawberry.lazy("loyalty_schema.types.activity")] | None:
        """The activity."""
        from loyalty_schema.types.activity import Activity

        if self.row.activity_id is None:
            return None
        row = await request_of(info).reads.load(activities.activities_by_id, self.row.activity_id)
        return None if row is None else Activity(row=row)

    @computed(scope=EVERYONE, description="The instant of the calendar, where it was one.")
    def boundary(self) -> datetime | None:
        """The instant of the calendar."""
        return self.row.boundary_at


@strawberry.interface(description="Something that an activity or the calendar caused.")
class Effect:
    """Something that an activity or the calendar caused."""

    @property
    def effect_row(self) -> EffectRow:
        """What every effect has."""
        raise NotImplementedError

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Effect", self.effect_row.effect_id)

    @computed(scope=EVERYONE, description="What caused it.")
    def cause(self) -> Cause:
        """What caused it."""
        return Cause(row=self.effect_row)

    @computed(
        scope=EVERYONE, description="The rule that decided it; null: the program itself, or it is not seen."
    )
    async def rule(self, info: Info) -> Rule | None:
        """The rule that decided it."""
        request = request_of(info)
        version = version_by_id(await request.rulebook(), self.effect_row.program_version_id)
        return None if version is None else await rule_shown(request, version, self.effect_row.rule)

    @computed(scope=EVERYONE, description="The program version that decided it.")
    async def program(self, info: Info) -> Program:
        """The program version that decided it."""
        return await program_by_id(request_of(info), self.effect_row.program_version_id)

    @computed(scope=EVERYONE, description="Since when it holds.")
    def effective_at(self) -> datetime:
        """Since when it holds."""
        return self.effect_row.effective_at

    @computed(scope=EVERYONE, description="When it was recorded; later than effectiveAt after a late fact.")
    def recorded_at(self) -> datetime:
        """When it was recorded."""
        return self.effect_row.recorded_at


async def program_by_id(request: Request, key: UUID) -> Program:
    """The program version that a stored effect names, which is always there."""
    version = version_by_id(await request.rulebook(), key)
    if version is None:
        raise LookupError(f"no program version {key}")
    return Program(version_=version)


async def effects_of(
    request: Request, *, activity: UUID | None = None, effects: Sequence[UUID] = ()
) -> list[Effect]:
    """The effects that an activity caused, or those with some ids: entries, changes of standing, gifts."""
    from loyalty_schema.types.gift import Gift
    from loyalty_schema.types.standing import StandingChange
    from loyalty_schema.types.wallet import LedgerEntry

    moved: list[entries.EntryRow] = []
    changes: list[standings.ChangeRow] = []
    given: list[gifts.GiftRow] = []
    if activity is not None:
        moved = await request.reads.load(entries.entries_by_activity, activity) or []
        changes = await request.reads.load(standings.changes_by_activity, activity) or []
        given = await request.reads.load(gifts.gifts_by_activity, activity) or []
    if effects:
        found_moves = [request.reads.load(entries.entries_by_effect, key) for key in effects]
        found_changes = [request.reads.load(standings.changes_by_effect, key) for key in effects]
        found_gifts = [request.reads.load(gifts.gifts_by_effect, key) for key in effects]
        moved = [row for rows in found_moves for row in await rows or []]
        changes = [row for rows in found_changes for row in await rows or []]
        given = [row for each in found_gifts if (row := await each) is not None]
    return [
        *(LedgerEntry(row=row) for row in moved),
        *(StandingChange(row=row) for row in changes),
        *(Gift(row=row) for row in given),
    ]
