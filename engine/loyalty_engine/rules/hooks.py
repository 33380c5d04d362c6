"""The hooks a rule may implement, as mixins, and the hook by which a plugin module offers its rules.

pluggy checks names and signatures. An overridden mixin method needs no marker: the engine takes
every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import ClassVar, Generic, TypeVar

import pluggy

from loyalty_engine.rules.admission import AdmissionEvent, Application, Transition
from loyalty_engine.rules.config import RuleConfig
from loyalty_engine.rules.decisions import (
    Gift,
    Line,
    PartnerAward,
    PercentLine,
    Problem,
    PromotionTerms,
    Reason,
    TierVerdict,
)
from loyalty_engine.rules.inputs import Activity, Ladder, Member, Occasion, ProgramOutline, Redemption
from loyalty_engine.rules.measures import Measure
from loyalty_engine.rules.requirements import Requirement

PROJECT = "loyalty"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Config_co = TypeVar("Config_co", bound=RuleConfig, covariant=True)


class PluginHooks:
    """What a plugin module offers."""

    @hookspec
    def loyalty_rules(self) -> Sequence[type[Rule[RuleConfig]]]:  # type: ignore[empty-body]
        """The rule classes of the plugin."""


class Rule(Generic[Config_co]):
    """A configured rule: a name, a version, a configuration, and the hooks it implements.

    Two rules are the same only if they are one object. A rule keeps nothing between calls.
    ``version`` changes with every change of what the rule decides.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    Config: ClassVar[type[RuleConfig]]

    def __init__(self, rule_id: str, config: Config_co) -> None:
        self.rule_id = rule_id
        self.config = config

    def measures(self) -> Sequence[Measure]:
        """The aggregates that the rule reads."""
        return ()

    def boundaries(self, member: Member, after: date) -> date | None:  # noqa: ARG002
        """The next local day behind ``after`` at whose 00:00 its ladders are to be asked; None: never.

        It is asked again after each step, with what is known by then; the member has no figures.
        """
        return None

    def describe(self, reason: Reason, language: str) -> str | None:  # noqa: ARG002
        """A reason that the rule gave, in words of a language; None: its code and parameters are shown."""
        return None

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:  # noqa: ARG002 - for those who override it
        """What is wrong with the configuration in the context of its program."""
        return ()


class TierHooks:
    """Whether a rule supports tiers. A rule implements one of the two."""

    @hookspec
    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:  # type: ignore[empty-body]
        """For each tier it speaks for, the condition that supports it. Read once per program."""

    @hookspec
    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:  # type: ignore[empty-body]
        """For each tier it speaks for, whether it supports it; for rules that no requirement can say."""


class EarnHooks:
    """What an activity earns."""

    @hookspec
    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | PercentLine | Gift]:  # type: ignore[empty-body]
        """Award lines, and gifts to another member. The member is as before the activity, tiers included."""


class PartnerHooks:
    """What a partner's promotion awards, and who pays."""

    @hookspec
    def promotion(self) -> PromotionTerms:  # type: ignore[empty-body]
        """Whose promotion it is, and the budgets and the quota that are opened when it is first published."""

    @hookspec
    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:  # type: ignore[empty-body]
        """The awards that this promotion would give for the activity."""


class RedemptionHooks:
    """Who may redeem what, beyond what the reward says itself."""

    @hookspec
    def objection(self, redemption: Redemption, member: Member) -> str | None:
        """Why the member may not redeem it now, in a few words for whoever asked; None: it may."""


class AdmissionHooks:
    """Who is admitted, by which steps."""

    @hookspec
    def transition(self, application: Application, event: AdmissionEvent) -> Transition:  # type: ignore[empty-body]
        """What comes of what happens to an application; one that nothing can come of is refused."""


HOOK_MIXINS: tuple[type, ...] = (TierHooks, EarnHooks, PartnerHooks, RedemptionHooks, AdmissionHooks)
"""Every mixin whose overridden methods the engine calls."""
