"""What each mutation is called with where all of them are tried: an entry for every mutation of the schema.

An entry is what the shop needs first, an input that succeeds, what another input that succeeds too has
instead, and, where there is such a thing, what makes it refused and what takes the reason away again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.api.shop import NOW, Shop

Input = Mapping[str, Any]
Step = Callable[[Shop], Awaitable[Input]]
"""Something done in a shop; what it returns is added to the input."""


async def nothing(_: Shop) -> Input:
    """The shop as it was opened."""
    return {}


@dataclass(frozen=True)
class Reason:
    """``change`` of the input is refused with ``code``, until ``mend`` has been done."""

    change: Input
    code: str
    mend: Step


@dataclass(frozen=True)
class Entry:
    """How to call one mutation."""

    given: Input
    other: Input
    before: Step = nothing
    reason: Reason | None = None


# What a shop needs first


async def ann(shop: Shop) -> Input:
    """A member."""
    await shop.enrol("ann")
    return {}


async def bought(shop: Shop) -> Input:
    """A purchase of a hundred, `till` and `p1`."""
    await ann(shop)
    await shop.buy("ann", "100.00")
    return {}


# What takes a reason away


async def bob(shop: Shop) -> Input:
    """Another member comes."""
    await shop.enrol("bob")
    return {}


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


PURCHASE: Input = {
    "member": {"externalId": "ann"},
    "kind": "purchase",
    "source": "till",
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-01T10:00:00Z",
    "amount": "12.34",
}
RETURN: Input = {
    "activity": {"natural": {"source": "till", "externalId": "p1"}},
    "source": "desk",
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-02T10:00:00Z",
    "amount": "40",
}
VALUE: Input = {
    "member": {"externalId": "ann"},
    "kind": "ATTRIBUTE",
    "key": "shoe_size",
    "value": {"eu": 42},
    "source": "desk",
    "externalId": "of-the-entry",
    "occurredAt": "2026-03-02T10:00:00Z",
}
OF_BOB: Input = {"member": {"externalId": "bob"}}
TOMORROW: Input = {"occurredAt": "2026-06-16T10:00:00Z"}

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
    "setClock": Entry(
        {"now": "2026-06-16T12:00:00Z"}, {"now": "2026-06-17T12:00:00Z"},
        reason=Reason({"now": "2026-06-15T11:30:00Z"}, "INVALID_INPUT", clock_back),
    ),
}  # fmt: skip
