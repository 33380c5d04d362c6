"""Points for purchases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from loyalty_earn_purchase.config import EarnPurchaseConfig
from loyalty_engine.rules import (
    Activity,
    Cap,
    EarnHooks,
    Ladder,
    Line,
    Member,
    Occasion,
    PercentLine,
    Problem,
    ProgramOutline,
    Rule,
    keyed,
    number_figure,
    tier_problems,
)


class EarnPurchase(Rule[EarnPurchaseConfig], EarnHooks):
    """Awards points for each unit of a purchase's amount or another number, with a bonus by tier."""

    name = "earn_purchase"
    version = "1"
    Config = EarnPurchaseConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | PercentLine]:
        """A line of number x rate, and a percentage of it."""
        number = self._number(occasion.activity)
        rate = self._rate(member)
        if not number or not rate:
            return ()
        currency, caps = self.config.currency, self._caps()
        line = Line("base", currency, number, rate, caps=caps)
        percent = self._bonus_percent(member)
        if not percent:
            return (line,)
        return (line, PercentLine("bonus", currency, percent, of=(self.rule_id,), caps=caps))

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown currency or tiers, an ambiguous ladder, no rate for the base tier."""
        config = self.config
        if config.currency not in program.points:
            known = ", ".join(program.points) or "none"
            yield Problem(("currency",), f"there is no points currency {config.currency!r}; there is {known}")
        if config.rates is not None or config.bonus_percent:
            yield from self._ladder_problems(program)

    def _ladder_problems(self, program: ProgramOutline) -> Iterator[Problem]:
        config = self.config
        meant = [ladder for ladder in program.ladders if config.ladder in (None, ladder.key)]
        if len(meant) != 1:
            known = ", ".join(ladder.key for ladder in program.ladders) or "none"
            yield Problem(("ladder",), f"name the ladder whose tiers are meant; there is {known}")
            return
        rates = config.rates or {}
        yield from tier_problems(meant, keyed(rates, "rates"))
        yield from tier_problems(meant, keyed(config.bonus_percent, "bonus_percent"))
        if rates and _of_tier(meant[0], meant[0].base, rates) is None:
            yield Problem(("rates",), f"the base tier {meant[0].base!r} needs a rate, which others inherit")

    def _number(self, activity: Activity) -> Decimal:
        """The number that is rewarded; 0 where it is too small, or below zero and nothing is taken back."""
        config = self.config
        number = number_figure(config, config.figure, net=True).value(activity)
        if abs(number) < config.minimum or (number < 0 and config.negative == "zero"):
            return Decimal(0)
        return number

    def _rate(self, member: Member) -> Decimal | None:
        if self.config.rates is None:
            return self.config.rate
        ladder = self._ladder(member)
        return _of_tier(ladder, member.tiers[ladder.key], self.config.rates)

    def _bonus_percent(self, member: Member) -> Decimal | None:
        if not self.config.bonus_percent:
            return None
        ladder = self._ladder(member)
        return _of_tier(ladder, member.tiers[ladder.key], self.config.bonus_percent)

    def _ladder(self, member: Member) -> Ladder:
        """The ladder whose tiers are meant; ValueError where ``problems`` was not heeded."""
        (ladder,) = [each for each in member.ladders if self.config.ladder in (None, each.key)]
        return ladder

    def _caps(self) -> tuple[Cap, ...]:
        return tuple(Cap(cap.key or self.rule_id, cap.period, points=cap.points) for cap in self.config.caps)


def _of_tier(ladder: Ladder, held: str, by_tier: Mapping[str, Decimal]) -> Decimal | None:
    """The value of the tier held, else of the nearest lower tier that has one."""
    ranked = {ladder.rank(tier): by_tier[name] for name in by_tier if (tier := ladder.own(name)) is not None}
    at_or_below = [rank for rank in ranked if rank <= ladder.rank(held)]
    return ranked[max(at_or_below)] if at_or_below else None
