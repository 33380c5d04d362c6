"""Days at which rules ask for their ladders to be asked, and dated values that ladders read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Folding
from loyalty_engine.rules import Member
from loyalty_tier_tenure.rule import TierTenure
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
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
    value,
    with_rules,
)
from tests.rating.test_overrides import by_hand
from tests.rating.test_pauses import pause, resume

JOINED = date(2024, 1, 31)


def tenure(silver: int = 1, gold: int = 2) -> str:
    return rule(
        "loyal", "tier_tenure", f'{{ unit = "months", thresholds = {{ silver = {silver}, gold = {gold} }} }}'
    )


def by_tenure(zone: str = "Europe/London", **of_ladder: str) -> Program:
    return program_of(ladder('"loyal"', **({"until": '"lifetime"'} | of_ladder)), tenure(), zone=zone)


def test_an_anniversary_claims_at_its_own_00_00_without_any_activity() -> None:
    outcome = folded(by_tenure(), [], member=new_member(JOINED))
    assert changes(outcome) == [
        ("2024-02-29 00:00", "basic", "silver"),
        ("2024-03-31 00:00", "silver", "gold"),
    ]
    assert outcome.next_boundary_at is None


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Africa/Cairo", "2024-02-28T22:00"),
        ("Pacific/Kiritimati", "2024-02-28T10:00"),
        ("Australia/Lord_Howe", "2024-02-28T13:00"),
        ("America/Havana", "2024-02-29T05:00"),
    ],
)
def test_the_day_begins_where_the_business_is(zone: str, at: str) -> None:
    program, wanted = by_tenure(zone), datetime.fromisoformat(at).replace(tzinfo=UTC)
    folding = Folding(rulebook_of(program), new_member(JOINED, ZoneInfo(zone)))
    folding.enrol()
    assert folding.next_boundary() == wanted


def test_a_claim_of_such_a_day_runs_until_what_upgrade_says() -> None:
    outcome = folded(by_tenure(until="{ months = 1 }"), [], "2024-06-15T12:00", member=new_member(JOINED))
    assert changes(outcome)[:2] == [
        ("2024-02-29 00:00", "basic", "silver"),
        ("2024-03-31 00:00", "silver", "gold"),
    ]
    assert tier(outcome) == "gold"  # what the months support keeps it at each end


def test_where_reviews_claim_a_rule_that_asks_is_not_asked_in_between() -> None:
    program = by_tenure(at="review", review="quarter")
    outcome = folded(program, [], "2024-05-01T12:00", member=new_member(JOINED))
    assert [(at[:10], to) for at, _, to in changes(outcome)] == [("2024-04-01", "gold")]


@pytest.mark.parametrize("answer", [date(2024, 1, 1), "soon", datetime(2025, 1, 1, tzinfo=UTC)])
def test_a_rule_that_cannot_say_its_days_has_failed_and_its_ladder_waits(answer: object) -> None:
    class Broken(TierTenure):
        """Asks for what is no later day."""

        name = "broken"

        def boundaries(self, member: Member, after: date) -> date | None:  # noqa: ARG002
            return answer  # type: ignore[return-value]

    program = program_of(
        ladder('"loyal"'), tenure().replace("tier_tenure", "broken"), installed=with_rules(Broken)
    )
    outcome = folded(program, [purchase("2024-06-01", "5")], member=new_member(JOINED))
    assert [(parked.cause.kind, parked.rule) for parked in outcome.parked] == [("enrolment", "loyal")]
    assert (tier(outcome), outcome.state.frozen) == ("basic", {"status"})


STATUS = rule(
    "airline", "tier_partner_status", '{ key = "sky", statuses = { top = "gold", mid = "silver" } }'
)
SCORE = rule("score", "tier_score", '{ scores = { service = "2" }, thresholds = { silver = 10, gold = 20 } }')


def test_a_dated_value_that_a_rule_reads_is_an_occasion_to_claim() -> None:
    program = program_of(ladder('"airline"', until="{ months = 3 }"), STATUS)
    facts = [
        value("2024-02-01", "other", "top", "partner_status"),
        value("2024-02-02", "sky", "mid", "partner_status"),
        value("2024-02-03", "sky", "top", "partner_status"),
        value("2024-02-10", "sky", "none", "partner_status"),
    ]
    outcome = folded(program, facts)
    assert changes(outcome) == [
        ("2024-02-02 00:00", "basic", "silver"),
        ("2024-02-03 00:00", "silver", "gold"),
        ("2024-05-03 00:00", "gold", "basic"),
    ]
    assert folded(program, reversed(facts)).state.ladders == outcome.state.ladders


def test_a_score_counts_from_its_own_place_on_and_for_nothing_after_its_end() -> None:
    program = program_of(ladder('"score"', until="{ months = 1 }"), SCORE)
    facts: list[Fact] = [
        value("2024-02-01", "service", {"value": 5, "until": "2024-02-20"}, "score"),
        purchase("2024-02-19T12:00", "1"),
        purchase("2024-02-21T12:00", "1"),
    ]
    outcome = folded(program, facts, "2024-03-10T12:00")
    (claim,) = standing(outcome).claims
    assert (claim.tier, f"{claim.from_at:%m-%d}", f"{claim.until_at:%m-%d}") == ("silver", "02-19", "03-19")


def test_a_status_that_ends_asks_for_its_end() -> None:
    program = program_of(ladder('"airline"'), STATUS)
    fact = value("2024-02-01", "sky", {"value": "top", "until": "2024-03-01"}, "partner_status")
    outcome = folded(program, [fact], "2024-02-15T12:00")
    assert outcome.next_boundary_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert tier(folded(program, [fact], "2024-03-15T12:00")) == "gold"  # the claim runs to its end


def test_a_pause_skips_no_day_that_a_rule_asked_for() -> None:
    """What time alone makes is like what is bought meanwhile: it raises, and its claim is moved."""
    facts: list[Fact] = [pause("2024-02-10T10:00"), resume("2024-04-10T10:00")]
    program, member = by_tenure(until="{ months = 1 }"), new_member(JOINED)
    outcome = folded(program, facts, "2024-04-20T12:00", member=member)
    assert changes(outcome) == [
        ("2024-02-29 00:00", "basic", "silver"),
        ("2024-03-31 00:00", "silver", "gold"),
    ]
    ends = {claim.tier: claim.until_at for claim in standing(outcome).claims}
    assert ends["gold"] == instant("2024-05-09T23:00")  # 30 April, and the 10 days of April
    live = taken_live(rulebook_of(program), facts, instant("2024-04-20T12:00"), member=member)
    assert picture(live) == picture(outcome.state)


def test_while_a_member_is_paused_such_a_day_is_due() -> None:
    outcome = folded(by_tenure(), [pause("2024-02-10T10:00")], "2024-02-11", member=new_member(JOINED))
    assert outcome.next_boundary_at == instant("2024-02-29")


@pytest.mark.parametrize("returns", ["from_now", "at_review"])
def test_at_such_a_day_in_a_pause_no_claim_ends_no_review_is_held_and_no_cycle_begins(returns: str) -> None:
    """All of them would be due on 1 April, too; afterwards all are moved by the days paused, but reviews."""
    program = program_of(
        ladder(
            '{ op = "any_of", of = ["spend", "loyal"] }',
            until='{ end_of = "month" }',
            review="month",
            cycle="{ months = 2, restart = [] }",
            returns=returns,
        ),
        tenure(silver=2, gold=600),
        spend(window='"cycle"'),
    )
    facts: list[Fact] = [
        by_hand("2024-02-05T10:00", "gold", "2024-04-01"),
        pause("2024-03-25T10:00"),
        resume("2024-04-04T10:00"),
    ]
    member = new_member(date(2024, 2, 1))
    during = folded(program, facts[:2], "2024-04-02T12:00", member=member)
    assert [(claim.tier, claim.origin) for claim in standing(during).claims] == [
        ("gold", "override"),
        ("silver", "rules"),
    ]
    assert standing(during).claims[1].from_at == instant("2024-03-31T23:00")
    assert standing(during).cycle == standing(folded(program, facts[:1], "2024-03-20", member=member)).cycle
    outcome = folded(program, facts, "2024-04-12T12:00", member=member)
    assert changes(outcome)[1:] == [("2024-04-11 00:00", "gold", "silver")]
    cycle = standing(outcome).cycle
    assert cycle is not None
    assert cycle.began_at == instant("2024-04-10T23:00")
