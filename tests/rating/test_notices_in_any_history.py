"""No downgrade without a notice that is old enough, whatever the program and the history (SEMANTICS 4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given

from loyalty_engine.localtime import local_day
from tests.rating.announced import announced, outcome_of, steps_of
from tests.rating.generated import History
from tests.rating.random_settings import HISTORIES


@HISTORIES
@given(announced())
def test_no_downgrade_comes_without_a_notice_that_is_old_enough(history: History) -> None:
    for step in steps_of(history):
        for policy in history.program.ladders:
            if not step.falls(policy):
                continue
            notice = step.before.ladders[policy.key].notice
            assert step.fact is None
            assert notice is not None
            assert (notice.at, notice.tier) == (step.at, step.after.ladders[policy.key].tier)
            days = timedelta(days=policy.downgrade.notice_days)
            assert local_day(step.at, history.zone) - local_day(notice.since, history.zone) >= days
            assert step.at - notice.since >= days - timedelta(hours=2)


@HISTORIES
@given(announced())
def test_what_is_noticed_was_told_when_it_is_said_to_have_been(history: History) -> None:
    """Effects stand in the order of the fold: the first of those that speak of one fall is as old as it."""
    for policy in history.program.ladders:
        since: datetime | None = None
        for effect in [each for each in outcome_of(history).effects.values() if each.ladder == policy.key]:
            if effect.kind == "standing":
                since = None
            elif effect.kind == "notice" and effect.notice is None:
                assert since is not None
                since = None
            elif effect.kind == "notice" and effect.notice is not None:
                assert effect.notice.since in (since, effect.effective_at)
                assert effect.notice.at > effect.effective_at
                since = effect.notice.since


@HISTORIES
@given(announced())
def test_while_a_member_is_paused_nothing_is_announced_and_nothing_falls(history: History) -> None:
    for step in steps_of(history):
        if step.after.pause is None:
            continue
        for policy in history.program.ladders:
            assert not step.falls(policy)
            if policy.key not in step.after.frozen:
                assert step.after.ladders[policy.key].notice is None


@HISTORIES
@given(announced())
def test_the_notice_of_a_standing_is_the_last_one_given_on_it(history: History) -> None:
    outcome = outcome_of(history)
    for policy in history.program.ladders:
        standing = outcome.state.ladders[policy.key]
        told = [
            effect
            for effect in outcome.effects.values()
            if effect.ladder == policy.key and effect.kind in ("standing", "notice")
        ]
        assert standing.notice == (told[-1].notice if told else None)
        if standing.notice is not None:
            assert policy.ladder.rank(standing.notice.tier) < policy.ladder.rank(standing.tier)
            assert standing.notice.at > history.until
