"""The facts of members who give to each other end in the same wallets, in whatever order they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services.commands import (
    PointsInput,
    RecordActivity,
    Recorded,
    ReverseActivity,
)
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.friends import everything, shop_of_friends
from tests.services.shop import START, Shop, done, linked_return, purchase

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
LAST = START + timedelta(days=150)


@dataclass(frozen=True)
class Happening:
    """A fact, and the index of the one that it returns."""

    command: RecordActivity | ReverseActivity
    after: int | None = None


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    """Purchases of everybody, some of them returned, and what ann and bob spend."""
    found: list[Happening] = []
    for number in range(draw(st.integers(2, 7))):
        at = START + timedelta(days=draw(st.integers(1, 90)))
        who = draw(st.sampled_from(("ann", "bob", "bob", "cid", "dan", "dan", "eve")))
        if who in ("ann", "bob") and draw(st.booleans()):
            points = PointsInput(Decimal(draw(st.integers(1, 40))), "points")
            spent = purchase(
                None, at, member=who, kind="redemption", points=points, external_id=f"spent-{number}"
            )
            found.append(Happening(spent))
            continue
        amount = draw(st.sampled_from((10, 20, 30, 50, 90)))
        bought = purchase(amount, at, member=who, external_id=f"bought-{number}")
        found.append(Happening(bought))
        if draw(st.booleans()):
            part = draw(st.sampled_from((None, 5, 8)))
            later = at + timedelta(days=draw(st.sampled_from((0, 1, 20))))
            back = linked_return(bought.external_id, part, later, external_id=f"back-{number}")
            found.append(Happening(back, len(found) - 1))
    return found


async def deliver(shop: Shop, events: list[Happening], order: list[int], *, at_once: bool) -> None:
    """In an order in which a return comes after its purchase; purchases one by one, or in batches."""
    waiting: list[RecordActivity] = []
    for index in order:
        command = events[index].command
        if isinstance(command, RecordActivity):
            waiting.append(command)
            if at_once and len(waiting) < 3:
                continue
        if waiting:
            assert all(isinstance(each, Recorded) for each in await shop.send_batch(waiting))
            waiting.clear()
        if isinstance(command, ReverseActivity):
            done(await shop.reverse(command), Recorded)
    if waiting:
        await shop.send_batch(waiting)
    await shop.set_clock(LAST)
    await shop.advance()


def shuffled(events: list[Happening], chance: Random) -> list[int]:
    """Any order in which a return comes after its purchase."""
    order = list(range(len(events)))
    chance.shuffle(order)
    place = {index: position for position, index in enumerate(order)}
    for index, event in enumerate(events):
        if event.after is not None and place[index] < place[event.after]:
            first, second = place[index], place[event.after]
            place[index], place[event.after] = second, first
    return sorted(place, key=lambda index: place[index])


def in_time(events: list[Happening]) -> list[int]:
    """The order in which it happened."""
    return sorted(range(len(events)), key=lambda index: (events[index].command.occurred_at, index))


@settings(deadline=None, max_examples=15, suppress_health_check=SLOW)
@given(
    returns=st.sampled_from(("undo", "from_now", "at_review")),
    events=happenings(),
    chance=st.randoms(use_true_random=False),
)
async def test_any_order_of_arrival_ends_in_the_same_wallets_for_everybody(
    app_database: Database, returns: str, events: list[Happening], chance: Random
) -> None:
    found = []
    for order, at_once in ((in_time(events), False), (shuffled(events, chance), chance.random() < 0.5)):
        shop = await shop_of_friends(app_database, returns)
        await shop.enrol("eve", referred_by="bob")
        await deliver(shop, events, order, at_once=at_once)
        assert await broken(shop) == {}
        rows = await shop.row_counts()
        await shop.refold_all()
        assert await shop.row_counts() == rows
        found.append(await everything(shop))
    assert found[0] == found[1]
