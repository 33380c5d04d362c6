"""The command line, `loyalty`.

Exit codes: 0 done, 1 refused or invalid, 2 wrong usage, 3 the environment stands in the way, 130 interrupted.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from loyalty_api.commands import business, demo, importing, installation, keys, program, serve, verify
from loyalty_api.commands.outcome import INTERRUPTED, CommandFailed, EnvironmentUnusable, Output
from loyalty_api.settings import Settings, SettingsError

EPILOG = """\
exit codes: 0 done, 1 refused or invalid, 2 wrong usage, 3 the environment stands in the way, 130 interrupted.
Settings come from the environment; `loyalty settings` lists them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, and returns its exit code."""
    parsed = parser().parse_args(arguments)
    output = Output(as_json=parsed.json)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        exit_code: int = parsed.run(parsed, output, _settings())
    except CommandFailed as failed:
        return output.failure(failed)
    except KeyboardInterrupt:
        output.note("loyalty: interrupted")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)
    return exit_code


def parser() -> argparse.ArgumentParser:
    """All commands; each takes --json."""
    whole = argparse.ArgumentParser(
        prog="loyalty",
        description="A headless loyalty engine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for noun in (demo, serve, installation, business, program, keys, importing, verify):
        noun.add(commands)
    _complete(whole)
    return whole


def _complete(one: argparse.ArgumentParser) -> None:
    """Gives every command, however deep, the switch for scripts, and a way to tell of wrong usage."""
    for action in one._actions:  # noqa: SLF001 - argparse offers no other way to its parts
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                _complete(command)
            return
    one.add_argument("--json", action="store_true", help="print one JSON document, for scripts")
    one.set_defaults(parser=one)


def _settings() -> Settings:
    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        raise EnvironmentUnusable(error.code, str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
