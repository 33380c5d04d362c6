"""Points: lines, percentages, offers, caps, rounding, debt (SEMANTICS section 6)."""

# ruff: noqa: ARG002 - a hook has the parameters that it has
from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from loyalty_engine.rating import Ask
from loyalty_engine.rules import (
    Activity,
    Cap,
    EarnHooks,
    Line,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
    PercentLine,
    PromotionTerms,
    Rule,
    RuleConfig,
)
from tests.rating.histories import (
    EARN,
    POINTS,
    available,
    balance,
    folded,
    ladder,
    linked_return,
    moved,
    program_of,
    purchase,
    rule,
    spend,
    wallet,
    with_rules,
)
from tests.rating.offered import limited, offer, points


class NoConfig(RuleConfig):
    """Nothing to say."""


class Fixed(Rule[NoConfig], EarnHooks):
    """Awards the lines that a test names by the channel of the activity."""

    name = "fixed"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | PercentLine]:
        """A welcome line once, and each time half of what ``earn`` gave."""
        return (
            Line("welcome", "points", Decimal(100), once="welcome"),
            PercentLine("half", "points", Decimal(50), of=("earn",)),
        )


class Twin(Rule[NoConfig], EarnHooks, PartnerHooks):
    """Two lines of which a cap lets one through, and two offers of which the better wins."""

    name = "twin"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """The amount, twice, at most once a day."""
        amount, once = occasion.activity.amount or Decimal(0), (Cap("once", "day", times=1),)
        return (Line("a", "points", amount, caps=once), Line("b", "points", amount, caps=once))

    def promotion(self) -> PromotionTerms:
        """Nobody's."""
        return PromotionTerms("bank", "miles", {})

    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:
        """The amount, or twenty."""
        amount = activity.amount or Decimal(0)
        return (
            PartnerAward("a", "miles", (), "none", points=amount),
            PartnerAward("b", "miles", (), "none", points=Decimal(20)),
        )


@pytest.mark.parametrize(
    ("rounding", "amount", "expected"),
    [
        ("floor", "9.99", 9),
        ("floor", "-9.01", -10),
        ("toward_zero", "9.99", 9),
        ("toward_zero", "-9.99", -9),
        ("half_up", "9.50", 10),
        ("half_up", "-9.50", -10),
        ("half_up", "9.49", 9),
        ("half_even", "8.50", 8),
        ("half_even", "9.50", 10),
    ],
)
def test_a_line_is_rounded_once_to_the_smallest_unit(rounding: str, amount: str, expected: int) -> None:
    kind = "return" if amount.startswith("-") else "purchase"
    outcome = folded(program_of(points(rounding), EARN), [purchase("2024-02-01", amount, kind=kind)])
    assert balance(outcome) == expected


def test_a_currency_with_decimals_is_counted_in_its_smallest_unit() -> None:
    outcome = folded(program_of(points("half_up", decimals=2), EARN), [purchase("2024-02-01", "9.999")])
    assert balance(outcome) == 1000


def test_amount_times_rate_is_rounded_after_the_product() -> None:
    rates = rule("earn", "earn_purchase", '{ currency = "points", rate = "1.5", negative = "zero" }')
    assert balance(folded(program_of(points(), rates), [purchase("2024-02-01", "9.99")])) == 14


def test_a_percentage_is_of_the_rounded_points_and_rounded_itself() -> None:
    bonus = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "1", negative = "zero", bonus_percent = { basic = "50" } }',
    )
    program = program_of(points("half_up"), ladder(), spend(), bonus)
    outcome = folded(program, [purchase("2024-02-01", "9.50")])
    assert moved(outcome) == {"earn:points/points/base/earned": 10, "earn:points/points/bonus/earned": 5}
    uneven = folded(program, [purchase("2024-02-01", "9.49")])
    assert balance(uneven) == 9 + 5


def test_a_percentage_is_of_the_lines_of_the_rules_it_names_alone() -> None:
    other = rule("other", "earn_purchase", '{ currency = "points", rate = "3", negative = "zero" }')
    program = program_of(points(), EARN, other, rule("fixed", "fixed", "{}"), installed=with_rules(Fixed))
    found = moved(folded(program, [purchase("2024-02-01", "10")]))
    assert found["fixed:points/points/half/earned"] == 5


def test_of_the_lines_with_one_text_the_first_in_the_order_of_the_fold_counts() -> None:
    program = program_of(points(), rule("fixed", "fixed", "{}"), installed=with_rules(Fixed))
    late = purchase("2024-02-01", "10", "late")
    outcome = folded(program, [purchase("2024-03-01", "10", "early"), late])
    (lot,) = wallet(outcome).lots.values()
    assert lot.key.cause.key == '["till","late"]'
    assert available(outcome) == 100


@pytest.mark.parametrize(("choose", "expected"), [("best", 10 + 20), ("all", 10 + 20 + 15)])
def test_of_several_offers_the_best_or_all(choose: str, expected: int) -> None:
    program = program_of(points(choose=choose), EARN, offer("a", "points = 15"), offer("b", 'multiple = "3"'))
    assert balance(folded(program, [purchase("2024-02-01", "10")])) == expected


def test_a_tie_goes_to_the_lowest_id() -> None:
    program = program_of(points(), offer("b", "points = 15"), offer("a", "points = 15"))
    assert moved(folded(program, [purchase("2024-02-01", "10")])) == {"a:points/points/award/earned": 15}


def test_a_multiple_counts_the_plain_lines_and_not_their_percentages() -> None:
    bonus = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "1", negative = "zero", bonus_percent = { basic = "50" } }',
    )
    program = program_of(points(), ladder(), spend(), bonus, offer("double", 'multiple = "2"'))
    assert moved(folded(program, [purchase("2024-02-01", "10")])) == {
        "earn:points/points/base/earned": 10,
        "earn:points/points/bonus/earned": 5,
        "double:points/points/award/earned": 10,
    }


def test_the_best_offer_is_chosen_before_caps_and_what_loses_does_not_step_in() -> None:
    capped = offer("big", "points = 50", extra="caps = [{ period = 'month', points = 60 }], ")
    program = program_of(points(), capped, offer("small", "points = 20"))
    facts = [purchase(f"2024-02-0{day}", "1") for day in (1, 2, 3)]
    assert moved(folded(program, facts)) == {"big:points/points/award/earned": 60}


@pytest.mark.parametrize(
    ("exhausted", "expected", "partial"), [("none", 0, False), ("next", 20, False), ("reduce", 30, True)]
)
def test_what_happens_when_a_budget_cannot_pay(exhausted: str, expected: int, partial: bool) -> None:
    asked: list[Ask] = []

    def answer(ask: Ask) -> int:
        asked.append(ask)
        return 30 if ask.partial else 0

    big = offer("big", "points = 50", funding=limited(18), exhausted=exhausted)
    program = program_of(points(), big, offer("small", "points = 20"))
    assert balance(folded(program, [purchase("2024-02-01", "1")], answer=answer)) == expected
    (ask,) = asked
    assert (ask.units, ask.partial, ask.key.rule, ask.currency) == (50, partial, "big", "points")
    assert [(share.partner, share.percent) for share in ask.funding] == [("bank", Decimal(60))]


def test_a_budget_without_limit_is_not_asked() -> None:
    unlimited = '{ partner = "bank", percent = "60", unlimited = true }'
    program = program_of(points(), offer("big", "points = 50", funding=unlimited))

    def answer(ask: Ask) -> int:
        raise AssertionError(ask)

    assert balance(folded(program, [purchase("2024-02-01", "1")], answer=answer)) == 50


@pytest.mark.parametrize(
    ("granted", "exhausted", "expected", "uses"),
    [(50, "none", 50, 1), (0, "none", 0, 0), (0, "next", 20, 0), (0, "reduce", 0, 0)],
)
def test_an_award_of_a_promotion_with_a_quota_is_asked_for_and_uses_one(
    granted: int, exhausted: str, expected: int, uses: int
) -> None:
    asked: list[Ask] = []

    def answer(ask: Ask) -> int:
        asked.append(ask)
        return granted

    big = offer("big", "points = 50", extra="quota = 3, ", exhausted=exhausted)
    program = program_of(points(), big, offer("small", "points = 20"))
    outcome = folded(program, [purchase("2024-02-01", "1", "p")], answer=answer)
    assert balance(outcome) == expected
    (ask,) = asked
    assert (ask.units, ask.key.rule, ask.quota) == (50, "big", True)
    used = [effect for effect in outcome.effects.values() if effect.kind == "quota"]
    assert [(each.key.rule, each.key.slot, each.value) for each in used] == [
        ("big", "quota/points/award", 1)
    ] * uses


def test_partners_pay_their_shares_rounded_down_and_the_business_the_rest() -> None:
    two = (
        '{ partner = "bank", percent = "33.3", unlimited = true }, '
        '{ partner = "shop", percent = "50", unlimited = true }'
    )
    outcome = folded(
        program_of(points(), offer("big", "points = 50", funding=two)), [purchase("2024-02-01", "1")]
    )
    assert moved(outcome) == {
        "big:points/points/award/funded/bank": 16,
        "big:points/points/award/funded/shop": 25,
        "big:points/points/award/earned": 9,
    }


def test_what_is_taken_back_goes_to_those_who_paid_it() -> None:
    bank = '{ partner = "bank", percent = "33.3", unlimited = true }'
    program = program_of(
        POINTS, ladder(returns="from_now"), spend(), EARN, offer("big", 'multiple = "2"', funding=bank)
    )
    bought = purchase("2024-02-01", "100", "bought")
    parts = [linked_return(f"2024-02-0{day}", bought, amount) for day, amount in ((2, "1"), (3, "49"))]
    found = moved(folded(program, [bought, *parts]))
    assert found["big:points/points/award/funded/bank"] == 33
    assert found["big:points/points/award/funded_back/bank"] == 33 - 16
    assert found["big:points/points/award/earned"] - found["big:points/points/award/earned_back"] == 34
    whole = folded(program, [bought, *parts, linked_return("2024-02-04", bought, "50")])
    assert moved(whole)["big:points/points/award/funded_back/bank"] == 33
    assert balance(whole) == 0


def test_what_a_cap_or_a_better_offer_kept_out_does_not_lessen_what_is_taken_back() -> None:
    miles = points().replace('key = "points"', 'key = "miles"')
    program = program_of(
        points(),
        miles,
        ladder(returns="from_now"),
        spend(),
        rule("twin", "twin", "{}"),
        installed=with_rules(Twin),
    )
    bought = purchase("2024-02-01", "100", "bought")
    part = folded(program, [bought, linked_return("2024-03-01", bought, "60")])
    assert (balance(part), balance(part, "miles")) == (40, 40)
    most = folded(program, [bought, linked_return("2024-03-01", bought, "90")])
    assert (balance(most), balance(most, "miles")) == (10, 10)


def test_earnings_pay_debt_first() -> None:
    facts = [purchase("2024-02-01", "-30", kind="return"), purchase("2024-02-02", "50", "bought")]
    outcome = folded(program_of(points(), EARN), facts)
    assert (available(outcome), wallet(outcome).debt) == (20, 0)
    owing = folded(program_of(points(), EARN), facts[:1])
    assert (available(owing), wallet(owing).debt) == (0, 30)
    assert moved(outcome) == {
        "earn:points/points/base/earned": 20,
        ":points/points/-/owed": 30,
        ":points/points/-/repaid": 30,
    }


@pytest.mark.parametrize(("negative", "expected"), [("take_back", 20), ("zero", 50)])
def test_an_unlinked_return_takes_points_back_or_earns_nothing(negative: str, expected: int) -> None:
    earn = rule("earn", "earn_purchase", f'{{ currency = "points", rate = "1", negative = "{negative}" }}')
    facts = [purchase("2024-02-01", "50"), purchase("2024-02-02", "-30", kind="return")]
    assert balance(folded(program_of(points(), earn), facts)) == expected


def test_two_currencies_are_apart() -> None:
    miles = POINTS.replace('key = "points"', 'key = "miles"')
    second = rule("fly", "earn_purchase", '{ currency = "miles", rate = "2", negative = "zero" }')
    outcome = folded(program_of(POINTS, miles, EARN, second), [purchase("2024-02-01", "10")])
    assert (balance(outcome), balance(outcome, "miles")) == (10, 20)


def test_points_spent_by_a_return_come_from_the_lot_that_expires_first() -> None:
    program = program_of(POINTS.replace('"never"', "{ days = 30 }"), EARN)
    facts = [
        purchase("2024-02-01", "50", "old"),
        purchase("2024-02-15", "50", "new"),
        purchase("2024-02-16", "-60", kind="return"),
    ]
    left = {
        lot.key.cause.key: lot.remaining for lot in wallet(folded(program, facts, "2024-02-17")).lots.values()
    }
    assert left == {'["till","old"]': 0, '["till","new"]': 40}
