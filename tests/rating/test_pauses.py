"""Pauses: no claim ends and no review is held; claims and cycles are moved, windows are not (SEMANTICS 4)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.rating import ActivityFact, Fact, Outcome
from loyalty_engine.rating.pauses import PAUSE, RESUME, pause_attributes
from loyalty_engine.rules import Activity
from tests.rating.histories import (
    EARN,
    POINTS,
    available,
    changes,
    folded,
    ladder,
    linked_return,
    new_member,
    picture,
    program_of,
    purchase,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
)

LONDON = "Europe/London"


def local(written: str, zone: str = LONDON) -> datetime:
    """A local time; a date alone is its first instant."""
    at = datetime.fromisoformat(written)
    if at.time() == time(0):
        return first_instant(at.date(), ZoneInfo(zone))
    return at.replace(tzinfo=ZoneInfo(zone))


def pause(at: str, until: str | None = None, zone: str = LONDON) -> ActivityFact:
    """A pause, until a day where one is given."""
    return _rest(at, PAUSE, zone, pause_attributes(None if until is None else local(until, zone)))


def resume(at: str, zone: str = LONDON) -> ActivityFact:
    """The end of a pause."""
    return _rest(at, RESUME, zone, {})


def _rest(at: str, kind: str, zone: str, attributes: dict[str, object]) -> ActivityFact:
    when = local(at, zone)
    day = local_day(when, ZoneInfo(zone))
    return ActivityFact(Activity("desk", f"{kind} {at}", kind, when, day, attributes=attributes))


def buy(at: str, amount: str, zone: str = LONDON) -> ActivityFact:
    """A purchase at a local time."""
    return purchase(local(at, zone), amount, zone=ZoneInfo(zone))


def shop(*facts: Fact, until: str, zone: str = LONDON, **of: str) -> Outcome:
    """The facts folded under a ladder whose claims last three months; live steps must agree."""
    given = {"lasts": "{ months = 3 }", "window": '"lifetime"', **of}
    window = given.pop("window")
    source = ladder(until=given.pop("lasts"), **given)
    program = program_of(POINTS, source, spend(window=window), EARN, zone=zone)
    member = new_member(zone=ZoneInfo(zone))
    outcome = folded(program, facts, local(until, zone), member=member)
    live = taken_live(rulebook_of(program), facts, local(until, zone), member=member)
    assert picture(live) == picture(outcome.state)
    return outcome


def ends(outcome: Outcome, zone: str = LONDON) -> list[str]:
    """When the claims in force end, in local time."""
    found = [claim.until_at for claim in standing(outcome).claims]
    return ["never" if end is None else f"{end.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for end in found]


FALLING = {"window": "{ rolling_days = 30 }"}


def test_while_a_member_is_paused_no_claim_ends() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00")
    assert tier(shop(*facts, until="2024-11-01", **FALLING)) == "silver"


def test_afterwards_claims_are_moved_by_the_days_paused() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00"), resume("2024-03-31T09:00")
    assert ends(shop(*facts, until="2024-04-01", **FALLING)) == ["2024-06-09 00:00"]
    assert changes(shop(*facts, until="2024-07-01", **FALLING))[-1] == ("2024-06-09 00:00", "silver", "basic")


def test_a_pause_within_one_day_moves_nothing() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T00:30"), resume("2024-03-01T23:30")
    assert ends(shop(*facts, until="2024-04-01", **FALLING)) == ["2024-05-10 00:00"]


def test_a_pause_ends_by_itself_at_00_00_of_the_day_that_was_planned() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00", "2024-03-11")
    outcome = shop(*facts, until="2024-03-11", **FALLING)
    assert outcome.state.pause is None
    assert ends(outcome) == ["2024-05-20 00:00"]


def test_a_pause_that_was_planned_may_be_ended_earlier() -> None:
    facts = (
        buy("2024-02-10T10:00", "150"),
        pause("2024-03-01T10:00", "2024-09-01"),
        resume("2024-03-11T10:00"),
    )
    outcome = shop(*facts, until="2024-04-01", **FALLING)
    assert ends(outcome) == ["2024-05-20 00:00"]
    assert outcome.state.pause is None


def test_a_claim_made_while_paused_is_moved_by_the_days_that_came_after_it() -> None:
    facts = pause("2024-03-01T10:00"), buy("2024-03-21T10:00", "150"), resume("2024-03-31T10:00")
    assert ends(shop(*facts, until="2024-04-01", **FALLING)) == ["2024-07-01 00:00"]


def test_no_review_is_held_while_paused_and_windows_are_not_moved() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-12-01T10:00", "2025-02-01")
    of = {"at": "review", "review": "year", "window": '{ calendar = "year" }', "lasts": '"lifetime"'}
    assert changes(shop(*facts, until="2025-12-31", **of)) == []
    assert changes(shop(facts[0], until="2025-12-31", **of))[0] == ("2025-01-01 00:00", "basic", "silver")


def test_a_review_at_the_very_instant_at_which_a_pause_ends_is_held() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-12-01T10:00", "2025-01-01")
    of = {"at": "review", "review": "year", "window": '{ calendar = "year" }', "lasts": '"lifetime"'}
    assert changes(shop(*facts, until="2025-06-01", **of)) == [("2025-01-01 00:00", "basic", "silver")]


def test_the_cycle_under_way_is_moved_and_later_ones_count_from_its_moved_end() -> None:
    of = {
        "at": "review",
        "review": "cycle",
        "cycle": "{ months = 3, restart = [] }",
        "window": '"cycle"',
        "lasts": '"lifetime"',
    }
    facts = pause("2024-02-01T10:00"), resume("2024-02-11T10:00"), buy("2024-04-05T10:00", "150")
    assert changes(shop(*facts, until="2024-04-10", **of)) == []
    outcome = shop(*facts, until="2024-04-12", **of)
    assert changes(outcome) == [("2024-04-11 00:00", "basic", "silver")]
    cycle = standing(outcome).cycle
    assert cycle is not None
    assert (cycle.anchor, cycle.ends_on) == (date(2024, 4, 11), None)
    assert outcome.next_boundary_at == local("2024-07-11")


def test_a_claim_is_moved_by_every_pause() -> None:
    facts = (
        buy("2024-02-10T10:00", "150"),
        pause("2024-03-01T10:00"),
        resume("2024-03-11T10:00"),
        pause("2024-04-01T10:00", "2024-04-06"),
    )
    outcome = shop(*facts, until="2024-04-07", **FALLING)
    assert ends(outcome) == ["2024-05-25 00:00"]
    (claim,) = standing(outcome).claims
    assert claim.from_at == local("2024-02-10T10:00")
    assert claim.cause == facts[0].cause


def test_to_pause_who_is_paused_and_to_resume_who_is_not_change_nothing() -> None:
    facts = (
        buy("2024-02-10T10:00", "150"),
        resume("2024-02-11T10:00"),
        pause("2024-03-01T10:00"),
        pause("2024-03-10T10:00", "2024-03-12"),
        resume("2024-03-31T10:00"),
        resume("2024-04-05T10:00"),
    )
    assert ends(shop(*facts, until="2024-04-07", **FALLING)) == ["2024-06-09 00:00"]


def test_points_expire_while_a_member_is_paused() -> None:
    source = POINTS.replace('"never"', "{ days = 30 }")
    program = program_of(source, ladder(), spend(), EARN)
    outcome = folded(program, [buy("2024-02-10T10:00", "150"), pause("2024-02-11T10:00")], "2024-05-01")
    assert available(outcome) == 0


def test_points_that_expire_where_a_claim_would_end_do_not_end_it() -> None:
    points = POINTS.replace('"never"', "{ days = 89 }")
    claims = ladder(until="{ months = 3 }")
    program = program_of(points, claims, spend(window="{ rolling_days = 30 }"), EARN)
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00")
    outcome = folded(program, facts, local("2024-05-10"))
    assert (available(outcome), tier(outcome)) == (0, "silver")


def test_while_a_member_is_paused_nothing_but_its_end_is_due() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00")
    assert shop(*facts, until="2024-03-02", review="year", **FALLING).next_boundary_at is None
    planned = facts[0], pause("2024-03-01T10:00", "2024-12-01")
    outcome = shop(*planned, until="2024-03-02", review="year", **FALLING)
    assert outcome.next_boundary_at == local("2024-12-01")


def test_a_lifetime_claim_is_not_moved() -> None:
    facts = buy("2024-02-10T10:00", "150"), pause("2024-03-01T10:00", "2024-03-11")
    program = program_of(ladder(until='"lifetime"'), spend())
    assert ends(folded(program, facts, local("2024-04-01"))) == ["never"]


@pytest.mark.parametrize("returns", ["from_now", "at_review"])
def test_a_return_after_a_pause_judges_a_moved_claim_on_what_it_was_made_on(returns: str) -> None:
    first, second = buy("2024-02-10T10:00", "150"), buy("2024-02-20T10:00", "100")
    facts: tuple[Fact, ...] = (
        first,
        second,
        pause("2024-03-01T10:00", "2024-03-11"),
        linked_return(local("2024-03-20T10:00"), second, "100"),
    )
    program = program_of(ladder(until="{ months = 3 }", returns=returns), spend(window='"lifetime"'))
    outcome = folded(program, facts, local("2024-04-01"))
    assert tier(outcome) == "silver"
    gone = folded(
        program,
        [*facts[:3], linked_return(local("2024-03-20T10:00"), first, "150")],
        local("2024-04-01"),
    )
    assert tier(gone) == "silver"  # the second purchase alone is worth silver
    both = [*facts, linked_return(local("2024-03-21T10:00"), first, "150")]
    assert tier(folded(program, both, local("2024-04-01"))) == (
        "basic" if returns == "from_now" else "silver"
    )


ZONED = [
    ("Europe/London", "2024-03-20T10:00", "2024-04-10T09:00", "2024-05-31 00:00"),
    ("America/Havana", "2024-03-01T10:00", "2024-03-22T09:00", "2024-05-31 00:00"),
    ("Africa/Cairo", "2024-04-20T10:00", "2024-05-11T09:00", "2024-05-31 00:00"),
    ("Asia/Beirut", "2024-03-20T10:00", "2024-04-10T09:00", "2024-05-31 00:00"),
    ("Australia/Lord_Howe", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("Pacific/Kiritimati", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("Pacific/Apia", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("America/St_Johns", "2024-03-05T00:10", "2024-03-26T23:50", "2024-05-31 00:00"),
    ("Asia/Kathmandu", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("America/Santiago", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("Asia/Shanghai", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
    ("UTC", "2024-03-25T10:00", "2024-04-15T09:00", "2024-05-31 00:00"),
]


@pytest.mark.parametrize(("zone", "paused", "resumed", "end"), ZONED)
def test_days_are_local_ones_whatever_clocks_do_meanwhile(
    zone: str, paused: str, resumed: str, end: str
) -> None:
    facts = buy("2024-02-10T10:00", "150", zone), pause(paused, zone=zone), resume(resumed, zone)
    assert ends(shop(*facts, until="2024-05-20", zone=zone, **FALLING), zone) == [end]


def test_a_moved_end_on_a_day_without_a_midnight_is_its_first_instant() -> None:
    zone = "Africa/Cairo"  # 2024-04-26 begins at 01:00
    facts = (
        buy("2024-01-10T10:00", "150", zone),
        pause("2024-02-01T10:00", zone=zone),
        resume("2024-02-17T10:00", zone),
    )
    assert ends(shop(*facts, until="2024-03-01", zone=zone, **FALLING), zone) == ["2024-04-26 01:00"]


def test_a_leap_day_is_a_day_paused() -> None:
    facts = buy("2024-01-10T10:00", "150"), pause("2024-02-28T10:00"), resume("2024-03-01T10:00")
    assert ends(shop(*facts, until="2024-03-02", **FALLING)) == ["2024-04-12 00:00"]
    facts = buy("2025-01-10T10:00", "150"), pause("2025-02-28T10:00"), resume("2025-03-01T10:00")
    assert ends(shop(*facts, until="2025-03-02", **FALLING)) == ["2025-04-11 00:00"]


def test_a_claim_that_a_later_one_outlasted_in_the_pause_lasts_longer_after_it() -> None:
    """It was made earlier, so that more of the days paused came after it."""
    program = program_of(ladder(until='{ end_of = "month" }'), spend(window='"lifetime"'))
    facts = [
        pause("2024-09-13T09:00", "2024-11-27"),
        purchase("2024-10-09T10:00", "100", "first"),
        purchase("2024-11-23T10:00", "1", "second"),
    ]
    outcome = folded(program, facts, "2024-12-01")
    assert standing(outcome).until == local("2024-12-20")
    assert [claim.cause.key for claim in standing(outcome).claims] == ['["till","first"]']
