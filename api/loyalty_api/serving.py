"""Serving the API: the address taken before anything slow is done, and given back when asked to stop."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

STOPPING_SECONDS = 5
IDLE_SECONDS = 75
"""How long a connection without requests is kept: longer than callers and load balancers keep theirs (60),
so that none of them sends a request into a connection that is just being closed."""


class AddressUnusable(Exception):
    """The API cannot listen where it is told to."""

    code = "address_unusable"


def taken(host: str, port: int) -> socket.socket:
    """A socket bound to the address; raises AddressUnusable when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise AddressUnusable(_advice(host, port, error)) from error
    return bound


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: end what uses it, or set LOYALTY_PORT to another one"
    return (
        f"the API cannot listen at {host}, port {port} ({error.strerror}): set LOYALTY_HOST and LOYALTY_PORT"
    )


def address(bound: socket.socket) -> str:
    """Where the API will be, for people."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets, instead of interrupting whatever runs at that moment."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def ask(*_: object) -> None:
        loop.call_soon_threadsafe(event.set)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: Starlette, bound: socket.socket, stop: asyncio.Event) -> None:
    """Serves until `stop` is set; requests under way have five seconds to end."""
    server = _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOPPING_SECONDS,
        )
    )

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[bound])
    finally:
        ending.cancel()
