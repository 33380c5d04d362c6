"""Sending many members and activities through the use cases of the API, in batches, with a progress bar."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty_api.commands.outcome import Output, refused
from loyalty_engine.services.activities import record_activities
from loyalty_engine.services.commands import (
    Batch,
    EnrolledBatch,
    EnrolMember,
    RecordActivity,
    Recorded,
)
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.members import enrol_members
from loyalty_engine.services.refusals import Refusal, RefusalCode

BATCH = 1000
Item = TypeVar("Item")
Answer = Batch | EnrolledBatch


@dataclass
class Tally:
    """What came of the items: how many are new, were there, wait for a repaired rule, were refused."""

    recorded: int = 0
    replayed: int = 0
    parked: int = 0
    refused: list[tuple[int, Refusal]] = field(default_factory=list)

    def take(self, first: int, batch: Answer) -> None:
        """Counts the results of the items from the `first` on."""
        for number, result in enumerate(batch.results, first):
            if isinstance(result, Refusal):
                self.refused.append((number, result))
            elif batch.replayed or result.replayed:
                self.replayed += 1
            else:
                self.recorded += 1
                self.parked += len(result.parked) > 0 if isinstance(result, Recorded) else False


@contextlib.contextmanager
def progress(output: Output, described: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar for a person at a terminal; what it yields moves it on."""
    with Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=output.as_json,
    ) as bar:
        task = bar.add_task(described, total=total)
        yield lambda count: bar.advance(task, count)


async def enrol_all(
    engine: Engine, caller: Caller, key: str, members: Sequence[EnrolMember], move: Callable[[int], None]
) -> Tally:
    """Enrols the members; one who is there already counts as replayed."""

    async def send(batch_key: str, items: Sequence[EnrolMember]) -> Answer | Refusal:
        return await enrol_members(engine, caller, batch_key, items)

    tally = await _send(key, members, send, move)
    there = [each for each in tally.refused if each[1].code is RefusalCode.ALREADY_EXISTS]
    tally.refused = [each for each in tally.refused if each not in there]
    tally.replayed += len(there)
    return tally


async def record_all(
    engine: Engine,
    caller: Caller,
    key: str,
    activities: Iterable[RecordActivity],
    move: Callable[[int], None],
) -> Tally:
    """Records the activities in their order; one that is there with the same content is replayed."""

    async def send(batch_key: str, items: Sequence[RecordActivity]) -> Answer | Refusal:
        return await record_activities(engine, caller, batch_key, items)

    return await _send(key, activities, send, move)


async def _send(
    key: str,
    items: Iterable[Item],
    send: Callable[[str, Sequence[Item]], Awaitable[Answer | Refusal]],
    move: Callable[[int], None],
) -> Tally:
    """Sends batches under keys that follow from their place, so that a second run repeats the first."""
    tally, first = Tally(), 0
    for number, chunk in enumerate(_chunks(items)):
        answer = await send(f"{key}:{number}", chunk)
        if isinstance(answer, Refusal):
            raise refused(answer)
        tally.take(first, answer)
        first += len(chunk)
        move(len(chunk))
    return tally


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, BATCH)):
        yield chunk
