"""What a command that needs the engine is given, and how what goes wrong there is told."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy.exc import OperationalError

from loyalty_api.commands.outcome import CommandFailed, EnvironmentUnusable, Output, UsageWrong
from loyalty_api.postgres_place import EmbeddedPostgresError
from loyalty_api.runtime import Addresses, database, opened_engine
from loyalty_api.settings import Settings
from loyalty_engine.plugins import PluginError
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.engine import Caller, Engine, ProgramUnavailable
from loyalty_engine.store.database import UnsafeRoleError
from loyalty_engine.store.durability import UnsafeDatabaseError
from loyalty_engine.store.operator import business_slugs, find_business
from loyalty_engine.store.revision import OutdatedSchemaError

Answer = TypeVar("Answer")

_UNREACHABLE = (
    ConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.ClientConfigurationError,
)


@dataclass(frozen=True)
class Session:
    """A command at work: where it writes, its settings, its database and its engine."""

    output: Output
    settings: Settings
    addresses: Addresses
    engine: Engine

    def caller(self, slug: str) -> Caller:
        """The operator in the business of that slug."""
        found = self.business_id(slug)
        if found is None:
            raise CommandFailed(
                "business_not_found",
                f"there is no business {slug!r}: `loyalty business create {slug} --program FILE` makes it",
            )
        return operator(found)

    def business_id(self, slug: str) -> UUID | None:
        """The business of that slug, which only the owner of the tables can look up."""
        return find_business(self._owner(), slug)

    def businesses(self) -> dict[str, UUID]:
        """All businesses by slug, which only the owner of the tables can list."""
        return business_slugs(self._owner())

    def _owner(self) -> str:
        if self.addresses.owner is None:
            raise EnvironmentUnusable(
                "owner_needed", "set LOYALTY_OWNER_DATABASE_URL: only the owner finds a business by its slug"
            )
        return self.addresses.owner


def with_engine(output: Output, settings: Settings, work: Callable[[Session], Awaitable[Answer]]) -> Answer:
    """Runs the work with an engine, and ends the embedded server afterwards if it was started for it."""

    async def run(addresses: Addresses) -> Answer:
        async with contextlib.AsyncExitStack() as stack:
            try:
                engine = await stack.enter_async_context(opened_engine(addresses, settings))
            except OSError as error:  # of the network or the socket; later ones may be of files
                raise _unreachable(error) from error
            return await work(Session(output, settings, addresses, engine))

    with told_apart(), database(settings) as addresses:
        return asyncio.run(run(addresses))


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Turns what an operator can mend into words; a defect stays a traceback."""
    try:
        yield
    except (UnsafeRoleError, UnsafeDatabaseError, OutdatedSchemaError, EmbeddedPostgresError) as error:
        raise EnvironmentUnusable(error.code, str(error)) from error
    except PluginError as error:
        raise EnvironmentUnusable("plugin_unusable", str(error)) from error
    except ProgramUnavailable as error:
        raise EnvironmentUnusable("program_unavailable", str(error)) from error
    except OperationalError as error:
        raise _unreachable(error.orig or error) from error
    except _UNREACHABLE as error:
        raise _unreachable(error) from error


def _unreachable(error: BaseException) -> EnvironmentUnusable:
    return EnvironmentUnusable(
        "database_unreachable", f"the database does not answer: {str(error) or type(error).__name__}"
    )


def read_text(path: Path) -> str:
    """The file's text; a file that cannot be read, or is not UTF-8, is a wrong argument."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageWrong("file_unreadable", f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageWrong("file_unreadable", f"{path} is not a UTF-8 text") from error


def instant(text: str) -> datetime:
    """An instant with its zone, as `2026-03-01T00:00:00Z`; for argparse."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(UTC)
