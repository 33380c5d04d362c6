"""One step, one order: what a rule sees at an activity (SEMANTICS section 2)."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import ClassVar

import pytest

from loyalty_engine.rating import Fact, Folding, run
from loyalty_engine.rules import (
    Activity,
    EarnHooks,
    Figure,
    Ladder,
    Line,
    Measure,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
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
    folded,
    granted_whole,
    ladder,
    linked_return,
    new_member,
    picture,
    program_of,
    purchase,
    rule,
    rulebook_of,
    spend,
    tallied,
    value,
    with_rules,
)


class NoConfig(RuleConfig):
    """Nothing to say."""


SPENT = Measure("spent", Figure("amount"), "lifetime")


class Witness(Rule[NoConfig], EarnHooks, TierHooks):
    """Notes what it is shown; such a rule is for tests alone, since rules keep nothing."""

    name = "witness"
    version = "1"
    Config = NoConfig
    seen: ClassVar[list[tuple[str, object]]] = []

    def measures(self) -> Sequence[Measure]:
        """The spend."""
        return (SPENT,)

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Nothing."""
        self.seen.append(("before", member.figure(SPENT)))
        self.seen.append(("with", occasion.figures_with[SPENT]))
        self.seen.append(("tiers", dict(member.tiers)))
        self.seen.append(("vip", member.attributes.get("vip")))
        return ()

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        """No opinion."""
        self.seen.append((ladder.key, (member.figure(SPENT), dict(member.tiers))))
        return {}


class Progressive(Rule[NoConfig], EarnHooks):
    """A point for each pound beyond the first hundred of a lifetime."""

    name = "progressive"
    version = "1"
    Config = NoConfig

    def measures(self) -> Sequence[Measure]:
        """The spend."""
        return (SPENT,)

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """What lies beyond a hundred with the activity, less what did before."""
        beyond = max(Decimal(0), occasion.figures_with[SPENT] - 100)
        before = max(Decimal(0), member.figure(SPENT) - 100)
        return (Line("beyond", "points", beyond - before),)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    Witness.seen.clear()


def test_an_earning_rule_sees_the_measures_before_and_with_the_activity_and_the_tiers_before() -> None:
    program = program_of(
        POINTS, ladder(), spend(), rule("witness", "witness", "{}"), installed=with_rules(Witness)
    )
    folded(program, [purchase("2024-02-01", "100"), purchase("2024-02-02", "50")])
    assert Witness.seen == [
        ("before", Decimal(0)),
        ("with", Decimal(100)),
        ("tiers", {"status": "basic"}),
        ("vip", None),
        ("before", Decimal(100)),
        ("with", Decimal(150)),
        ("tiers", {"status": "silver"}),
        ("vip", None),
    ]


def test_an_activity_earns_at_the_tier_held_before_it() -> None:
    rates = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", negative = "zero", rates = { basic = "1", silver = "2" } }',
    )
    facts = [purchase("2024-02-01", "100"), purchase("2024-02-02", "10")]
    assert balance(folded(program_of(POINTS, ladder(), spend(), rates), facts)) == 100 + 20


def test_every_ladder_is_judged_on_the_tiers_before_the_step_and_the_measures_with_it() -> None:
    any_of = '{ op = "any_of", of = ["spend", "witness"] }'
    program = program_of(
        ladder(any_of),
        ladder('{ op = "any_of", of = ["circle", "witness"] }', key="circle"),
        spend(),
        spend(rule_id="circle"),
        rule("witness", "witness", "{}"),
        installed=with_rules(Witness),
    )
    folded(program, [purchase("2024-02-01", "100")])
    before = {"status": "basic", "circle": "basic"}
    opinions = [seen for seen in Witness.seen if seen[0] in ("status", "circle")]
    assert opinions == [("status", (Decimal(100), before)), ("circle", (Decimal(100), before))]


def test_a_ladder_is_asked_once_at_a_boundary_of_review_and_end() -> None:
    any_of = '{ op = "any_of", of = ["spend", "witness"] }'
    program = program_of(
        ladder(any_of, until='{ end_of = "quarter" }', review="quarter"),
        spend(),
        rule("witness", "witness", "{}"),
        installed=with_rules(Witness),
    )
    folding = Folding(rulebook_of(program), new_member())
    folding.enrol()
    run(folding.take(purchase("2024-02-01", "100")), granted_whole)
    Witness.seen.clear()
    folding.advance(purchase("2024-04-02", "0").occurred_at)
    assert [name for name, _ in Witness.seen] == ["status"]


def test_the_state_that_a_step_begins_with_stays_as_it_was() -> None:
    rulebook = rulebook_of(program_of(POINTS, ladder(), spend(), EARN))
    begun = Folding(rulebook, new_member())
    begun.enrol()
    run(begun.take(purchase("2024-02-01", "10")), granted_whole)
    state = begun.outcome().state
    before = picture(state.copy())
    step = Folding(rulebook, state)
    run(step.take(value("2024-02-02", "vip", True)), granted_whole)
    run(step.take(purchase("2024-02-01T12:00", "500")), granted_whole)
    assert picture(step.outcome().state) != before
    assert picture(state) == before
    assert [sum(days.values()) for days in tallied(state.tallies).values()] == [Decimal(10)]


def test_a_dated_value_is_seen_from_its_own_place_on_and_not_overwritten_before() -> None:
    program = program_of(POINTS, rule("witness", "witness", "{}"), installed=with_rules(Witness))
    facts: list[Fact] = [
        purchase("2024-02-01", "1"),
        value("2024-02-02", "vip", "yes"),
        purchase("2024-02-03", "1"),
        value("2024-02-04", "vip", "no"),
    ]
    folded(program, facts)
    assert [known for name, known in Witness.seen if name == "vip"] == [None, "yes"]


def test_facts_of_one_instant_stand_in_the_order_of_their_keys_by_code_point() -> None:
    rates = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", negative = "zero", rates = { basic = "1", silver = "2" } }',
    )
    program = program_of(POINTS, ladder(), spend(), rates)
    upper, lower = purchase("2024-02-01", "100", "Z"), purchase("2024-02-01", "10", "a")
    assert balance(folded(program, [lower, upper])) == 100 + 20
    assert balance(folded(program, [purchase("2024-02-01", "100", "é"), lower])) == 110


def test_a_linked_return_re_rates_its_purchase_with_the_figures_of_then() -> None:
    program = program_of(
        POINTS,
        ladder(returns="from_now"),
        spend(),
        rule("progressive", "progressive", "{}"),
        installed=with_rules(Progressive),
    )
    first, second = purchase("2024-02-01", "80", "first"), purchase("2024-02-02", "50", "second")
    third = purchase("2024-02-03", "200", "third")
    assert balance(folded(program, [first, second])) == 30
    returned = linked_return("2024-03-01", second, "10")
    assert balance(folded(program, [first, second, third, returned])) == 20 + 200


class Hoarder(Rule[NoConfig], EarnHooks, PartnerHooks):
    """Keeps what it is shown, to see what a rule could do with it."""

    name = "hoarder"
    version = "1"
    Config = NoConfig
    shown: ClassVar[list[tuple[Activity, Member]]] = []

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Nothing."""
        self.shown.append((occasion.activity, member))
        return ()

    def promotion(self) -> PromotionTerms:
        """Nobody's."""
        return PromotionTerms("bank", "points", {})

    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:
        """Nothing."""
        self.shown.append((activity, member))
        return ()


def test_nothing_that_a_rule_is_shown_can_be_changed() -> None:
    program = program_of(
        POINTS,
        ladder(returns="from_now"),
        spend(),
        rule("hoarder", "hoarder", "{}"),
        installed=with_rules(Hoarder),
    )
    Hoarder.shown.clear()
    bought = purchase("2024-02-01", "10", attributes={"list": [1], "table": {"a": 1}})
    plain = purchase("2024-02-02", "10", "plain")
    known = value("2024-01-15", "list", [1])
    folded(program, [known, bought, plain, linked_return("2024-02-03", plain, "5")])
    assert len(Hoarder.shown) == 6
    for activity, member in Hoarder.shown:
        for mapping in (activity.attributes, member.tiers, member.values, member.figures):
            assert not isinstance(mapping, MutableMapping)
        with pytest.raises(FrozenInstanceError):
            activity.amount = Decimal(1)  # type: ignore[misc]
        assert member.attributes["list"] == (1,)
    first, _ = Hoarder.shown[0]
    assert first.attributes["list"] == (1,)
    assert not isinstance(first.attributes["table"], MutableMapping)
    assert bought.activity.attributes == {"list": [1], "table": {"a": 1}}
