"""Applications for membership in a shop whose programme is one of the examples."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty_engine.clock import Clock
from loyalty_engine.services import (
    Refusal,
    apply,
    cast_vote,
    close_votes,
    decide_application,
    withdraw_application,
)
from loyalty_engine.services.application_commands import (
    ApplicationChanged,
    Apply,
    CastVote,
    DecideApplication,
    VoteCast,
    WithdrawApplication,
)
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.shipped import shipped
from loyalty_engine.store.database import Database
from tests.services.by_hand import set_by_hand
from tests.services.shop import HEAD, Shop, done, new_shop


async def example(
    database: Database, name: str, at: datetime, clock: Clock | None = None, **changes: str
) -> Shop:
    """A sandbox with the programme of an example file, some of its keys changed; with a clock it is none."""
    source = shipped(f"examples/programmes/{name}.toml").read_text(encoding="utf-8")
    program = re.sub(r'(?m)^business = ".*"', 'business = "SLUG"', source)
    for before, after in changes.items():
        assert f"{before} = " in program
        program = re.sub(rf"(?m)^{before} = .*$", f"{before} = {after}", program)
    return await new_shop(database, program, clock=clock, clock_at=None if clock else at)


async def chamber(
    database: Database, at: datetime, members: int = 4, clock: Clock | None = None, **changes: str
) -> Shop:
    """The chamber with so many members, m0 and so on, and somebody who is none: ann."""
    shop = await example(database, "chamber", at, clock, **changes)
    for number in range(members):
        await shop.enrol(f"m{number}")
        await set_by_hand(
            shop, "member", ladder="membership", member=MemberBy(external_id=f"m{number}"), occurred_at=at
        )
    await shop.enrol("ann")
    return shop


CLUB = """
[[ladders]]
key = "KEY"
tiers = [{ key = "stranger" }, { key = "friend" }]
combine = "KEY"
upgrade = { at = "review", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "KEY"
rule = "tier_grant"
[rules.config]
tier = "KEY.friend"
steps = ["vote"]
term = { months = 2 }
renewal = { steps = ["vote"] }
[rules.config.vote]
electorate = ["KEY.stranger"]
closes_after_days = 3
quorum = { count = 1 }
majority = "simple"
abstention = { in_quorum = true, in_majority = false }
tie = "reject"
no_quorum = "reject"
"""


async def clubs(database: Database, at: datetime, *keys: str) -> Shop:
    """Clubs in which a vote of three days makes a friend for two months; m0, m1 and ann are strangers."""
    shop = await new_shop(database, HEAD + "".join(CLUB.replace("KEY", key) for key in keys), clock_at=at)
    for who in ("m0", "m1", "ann"):
        await shop.enrol(who)
    return shop


async def ask(
    shop: Shop, rule: str, member: str = "ann", key: str | None = None
) -> ApplicationChanged | Refusal:
    """Apply."""
    command = Apply(MemberBy(external_id=member), rule)
    return await apply(shop.engine, shop.caller, key or shop.key(), command)


async def applied(shop: Shop, rule: str, member: str = "ann") -> UUID:
    """Apply; it must succeed."""
    return done(await ask(shop, rule, member), ApplicationChanged).application_id


async def decide(
    shop: Shop, application: UUID, step: str, approved: bool = True, **given: Any
) -> ApplicationChanged | Refusal:
    """Decide a step."""
    if "paid" in given:
        given["paid"] = Decimal(given["paid"])
    command = DecideApplication(application, step, approved, **given)
    return await decide_application(shop.engine, shop.caller, shop.key(), command)


async def decided(shop: Shop, application: UUID, *steps: str, **given: Any) -> ApplicationChanged:
    """Approve steps; all must succeed."""
    changed = None
    for step in steps:
        changed = done(await decide(shop, application, step, **given), ApplicationChanged)
    assert changed is not None
    return changed


async def vote(shop: Shop, application: UUID, member: str, choice: str = "in_favour") -> VoteCast | Refusal:
    """Vote."""
    command = CastVote(application, MemberBy(external_id=member), choice)
    return await cast_vote(shop.engine, shop.caller, shop.key(), command)


async def voted(shop: Shop, application: UUID, *choices: str) -> None:
    """The votes of m0, m1 and so on; all must succeed."""
    for number, choice in enumerate(choices):
        done(await vote(shop, application, f"m{number}", choice), VoteCast)


async def withdraw(shop: Shop, application: UUID) -> ApplicationChanged | Refusal:
    """Take an application back."""
    return await withdraw_application(shop.engine, shop.caller, shop.key(), WithdrawApplication(application))


async def close(shop: Shop, sweeping: Clock | None = None) -> int:
    """What a worker does about votes that are over."""
    due = await shop.engine.database.due(shop.engine.clock.now(), 1000)
    return await close_votes(shop.engine, due, sweeping)


async def stands(shop: Shop, application: UUID) -> tuple[str, str | None]:
    """The state and the step of an application."""
    ((state, step),) = await shop.rows(
        "SELECT state, step FROM application WHERE application_id = $1", application
    )
    return state, step


async def tally(shop: Shop, application: UUID) -> tuple[Any, ...]:
    """Electors, votes in favour, against and abstained, and the result of a vote that was closed."""
    (found,) = await shop.rows(
        "SELECT electors, in_favour, against, abstained, result FROM application_event "
        "WHERE application_id = $1 AND kind = 'closed'",
        application,
    )
    return found
