"""A partner's promotion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import MappingProxyType

from loyalty_engine.rules import (
    Activity,
    Cap,
    FundingShare,
    Member,
    PartnerAward,
    PartnerHooks,
    Problem,
    ProgramOutline,
    PromotionTerms,
    Rule,
    listed,
    number_figure,
    tier_problems,
)
from loyalty_partner_rewards.config import PartnerRewardsConfig


class PartnerRewards(Rule[PartnerRewardsConfig], PartnerHooks):
    """Awards a multiple of an activity's points, or fixed points, that partners fund."""

    name = "partner_rewards"
    version = "1"
    Config = PartnerRewardsConfig

    def promotion(self) -> PromotionTerms:
        """The partner's promotion with the budgets and the quota that it opens."""
        budgets = {share.partner: share.budget_points for share in self.config.funding}
        config = self.config
        return PromotionTerms(config.partner, config.currency, MappingProxyType(budgets), config.quota)

    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:
        """One award for an eligible activity of a member whom the promotion is for."""
        if self._runs(activity, member) and self._is_eligible(activity) and self._is_for(member):
            return (self._award(),)
        return ()

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown currency or tiers."""
        config = self.config
        if config.currency not in program.points:
            known = ", ".join(program.points) or "none"
            yield Problem(("currency",), f"there is no points currency {config.currency!r}; there is {known}")
        yield from tier_problems(program.ladders, listed(config.audience.tiers, "audience", "tiers"))

    def _runs(self, activity: Activity, member: Member) -> bool:
        config, day = self.config, activity.local_day
        birthday = config.birthday
        return (
            (config.starts_on is None or config.starts_on <= day)
            and (config.ends_before is None or day < config.ends_before)
            and (birthday is None or birthday.is_on(day, member.attributes.get(birthday.attribute)))
        )

    def _is_eligible(self, activity: Activity) -> bool:
        """An unlinked return is never eligible: which award it undoes is not known."""
        config = self.config
        figure = number_figure(config.eligible, config.figure, net=False)
        return figure.takes(activity) and (config.minimum is None or figure.value(activity) >= config.minimum)

    def _is_for(self, member: Member) -> bool:
        audience = self.config.audience
        return (
            all(_same(member.attributes.get(key), value) for key, value in audience.attributes.items())
            and (not audience.segments or any(_is_in(member, segment) for segment in audience.segments))
            and (not audience.tiers or any(_holds(member, tier) for tier in audience.tiers))
        )

    def _award(self) -> PartnerAward:
        config = self.config
        multiple, points = config.multiple, config.points
        return PartnerAward(
            slot="award",
            currency=config.currency,
            funding=tuple(FundingShare(share.partner, share.percent) for share in config.funding),
            exhausted=config.exhausted or "none",  # Left out only where nothing can be exhausted.
            percent=None if multiple is None else (multiple - 1) * 100,
            points=None if points is None else Decimal(points),
            caps=self._caps(),
        )

    def _caps(self) -> tuple[Cap, ...]:
        config = self.config
        caps = [
            Cap(cap.key or self.rule_id, cap.period, points=cap.points, times=cap.times)
            for cap in config.caps
        ]
        if config.once_per_member:
            caps.append(Cap("once_per_member", "lifetime", times=1))
        if config.birthday is not None and config.points is not None:
            caps.append(Cap("birthday", "year", times=1))
        return tuple(caps)


def _same(known: object, wanted: str | int | bool) -> bool:
    """Equal and of one kind: 1 is not true."""
    return isinstance(known, bool) == isinstance(wanted, bool) and known == wanted


def _is_in(member: Member, segment: str) -> bool:
    return member.values.get(("segment", segment)) is True


def _holds(member: Member, name: str) -> bool:
    return any(member.tiers[ladder.key] == ladder.own(name) for ladder in member.ladders)
