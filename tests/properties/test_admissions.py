"""Applications and memberships: whether a worker is quick or slow, they come to the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services import Refusal, erase_member, pause_member, resume_member
from loyalty_engine.services.application_commands import ApplicationChanged
from loyalty_engine.services.commands import EraseMember, MemberBy
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.admission import CLUB, ask, close, decide, vote, withdraw
from tests.services.by_hand import send_standing, setting
from tests.services.leaving import ask_to_leave
from tests.services.shop import HEAD, Shop, new_shop
from tests.services.test_merges_of_memberships import merge

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)
PAID = """
[[ladders]]
key = "paid"
tiers = [{ key = "free" }, { key = "full" }]
combine = "paid"
upgrade = { at = "review", until = "lifetime" }
downgrade = { to = "base", grace_days = 7, notice_days = 3 }
returns = "never"

[[rules]]
id = "paid"
rule = "tier_grant"
[rules.config]
tier = "full"
steps = ["pay"]
fee = "10"
term = { months = 1 }
renewal = { steps = ["sign", "pay"], fee = "5" }
"""
PROGRAM = HEAD + CLUB.replace("KEY", "chess") + CLUB.replace("KEY", "rowing") + PAID
"""Two clubs whose members a vote makes, and a paid membership with some days of grace."""

HELD = {
    "applications": """
        SELECT m.external_id, a.rule, a.kind, a.state, a.step, a.fee, a.opened_at, a.closes_at, a.ended_at
        FROM application a JOIN member m USING (business_id, member_id) ORDER BY a.opened_at, 1, 2""",
    "claims": """
        SELECT m.external_id, c.ladder, c.tier, c.from_at, c.until_at, c.origin
        FROM claim c JOIN member m USING (business_id, member_id)
        WHERE c.withdrawn_effect_id IS NULL ORDER BY 1, 2, 3, 4, 5, 6""",
    "standings": """
        SELECT m.external_id, s.ladder, s.tier, s.since
        FROM current_standing s JOIN member m USING (business_id, member_id) ORDER BY 1, 2""",
}


@dataclass(frozen=True)
class Deed:
    """Something that somebody does about a membership, by a rule, or days that pass."""

    what: str
    who: str = "ann"
    rule: str = "chess"
    how: Any = None


def deeds() -> st.SearchStrategy[list[Deed]]:
    """What happens, one after another: mostly applications that are voted for or paid, and days that pass."""
    who, club = st.sampled_from(["ann", "ann", "bob"]), st.sampled_from(["chess", "chess", "rowing"])
    rule = st.one_of(club, st.just("paid"))
    choices = st.sampled_from(["in_favour"] * 4 + ["against", "abstained"])
    days = st.sampled_from([1, 2, 3, 4, 5, 6, 20, 27, 30, 31, 36, 58])
    others = ["apply", "withdraw", "end", "pause", "resume", "resume", "merge", "leave", "erase"]
    voted = st.builds(_voted, who, club, choices)
    return st.one_of(
        st.builds(lambda each: [Deed("wait", how=each)], days),
        voted,
        voted,
        st.builds(lambda one: [Deed("apply", one, "paid"), *[Deed("pay", one, "paid", True)] * 2], who),
        st.builds(lambda one, how: [Deed("pay", one, "paid", how)], who, st.booleans()),
        st.builds(
            lambda what, one, by, other: [Deed(what, one, by, other)],
            st.sampled_from(others),
            who,
            rule,
            st.sampled_from(["ann", "bob", "cid"]),
        ),
    )


def _voted(who: str, club: str, choice: str) -> list[Deed]:
    return [Deed("apply", who, club), Deed("vote", who, club, choice)]


async def _done(shop: Shop, deed: Deed, application: UUID | None) -> object:
    """What the deed is answered; None where it is about an application and there is none."""
    member = MemberBy(external_id=deed.who)
    by = (shop.engine, shop.caller, shop.key())
    about_members: dict[str, Callable[[], Awaitable[object]]] = {
        "apply": lambda: ask(shop, deed.rule, deed.who),
        "pause": lambda: pause_member(*by, PauseMember(member, "abroad")),
        "resume": lambda: resume_member(*by, ResumeMember(member)),
        "end": lambda: send_standing(shop, setting(None, ladder=deed.rule, origin="grant", member=member)),
        "merge": lambda: merge(shop, deed.who, deed.how),
        "leave": lambda: ask_to_leave(shop, deed.who),
        "erase": lambda: erase_member(*by, EraseMember(member)),
    }
    if deed.what in about_members:
        return await about_members[deed.what]()
    if application is None:
        return None
    if deed.what == "vote":
        return await vote(shop, application, "m0", deed.how)
    if deed.what == "withdraw":
        return await withdraw(shop, application)
    return await _paid(shop, application, approved=deed.how)


async def _paid(shop: Shop, application: UUID, approved: bool) -> object:
    """The signature or the payment, whichever it waits for, is approved or not."""
    fees = await shop.rows("SELECT fee FROM application WHERE application_id = $1", application)
    paid = {"paid": str(fees[0][0])} if approved and fees[0][0] is not None else {}
    return await decide(shop, application, "pay" if fees[0][0] is not None else "sign", approved, **paid)


async def _played(database: Database, play: Sequence[Deed], quick: bool) -> tuple[list[Any], dict[str, Any]]:
    """What was answered, and what is held then; a quick worker does everything at once."""
    shop = await new_shop(database, PROGRAM, clock_at=OPENED)
    for who in ("m0", "m1", "ann", "bob", "cid"):
        await shop.enrol(who)
    now, answers, applications = OPENED, list[Any](), dict[tuple[str, str], UUID]()
    for deed in play:
        if deed.what == "wait":
            now += timedelta(days=deed.how)
            await shop.set_clock(now)
        else:
            answer = await _done(shop, deed, applications.get((deed.who, deed.rule)))
            if deed.what == "apply" and isinstance(answer, ApplicationChanged):
                applications[deed.who, deed.rule] = answer.application_id
            said = isinstance(answer, Refusal) and (answer.word, answer.path)
            answers.append((deed, type(answer).__name__, said))
        if quick:
            await _worked(shop)
    await _worked(shop)
    held = {name: await shop.rows(query) for name, query in HELD.items()}
    assert await broken(shop) == {}
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows
    return answers, held


async def _worked(shop: Shop) -> None:
    """Everything that is due is done."""
    while await close(shop) + await shop.advance():
        pass


@settings(deadline=None, max_examples=15, suppress_health_check=SLOW)
@given(plays=st.lists(deeds(), min_size=12, max_size=40))
async def test_applications_come_to_the_same_however_late_workers_are(
    app_database: Database, plays: list[list[Deed]]
) -> None:
    play = [deed for each in plays for deed in each]
    assert await _played(app_database, play, quick=True) == await _played(app_database, play, quick=False)
