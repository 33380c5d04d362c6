"""What one request knows: who asks, in which language, and what was read for it. Nothing outlives it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar, cast
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from loyalty_engine.rating import Rulebook
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.reads.view import View
from loyalty_engine.words import language_of
from loyalty_schema.cursors import Cursors
from loyalty_schema.errors import ErrorCode, RequestError

Key = TypeVar("Key")
Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")


class Reads:
    """Reads of one request: those asked for at the same time become one statement, and are kept."""

    def __init__(self, database: Database, view: View) -> None:
        self._database = database
        self.view = view
        self._loaders: dict[object, DataLoader[object, object]] = {}

    def load(
        self,
        read: Callable[
            Concatenate[Connection, View, Sequence[Key], Arguments], Awaitable[Mapping[Key, Value]]
        ],
        key: Key,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Awaitable[Value | None]:
        """What a set-wise read has for a key, or None; the further arguments must be hashable."""
        name = (read, args, tuple(sorted(kwargs.items())))
        loader = self._loaders.get(name)
        if loader is None:

            async def load_all(keys: list[object]) -> list[object]:
                async with self._database.reading(self.view.business_id) as connection:
                    found = await read(connection, self.view, cast("list[Key]", keys), *args, **kwargs)
                return [found.get(cast("Key", each)) for each in keys]

            loader = self._loaders[name] = DataLoader(load_all)
        return cast("Awaitable[Value | None]", loader.load(key))

    async def run(
        self,
        read: Callable[Concatenate[Connection, View, Arguments], Awaitable[Value]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Value:
        """What a read answers that is asked for once."""
        async with self._database.reading(self.view.business_id) as connection:
            return await read(connection, self.view, *args, **kwargs)

    def forget(self) -> None:
        """Reads everything anew from here on, because something was written."""
        self._loaders.clear()


class Request:
    """One request of one caller."""

    def __init__(self, engine: Engine, caller: Caller, business: Business, locales: Sequence[str]) -> None:
        self.engine = engine
        self.caller = caller
        self.business = business
        self.reads = Reads(engine.database, View(caller.business_id, caller.partner_id))
        self.cursors = Cursors(engine.secret_key, caller.business_id)
        self.now = business.now()
        self._locales = tuple(locales)
        self._rulebook: asyncio.Task[Rulebook] | None = None

    def locales(self, asked: str | None) -> tuple[str, ...]:
        """The locales to try, the wanted one first; the business's own is the last."""
        return (*(() if asked is None else (asked,)), *self._locales, self.business.row.locale)

    def language(self, asked: str | None = None) -> str:
        """The language of words: the first wanted one that is spoken here."""
        known = (language_of(locale) for locale in self.locales(asked))
        return next((language for language in known if language is not None), "en")

    async def rulebook(self) -> Rulebook:
        """The business's published programs, read once for the request.

        Raises CONFIG_INVALID when there is none, or one does not load with the rules installed.
        """
        if self._rulebook is None:
            self._rulebook = asyncio.create_task(self._read_rulebook())
        try:
            return await asyncio.shield(self._rulebook)
        except ProgramUnavailable as unavailable:
            raise RequestError(ErrorCode.CONFIG_INVALID, str(unavailable)) from unavailable

    def written(self) -> None:
        """Something was written: reads after it see it, and the clock as it is now."""
        self.reads.forget()
        self.now = self.business.now()
        self._rulebook = None

    async def renew(self) -> None:
        """Reads the business again, whose clock may have been set."""
        async with self.engine.database.reading(self.caller.business_id) as connection:
            self.business = await self.engine.business(connection, self.caller.business_id)
        self.now = self.business.now()

    async def _read_rulebook(self) -> Rulebook:
        async with self.engine.database.reading(self.caller.business_id) as connection:
            return await self.engine.rulebook(connection, self.caller.business_id)

    @property
    def business_id(self) -> UUID:
        """The business that the caller belongs to."""
        return self.caller.business_id


Info: TypeAlias = strawberry.Info[Request, None]
"""What resolvers are given."""


def request_of(info: Info) -> Request:
    """The request that a resolver works for."""
    return info.context
