"""Many callers at once over HTTP, and what their answers must be."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import httpx

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop
from tests.idempotency.calls import briefly
from tests.properties.invariants import broken

Call = tuple[str, Mapping[str, Any]]
"""A mutation by name, and its input; without an idempotency key it gets one of its own."""


@dataclass
class Arena:
    """Servers, and an engine beside them that opens shops and looks into the database."""

    engine: Engine
    clients: Sequence[httpx.AsyncClient]

    async def shop(self, program: str) -> Shop:
        """A shop of the round's own."""
        return await open_shop(self.engine, self.clients[0], program=program)

    async def at_once(self, shop: Shop, calls: Sequence[Call]) -> list[Any]:
        """The answers to calls that all begin together, spread over the servers."""
        begin = asyncio.Event()

        async def one(client: httpx.AsyncClient, call: Call) -> Any:
            name, given = call
            await begin.wait()
            wanted = {"idempotencyKey": str(new_id()), **given}
            data = await replace(shop, client=client).data(briefly(name), {"input": wanted})
            return data[name]

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(one(client, call))
                for client, call in zip(cycle(self.clients), calls, strict=False)
            ]
            begin.set()
        return [task.result() for task in tasks]

    async def in_turn(self, shop: Shop, calls: Sequence[Call]) -> list[Any]:
        """The answers to calls that follow one another, all of which must succeed."""
        answers = [(await self.at_once(shop, [call]))[0] for call in calls]
        assert all(answer["__typename"].endswith("Success") for answer in answers), answers
        return answers

    async def value(self, shop: Shop, query: str, *values: Any) -> Any:
        """The only value that a query sees of the shop."""
        async with self.engine.database.reading(shop.business_id) as connection:
            return await connection.fetchval(query, *values)

    async def check(self, shop: Shop) -> None:
        """What holds in every database at every instant holds."""
        assert await broken(shop) == {}


def came_to(answers: Sequence[Any]) -> Counter[str]:
    """How often each came: `done`, or the code of a refusal."""
    return Counter(answer.get("code", "done") for answer in answers)


def expect(answers: Sequence[Any], **wanted: int) -> None:
    """The answers are so many of each, and no others; else those that were not wanted are shown."""
    found = came_to(answers)
    strange = [answer for answer in answers if answer.get("code", "done") not in wanted]
    assert not strange, strange[:5]
    assert found == Counter({name: number for name, number in wanted.items() if number}), dict(found)
