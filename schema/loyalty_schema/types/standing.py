"""Where a member stands, by which claims, why, and what is missing for more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import LadderState, ProgramVersion, State, enrolled, explain, routes
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge, reasons_of
from loyalty_engine.rating.locks import lock_of
from loyalty_engine.rating.overrides import HAND_ORIGINS
from loyalty_engine.rating.prospects import Prospect
from loyalty_engine.rating.state import Pause
from loyalty_engine.rules import Reason as RuleReason
from loyalty_engine.services import states
from loyalty_engine.store.reads import activities, members, standings
from loyalty_engine.store.reads.effects import EffectRow
from loyalty_schema.enums import ClaimOrigin
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    EVERYONE,
    FEW,
    MEMBERS_READ,
    aggregate,
    column,
    computed,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Cause, Effect, program_by_id
from loyalty_schema.types.node import Node
from loyalty_schema.types.notice import Notice, given_in, notice_of
from loyalty_schema.types.program import (
    Ladder,
    Program,
    Tier,
    rule_of,
    stored_tier,
    tier_held,
    version_by_id,
)
from loyalty_schema.types.progress import Progress
from loyalty_schema.types.rules import Rule
from loyalty_schema.types.ruling import Judged, Ruling, judged, present_states, ruling_of, set_by_hand


@strawberry.type(description="A claim on a tier, from an instant until another.")
class Claim:
    """A claim on a tier."""

    row: strawberry.Private[standings.ClaimRow]

    @computed(scope=MEMBERS_READ, description="The tier that it claims.")
    async def tier(self, info: Info) -> Tier:
        """The tier that it claims."""
        return await stored_tier(
            request_of(info), self.row.effect.program_version_id, self.row.ladder, self.row.tier
        )

    from_: datetime = column("from_at", scope=MEMBERS_READ, description="Since when it holds.", name="from")
    until: datetime | None = column(
        "until_at", scope=MEMBERS_READ, description="Until when it holds, exclusive; null: for life."
    )
    locked: bool = column(
        "locked", scope=MEMBERS_READ, description="Whether no other claim counts while it lasts."
    )

    @computed(scope=MEMBERS_READ, description="By what it came to be.")
    def origin(self) -> ClaimOrigin:
        """By what it came to be."""
        return ClaimOrigin(self.row.origin)

    @computed(scope=MEMBERS_READ, description="What caused it.")
    def cause(self) -> Cause:
        """What caused it."""
        return Cause(row=self.row.effect)

    @aggregate(
        scope=ACTIVITIES_READ, description="Why it was made by hand; null: it was not, or it is not seen."
    )
    async def reason(self, info: Info) -> str | None:
        """Why it was made by hand."""
        if self.row.origin not in HAND_ORIGINS or self.row.effect.activity_id is None:
            return None
        row = await request_of(info).reads.load(activities.activities_by_id, self.row.effect.activity_id)
        return None if row is None else row.reason

    @computed(scope=MEMBERS_READ, description="The rule that made it; null: the ladder's tree.")
    async def rule(self, info: Info) -> Rule | None:
        """The rule that made it."""
        version = version_by_id(await request_of(info).rulebook(), self.row.effect.program_version_id)
        return None if version is None else rule_of(version, self.row.rule)

    @computed(scope=MEMBERS_READ, description="The program version under which it was made.")
    async def program(self, info: Info) -> Program:
        """The program version under which it was made."""
        return await program_by_id(request_of(info), self.row.effect.program_version_id)


@strawberry.type(
    description="Where a member stands on a ladder, why, until when, and what is missing for more."
)
class Standing:
    """Where a member stands on a ladder."""

    row: strawberry.Private[standings.StandingRow]
    member: strawberry.Private[members.MemberRow]
    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]

    @computed(scope=MEMBERS_READ, description="The ladder.")
    def ladder(self) -> Ladder:
        """The ladder."""
        return Ladder(version=self.version, policy=self.policy)

    @computed(scope=MEMBERS_READ, description="The tier held.")
    def tier(self) -> Tier:
        """The tier held."""
        return tier_held(self.version, self.policy, self.row.tier)

    since: datetime = column("since", scope=MEMBERS_READ, description="Since when it is held.")
    next_review_at: datetime | None = column(
        "next_review_at", scope=MEMBERS_READ, description="When it is reviewed next; null: never."
    )
    until: datetime | None = column(
        "until_at", scope=MEMBERS_READ, description="The end of the last claim on the tier held; null: none."
    )

    @computed(
        scope=MEMBERS_READ, description="The downgrade that is announced; null: none is foreseen so far."
    )
    def notice(self) -> Notice | None:
        """The downgrade that is announced."""
        return notice_of(self.version, self.row.ladder, given_in(self.row))

    @aggregate(
        scope=MEMBERS_READ, brings=FEW, description="The claims in force; the best of them is the tier."
    )
    async def claims(self, info: Info) -> list[Claim]:
        """The claims in force."""
        return [Claim(row=row) for row in await self._claims(request_of(info))]

    async def _claims(self, request: Request) -> list[standings.ClaimRow]:
        found = await request.reads.load(standings.claims_in_force, self.member.member_id) or []
        return [row for row in found if row.ladder == self.row.ladder and self._in_force(row, request.now)]

    def _in_force(self, claim: standings.ClaimRow, now: datetime) -> bool:
        """Whether a claim is not over, or its end is not folded yet: the standing rests on the last one.

        While the member is paused none is over.
        """
        if claim.until_at is None or claim.until_at > now or self.member.paused_at is not None:
            return True
        return self.row.until_at is not None and claim.until_at >= self.row.until_at

    @computed(
        scope=MEMBERS_READ,
        description="The tree that decided, with the measures that it read; at joining nothing was decided, "
        "and it is the tree as it would decide now. Of what was set by hand it is one node that says so.",
    )
    async def ruling(self, info: Info) -> Ruling:
        """The tree that decided."""
        request = request_of(info)
        if (lock := lock_of(await self._claims(request))) is not None:
            return ruling_of(set_by_hand(self.version, self.policy, self.member, lock))
        if self.row.ruling:
            version = version_by_id(await request.rulebook(), self.row.program_version_id) or self.version
            policy = version.program.ladder(self.policy.key)
            return ruling_of(judged(version, policy, self.member, self.row.tier, self.row))
        told = explain.told(self.policy, self.row.tier)
        return ruling_of(self._judged(request, await self._judgement(request), told))

    @computed(
        scope=MEMBERS_READ,
        description="Why not, or why, a tier: the tree as it would decide now, on the figures of now; "
        "null: the ladder has no such tier above its base, which needs no support.",
    )
    async def why(
        self, info: Info, tier: Annotated[str, strawberry.argument(description="The key of the tier.")]
    ) -> Ruling | None:
        """Why not, or why, a tier."""
        if tier not in self.policy.ladder.tiers[1:]:
            return None
        request = request_of(info)
        ruling = await self._judgement(request)
        further = await self._waits(request, tier, ruling)
        if self.member.closed_at is not None:
            further = (*further, RuleReason("reason-closing", {"tier": tier}))
        if tier != self.row.tier and lock_of(await self._claims(request)) is not None:
            further = (*further, RuleReason("reason-locked", {"tier": tier}))
        return ruling_of(self._judged(request, ruling, (tier,), further))

    async def _waits(self, request: Request, tier: str, now: explain.Ruling) -> tuple[RuleReason, ...]:
        """What keeps a member from a tier that the figures support already, and will at the review."""
        ladder, review_at = self.policy.ladder, self._decided_at()
        if review_at is None or ladder.rank(tier) <= ladder.rank(self.row.tier):
            return ()
        then = await self._judgement(request, review_at)
        supported = (explain.supported_tier(self.version.program, self.policy, at) for at in (now, then))
        if any(ladder.rank(each) < ladder.rank(tier) for each in supported):
            return ()
        on = local_day(review_at, self.version.program.zone)
        return (RuleReason("reason-at-review", {"tier": tier, "date": on.isoformat()}),)

    def _decided_at(self) -> datetime | None:
        """The review at which figures become a claim, where no activity does it."""
        return self.row.next_review_at if self.policy.upgrade.at == "review" else None

    @computed(
        scope=MEMBERS_READ,
        brings=FEW,
        description="Every route to every higher tier, the smallest missing / need first, by what will be "
        f"read when the tier is decided; at most {routes.MOST} to each tier. While a lock is in force they "
        "lead to what holds after it. There is none for a member who left, nor under a lock without an end.",
    )
    async def progress(self, info: Info) -> list[Progress]:
        """Every route to every higher tier."""
        if self.member.closed_at is not None:
            return []
        request = request_of(info)
        found = routes.routes(await self._prospect(request))
        return [
            Progress(version=self.version, policy=self.policy, row=row, leads_to=route, route=number)
            for number, route, row in routes.conditions_of(found)
        ]

    async def _prospect(self, request: Request) -> Prospect:
        """What is known of the member on the ladder now."""
        claims = await self._claims(request)
        state = await self._state(request)
        return Prospect(
            self.version.program, self.policy, state, claims, request.now, self.row.next_review_at
        )

    async def _state(self, request: Request) -> State:
        """The member's state as far as rules and routes read it."""
        rulebook, member = await request.rulebook(), self.member
        present = await request.reads.load(present_states, member.member_id, rulebook) or states.Present()
        joined_on = min(present.joined_on or member.joined_on, member.joined_on)
        state = enrolled(member.external_id, member.enrolled_at, joined_on, member.referred_by)
        state.values, state.tallies = present.values, present.tallies
        if member.paused_at is not None:
            state.pause = Pause(member.paused_at, member.paused_until)
        held = await request.reads.load(standings.current_standings, member.member_id) or {}
        for key, row in held.items():
            standing = present.ladders.get(key)
            cycle = None if standing is None else standing.cycle
            state.ladders[key] = LadderState(row.tier, row.since, cycle=cycle)
        return state

    async def _judgement(self, request: Request, review_at: datetime | None = None) -> explain.Ruling:
        """What the ladder's rules say now, or at a review if nothing came until then."""
        state, program = await self._state(request), self.version.program
        day, at_boundary = local_day(review_at or request.now, program.zone), review_at is not None
        figures = state.tallies.figures(
            self.policy.measures,
            self.policy.section.returns,
            day,
            state.joined_on,
            at_boundary=at_boundary,
            ladder=self.policy.key,
            values=state.values,
        )
        tiers = {key: held.tier for key, held in state.ladders.items()}
        found = judge(program, self.policy, member_at(state, program, tiers, figures), day)
        opinions = {
            rule: {tier: verdict.supports for tier, verdict in verdicts.items()}
            for rule, verdicts in found.opinions.items()
        }
        cycle = state.ladders[self.policy.key].cycle
        began_on = None if cycle is None else local_day(cycle.began_at, program.zone)
        after, reasons = None if cycle is None else cycle.beginning, reasons_of(found)
        return explain.Ruling(
            found.figures,
            opinions,
            day,
            at_boundary,
            state.joined_on,
            began_on,
            None,
            found.ends,
            reasons,
            after,
        )

    def _judged(
        self,
        request: Request,
        ruling: explain.Ruling,
        about: Sequence[str],
        further: tuple[RuleReason, ...] = (),
    ) -> Judged:
        return Judged(
            self.version, self.policy, self.member, self.row.tier, request.now, ruling, about, further
        )


@strawberry.type(description="A change of standing, as known now.")
class StandingChange(Node, Effect):
    """A change of standing."""

    row: strawberry.Private[standings.ChangeRow]

    @property
    def effect_row(self) -> EffectRow:
        """What every effect has."""
        return self.row.effect

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("StandingChange", self.row.standing_id)

    @computed(scope=MEMBERS_READ, description="The ladder.")
    async def ladder(self, info: Info) -> Ladder:
        """The ladder."""
        tier = await self._tier(info, self.row.to_tier)
        return Ladder(version=tier.version, policy=tier.policy)

    @computed(scope=MEMBERS_READ, name="from", description="The tier before.")
    async def from_(self, info: Info) -> Tier:
        """The tier before."""
        return await self._tier(info, self.row.from_tier)

    @computed(scope=MEMBERS_READ, description="The tier after.")
    async def to(self, info: Info) -> Tier:
        """The tier after."""
        return await self._tier(info, self.row.to_tier)

    @computed(scope=MEMBERS_READ, description="The tree that decided, with the measures that it read.")
    async def ruling(self, info: Info) -> Ruling:
        """The tree that decided."""
        request = request_of(info)
        member = await request.reads.load(members.own_members_by_id, self.row.member_id)
        tier = await self._tier(info, self.row.to_tier)
        if member is None:
            raise LookupError(f"no member {self.row.member_id}")
        return ruling_of(judged(tier.version, tier.policy, member, self.row.to_tier, self.row))

    async def _tier(self, info: Info, tier: str) -> Tier:
        return await stored_tier(request_of(info), self.row.effect.program_version_id, self.row.ladder, tier)


StandingLadder = Annotated[
    str | None, strawberry.argument(description="The ladder's key; left out: the first ladder of the file.")
]
