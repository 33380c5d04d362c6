"""Rounds of load, a kill in the middle of it, a restart, and a look at what is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import httpx

from loyalty_api.runtime import make_ready
from tests.api.shop import PROGRAM as BOUGHT
from tests.command_line.shell import Shell
from tests.crash.check import what_is_wrong
from tests.crash.inputs import World
from tests.crash.load import CLIENTS, Client, Journal, keep_sending, new_call, send
from tests.crash.operations import COUPON, ENROL, REWARD
from tests.crash.processes import START_SECONDS, OwnPostgres, Running, free_port, ready

MEMBERS = 4
PROGRAM = BOUGHT.replace("decimals = 0", 'decimals = 0\ntender = "0.01"\napproval_above = 1000', 1)
SLUG = "crashing"
FEWEST, MOST = 15, 90
"""How many answers are given before the kill."""

ANY_MOMENT_SECONDS = 0.05
"""Within what time it comes then, so that it comes at any step of a request."""


@dataclass
class Crashing:
    """A business that is served while its servers are killed."""

    postgres: OwnPostgres
    api: Running
    worker: Running
    client: Client
    business_id: UUID
    world: World
    journal: Journal = field(default_factory=Journal)

    @property
    def url(self) -> str:
        """The database, as the application sees it."""
        return self.api.shell.settings["LOYALTY_DATABASE_URL"]

    async def begin(self, number: int) -> None:
        """The first members, a reward and a coupon, without which nothing can be done."""
        for operation in (*[ENROL] * MEMBERS, REWARD, COUPON):
            call = new_call(self.world, self.journal, number, operation)
            assert await send(self.client, self.world, self.journal, call)

    async def load(self, number: int, kill_after: int) -> list[asyncio.Task[None]]:
        """Clients at work, of whom so many were answered."""
        self.journal.target = kill_after
        self.journal.reached.clear()
        sending = [
            asyncio.create_task(keep_sending(self.client, self.world, self.journal, number))
            for _ in range(CLIENTS)
        ]
        async with asyncio.timeout(START_SECONDS):
            await self.journal.reached.wait()
        return sending

    async def round(self, number: int) -> list[str]:
        """One round, in turn against the processes of ours and against PostgreSQL; what it broke."""
        of_ours = number % 2 == 0
        sending = await self.load(number, self.world.chance.randrange(FEWEST, MOST))
        await asyncio.sleep(self.world.chance.uniform(0, ANY_MOMENT_SECONDS))
        if of_ours:
            self.kill_ours()
        else:
            self.postgres.kill()
        await asyncio.gather(*sending)
        if of_ours:
            await self.start_ours()
        else:
            self.postgres.start()
        await ready(self.client.http)
        return await self.wrong(number)

    async def wrong(self, number: int) -> list[str]:
        """What is wrong now."""
        return await what_is_wrong(self.url, self.business_id, self.client, self.journal, number)

    def kill_ours(self) -> None:
        """The API and the worker, at once."""
        self.api.kill()
        self.worker.kill()

    async def start_ours(self) -> None:
        """Both again."""
        await asyncio.gather(self.api.start(), self.worker.start())
        await ready(self.client.http)


@asynccontextmanager
async def crashing(
    postgres: OwnPostgres, folder: Path, seed: int, **settings: str
) -> AsyncIterator[Crashing]:
    """A business on this PostgreSQL, served by processes of their own."""
    make_ready(postgres.server)
    owner, app = postgres.server.url("loyalty"), postgres.server.url("loyalty", "loyalty_app")
    shell = Shell(
        folder,
        {
            "LOYALTY_DATABASE_URL": app,
            "LOYALTY_OWNER_DATABASE_URL": owner,
            "LOYALTY_SECRET_KEY": "s" * 32,
            **settings,
        },
    )
    shell.write("program.toml", PROGRAM.format(slug=SLUG))
    made = shell.run("business", "create", SLUG, "--program", "program.toml", "--json")
    assert made.code == 0, made
    port = free_port()
    api = Running(shell, "serve", {"LOYALTY_PORT": str(port)}, folder / "api.log")
    worker = Running(shell, "worker", {}, folder / "worker.log")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {made.json['key']}"},
        timeout=60,
    ) as http:
        world = World(Random(seed))
        served = Crashing(postgres, api, worker, Client(http), UUID(made.json["id"]), world)
        try:
            await served.start_ours()
            yield served
        finally:
            served.kill_ours()
