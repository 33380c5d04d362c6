"""A program version as it was compiled: its file, rules, ladders, tiers and points currencies."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.program import LadderPolicy
from loyalty_engine.program.file import TierSection
from loyalty_engine.program.plan import NO_PLAN
from loyalty_engine.rating import ProgramVersion, Rulebook
from loyalty_engine.rating.explain import conditions, plain, unit_of
from loyalty_engine.rules import AtLeast
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads import businesses, standings
from loyalty_engine.store.reads.view import View
from loyalty_engine.words import say
from loyalty_schema.enums import ProgramState
from loyalty_schema.fields import (
    EVERYONE,
    FEW,
    MEMBERS_READ,
    PROGRAM_READ,
    aggregate,
    computed,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.node import Node
from loyalty_schema.types.rules import Finding, Locale, PointsCurrency, Rule, counted, named


@strawberry.type(description="One condition that a rule sets for a tier: a sum of measures reaches a bound.")
class Requirement:
    """One condition that a rule sets for a tier."""

    version: strawberry.Private[ProgramVersion]
    rule_key: strawberry.Private[str]
    condition: strawberry.Private[AtLeast]

    @computed(scope=EVERYONE, description="The rule that sets it.")
    def rule(self) -> Rule:
        """The rule that sets it."""
        return Rule(row=self.version.program.rules[self.rule_key])

    @computed(scope=EVERYONE, description="The bound, itself included.")
    def need(self) -> Decimal:
        """The bound."""
        return self.condition.bound

    @computed(
        scope=EVERYONE,
        description="What is counted: a currency, activities, days, units, an attribute, status, or score.",
    )
    def unit(self) -> str:
        """What is counted."""
        return unit_of(self.version.program, self.condition)

    @computed(scope=EVERYONE, description="The condition in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """The condition in words."""
        request, program = request_of(info), self.version.program
        bound, unit = plain(self.condition.bound), unit_of(program, self.condition)
        needed = counted(request, program, bound, unit, locale)
        return say(request.language(locale), "requirement", needed=needed)


@strawberry.type(description="A tier of a ladder.")
class Tier:
    """A tier of a ladder."""

    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]
    section: strawberry.Private[TierSection]

    @computed(scope=EVERYONE, description="Its key in the program file.")
    def key(self) -> str:
        """Its key."""
        return self.section.key

    @computed(scope=EVERYONE, description="0 for the base tier, one more for each tier above it.")
    def rank(self) -> int:
        """0 for the base tier."""
        return self.policy.ladder.rank(self.section.key)

    @computed(scope=EVERYONE, description="Its name for members.")
    def name(self, info: Info, locale: Locale = None) -> str:
        """Its name for members."""
        return named(request_of(info), self.section.name, self.section.key, locale)

    @computed(scope=EVERYONE, description="The ladder that it belongs to.")
    def ladder(self) -> Annotated["Ladder", strawberry.lazy("loyalty_schema.types.program")]:
        """The ladder that it belongs to."""
        return Ladder(version=self.version, policy=self.policy)

    @computed(scope=EVERYONE, brings=FEW, description="The conditions that rules set for it.")
    def requirements(self) -> list[Requirement]:
        """The conditions that rules set for it."""
        return [
            Requirement(version=self.version, rule_key=rule, condition=condition)
            for rule in self.policy.entry_rules
            for condition in conditions(self.policy.requirements.get(rule, {}).get(self.section.key))
        ]

    @aggregate(scope=MEMBERS_READ, description="How many members stand on it now.")
    async def member_count(self, info: Info) -> int:
        """How many members stand on it now."""
        key = (self.policy.key, self.section.key)
        return await request_of(info).reads.load(_counts, key) or 0


async def _counts(connection: Connection, view: View, _: object) -> Mapping[tuple[str, str], int]:
    return await standings.tier_counts(connection, view)


@strawberry.type(description="A ladder of tiers.")
class Ladder:
    """A ladder of tiers."""

    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]

    @computed(scope=EVERYONE, description="Its key in the program file.")
    def key(self) -> str:
        """Its key."""
        return self.policy.key

    @computed(scope=EVERYONE, description="Its name for members.")
    def name(self, info: Info, locale: Locale = None) -> str:
        """Its name for members."""
        return named(request_of(info), self.policy.section.name, self.policy.key, locale)

    @computed(scope=EVERYONE, brings=FEW, description="Its tiers, from the base upwards.")
    def tiers(self) -> list[Tier]:
        """Its tiers."""
        return [
            Tier(version=self.version, policy=self.policy, section=section) for section in self.policy.tiers
        ]

    @computed(scope=PROGRAM_READ, description="The tree that combines its rules, as written in the file.")
    def combine(self) -> JSON:
        """The tree that combines its rules."""
        return JSON(self.policy.section.combine)

    @computed(scope=PROGRAM_READ, name="policy", description="How standings rise, are reviewed and fall.")
    def policy_written(self) -> JSON:
        """How standings rise, are reviewed and fall."""
        kept = {"keep", "upgrade", "review", "downgrade", "returns"}
        return JSON(self.policy.section.model_dump(mode="json", include=kept))


@strawberry.type(description="One version of the business's program, published or a draft.")
class Program(Node):
    """One version of the business's program, published or a draft."""

    version_: strawberry.Private[ProgramVersion]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Program", self.version_.id)

    @computed(scope=EVERYONE, description="Its number; the first version is 1, a draft has 0.")
    def version(self) -> int:
        """Its number."""
        return self.version_.number

    @computed(scope=EVERYONE, description="Whether it decides now.")
    async def state(self, info: Info) -> ProgramState:
        """Whether it decides now."""
        if self.version_.number == DRAFT:
            return ProgramState.DRAFT
        request = request_of(info)
        in_force = (await request.rulebook()).in_force(request.now)
        if in_force.id == self.version_.id:
            return ProgramState.IN_FORCE
        return ProgramState.SUPERSEDED if self.version_.number < in_force.number else ProgramState.SCHEDULED

    @computed(scope=EVERYONE, description="SHA-256 of the file, in hexadecimal.")
    def hash(self) -> str:
        """SHA-256 of the file."""
        return self.version_.program.hash

    @computed(scope=EVERYONE, description="Since when it decides; null: from the beginning of time.")
    def effective_at(self) -> datetime | None:
        """Since when it decides."""
        return self.version_.effective_at

    @computed(
        scope=PROGRAM_READ,
        partners=False,
        description="What became, or will become, of members when it takes effect, as its plan says; null: "
        "claims stay. Not for partners.",
    )
    def plan(self) -> JSON | None:
        """What becomes of members when it takes effect."""
        plan = self.version_.plan
        return None if plan == NO_PLAN else JSON(plan.model_dump(mode="json", exclude_defaults=True))

    @computed(scope=PROGRAM_READ, description="When it was published; null: it is a draft.")
    async def published_at(self, info: Info) -> datetime | None:
        """When it was published."""
        row = await request_of(info).reads.load(businesses.versions_by_id, self.version_.id)
        return None if row is None else row.published_at

    @computed(
        scope=PROGRAM_READ,
        partners=False,
        description="The file that it was published from; not for partners.",
    )
    def source(self) -> str:
        """The file that it was published from."""
        return self.version_.program.source

    @computed(scope=EVERYONE, brings=FEW, description="Its ladders, in the order of the file.")
    def ladders(self) -> list[Ladder]:
        """Its ladders."""
        return [Ladder(version=self.version_, policy=policy) for policy in self.version_.program.ladders]

    @computed(
        scope=PROGRAM_READ,
        brings=FEW,
        description="Its rules, in the order of the file; to a partner without other partners' promotions.",
    )
    async def rules(self, info: Info) -> list[Rule]:
        """Its rules."""
        request = request_of(info)
        shown = [await rule_shown(request, self.version_, key) for key in self.version_.program.rules]
        return [rule for rule in shown if rule is not None]

    @computed(scope=EVERYONE, brings=FEW, description="Its points currencies, in the order of the file.")
    def points_currencies(self) -> list[PointsCurrency]:
        """Its points currencies."""
        return [PointsCurrency(row=points) for points in self.version_.program.points.values()]

    @computed(
        scope=PROGRAM_READ,
        brings=FEW,
        partners=False,
        description="What the lint says about it; not for partners.",
    )
    def findings(self) -> list[Finding]:
        """What the lint says about it."""
        return [Finding(row=finding) for finding in self.version_.program.findings]


DRAFT = 0
"""The number of what is no version yet."""


def draft_version(request: Request, row: businesses.DraftRow) -> ProgramVersion | None:
    """A draft as a version that no number was given; None where it does not compile any more."""
    program = request.engine.draft(row.program_draft_id, row.source)
    return None if program is None else ProgramVersion(row.program_draft_id, DRAFT, None, program)


async def program_with_id(request: Request, key: UUID) -> Program | None:
    """The published version or the draft of that id; partners see no drafts."""
    version = version_by_id(await request.rulebook(), key)
    if version is None and request.caller.partner_id is None and PROGRAM_READ in request.caller.scopes:
        row = await request.reads.load(businesses.drafts_by_id, key)
        version = None if row is None else draft_version(request, row)
    return None if version is None else Program(version_=version)


def version_by_id(rulebook: Rulebook, key: Any) -> ProgramVersion | None:
    """The published version of that id."""
    return next((version for version in rulebook.versions if version.id == key), None)


def version_with_tier(
    rulebook: Rulebook, version: ProgramVersion, ladder: str, tier: str
) -> ProgramVersion | None:
    """The version, or the last one before it that has the tier: a member may not be folded up to it yet."""
    earlier = (each for each in reversed(rulebook.versions) if each.number <= version.number)
    return next((each for each in earlier if tier_of(each, ladder, tier) is not None), None)


def tier_of(version: ProgramVersion, ladder: str, tier: str) -> Tier | None:
    """A tier by its keys; None when the version lacks it."""
    for policy in version.program.ladders:
        for section in policy.tiers:
            if (policy.key, section.key) == (ladder, tier):
                return Tier(version=version, policy=policy, section=section)
    return None


def tier_held(version: ProgramVersion, policy: LadderPolicy, key: str) -> Tier:
    """A tier of a ladder as a program version has it."""
    section = next(section for section in policy.tiers if section.key == key)
    return Tier(version=version, policy=policy, section=section)


async def stored_tier(request: Request, program_version_id: UUID, ladder: str, tier: str) -> Tier:
    """A tier that a stored row names, as the program version that decided it has it, or the last with it."""
    rulebook = await request.rulebook()
    version = version_by_id(rulebook, program_version_id)
    known = None if version is None else version_with_tier(rulebook, version, ladder, tier)
    found = None if known is None else tier_of(known, ladder, tier)
    if found is None:
        raise LookupError(f"no tier {tier} on ladder {ladder} of program version {program_version_id}")
    return found


def rule_of(version: ProgramVersion, key: str | None) -> Rule | None:
    """A rule by its id in the file; None for the program itself."""
    rule = version.program.rules.get(key) if key else None
    return None if rule is None else Rule(row=rule)


async def rule_shown(request: Request, version: ProgramVersion, key: str | None) -> Rule | None:
    """The same; to a partner a promotion that is another's, and that it funds no share of, is not there."""
    terms = version.program.promotions.get(key) if key else None
    if terms is not None and request.caller.partner_id is not None:
        own = await request.reads.load(businesses.partners_by_id, request.caller.partner_id)
        if own is None or own.key not in (terms.partner, *terms.budgets):
            return None
    return rule_of(version, key)


async def rule_in_force(request: Request, key: str) -> Rule | None:
    """A rule of the program in force."""
    return rule_of((await request.rulebook()).in_force(request.now), key)


def points_currency(rulebook: Rulebook, request: Request, key: str) -> PointsCurrency | None:
    """A points currency of the program in force."""
    points = rulebook.in_force(request.now).program.points.get(key)
    return None if points is None else PointsCurrency(row=points)


async def currency_of(request: Request, key: str) -> PointsCurrency:
    """The points currency of a row; no program lacks one that was ever published."""
    found = points_currency(await request.rulebook(), request, key)
    if found is None:
        raise LookupError(f"no points currency {key}")
    return found
