"""A rule that fails freezes the ladders whose tree names it, and nothing else (SEMANTICS section 4)."""

# ruff: noqa: ARG002 - a hook has the parameters that it has
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, cast

import pytest

from loyalty_engine.combine.tiers import Verdict
from loyalty_engine.program import Program
from loyalty_engine.rating import Folding, run
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rules import (
    Activity,
    Cap,
    EarnHooks,
    Figure,
    FundingShare,
    Ladder,
    Line,
    Measure,
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
    balance,
    changes,
    folded,
    granted_whole,
    instant,
    ladder,
    linked_return,
    moved,
    new_member,
    picture,
    program_of,
    purchase,
    rule,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
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
    opinion: ClassVar[Callable[[Member], Any]]
    award: ClassVar[Callable[[Activity], Any]]
    offer: ClassVar[Callable[[Activity], Any]]

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


@pytest.fixture(autouse=True)
def _as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", always({}))
    told(monkeypatch, "award", always(()))
    told(monkeypatch, "offer", always(()))


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


def line(**changed: Any) -> Line:
    """A line of ten points, but for what is changed."""
    plain: dict[str, Any] = {"slot": "x", "currency": "points", "amount": Decimal(10)}
    return Line(**(plain | changed))


def award(**changed: Any) -> PartnerAward:
    """An offer of ten points, but for what is changed."""
    plain: dict[str, Any] = {"slot": "x", "currency": "points", "funding": (), "exhausted": "none"}
    plain["points"] = Decimal(10)
    return PartnerAward(**(plain | changed))


BAD_LINES: dict[str, object] = {
    "None": None,
    "a number": 7,
    "a float": [line(amount=1.5)],
    "a rate that is a float": [line(rate=0.1)],
    "not a number": [line(amount=Decimal("NaN"))],
    "a signalling NaN": [line(amount=Decimal("sNaN"))],
    "infinity": [line(amount=Decimal("Infinity"))],
    "10^18": [line(amount=Decimal(10) ** 18)],
    "less than -9 * 10^15": [line(amount=Decimal(-10) ** 17)],
    "another type": ["ten points"],
    "an offer where a line is expected": [award()],
    "an unknown currency": [line(currency="miles")],
    "no text for a currency": [line(currency=["points"])],
    "two lines for one slot": [line(), line()],
    "a slot with a slash": [line(slot="a/b")],
    "no text for a slot": [line(slot=5)],
    "a good line and a bad one": [line(slot="good"), line(slot="bad", amount=Decimal("NaN"))],
    "a good line and a bad percentage": [
        line(slot="good"),
        PercentLine("bad", "points", cast("Decimal", 0.5), of=("broken",)),
    ],
    "caps that are no caps": [line(caps=("day",))],
    "caps that are None": [line(caps=None)],
    "a cap for a fortnight": [line(caps=(Cap("c", cast("Any", "fortnight"), points=1),))],
    "a cap of half a point": [line(caps=(Cap("c", "day", points=cast("Any", 0.5)),))],
    "a cap below zero": [line(caps=(Cap("c", "day", times=-1),))],
}

BAD_OFFERS: dict[str, object] = {
    "None": None,
    "a line where an offer is expected": [line()],
    "a float": [award(points=1.5)],
    "not a number": [award(points=Decimal("NaN"))],
    "10^18": [award(points=Decimal(10) ** 18)],
    "neither points nor a percentage": [award(points=None)],
    "both points and a percentage": [award(percent=Decimal(10))],
    "an unknown currency": [award(currency="miles")],
    "a partner without a budget": [award(funding=(FundingShare("stranger", Decimal(10)),))],
    "one partner twice": [award(funding=(FundingShare("bank", Decimal(10)),) * 2)],
    "more than all": [award(funding=(FundingShare("bank", Decimal(101)),))],
    "a share below zero": [award(funding=(FundingShare("bank", Decimal(-1)),))],
    "a share that is a float": [award(funding=(FundingShare("bank", cast("Decimal", 0.5)),))],
    "a share that is none": [award(funding=("bank",))],
    "caps that are no caps": [award(caps=("day",))],
}

BAD_OPINIONS: dict[str, object] = {
    "None": None,
    "a list": [TierVerdict(True)],
    "a tier that the ladder lacks": {"platinum": TierVerdict(True)},
    "no verdict": {"gold": True},
    "a verdict that is no boolean": {"gold": TierVerdict(cast("bool", "yes"))},
}


@pytest.mark.parametrize("answer", BAD_LINES.values(), ids=BAD_LINES)
def test_a_rule_that_answers_what_no_rule_may_awards_nothing_and_is_parked(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    told(monkeypatch, "award", always(answer))
    outcome = folded(shop(ladder()), [purchase("2024-02-01", "120", "bought")])
    assert [(parked.cause.key, parked.rule) for parked in outcome.parked] == [('["till","bought"]', "broken")]
    assert moved(outcome) == {"earn:points/points/base/earned": 120}
    assert tier(outcome) == "silver"


@pytest.mark.parametrize("answer", BAD_OFFERS.values(), ids=BAD_OFFERS)
def test_a_promotion_that_answers_what_none_may_awards_nothing_and_is_parked(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    told(monkeypatch, "offer", always(answer))
    outcome = folded(shop(ladder()), [purchase("2024-02-01", "120")])
    assert [parked.rule for parked in outcome.parked] == ["broken"]
    assert moved(outcome) == {"earn:points/points/base/earned": 120}


@pytest.mark.parametrize("answer", BAD_OPINIONS.values(), ids=BAD_OPINIONS)
def test_a_tier_rule_that_answers_what_none_may_has_failed(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    told(monkeypatch, "opinion", always(answer))
    outcome = folded(shop(ladder(ANY)), [purchase("2024-02-01", "120")])
    assert [parked.rule for parked in outcome.parked] == ["broken"]
    assert outcome.state.frozen == {"status"}
    assert tier(outcome) == "basic"


def test_the_error_is_kept_with_its_class_and_without_what_cannot_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def verbose(activity: Activity) -> object:
        raise ValueError("\x00" + "x" * 1000)

    told(monkeypatch, "award", verbose)
    (parked,) = folded(shop(ladder()), [purchase("2024-02-01", "120")]).parked
    assert parked.error.startswith("ValueError: x")
    assert len(parked.error) < 500


def test_failing_is_not_abstaining(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [purchase("2024-02-01", "120")]
    assert tier(folded(shop(ladder(ANY)), facts)) == "silver"
    told(monkeypatch, "opinion", raising)
    assert tier(folded(shop(ladder(ANY)), facts)) == "basic"


def test_a_failed_rule_is_undecided_for_every_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", raising)
    program = shop(ladder(ANY))
    figures = {measure: Decimal(120) for measure in program.measures}
    member = member_at(new_member(), program, {"status": "basic"}, figures)
    judgement = judge(program, program.ladder("status"), member)
    assert {tier: verdicts["broken"] for tier, verdicts in judgement.verdicts.items()} == {
        "silver": Verdict.UNDECIDED,
        "gold": Verdict.UNDECIDED,
    }
    assert [failed.rule for failed in judgement.failures] == ["broken"]


def test_only_ladders_whose_tree_names_the_failed_rule_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", raising)
    program = shop(ladder(ANY), ladder('"circle"', key="other"))
    outcome = folded(program, [purchase("2024-02-01", "120")])
    assert outcome.state.frozen == {"status"}
    assert (tier(outcome), tier(outcome, "other")) == ("basic", "silver")
    assert balance(outcome) == 120


def test_every_ladder_that_names_the_failed_rule_is_frozen_in_the_same_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second ladder is asked at reviews alone, and must not be asked at the next one."""
    program = shop(
        ladder(ANY), ladder(ANY.replace("spend", "circle"), key="other", at="review", review="month")
    )
    bought = purchase("2024-02-10", "120")

    def at_first(member: Member) -> object:
        if Decimal(120) in member.figures.values():
            asked.append(member)
        return raising(member) if len(asked) == 1 else {}

    asked: list[Member] = []
    told(monkeypatch, "opinion", at_first)
    outcome = folded(program, [bought], "2024-06-01")
    assert outcome.state.frozen == {"status", "other"}
    assert changes(outcome, "other") == []
    asked.clear()
    live = taken_live(rulebook_of(program), [bought], instant("2024-06-01"))
    assert picture(live) == picture(outcome.state)


def test_a_failed_earning_rule_that_a_tree_names_freezes_that_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "award", raising)
    outcome = folded(shop(ladder(ANY), ladder('"circle"', key="other")), [purchase("2024-02-01", "120")])
    assert outcome.state.frozen == {"status"}
    assert (tier(outcome), tier(outcome, "other")) == ("basic", "silver")


def test_a_frozen_ladder_ends_no_claim_and_holds_no_review(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "award", lambda activity: raising(activity) if activity.amount == 1 else ())
    program = shop(ladder(ANY, until="{ months = 1 }", review="month"))
    facts = [purchase("2024-02-01", "120"), purchase("2024-02-10", "1"), purchase("2024-02-11", "500")]
    outcome = folded(program, facts, "2025-06-01")
    assert outcome.state.frozen == {"status"}
    assert changes(outcome) == [("2024-02-01 00:00", "basic", "silver")]
    assert len(standing(outcome).claims) == 1
    assert balance(outcome) == 621
    assert outcome.next_boundary_at is None


def test_a_rule_that_fails_at_a_boundary_freezes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    program = shop(ladder(ANY, review="quarter"))
    folding = Folding(rulebook_of(program), new_member())
    folding.enrol()
    run(folding.take(purchase("2024-02-01", "120")), granted_whole)
    told(monkeypatch, "opinion", raising)
    folding.advance(instant("2024-12-01"))
    outcome = folding.outcome()
    assert [(parked.cause.kind, parked.cause.key) for parked in outcome.parked] == [
        ("boundary", "2024-03-31T23:00:00Z")
    ]
    assert outcome.state.frozen == {"status"}
    assert tier(outcome) == "silver"


def test_after_the_repair_a_fold_gives_what_would_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [purchase("2024-02-01", "120"), purchase("2024-03-01", "400")]
    whole = folded(shop(ladder(ANY)), facts)
    told(monkeypatch, "opinion", raising)
    told(monkeypatch, "award", raising)
    assert folded(shop(ladder(ANY)), facts).parked != ()
    told(monkeypatch, "opinion", always({}))
    told(monkeypatch, "award", always(()))
    repaired = folded(shop(ladder(ANY)), facts)
    assert picture(repaired.state) == picture(whole.state)
    assert repaired.parked == ()


def test_a_failure_while_claims_are_judged_again_withdraws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the other claim, whose lowered figure could be judged."""
    bought, second = purchase("2024-02-01", "120"), purchase("2024-02-05", "30")
    returned = linked_return("2024-03-01", bought, "100")
    told(
        monkeypatch,
        "opinion",
        lambda member: raising(member) if any(figure == 20 for figure in member.figures.values()) else {},
    )
    outcome = folded(shop(ladder(ANY, returns="from_now")), [bought, second, returned], "2025-06-01")
    assert tier(outcome) == "silver"
    assert len(standing(outcome).claims) == 2
    assert outcome.state.frozen == {"status"}
    assert [parked.cause for parked in outcome.parked] == [returned.cause]
    assert not [effect for effect in outcome.effects.values() if effect.kind == "withdrawal"]
    assert balance(outcome) == 50


def test_a_rule_that_fails_at_a_return_freezes_its_ladder_before_claims_are_withdrawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, "award", lambda activity: raising(activity) if activity.amount == 20 else ())
    bought = purchase("2024-02-01", "120")
    outcome = folded(
        shop(ladder(ANY, returns="from_now")), [bought, linked_return("2024-03-01", bought, "100")]
    )
    assert outcome.state.frozen == {"status"}
    assert tier(outcome) == "silver"


def test_a_rule_that_fails_at_a_return_keeps_what_it_had_earned_and_is_parked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, "award", lambda activity: raising(activity) if activity.amount == 20 else [line()])
    bought = purchase("2024-02-01", "120")
    returned = linked_return("2024-03-01", bought, "100")
    outcome = folded(shop(ladder()), [bought, returned])
    assert [(parked.cause, parked.rule) for parked in outcome.parked] == [(returned.cause, "broken")]
    assert moved(outcome) == {
        "earn:points/points/base/earned": 120,
        "earn:points/points/base/earned_back": 100,
        "broken:points/points/x/earned": 10,
    }


def test_a_rule_is_parked_once_for_a_cause_whatever_else_of_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "award", raising)
    told(monkeypatch, "offer", always(None))
    told(monkeypatch, "opinion", always(None))
    outcome = folded(shop(ladder(ANY)), [purchase("2024-02-01", "120"), purchase("2024-02-02", "1")])
    assert [parked.rule for parked in outcome.parked] == ["broken", "broken"]
    assert len({parked.cause for parked in outcome.parked}) == 2


def test_a_rule_that_fails_on_two_ladders_in_one_step_is_parked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Member] = []

    def each_time_otherwise(member: Member) -> object:
        asked.append(member)
        raise RuntimeError(f"for the {len(asked)}. time")

    told(monkeypatch, "opinion", each_time_otherwise)
    program = shop(ladder(ANY), ladder(ANY.replace("spend", "circle"), key="other"))
    outcome = folded(program, [purchase("2024-02-01", "120")])
    assert len(asked) == 2
    assert [parked.error for parked in outcome.parked] == ["RuntimeError: for the 1. time"]


def test_others_are_rated_as_without_the_rule_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A percentage or multiple of what the failed rule had awarded is of nothing."""
    multiple = rule(
        "double", "partner_rewards", '{ partner = "bank", currency = "points", multiple = "2", funding = [] }'
    )
    told(monkeypatch, "award", always([line(slot="good"), line(slot="bad", amount=Decimal("NaN"))]))
    outcome = folded(shop(ladder(), multiple), [purchase("2024-02-01", "120")])
    assert moved(outcome)["double:points/points/award/earned"] == 120


def test_a_measure_that_was_not_declared_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    undeclared = Measure("x", Figure("count"), "lifetime")
    told(monkeypatch, "opinion", lambda member: {"gold": TierVerdict(member.figure(undeclared) > 0)})
    outcome = folded(shop(ladder(ANY)), [purchase("2024-02-01", "120")])
    assert [parked.error[:8] for parked in outcome.parked] == ["KeyError"]


def test_a_ladder_frozen_for_years_costs_no_boundaries(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", raising)
    outcome = folded(shop(ladder(ANY, review="month")), [purchase("2024-02-01", "120")], "2034-01-01")
    assert outcome.state.at <= instant("2024-02-01") + timedelta(days=1)
