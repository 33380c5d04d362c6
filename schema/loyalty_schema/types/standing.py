"""Where a member stands, by which claims, why, and what is missing for more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ProgramVersion, Rulebook, explain
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rating.tallies import Tallies
from loyalty_engine.rules import Measure
from loyalty_engine.rules import Member as JudgedMember
from loyalty_engine.services import states
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads import members, standings
from loyalty_engine.store.reads.effects import EffectRow
from loyalty_engine.store.reads.view import View
from loyalty_engine.words import say
from loyalty_schema.fields import EVERYONE, FEW, MEMBERS_READ, aggregate, column, computed
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Cause, Effect, program_by_id
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import Ladder, Program, Tier, rule_of, tier_of, version_by_id
from loyalty_schema.types.rules import Locale, Rule, named, unit_words
from loyalty_schema.types.ruling import Judged, Ruling, judged, ruling_of


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

    @computed(scope=MEMBERS_READ, description="What caused it.")
    def cause(self) -> Cause:
        """What caused it."""
        return Cause(row=self.row.effect)

    @computed(scope=MEMBERS_READ, description="The rule that made it; null: the ladder's tree.")
    async def rule(self, info: Info) -> Rule | None:
        """The rule that made it."""
        version = version_by_id(await request_of(info).rulebook(), self.row.effect.program_version_id)
        return None if version is None else rule_of(version, self.row.rule)

    @computed(scope=MEMBERS_READ, description="The program version under which it was made.")
    async def program(self, info: Info) -> Program:
        """The program version under which it was made."""
        return await program_by_id(request_of(info), self.row.effect.program_version_id)


@strawberry.type(description="One route to a higher tier: a condition of one rule.")
class Progress:
    """One route to a higher tier."""

    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]
    row: strawberry.Private[explain.Route]

    @computed(scope=MEMBERS_READ, description="The tier that it leads to.")
    def tier(self) -> Tier:
        """The tier that it leads to."""
        return tier_held(self.version, self.policy, self.row.tier)

    @computed(scope=MEMBERS_READ, description="The rule that sets the condition.")
    def rule(self) -> Rule:
        """The rule that sets the condition."""
        return Rule(row=self.version.program.rules[self.row.rule])

    have: Decimal = column("have", scope=MEMBERS_READ, description="What there is.")
    need: Decimal = column("need", scope=MEMBERS_READ, description="What is needed.")
    missing: Decimal = column("missing", scope=MEMBERS_READ, description="What is still missing.")
    unit: str = column(
        "unit",
        scope=MEMBERS_READ,
        description="What is counted: a currency, activities, days, units, an attribute, or score.",
    )
    by: datetime | None = column(
        "by", scope=MEMBERS_READ, description="The end of the window, exclusive; null: it has no common end."
    )

    @computed(scope=MEMBERS_READ, description="The route in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """The route in words."""
        request = request_of(info)
        language = request.language(locale)
        tier = tier_held(self.version, self.policy, self.row.tier)
        return say(
            language,
            "progress-short" if self.row.missing else "progress-reached",
            missing=explain.plain(self.row.missing),
            unit=unit_words(language, self.row.unit),
            tier=named(request, tier.section.name, tier.section.key, locale),
        )


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

    @aggregate(
        scope=MEMBERS_READ, brings=FEW, description="The claims in force; the best of them is the tier."
    )
    async def claims(self, info: Info) -> list[Claim]:
        """The claims in force."""
        request = request_of(info)
        found = await request.reads.load(standings.claims_in_force, self.member.member_id) or []
        return [
            Claim(row=row)
            for row in found
            if row.ladder == self.row.ladder and self._in_force(row, request.now)
        ]

    def _in_force(self, claim: standings.ClaimRow, now: datetime) -> bool:
        """Whether a claim is not over, or its end is not folded yet: the standing rests on the last one."""
        if claim.until_at is None or claim.until_at > now:
            return True
        return self.row.until_at is not None and claim.until_at >= self.row.until_at

    @computed(
        scope=MEMBERS_READ,
        description="The tree that decided, with the measures that it read; at joining nothing was decided, "
        "and it is the tree as it would decide now.",
    )
    async def ruling(self, info: Info) -> Ruling:
        """The tree that decided."""
        request = request_of(info)
        if self.row.ruling:
            version = version_by_id(await request.rulebook(), self.row.program_version_id) or self.version
            policy = version.program.ladder(self.policy.key)
            return ruling_of(judged(version, policy, self.member, self.row.tier, self.row.ruling))
        return ruling_of(await self._judged_now(request))

    @computed(
        scope=MEMBERS_READ,
        brings=FEW,
        description="Every route to every higher tier, the smallest missing / need first.",
    )
    async def progress(self, info: Info) -> list[Progress]:
        """Every route to every higher tier."""
        request = request_of(info)
        figures = await self._figures(request)
        day = local_day(request.now, self.version.program.zone)
        found = explain.routes(
            self.version.program, self.policy, self.row.tier, figures, day, self.member.joined_on
        )
        return [Progress(version=self.version, policy=self.policy, row=route) for route in found]

    async def _figures(self, request: Request) -> Mapping[Measure, Decimal]:
        rulebook = await request.rulebook()
        tallies = await request.reads.load(present_tallies, self.member.member_id, rulebook) or Tallies()
        day = local_day(request.now, self.version.program.zone)
        return tallies.figures(
            self.policy.measures,
            self.policy.section.returns,
            day,
            self.member.joined_on,
            ladder=self.policy.key,
        )

    async def _judged_now(self, request: Request) -> Judged:
        figures = await self._figures(request)
        attributes = await request.reads.load(members.attributes, self.member.member_id) or {}
        program = self.version.program
        decision = judge(
            program,
            self.policy,
            JudgedMember(
                external_id=self.member.external_id,
                joined_on=self.member.joined_on,
                ladders=tuple(policy.ladder for policy in program.ladders),
                tiers={self.policy.key: self.row.tier},
                figures=figures,
                values={("attribute", key): value for key, value in attributes.items()},
            ),
        )
        opinions = {
            rule: {tier: verdict.supports for tier, verdict in verdicts.items()}
            for rule, verdicts in decision.opinions.items()
        }
        day = local_day(request.now, program.zone)
        ruling = explain.Ruling(decision.figures, opinions, day, False, self.member.joined_on)
        return Judged(self.version, self.policy, self.member, self.row.tier, request.now, ruling)


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
        member = await request.reads.load(members.members_by_id, self.row.member_id)
        tier = await self._tier(info, self.row.to_tier)
        if member is None:
            raise LookupError(f"no member {self.row.member_id}")
        return ruling_of(judged(tier.version, tier.policy, member, self.row.to_tier, self.row.ruling))

    async def _tier(self, info: Info, tier: str) -> Tier:
        return await stored_tier(request_of(info), self.row.effect.program_version_id, self.row.ladder, tier)


async def present_tallies(
    connection: Connection, view: View, ids: Sequence[UUID], rulebook: Rulebook
) -> dict[UUID, Tallies]:
    """The figures of members as after everything recorded; those of members that the view was shown."""
    return await states.present_tallies(connection, view.business_id, rulebook, ids)


async def stored_tier(request: Request, program_version_id: UUID, ladder: str, tier: str) -> Tier:
    """A tier that a stored row names, as the program version that decided it has it."""
    version = version_by_id(await request.rulebook(), program_version_id)
    found = None if version is None else tier_of(version, ladder, tier)
    if found is None:
        raise LookupError(f"no tier {tier} on ladder {ladder} of program version {program_version_id}")
    return found


def tier_held(version: ProgramVersion, policy: LadderPolicy, key: str) -> Tier:
    """A tier of a ladder as a program version has it."""
    section = next(section for section in policy.tiers if section.key == key)
    return Tier(version=version, policy=policy, section=section)


StandingLadder = Annotated[
    str | None, strawberry.argument(description="The ladder's key; left out: the first ladder of the file.")
]
