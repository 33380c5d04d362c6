"""A ladder whose tree names a rule that failed stands still until the repair (SEMANTICS section 4)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.rating import Folding, run
from loyalty_engine.rules import (
    Member,
)
from tests.rating.broken import ANY, always, raising, shop, told
from tests.rating.histories import (
    balance,
    changes,
    folded,
    granted_whole,
    instant,
    ladder,
    linked_return,
    new_member,
    picture,
    purchase,
    rulebook_of,
    standing,
    taken_live,
    tier,
)


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


def test_a_ladder_frozen_for_years_costs_no_boundaries(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "opinion", raising)
    outcome = folded(shop(ladder(ANY, review="month")), [purchase("2024-02-01", "120")], "2034-01-01")
    assert outcome.state.at <= instant("2024-02-01") + timedelta(days=1)
