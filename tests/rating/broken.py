"""A rule that answers what a test tells it to, and a shop that has it."""

# ruff: noqa: ARG002 - a hook has the parameters that it has
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rules import (
    Activity,
    EarnHooks,
    Ladder,
    Line,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
    PercentLine,
    PromotionTerms,
    Rule,
    RuleConfig,
    TierHooks,
    TierVerdict,
)
from tests.rating.histories import (
    EARN,
    POINTS,
    program_of,
    rule,
    spend,
    with_rules,
)

ANY = '{ op = "any_of", of = ["spend", "broken"] }'
BROKEN = rule("broken", "broken", "{}")


class NoConfig(RuleConfig):
    """Nothing to say."""


class Broken(Rule[NoConfig], TierHooks, EarnHooks, PartnerHooks):
    """Answers what a test tells it to; it abstains and awards nothing unless told."""

    name = "broken"
    version = "1"
    Config = NoConfig
    opinion: ClassVar[Callable[[Member], Any]] = staticmethod(lambda _: {})
    award: ClassVar[Callable[[Activity], Any]] = staticmethod(lambda _: ())
    offer: ClassVar[Callable[[Activity], Any]] = staticmethod(lambda _: ())

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        """As told."""
        return cast("Mapping[str, TierVerdict]", type(self).opinion(member))

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | PercentLine]:
        """As told."""
        return cast("Sequence[Line]", type(self).award(occasion.activity))

    def promotion(self) -> PromotionTerms:
        """The bank's."""
        return PromotionTerms("bank", "points", {"bank": None})

    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:
        """As told."""
        return cast("Sequence[PartnerAward]", type(self).offer(activity))


def told(monkeypatch: pytest.MonkeyPatch, hook: str, answer: Callable[[Any], Any]) -> None:
    monkeypatch.setattr(Broken, hook, staticmethod(answer), raising=False)


def always(answer: object) -> Callable[[object], object]:
    return lambda _: answer


def shop(*parts: str) -> Program:
    both = any('key = "other"' in part for part in parts)
    rules = (spend(), spend(rule_id="circle") if both else "", EARN, BROKEN)
    return program_of(POINTS, *parts, *rules, installed=with_rules(Broken))


def raising(shown: object) -> object:
    raise RuntimeError("out of order")
