"""A rule that fails freezes the ladders whose tree names it, and nothing else (SEMANTICS section 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from loyalty_engine.combine.tiers import Verdict
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rules import (
    Activity,
    Cap,
    Figure,
    FundingShare,
    Line,
    Measure,
    Member,
    PartnerAward,
    PercentLine,
    Reason,
    TierVerdict,
)
from tests.rating.broken import ANY, always, raising, shop, told
from tests.rating.histories import (
    folded,
    ladder,
    linked_return,
    moved,
    new_member,
    purchase,
    rule,
    tier,
)


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


def because(reasons: tuple[Reason, ...]) -> dict[str, TierVerdict]:
    """A verdict on gold, with reasons."""
    return {"gold": TierVerdict(True, reasons)}


BAD_OPINIONS: dict[str, object] = {
    "None": None,
    "a list": [TierVerdict(True)],
    "a tier that the ladder lacks": {"platinum": TierVerdict(True)},
    "no verdict": {"gold": True},
    "a verdict that is no boolean": {"gold": TierVerdict(cast("bool", "yes"))},
    "reasons that are a list": because(cast("tuple[Reason, ...]", [Reason("why")])),
    "a reason that is a text": because(cast("tuple[Reason, ...]", ("why",))),
    "a reason without a code": because((Reason(""),)),
    "a code that is no text": because((Reason(cast("str", 5)),)),
    "parameters that are no mapping": because((Reason("why", cast("dict[str, str]", ["a"])),)),
    "a parameter that is no text": because((Reason("why", {"weeks": cast("str", 5)}),)),
    "a parameter that no text can be kept as": because((Reason("why", {"weeks": "\x00"}),)),
    "a parameter of half a character": because((Reason("why", {"weeks": "\ud800"}),)),
    "a reason that is too long": because((Reason("why", {"a": "b" * 497}),)),
    "too many reasons": because((Reason("why"),) * 11),
}


def test_a_rule_may_give_as_many_and_as_long_reasons_as_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", always(because((Reason("why", {"a": "b" * 496}),) * 10)))
    outcome = folded(shop(ladder(ANY)), [purchase("2024-02-01", "120")])
    assert (outcome.parked, tier(outcome)) == ((), "gold")


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
