"""Serving: requests are answered until it is asked to stop, and the address is free again afterwards."""

import asyncio
import os
import signal
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from loyalty_api.serving import AddressUnusable, address, serve, stop_signals, taken


async def hello(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


async def answer(where: str) -> str:
    """What the server says once it listens."""
    transport = httpx.AsyncHTTPTransport(retries=20)
    async with httpx.AsyncClient(transport=transport) as client:
        return (await client.get(where)).text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_a_signal_and_gives_the_address_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with taken("127.0.0.1", 0) as bound, stop_signals() as stop:
        port = bound.getsockname()[1]
        serving = asyncio.create_task(serve(APP, bound, stop))
        assert await answer(address(bound)) == "hello"
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await serving
    assert signal.getsignal(number) is before
    taken("127.0.0.1", port).close()


def test_a_port_in_use_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressUnusable, match=f"port {port} of 127.0.0.1 is in use: .* LOYALTY_PORT"):
            taken("127.0.0.1", port)


def test_an_address_of_another_machine_says_what_to_do() -> None:
    with pytest.raises(AddressUnusable, match="set LOYALTY_HOST"):
        taken("192.0.2.1", 80)
