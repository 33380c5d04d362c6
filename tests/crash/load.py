"""Clients that send requests until they are not answered, and a journal of what each was told."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx

from tests.crash.inputs import Input, World
from tests.crash.operations import OPERATIONS, Answer, Mark, Operation

CLIENTS = 12
PATIENCE_SECONDS = 120.0


@dataclass(eq=False)
class Call:
    """A request under a key of its own, and what was answered; None while nobody knows what became of it."""

    operation: Operation
    given: Input
    round: int
    answer: Answer | None = None
    was_done: bool | None = None
    """Of one that was not answered at first: whether it had been done all the same."""

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return str(self.given["idempotencyKey"])

    @property
    def marks(self) -> frozenset[Mark]:
        """What is there by its answer."""
        return frozenset() if self.answer is None else self.operation.marks(self.given, self.answer)

    def __str__(self) -> str:
        return f"{self.operation.mutation} {self.key}"


@dataclass
class Journal:
    """Every call that was ever sent."""

    calls: list[Call] = field(default_factory=list)
    target: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def of_round(self, number: int) -> list[Call]:
        """The calls of one round."""
        return [call for call in self.calls if call.round == number]

    def told(self, number: int) -> str:
        """What happened in a round, for people."""
        calls = self.of_round(number)
        unanswered = [call.was_done for call in calls if call.was_done is not None]
        return (
            f"round {number}: {len(calls)} calls, {len(unanswered)} of them not answered at first, "
            f"of which {sum(unanswered)} had been done; nothing is lost, nothing done twice"
        )

    def told_in_all(self) -> str:
        """Which answers there were, for people."""
        answers = Counter(
            (call.operation.mutation, call.answer["__typename"]) for call in self.calls if call.answer
        )
        return "\n".join(f"{often:6} {name}: {kind}" for (name, kind), often in sorted(answers.items()))

    def acknowledged(self) -> None:
        """Counts down to the moment at which a server is killed."""
        self.target -= 1
        if self.target == 0:
            self.reached.set()


@dataclass
class Client:
    """One connection to the API, with the business's key."""

    http: httpx.AsyncClient

    async def ask(self, call: Call) -> Answer | None:
        """The answer to a call; None where it is not known what became of it, or it is to be sent again."""
        try:
            response = await self.http.post(
                "/graphql", json={"query": call.operation.document, "variables": {"input": call.given}}
            )
        except httpx.HTTPError:
            return None
        body = response.json()
        if "errors" in body:
            codes = {error["extensions"]["code"] for error in body["errors"]}
            assert codes == {"INTERNAL"}, body
            return None
        answer: Answer = body["data"][call.operation.mutation]
        return None if answer.get("retryable") else answer

    async def ask_again(self, call: Call) -> Answer | None:
        """The answer, asked for until it comes; None where it never does."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while (answer := await self.ask(call)) is None:
            if asyncio.get_running_loop().time() > deadline:
                return None
            await asyncio.sleep(0.05)
        return answer


def new_call(world: World, journal: Journal, number: int, operation: Operation | None = None) -> Call:
    """A call that is about to be sent."""
    weights = [each.often for each in OPERATIONS]
    while True:
        chosen = operation or world.chance.choices(OPERATIONS, weights)[0]
        if given := chosen.make(world):
            call = Call(chosen, {"idempotencyKey": f"key-{world.number()}", **given}, number)
            journal.calls.append(call)
            return call


async def send(client: Client, world: World, journal: Journal, call: Call) -> bool:
    """Sends a call and notes its answer; whether there was one."""
    call.answer = await client.ask(call)
    if call.answer is None:
        return False
    if call.marks:
        call.operation.learn(world, call.given, call.answer)
    journal.acknowledged()
    return True


async def keep_sending(client: Client, world: World, journal: Journal, number: int) -> None:
    """Sends one call after another until one is not answered."""
    while await send(client, world, journal, new_call(world, journal, number)):
        pass
