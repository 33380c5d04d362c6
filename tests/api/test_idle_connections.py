"""How long the server keeps a connection on which nobody asks anything; time passes as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from loyalty_api.serving import serve, taken

KEPT_BY_OTHERS = 60
"""Seconds for which callers and load balancers keep connections."""


async def nothing(_request: Request) -> Response:
    """An answer without a body."""
    return Response(status_code=204)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server."""
    bound, stop = taken("127.0.0.1", 0), asyncio.Event()
    bound.listen()
    serving = asyncio.create_task(serve(Starlette(routes=[Route("/", nothing)]), bound, stop))
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        stop.set()
        await serving


async def skip(seconds: float) -> None:
    """Let time pass for the loop at once, and for what is due by then."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
    for _ in range(3):
        await asyncio.sleep(0)


async def ask_again_and_again() -> tuple[bytes, bytes, bytes]:
    """Two answers, with a pause between them as others keep it, and what comes after a longer one."""
    async with connected() as (reader, writer):
        answers = []
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            answers.append(await reader.readuntil(b"\r\n\r\n"))
            await skip(KEPT_BY_OTHERS)
        await skip(KEPT_BY_OTHERS)
        async with asyncio.timeout(60):
            return answers[0], answers[1], await reader.read()


def test_the_server_keeps_a_connection_longer_than_those_who_use_it_and_not_for_ever() -> None:
    first, second, last = asyncio.run(ask_again_and_again())
    assert first.startswith(b"HTTP/1.1 204")
    assert second.startswith(b"HTTP/1.1 204")
    assert last == b""
