"""Applications: one open at a time, over when they have ended, voted on by their electors alone."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import CHECK, FOREIGN, RIGHT, STAYS, UNIQUE, Case, there


def of_application(**changes: str) -> str:
    """The application that is voted on once more, by another rule."""
    return copied(
        "application",
        "application_id = :application",
        **{"application_id": ":new", "rule": "'another'", **changes},
    )


def of_vote(**changes: str) -> str:
    """The vote once more, a second version."""
    return copied("application_vote", "application_id = :application", **{"version": "2", **changes})


def of_event(**changes: str) -> str:
    """The closing of the vote once more, as the next event."""
    return copied(
        "application_event", "application_id = :ended AND kind = 'closed'", **{"number": "3", **changes}
    )


def set_to(changes: str, application: str = "application") -> str:
    """An application changed."""
    return f"UPDATE application SET {changes} WHERE application_id = :{application}"  # noqa: S608


SEEN = there("application", "application_id", "application")
ONWARDS = set_to("step = 'sign', closes_at = NULL, event_count = 2")
APPLICATIONS = {
    "a member applies twice at once": Case(
        of_application(rule="t.rule"), UNIQUE, "application_open", of_application()
    ),
    "an application that has ended goes on": Case(set_to("event_count = 3", "ended"), STAYS, None, ONWARDS),
    "an application is of another member": Case(set_to("member_id = :second"), RIGHT, None, SEEN),
    "an application is decided by another rule": Case(set_to("rule = 'another'"), RIGHT, None, SEEN),
    "an application is removed": Case(
        "DELETE FROM application WHERE application_id = :application", RIGHT, None, SEEN
    ),
    "somebody is admitted without a fact": Case(
        set_to("state = 'admitted', step = NULL, closes_at = NULL, ended_at = opened_at"),
        CHECK,
        "application_admitted_by_a_fact_check",
        set_to("state = 'rejected', step = NULL, closes_at = NULL, ended_at = opened_at"),
    ),
    "an open application waits for nothing": Case(
        set_to("step = NULL, closes_at = NULL"), CHECK, "application_waits_while_open_check", ONWARDS
    ),
    "a rejection has no end": Case(
        set_to("state = 'rejected', step = NULL, closes_at = NULL"), CHECK, "application_ended_check", ONWARDS
    ),
    "another step closes like a vote": Case(
        set_to("step = 'sign'"), CHECK, "application_closes_a_vote_check", ONWARDS
    ),
    "another step has a fee": Case(
        set_to("step = 'sign', closes_at = NULL, fee = 1"),
        CHECK,
        "application_fee_to_pay_check",
        set_to("step = 'pay', closes_at = NULL, fee = 1"),
    ),
    "who is no elector votes": Case(
        of_vote(member_id=":member"),
        FOREIGN,
        "application_vote_business_id_application_id_member_id_fkey",
        of_vote(),
    ),
    "a vote is written over": Case(of_vote(version="1"), UNIQUE, "application_vote_pkey", of_vote()),
    "a vote is changed": Case(
        "UPDATE application_vote SET choice = 'in_favour' WHERE application_id = :application",
        RIGHT,
        None,
        there("application_vote", "application_id", "application"),
    ),
    "a vote is none": Case(
        of_vote(choice="'maybe'"), CHECK, "application_vote_choice_check", of_vote(choice="'in_favour'")
    ),
    "more voted than could": Case(
        of_event(in_favour="2"), CHECK, "application_event_tally_of_electors_check", of_event(in_favour="0")
    ),
    "a vote is closed without a tally": Case(
        of_event(result="NULL"), CHECK, "application_event_tally_when_closed_check", of_event()
    ),
    "an event happens twice": Case(of_event(number="2"), UNIQUE, "application_event_pkey", of_event()),
}
