"""`loyalty serve` and `loyalty worker`: the two kinds of process of an installation, any number of each."""

import argparse
import contextlib
import logging
import socket
from collections.abc import Iterator

from loyalty_api.commands.outcome import OK, EnvironmentUnusable, Output
from loyalty_api.commands.session import Session, with_engine
from loyalty_api.runtime import settle
from loyalty_api.serving import AddressUnusable, address, stop_signals, taken
from loyalty_api.serving import serve as serve_app
from loyalty_api.settings import Settings
from loyalty_engine.jobs.worker import work as work_until


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands."""
    serving = commands.add_parser("serve", help="serve the API until Ctrl-C or SIGTERM")
    serving.set_defaults(run=serve)
    working = commands.add_parser("worker", help="do what comes due until Ctrl-C or SIGTERM")
    working.set_defaults(run=worker)


def serve(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """Serves the API."""
    _log_to_standard_error()

    async def work(session: Session) -> int:
        from loyalty_api.app import create_app

        with stop_signals() as stop:
            app = create_app(session.engine, settings)
            settle()
            output.result(
                {"address": address(bound), "graphql": f"{address(bound)}/graphql"},
                f"serving {address(bound)}/graphql; Ctrl-C ends it",
            )
            await serve_app(app, bound, stop)
        return OK

    with listening(settings) as bound:
        return with_engine(output, settings, work)


def worker(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """Does what comes due."""
    _log_to_standard_error()

    async def work(session: Session) -> int:
        with stop_signals() as stop:
            settle()
            output.result({"working": True}, "working; Ctrl-C ends it")
            await work_until(session.engine, stop)
        return OK

    return with_engine(output, settings, work)


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The address of the settings, taken; it is asked for before anything slow is done."""
    try:
        bound = taken(settings.host, settings.port)
    except AddressUnusable as error:
        raise EnvironmentUnusable(error.code, str(error)) from error
    with bound:
        yield bound


def _log_to_standard_error() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
