"""What each mutation is called with where all of them are tried: an entry for every mutation of the schema.

An entry is what the shop needs first, an input that succeeds, what another input that succeeds too has
instead, and, where there is such a thing, what makes it refused and what takes the reason away again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_schema.ids import global_id
from tests.api.shop import NOW, PROGRAM, Shop

Input = Mapping[str, Any]
Step = Callable[[Shop], Awaitable[Input]]
"""Something done in a shop; what it returns is added to the input."""


async def nothing(_: Shop) -> Input:
    """The shop as it was opened."""
    return {}


@dataclass(frozen=True)
class Reason:
    """``change`` of the input is refused with ``code``, until ``mend`` has been done."""

    change: Input | Step
    code: str
    mend: Step


@dataclass(frozen=True)
class Entry:
    """How to call one mutation."""

    given: Input
    other: Input | Step
    before: Step = nothing
    reason: Reason | None = None


async def input_of(shop: Shop, wanted: Input | Step) -> Input:
    """An input that is known, or that something must be done for first."""
    return await wanted(shop) if callable(wanted) else wanted


# What a shop needs first


async def ann(shop: Shop) -> Input:
    """A member."""
    await shop.enrol("ann")
    return {}


async def ann_and_bob(shop: Shop) -> Input:
    """Two members."""
    await ann(shop)
    return await bob(shop)


async def bought(shop: Shop) -> Input:
    """A purchase of a hundred, `till` and `p1`."""
    await ann(shop)
    await shop.buy("ann", "100.00")
    return {}


async def both(shop: Shop) -> Input:
    """A member with points, and another one."""
    await bought(shop)
    return await bob(shop)


async def held(shop: Shop) -> Input:
    """A hundred points, ten of which are held until midnight."""
    if not (await shop.data(ANN_IS_THERE))["member"]:
        await bought(shop)
    return {"hold": await made(shop, "holdPoints", HELD, "hold")}


async def ann_rests(shop: Shop) -> Input:
    """A member who is paused."""
    await ann(shop)
    await made(shop, "pauseMember", {"member": ANN, "reason": "abroad"}, "activity")
    return {}


async def bob_rests(shop: Shop) -> Input:
    """Another one."""
    await bob(shop)
    await made(shop, "pauseMember", {**OF_BOB, "reason": "abroad"}, "activity")
    return OF_BOB


async def asked(shop: Shop) -> Input:
    """Somebody else's adjustment that waits for a second person."""
    return await asked_for(shop, "1001")


async def asked_away(shop: Shop) -> Input:
    """The same, of more points than there are."""
    return await asked_for(shop, "-1001")


async def asked_for(shop: Shop, points: str) -> Input:
    """Somebody else's adjustment by so many points."""
    if not (await shop.data(ANN_IS_THERE))["member"]:
        await bought(shop)
    wanted = {"member": ANN, "points": {"amount": points}, "reason": "goodwill"}
    return {
        "adjustment": await made(shop, "adjustPoints", wanted, "adjustment", await shop.make_key("owner"))
    }


async def made(shop: Shop, mutation: str, given: Input, what: str, key: str | None = None) -> str:
    """The id of what a mutation makes."""
    kind = f"{mutation[0].upper()}{mutation[1:]}"
    text = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ "
        f"... on {kind}Success {{ {what} {{ id }} }} ... on Refusal {{ code message }} }} }}"
    )
    data = await shop.data(text, {"input": {**given, "idempotencyKey": str(new_id())}}, key=key)
    found: str = data[mutation][what]["id"]
    return found


async def too_late(shop: Shop) -> Input:
    """The time of the hold is up."""
    await clock_at(shop, timedelta(days=1))
    return {}


# What takes a reason away


async def more_points(shop: Shop) -> Input:
    """Points come."""
    await shop.buy("ann", "5000.00")
    return {}


async def in_time(shop: Shop) -> Input:
    """The clock stands where it stood."""
    return await clock_at(shop, timedelta(0))


async def bob(shop: Shop) -> Input:
    """Another member comes."""
    await shop.enrol("bob")
    return {}


async def cy(shop: Shop) -> Input:
    """One more comes."""
    await shop.enrol("cy")
    return {}


async def dee(shop: Shop) -> Input:
    """One more comes, who is merged with the same survivor."""
    await shop.enrol("dee")
    return {"absorbed": {"externalId": "dee"}}


async def a_week(shop: Shop) -> Input:
    """A week goes by."""
    return await clock_at(shop, timedelta(days=7))


async def clock_back(shop: Shop) -> Input:
    """The clock stands an hour before where it stood."""
    return await clock_at(shop, timedelta(hours=-1))


async def clock_at(shop: Shop, after: timedelta) -> Input:
    """The sandbox's clock, set past the API."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        await connection.execute(
            "UPDATE business SET clock_at = $2 WHERE business_id = $1", shop.business_id, NOW + after
        )
    return {}


ANN: Input = {"externalId": "ann"}
ANN_IS_THERE = '{ member(by: {externalId: "ann"}) { id } }'
PURCHASE: Input = {
    "member": ANN,
    "kind": "purchase",
    "source": "till",
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-01T10:00:00Z",
    "amount": "12.34",
}
RETURN_OF: Input = {"activity": {"natural": {"source": "till", "externalId": "p1"}}, "source": "desk"}
RETURN: Input = {
    **RETURN_OF,
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-02T10:00:00Z",
    "amount": "40",
}
VALUE: Input = {
    "member": ANN,
    "kind": "ATTRIBUTE",
    "key": "shoe_size",
    "value": {"eu": 42},
    "source": "desk",
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-02T10:00:00Z",
}
HELD: Input = {"member": ANN, "points": {"amount": "10"}, "expiresAt": "2026-06-15T23:00:00Z"}
SENT: Input = {"sender": ANN, "receiver": {"externalId": "bob"}, "points": {"amount": "10"}}
CONFIRMED: Input = {**RETURN_OF, "externalId": "of-the-entry", "occurredAt": "2026-03-02T10:00:00Z"}
RESTS: Input = {"member": ANN, "reason": "abroad"}
SET: Input = {
    "member": ANN, "ladder": "status", "tier": "gold", "reason": "goodwill", "source": "desk",
    "externalId": "of-the-entry", "until": "2026-12-01",
}  # fmt: skip
PAID: Input = {"member": ANN, "source": "till", "externalId": "of-the-entry", "points": "10"}
TOO_MANY: Input = {"points": {"amount": "1000"}}
TO_CY: Input = {"receiver": {"externalId": "cy"}}
NO_HOLD: Input = {"hold": global_id("Hold", UUID(int=0))}
NO_ADJUSTMENT: Input = {"adjustment": global_id("Adjustment", UUID(int=0)), "approve": True}
OF_BOB: Input = {"member": {"externalId": "bob"}}
TOMORROW: Input = {"occurredAt": "2026-06-16T10:00:00Z"}

EVERYTHING = (
    PROGRAM.replace(
        'rounding = "toward_zero"', 'rounding = "toward_zero"\ntender = "0.01"\napproval_above = "1000"', 1
    )
    + """
[[rules]]
id = "club"
rule = "tier_grant"
[rules.config]
tier = "gold"
steps = ["review", "vote"]
term = {{ months = 12 }}
[rules.config.vote]
electorate = ["silver"]
closes_after_days = 5
quorum = {{ count = 1 }}
majority = "simple"
abstention = {{ in_quorum = true, in_majority = false }}
tie = "decide"
no_quorum = "decide"

[[rules]]
id = "board"
rule = "tier_grant"
config = {{ tier = "gold", steps = ["review", "sign"], term = "lifetime" }}
"""
)
"""A program in which everything can be done."""

ENTRIES: Mapping[str, Entry] = {
    "enrolMember": Entry(
        {"externalId": "zoe", "identities": [{"kind": "card", "value": "4711"}]},
        {"externalId": "yves", "identities": []},
        reason=Reason({"enrolledAt": "2026-06-16T10:00:00Z"}, "INVALID_INPUT", a_week),
    ),
    "recordActivity": Entry(
        PURCHASE, {"externalId": "other", "amount": "12.35"}, ann, Reason(OF_BOB, "NOT_FOUND", bob)
    ),
    "recordActivities": Entry(
        {"items": [PURCHASE, {**PURCHASE, "externalId": "second"}]},
        {"items": [{**PURCHASE, "externalId": "other"}]},
        ann,
        Reason({"items": [{**PURCHASE, **OF_BOB}]}, "NOT_FOUND", bob),
    ),
    "reverseActivity": Entry(
        RETURN, {"externalId": "other", "amount": "41"}, bought, Reason(TOMORROW, "INVALID_INPUT", a_week)
    ),
    "recordFact": Entry(
        VALUE, {"externalId": "other", "value": 43}, ann, Reason(OF_BOB, "NOT_FOUND", bob)
    ),
    "eraseMember": Entry(
        {"member": {"externalId": "ann"}}, OF_BOB, ann_and_bob,
        reason=Reason({"member": {"externalId": "cy"}}, "NOT_FOUND", cy),
    ),
    "mergeMembers": Entry(
        {"absorbed": {"externalId": "ann"}, "survivor": {"externalId": "bob"}},
        dee,
        ann_and_bob,
        reason=Reason({"survivor": {"externalId": "cy"}}, "NOT_FOUND", cy),
    ),
    "closeSettlement": Entry(
        {"until": "2026-06-01T00:00:00Z"}, {"until": "2026-06-02T00:00:00Z"},
        reason=Reason({"until": "2026-06-16T00:00:00Z"}, "INVALID_INPUT", a_week),
    ),
    "setClock": Entry(
        {"now": "2026-06-16T12:00:00Z"}, {"now": "2026-06-17T12:00:00Z"},
        reason=Reason({"now": "2026-06-15T11:30:00Z"}, "INVALID_INPUT", clock_back),
    ),
    "holdPoints": Entry(
        HELD, {"points": {"amount": "11"}}, bought, Reason(TOO_MANY, "INSUFFICIENT_POINTS", more_points)
    ),
    "captureHold": Entry(NO_HOLD, held, held, Reason(too_late, "HOLD_EXPIRED", in_time)),
    "voidHold": Entry(NO_HOLD, held, held, Reason(too_late, "HOLD_EXPIRED", in_time)),
    "transferPoints": Entry(
        SENT, {"points": {"amount": "11"}}, both, Reason(TO_CY, "NOT_FOUND", cy)
    ),
    "adjustPoints": Entry(
        {"member": ANN, "points": {"amount": "10"}, "reason": "goodwill"}, {"reason": "another"}, bought,
        Reason({"points": {"amount": "-101"}}, "INSUFFICIENT_POINTS", more_points),
    ),
    "decideAdjustment": Entry(
        NO_ADJUSTMENT, asked, asked, Reason(asked_away, "INSUFFICIENT_POINTS", more_points)
    ),
    "payWithPoints": Entry(
        PAID, {"externalId": "other"}, bought, Reason({"points": "1000"}, "INSUFFICIENT_POINTS", more_points)
    ),
    "pauseMember": Entry(
        {**RESTS, "until": "2026-09-01"}, OF_BOB, ann_and_bob,
        Reason({"member": {"externalId": "cy"}}, "NOT_FOUND", cy),
    ),
    "closeMember": Entry(
        {"member": ANN, "reason": "asked to"}, OF_BOB, ann_and_bob,
        Reason({"member": {"externalId": "cy"}}, "NOT_FOUND", cy),
    ),
    "resumeMember": Entry(RESTS, bob_rests, ann_rests, Reason(OF_BOB, "NOT_FOUND", bob_rests)),
    "setStanding": Entry(
        SET, {"externalId": "other", "tier": "silver"}, ann, Reason(OF_BOB, "NOT_FOUND", bob)
    ),
    "confirmActivity": Entry(
        CONFIRMED, {"externalId": "other"}, bought, Reason(TOMORROW, "INVALID_INPUT", a_week)
    ),
}  # fmt: skip
