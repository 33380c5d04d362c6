"""Applications for membership as a fold: steps, ends of votes, tallies and terms, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.entities import application as stored
from loyalty_engine.ledger.effects import Cause
from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.plugins import RuleType, discover
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import enrolled
from loyalty_engine.rating.admission import (
    AdmissionFailed,
    Admitted,
    ApplicationState,
    Ballot,
    Membership,
    Term,
    admits,
    asked,
    followed,
    prolonged,
    tally_of,
    term_of,
)
from loyalty_engine.rating.state import Claim, LadderState, Pause
from loyalty_engine.rules import (
    Admission,
    AdmissionEvent,
    AdmissionHooks,
    AdmissionKind,
    AdmissionStep,
    Application,
    Applied,
    Rule,
    RuleConfig,
    StepDecided,
    Tally,
    Transition,
    VoteClosed,
    VoteResult,
    VoteTerms,
)
from loyalty_engine.shipped import shipped

VIENNA = ZoneInfo("Europe/Vienna")
AT = datetime(2026, 6, 1, 10, tzinfo=UTC)
VOTING = Transition("open", "vote", VoteTerms(("member",), 14))
ZONES = (
    "Africa/Cairo",
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/Vienna",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)


def chamber() -> Program:
    """The chamber of the examples."""
    source = shipped("examples/programmes/chamber.toml").read_text(encoding="utf-8")
    return compile_program(source, discover())


def ballots(*choices: tuple[str, str]) -> list[Ballot]:
    """Votes one after another, an hour between them."""
    return [
        Ballot(who, number, choice, AT + timedelta(hours=number))
        for number, (who, choice) in enumerate(choices)
    ]


def test_an_application_is_the_fold_of_its_events() -> None:
    program, state = chamber(), ApplicationState("entry")
    events: list[tuple[AdmissionEvent, str | None]] = [
        (Applied(), "review"),
        (StepDecided(approved=True), "inspect"),
        (StepDecided(approved=True), "vote"),
        (VoteClosed(Tally(4, in_favour=2, against=1)), "sign"),
        (StepDecided(approved=True), None),
    ]
    for event, step in events:
        state = followed(state, asked(program, "admission", state, event), AT, VIENNA)
        assert state.step == step
    assert state == ApplicationState("entry", "admitted")


def test_what_is_refused_changes_nothing() -> None:
    state = ApplicationState("entry", step="review")
    assert followed(state, Transition("refused"), AT, VIENNA) is state


def test_a_rule_of_another_kind_admits_nobody() -> None:
    assert admits(chamber()) == ["admission"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["2026-03-20", "2026-10-20", "2011-12-20", "2024-02-20"])
def test_a_vote_closes_where_the_day_after_its_last_one_begins(zone: str, day: str) -> None:
    where = ZoneInfo(zone)
    for hour in (0, 12, 23):
        at = first_instant(date.fromisoformat(day), where) + timedelta(hours=hour)
        closes = followed(ApplicationState("entry"), VOTING, at, where).closes_at
        assert closes == first_instant(local_day(at, where) + timedelta(days=15), where)


def test_the_next_step_opens_no_vote_and_asks_for_no_fee_that_was_asked_before() -> None:
    state = followed(ApplicationState("entry"), VOTING, AT, VIENNA)
    after = followed(state, Transition("open", "sign"), AT, VIENNA)
    assert (after.closes_at, after.fee) == (None, None)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((), Tally(3)),
        ((("a", "in_favour"), ("b", "against"), ("c", "abstained")), Tally(3, 1, 1, 1)),
        ((("a", "in_favour"), ("a", "against")), Tally(3, 0, 1, 0)),
        ((("a", "in_favour"), ("b", "in_favour"), ("a", "abstained")), Tally(3, 1, 0, 1)),
    ],
)
def test_of_several_votes_of_one_elector_the_last_one_counts(
    votes: Iterable[tuple[str, str]], expected: Tally
) -> None:
    given = ballots(*votes)
    assert tally_of(3, given, AT + timedelta(days=1)) == expected
    assert tally_of(3, reversed(given), AT + timedelta(days=1)) == expected


def test_a_vote_at_the_end_does_not_count_and_what_it_would_replace_does() -> None:
    given = ballots(("a", "in_favour"), ("a", "against"))
    assert tally_of(1, given, AT + timedelta(hours=1)) == Tally(1, in_favour=1)
    assert tally_of(1, given, AT + timedelta(hours=1, microseconds=1)) == Tally(1, against=1)


@pytest.mark.parametrize(
    ("months", "end"),
    [(1, date(2024, 2, 29)), (2, date(2024, 3, 31)), (13, date(2025, 2, 28)), (12, date(2025, 1, 31))],
)
def test_a_term_ends_at_00_00_of_its_day_clamped_to_the_month(months: int, end: date) -> None:
    assert Term(date(2024, 1, 31), months).until(VIENNA) == first_instant(end, VIENNA)


def test_a_renewal_adds_to_the_term_that_is_held_and_a_new_term_begins_on_its_day() -> None:
    yearly, kept = (
        Admission("member", 12),
        {"admittedOn": "2025-07-31", "months": 12, "claimedOn": "2025-07-31"},
    )
    held, state = Membership(kept, first_instant(date(2026, 7, 31), VIENNA)), enrolled("ann", AT, AT.date())
    assert term_of(yearly, state, held, AT, VIENNA) == Term(date(2025, 7, 31), 24)
    assert term_of(yearly, state, None, AT, VIENNA) == Term(date(2026, 6, 1), 12)
    assert term_of(Admission("member", None), state, held, AT, VIENNA) == Term(date(2026, 6, 1), None)
    assert Term(date(2026, 6, 1), None).until(VIENNA) is None


@pytest.mark.parametrize(
    ("until", "paused_since", "days"),
    [("2026-08-10", None, 10), ("2026-07-31", "2026-05-12", 20), ("2026-08-10", "2026-05-12", 30)],
)
def test_days_that_a_membership_was_paused_prolong_its_next_term_too(
    until: str, paused_since: str | None, days: int
) -> None:
    kept = {"admittedOn": "2025-07-31", "months": 12, "claimedOn": "2025-07-31"}
    held, state = (
        Membership(kept, first_instant(date.fromisoformat(until), VIENNA)),
        enrolled("ann", AT, AT.date()),
    )
    if paused_since is not None:
        state.pause = Pause(first_instant(date.fromisoformat(paused_since), VIENNA), None)
    term = term_of(Admission("member", 12), state, held, AT, VIENNA)
    assert term.until(VIENNA) == first_instant(date(2027, 7, 31) + timedelta(days=days), VIENNA)


def test_a_term_that_would_be_over_already_begins_anew() -> None:
    kept = {"admittedOn": "2026-01-15", "months": 1, "claimedOn": "2026-01-15"}
    held, state = Membership(kept, first_instant(date(2026, 2, 15), VIENNA)), enrolled("ann", AT, AT.date())
    monthly = Admission("member", 1)
    end = first_instant(date(2026, 3, 15), VIENNA)
    assert term_of(monthly, state, held, end - timedelta(microseconds=1), VIENNA).until(VIENNA) == end
    assert term_of(monthly, state, held, end, VIENNA) == Term(date(2026, 3, 15), 1)


ENDED = Cause("activity", "admission")
GRACED = {"admittedOn": "2025-06-01", "months": 6, "claimedOn": "2025-06-01"}


def put_off(*claims: tuple[str, int, int, str]) -> Membership | None:
    """What is left, on day 100, of a term up to day 10, given further claims: tier, days, and origin."""
    made = [Claim("member", AT, AT + timedelta(days=10), ENDED, "grant")]
    for tier, start, end, origin in claims:
        days = AT + timedelta(days=start), AT + timedelta(days=end)
        made.append(Claim(tier, *days, Cause("boundary", str(start)), origin))  # type: ignore[arg-type]
    at, state = AT + timedelta(days=100), enrolled("ann", AT, AT.date())
    in_force = tuple(claim for claim in made if claim.until_at is not None and claim.until_at > at)
    state.ladders["membership"] = LadderState("member", AT, in_force)
    return prolonged(state, Admitted(ENDED, "membership", "member", GRACED), made, at, VIENNA)


@pytest.mark.parametrize(
    "claims",
    [
        [("member", 10, 110, "grace")],
        [("member", 10, 90, "grace"), ("member", 90, 110, "notice")],
    ],
)
def test_what_puts_the_end_of_a_term_off_lets_it_last(claims: list[tuple[str, int, int, str]]) -> None:
    assert put_off(*claims) == Membership(GRACED, AT + timedelta(days=10))


@pytest.mark.parametrize(
    "claims",
    [
        [],
        [("member", 11, 110, "grace")],
        [("board", 10, 110, "grace")],
        [("member", 10, 110, "override")],
        [("member", 10, 90, "grace")],
        [("member", 10, 90, "grace"), ("member", 91, 110, "notice")],
        [("member", 10, 90, "override"), ("member", 90, 110, "grace")],
    ],
)
def test_what_is_no_delay_of_its_end_lets_no_term_last(claims: list[tuple[str, int, int, str]]) -> None:
    assert put_off(*claims) is None


class Answering(Rule[RuleConfig], AdmissionHooks):
    """Answers what the test says."""

    name, version, Config = "answering", "1", RuleConfig
    answer: Any = None

    def transition(self, application: Application, event: AdmissionEvent) -> Transition:  # noqa: ARG002 - a hook
        """What the test says, or the error."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]


def answering(answer: object) -> Program:
    """A program in which one may apply to the rule `club`, which answers this."""
    source = shipped("examples/programmes/gym.toml").read_text(encoding="utf-8")
    types = {**discover(), "answering": RuleType("answering", "test", "1", Answering)}
    program = compile_program(f'{source}\n[[rules]]\nid = "club"\nrule = "answering"\nconfig = {{}}\n', types)
    rule = program.rules["club"].instance
    assert isinstance(rule, Answering)
    rule.answer = answer
    return program


@pytest.mark.parametrize(
    "answer",
    [
        ValueError("broken"),
        None,
        "admitted",
        Transition("open"),
        Transition("rejected", "review"),
        Transition("admitted"),
        Transition("rejected", admission=Admission("senior", None)),
        Transition("admitted", admission=Admission("emperor", None)),
        Transition("open", "review", vote=VoteTerms(("senior",), 1)),
        Transition("open", "review", fee=Decimal(1)),
        Transition("open", "review", result="tie"),
    ],
)
def test_a_rule_that_fails_or_answers_what_is_no_transition_has_failed(answer: object) -> None:
    program = answering(answer)
    with pytest.raises(AdmissionFailed):
        asked(program, "club", ApplicationState("entry"), Applied())


@pytest.mark.parametrize("answer", [Transition("refused"), Transition("rejected"), VOTING])
def test_a_rule_that_makes_nothing_of_a_closed_vote_has_failed(answer: Transition) -> None:
    program = answering(answer)
    with pytest.raises(AdmissionFailed):
        asked(program, "club", followed(ApplicationState("entry"), VOTING, AT, VIENNA), VoteClosed(Tally(1)))


def test_the_database_knows_the_same_kinds_steps_and_results_as_rules() -> None:
    assert get_args(AdmissionKind) == stored.APPLICATION_KINDS
    assert get_args(AdmissionStep) == stored.APPLICATION_STEPS
    assert get_args(VoteResult) == stored.VOTE_RESULTS
    assert set(Tally.__slots__) == {"electors", *stored.VOTE_CHOICES}
