"""Rulings: the tree that decided a standing, with the measures that it read and the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ProgramVersion, Rulebook, explain
from loyalty_engine.rating.reasons import in_words, read
from loyalty_engine.rating.tallies import view_of
from loyalty_engine.rules import Figure
from loyalty_engine.rules import Reason as RuleReason
from loyalty_engine.services import states
from loyalty_engine.store.connection import Connection as Read
from loyalty_engine.store.reads import activities
from loyalty_engine.store.reads.measured import Measured, Place, measured_pages
from loyalty_engine.store.reads.members import MemberRow
from loyalty_engine.store.reads.pages import page_of
from loyalty_engine.store.reads.standings import ChangeRow, ClaimRow, StandingRow
from loyalty_engine.store.reads.view import View
from loyalty_engine.words import say
from loyalty_schema.connections import After, Connection, First, slice_of
from loyalty_schema.fields import ACTIVITIES_READ, FEW, MEMBERS_READ, computed, given, page
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.program import Program, Tier, rule_of, tier_of
from loyalty_schema.types.rules import Locale, Rule, counted, named

if TYPE_CHECKING:
    from loyalty_schema.types.activity import Activity


@dataclass(frozen=True, slots=True)
class Judged:
    """A ladder's decision about a member: the version and figures that decided, and the tier.

    ``about`` are the tiers that it gives reasons about; ``further`` what the root says beside them.
    """

    version: ProgramVersion
    policy: LadderPolicy
    member: MemberRow
    tier: str
    at: datetime
    ruling: explain.Ruling
    about: Sequence[str]
    further: tuple[RuleReason, ...] = ()
    last: Place | None = None
    """The place of the activity that was decided at; None at a boundary, and for what is decided now."""
    recorded: datetime | None = None
    """When it was decided: it read nothing that was recorded later; None: now."""

    @property
    def known_before(self) -> datetime:
        """The first instant of which nothing was read; a boundary comes before what happens then."""
        return self.at if self.ruling.at_boundary else self.at + timedelta(microseconds=1)


def judged(
    version: ProgramVersion,
    policy: LadderPolicy,
    member: MemberRow,
    tier: str,
    row: StandingRow | ChangeRow,
) -> Judged:
    """The decision that a stored ruling kept."""
    stored = row.ruling
    at = datetime.fromisoformat(stored["at"])
    figures = {key: Decimal(value) for key, value in stored["figures"].items()}
    day = local_day(at, version.program.zone)
    began_on, joined_on = stored.get("cycle_began_on"), stored.get("joined_on")
    ruling = explain.Ruling(
        figures,
        stored["opinions"],
        day,
        stored["at_boundary"],
        member.joined_on if joined_on is None else date.fromisoformat(joined_on),
        None if began_on is None else date.fromisoformat(began_on),
        stored.get("by_hand"),
        {
            rule: {tier: date.fromisoformat(day) for tier, day in by_tier.items()}
            for rule, by_tier in stored.get("ends", {}).items()
        },
        read(stored.get("reasons", {})),
        _place(stored.get("cycle_after")),
    )
    about = explain.told(policy, tier)
    return Judged(version, policy, member, tier, at, ruling, about, last=row.last, recorded=row.recorded_at)


def _place(written: Sequence[str] | None) -> Place | None:
    return None if written is None else (datetime.fromisoformat(written[0]), written[1], written[2])


def set_by_hand(version: ProgramVersion, policy: LadderPolicy, member: MemberRow, claim: ClaimRow) -> Judged:
    """The decision that a claim made by hand is."""
    day = local_day(claim.from_at, version.program.zone)
    ruling = explain.Ruling({}, {}, day, False, member.joined_on, None, claim.origin)
    return Judged(version, policy, member, claim.tier, claim.from_at, ruling, ())


@strawberry.type(description="Why a rule supports a tier, or does not.")
class Reason:
    """Why a rule supports a tier, or does not."""

    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]
    row: strawberry.Private[RuleReason]
    given: strawberry.Private[tuple[str, str] | None] = None
    """The rule that gave it itself, and the tier that it is about."""

    @computed(scope=MEMBERS_READ, description="A stable code; of a reason that a rule gave, the rule's own.")
    def code(self) -> str:
        """A stable code."""
        return self.row.code

    @computed(scope=MEMBERS_READ, description="The reason in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """The reason in words."""
        request = request_of(info)
        parameters = dict(self.row.parameters)
        language = request.language(locale)
        if self.given is not None:
            rule, about = self.given
            said = in_words(self.version.program.rules[rule].instance, self.row, language)
            return say(language, "reason-own", tier=self._named(request, about, locale), said=said)
        if "tier" in parameters:
            parameters["tier"] = self._named(request, parameters["tier"], locale)
        if "unit" in parameters:
            program, unit = self.version.program, parameters.pop("unit")
            parameters["needed"] = counted(request, program, parameters.pop("need"), unit, locale)
        return say(language, self.row.code, **parameters)

    def _named(self, request: Request, key: str, locale: str | None) -> str:
        tier = tier_of(self.version, self.policy.key, key)
        return key if tier is None else named(request, tier.section.name, tier.section.key, locale)


@strawberry.type(description="A measure as it was read when the tree decided.")
class MeasureValue:
    """A measure as it was read when the tree decided."""

    decision: strawberry.Private[Judged]
    read: strawberry.Private[explain.MeasureRead]

    @computed(scope=MEMBERS_READ, description="Its key.")
    def key(self) -> str:
        """Its key."""
        return self.read.measure.key

    @computed(scope=MEMBERS_READ, description="What it amounted to.")
    def value(self) -> Decimal:
        """What it amounted to."""
        return self.read.value

    @computed(scope=MEMBERS_READ, name="from", description="Where its window begins; null: at joining.")
    def from_(self) -> datetime | None:
        """Where its window begins."""
        return self._instant(self.read.days.start) if self.read.after is None else self.read.after[0]

    @computed(scope=MEMBERS_READ, description="Where its window ends, exclusive; null: nowhere.")
    def until(self) -> datetime | None:
        """Where its window ends."""
        return self._instant(self.read.days.end)

    @page(scope=ACTIVITIES_READ, description="The activities that it adds up, the latest first.")
    async def activities(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Annotated["Activity", strawberry.lazy("loyalty_schema.types.activity")]]:
        """The activities that it adds up."""
        from loyalty_schema.types.activity import activity_connection

        request, figure, days = request_of(info), self.read.measure.figure, self.read.days
        slice_ = slice_of(request, "activities", first=first, after=after)
        if not isinstance(figure, Figure):
            return activity_connection(request, slice_, page_of((), slice_))
        wanted = activities.ActivityWanted(
            counts_as=figure.kinds,
            channels=figure.channels,
            partners=figure.partners,
            categories=figure.categories,
            attribute_keys=tuple(key for key, values in figure.where for _ in values),
            attribute_values=tuple(value for _, values in figure.where for value in values),
            earned=() if figure.currency is None else (figure.currency,),
            earned_by=figure.rules,
        )
        decision = self.decision
        key = Measured(
            decision.member.member_id,
            days.start,
            days.end,
            decision.known_before,
            decision.last,
            decision.recorded,
            self.read.after,
        )
        returns = view_of(figure, decision.policy.section.returns)
        found = await request.reads.load(measured_pages, key, wanted, slice_, returns)
        return activity_connection(request, slice_, found)

    def _instant(self, day: date | None) -> datetime | None:
        return None if day is None else first_instant(day, self.decision.version.program.zone)


@strawberry.type(description="A node of the tree that decided.")
class RulingNode:
    """A node of the tree that decided."""

    decision: strawberry.Private[Judged]
    node: strawberry.Private[explain.RulingNode]

    @computed(scope=MEMBERS_READ, description="Its place in the list.")
    def key(self) -> int:
        """Its place in the list."""
        return self.node.key

    @computed(scope=MEMBERS_READ, description="The place of the node above it; null: the root.")
    def parent(self) -> int | None:
        """The place of the node above it."""
        return self.node.parent

    @computed(scope=MEMBERS_READ, description="any_of, all_of, weighted, rule, or by_hand.")
    def op(self) -> str:
        """How it decides."""
        return self.node.op

    @computed(scope=MEMBERS_READ, description="The rule, where it is one.")
    def rule(self) -> Rule | None:
        """The rule."""
        return rule_of(self.decision.version, self.node.rule)

    @computed(scope=MEMBERS_READ, description="The highest tier that it supports; null: none.")
    def supports(self) -> Tier | None:
        """The highest tier that it supports."""
        if self.node.supports is None:
            return None
        return tier_of(self.decision.version, self.decision.policy.key, self.node.supports)

    @computed(
        scope=MEMBERS_READ,
        brings=FEW,
        description="Why it supports a tier, or does not: the one asked about, else the one decided and the "
        "next one above; last, what a rule says of them itself.",
    )
    def reasons(self) -> list[Reason]:
        """Why it supports a tier, or does not."""
        return [
            Reason(version=self.decision.version, policy=self.decision.policy, row=reason)
            for reason in self.node.reasons
        ] + [
            Reason(
                version=self.decision.version,
                policy=self.decision.policy,
                row=reason,
                given=(str(self.node.rule), about),
            )
            for about, reason in self.node.given
        ]

    @computed(scope=MEMBERS_READ, brings=FEW, description="The measures that the rule read.")
    def measures(self) -> list[MeasureValue]:
        """The measures that the rule read."""
        return [MeasureValue(decision=self.decision, read=read) for read in self.node.measures]


@strawberry.type(description="The tree that decided, with the measures that it read.")
class Ruling:
    """The tree that decided, with the measures that it read."""

    tier: Tier = given(
        description="The tier on which the member stands since; where nothing was decided, on which now.",
        scope=MEMBERS_READ,
    )
    program: Program = given(description="The program version that decided.", scope=MEMBERS_READ)
    at: datetime = given(description="When it decided.", scope=MEMBERS_READ)
    nodes: list[RulingNode] = given(
        description="The nodes of the tree, the root first.", scope=MEMBERS_READ, brings=FEW
    )


def ruling_of(decision: Judged) -> Ruling:
    """The decision as the API shows it."""
    tier = tier_of(decision.version, decision.policy.key, decision.tier)
    if tier is None:
        raise LookupError(f"ladder {decision.policy.key} has no tier {decision.tier}")
    program, ruling = decision.version.program, decision.ruling
    if ruling.by_hand is not None:
        nodes = [explain.by_hand_node(decision.tier, ruling.by_hand)]
    else:
        nodes = explain.ruling_nodes(program, decision.policy, decision.about, ruling)
    nodes[0] = replace(nodes[0], reasons=(*nodes[0].reasons, *decision.further))
    return Ruling(
        tier=tier,
        program=Program(version_=decision.version),
        at=decision.at,
        nodes=[RulingNode(decision=decision, node=node) for node in nodes],
    )


async def present_states(
    connection: Read, view: View, ids: Sequence[UUID], rulebook: Rulebook
) -> dict[UUID, states.Present]:
    """What members are judged on, as after everything recorded; those that the view was shown."""
    return await states.present_states(connection, view.business_id, rulebook, ids)
