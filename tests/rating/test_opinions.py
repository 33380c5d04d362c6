"""Claims that last as long as the rules that support a tier say (`until = "opinion"`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest

from loyalty_engine.program import Program, check
from loyalty_engine.rating import Fact, explain
from loyalty_engine.rules import Ladder, Member, Rule, RuleConfig, TierHooks, TierVerdict
from tests.rating.histories import (
    changes,
    folded,
    header,
    instant,
    ladder,
    program_of,
    purchase,
    rule,
    spend,
    standing,
    tier,
    value,
    with_rules,
)


class CardConfig(RuleConfig):
    """The tier that a card is good for."""

    tier: str = "silver"


class Card(Rule[CardConfig], TierHooks):
    """Supports a tier until the day that the member's card says; without a card it has no opinion."""

    name: ClassVar[str] = "card"
    version: ClassVar[str] = "1"
    Config = CardConfig

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:  # noqa: ARG002
        """What the card says."""
        written = member.attributes.get(self.rule_id)
        if written is None:
            return {}
        until = None if written == "for ever" else date.fromisoformat(str(written))
        return {self.config.tier: TierVerdict(written != "revoked", until=until)}


INSTALLED = with_rules(Card)


def card(rule_id: str = "card", of: str = "silver") -> str:
    return rule(rule_id, "card", f'{{ tier = "{of}" }}')


def opinion(combine: str = '"card"', **given: str) -> str:
    """A ladder on which claims last as long as rules say."""
    return ladder(combine, until='"opinion"', **given)


def program(*parts: str) -> Program:
    return program_of(*parts, installed=INSTALLED)


def test_a_claim_lasts_until_the_day_that_the_rule_says() -> None:
    facts: list[Fact] = [value("2024-02-01T09:00", "card", "2024-05-15"), purchase("2024-02-02T09:00", "1")]
    outcome = folded(program(opinion(), card()), facts, "2024-05-14T22:59:59.999999")
    assert (tier(outcome), standing(outcome).until) == ("silver", instant("2024-05-14T23:00"))
    outcome = folded(program(opinion(), card()), facts, "2024-05-14T23:00")
    assert changes(outcome) == [
        ("2024-02-02 09:00", "basic", "silver"),
        ("2024-05-15 00:00", "silver", "basic"),
    ]


def test_a_later_day_prolongs_and_an_earlier_one_never_shortens() -> None:
    facts: list[Fact] = [
        value("2024-02-01T09:00", "card", "2024-05-15"),
        purchase("2024-02-02T09:00", "1"),
        value("2024-03-01T09:00", "card", "2024-08-01"),
        purchase("2024-03-02T09:00", "1"),
        value("2024-04-01T09:00", "card", "2024-04-10"),
        purchase("2024-04-02T09:00", "1"),
    ]
    outcome = folded(program(opinion(), card()), facts)
    assert changes(outcome)[1:] == [("2024-08-01 00:00", "silver", "basic")]


def test_a_support_without_an_end_is_for_a_lifetime() -> None:
    facts: list[Fact] = [value("2024-02-01T09:00", "card", "for ever"), purchase("2024-02-02T09:00", "1")]
    outcome = folded(program(opinion(), card()), facts)
    assert (tier(outcome), standing(outcome).until) == ("silver", None)
    assert [claim.until_at for claim in standing(outcome).claims] == [None]


@pytest.mark.parametrize("day", ["2024-02-02", "2024-01-31"])
def test_a_support_whose_day_has_come_is_none(day: str) -> None:
    facts: list[Fact] = [value("2024-02-01T09:00", "card", day), purchase("2024-02-02T09:00", "1")]
    outcome = folded(program(opinion(), card()), facts)
    assert (tier(outcome), outcome.parked) == ("basic", ())


@pytest.mark.parametrize("answer", ["2024-05-15", datetime(2024, 5, 15, tzinfo=UTC), True, 0])
def test_a_rule_that_says_no_day_has_failed(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def wrong(rule: Card, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        return {"silver": TierVerdict(True, until=answer)}

    monkeypatch.setattr(Card, "tier_opinion", wrong)
    outcome = folded(program(opinion(), card()), [purchase("2024-02-02T09:00", "1")])
    (parked,) = outcome.parked
    assert (parked.rule, tier(outcome)) == ("card", "basic")
    assert "TypeError" in parked.error


TWO = {"a": "2024-05-15", "b": "2024-07-01"}


@pytest.mark.parametrize(
    ("combine", "ends"),
    [
        ('{ op = "all_of", of = ["a", "b"] }', "2024-05-15 00:00"),
        ('{ op = "any_of", of = ["a", "b"] }', "2024-07-01 00:00"),
        ('{ op = "any_of", of = ["a", "b", "c"], at_least = 2 }', "2024-05-15 00:00"),
        (
            '{ op = "weighted", of = ["a", "b"], weights = { a = 1, b = 2 }, at_least = 2 }',
            "2024-07-01 00:00",
        ),
        (
            '{ op = "weighted", of = ["a", "b"], weights = { a = 2, b = 1 }, at_least = 2 }',
            "2024-05-15 00:00",
        ),
        ('{ op = "all_of", of = ["b", { op = "any_of", of = ["a", "c"] }] }', "2024-05-15 00:00"),
    ],
)
def test_a_tree_supports_a_tier_as_long_as_enough_of_its_rules_do(combine: str, ends: str) -> None:
    cards = [card(key) for key in ("a", "b", "c")]
    facts: list[Fact] = [value("2024-02-01T09:00", key, day) for key, day in TWO.items()]
    outcome = folded(program(opinion(combine), *cards), [*facts, purchase("2024-02-02T09:00", "1")])
    assert changes(outcome)[1:] == [(ends, "silver", "basic")]


def test_figures_besides_an_opinion_set_no_end() -> None:
    tree = '{ op = "all_of", of = ["card", "spend"] }'
    facts: list[Fact] = [value("2024-02-01T09:00", "card", "2024-05-15"), purchase("2024-02-02T09:00", "100")]
    outcome = folded(program(opinion(tree), card(), spend()), facts)
    assert standing(outcome, "status").tier == "basic"
    assert changes(outcome) == [
        ("2024-02-02 09:00", "basic", "silver"),
        ("2024-05-15 00:00", "silver", "basic"),
    ]


def test_what_keeps_a_tier_says_until_when() -> None:
    source = opinion('"card"', keep='"membership"')
    facts: list[Fact] = [
        value("2024-02-01T09:00", "card", "2024-05-15"),
        value("2024-02-01T10:00", "membership", "2024-09-01"),
        purchase("2024-02-02T09:00", "1"),
    ]
    outcome = folded(program(source, card(), card("membership")), facts)
    assert changes(outcome)[1:] == [("2024-09-01 00:00", "silver", "basic")]
    at_end = folded(program(source, card(), card("membership")), facts, "2024-05-15T12:00")
    assert standing(at_end).until == instant("2024-08-31T23:00")


PARTNER = rule(
    "airline", "tier_partner_status", '{ key = "airline", statuses = { platinum = "gold", plus = "silver" } }'
)


@pytest.mark.parametrize(
    ("until", "ends"),
    [("2024-05-15", [("2024-05-15 00:00", "gold", "basic")]), (None, [])],
)
def test_a_status_at_a_partner_holds_here_as_long_as_there(
    until: str | None, ends: list[tuple[str, str, str]]
) -> None:
    facts: list[Fact] = [
        value("2024-02-01T09:00", "airline", {"value": "platinum", "until": until}, "partner_status")
    ]
    outcome = folded(program(opinion('"airline"'), PARTNER), facts)
    assert changes(outcome) == [("2024-02-01 09:00", "basic", "gold"), *ends]


def test_a_score_lasts_until_too_little_of_it_is_left() -> None:
    scores = rule(
        "score", "tier_score", "{ scores = { a = 1, b = 1, c = 1 }, thresholds = { silver = 50, gold = 90 } }"
    )
    facts: list[Fact] = [
        value(f"2024-02-0{number}T09:00", key, {"value": score, "until": until}, "score")
        for number, (key, score, until) in enumerate(
            [("a", 40, "2024-04-01"), ("b", 30, "2024-03-01"), ("c", 20, "2024-06-01")], 1
        )
    ]
    outcome = folded(program(opinion('"score"'), scores), facts)
    assert changes(outcome) == [
        ("2024-02-02 09:00", "basic", "silver"),
        ("2024-02-03 09:00", "silver", "gold"),
        ("2024-03-01 00:00", "gold", "silver"),
        ("2024-04-01 00:00", "silver", "basic"),
    ]


def test_the_explanation_says_until_when_each_part_of_the_tree_supports_the_tier() -> None:
    tree = '{ op = "all_of", of = ["b", { op = "any_of", of = ["a", "c"] }] }'
    made = program(opinion(tree), *[card(key) for key in ("a", "b", "c")])
    facts: list[Fact] = [value("2024-02-01T09:00", key, day) for key, day in TWO.items()]
    outcome = folded(made, [*facts, purchase("2024-02-02T09:00", "1")], "2024-03-01T12:00")
    (ruling,) = [
        effect.ruling
        for effect in outcome.effects.values()
        if effect.kind == "standing" and effect.ruling is not None
    ]
    nodes = explain.ruling_nodes(
        made,
        made.ladder("status"),
        ("silver",),
        explain.Ruling({}, ruling.opinions, date(2024, 2, 2), False, date(2024, 1, 1), ends=ruling.ends),
    )
    said = {node.rule or node.op: node.reasons[-1] for node in nodes if node.reasons}
    days = {
        name: reason.parameters.get("date") for name, reason in said.items() if reason.code == "reason-until"
    }
    assert days == {"all_of": "2024-05-15", "b": "2024-07-01", "any_of": "2024-05-15", "a": "2024-05-15"}


def errors(*parts: str) -> dict[str, str]:
    findings = check(header() + "".join(parts), INSTALLED)
    return {finding.path: f"{finding.severity}: {finding.message}" for finding in findings}


def test_figures_alone_say_no_day_so_that_they_may_not_decide_alone() -> None:
    path = "ladders.0.upgrade.until"
    words = "error: spend can support 'silver' alone, and figures do not say until when"
    assert errors(opinion('"spend"'), spend()) == {path: words}
    assert errors(opinion('{ op = "any_of", of = ["card", "spend"] }'), card(), spend()) == {path: words}
    two = '{ op = "any_of", of = ["airline", "spend"] }'
    assert errors(opinion(two), PARTNER, spend()) == {path: words}


def test_figures_that_are_asked_besides_a_rule_with_days_are_no_error() -> None:
    both = '{ op = "all_of", of = ["airline", "spend"] }'
    assert errors(opinion(both), PARTNER, spend()) == {}
    left = errors(opinion('{ op = "all_of", of = ["card", "spend"] }'), card(of="gold"), spend())
    assert list(left) == ["ladders.0.upgrade.until"]
    assert left["ladders.0.upgrade.until"].startswith(
        "warning: spend can support 'silver' alone, where rules"
    )


def test_a_review_and_what_keeps_are_looked_at_as_well() -> None:
    reviewed = ladder('"airline"').replace(
        "downgrade", 'review = { every = "month", until = "opinion" }\ndowngrade', 1
    )
    assert errors(reviewed, PARTNER) == {}
    assert list(errors(reviewed.replace('"airline"', '"spend"'), spend())) == ["ladders.0.review.until"]
    kept = opinion('"airline"', keep='"spend"')
    assert list(errors(kept, PARTNER, spend())) == ["ladders.0.upgrade.until"]


def test_a_fall_by_one_step_leads_where_no_rule_says_until_when() -> None:
    assert list(errors(opinion('"airline"', downgrade="one_step"), PARTNER)) == ["ladders.0.downgrade.to"]
    assert errors(opinion('"airline"', downgrade="base"), PARTNER) == {}
