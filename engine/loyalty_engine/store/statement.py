"""Statements of SQLAlchemy Core, compiled once to a text and run on asyncpg directly."""

import re
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.sql.elements import ClauseElement

from loyalty_engine.store.connection import Connection

_SIZE_AS_PARAMETER = re.compile(r"\b(?:LIMIT|OFFSET) \$")


class _Compiler(PGCompiler_asyncpg):
    """Makes parameters of named `bindparam`s only; what the code itself says becomes part of the text.

    A planner shown `type = $2` or `LIMIT $3` cannot use a partial index or know how few rows are wanted.
    """

    def visit_bindparam(self, bindparam: Any, *positions: Any, **options: Any) -> Any:
        if not bindparam.required:
            options["literal_binds"] = True
        return super().visit_bindparam(bindparam, *positions, **options)  # type: ignore[no-untyped-call]


class _Dialect(PGDialect_asyncpg):
    statement_compiler = _Compiler
    supports_statement_cache = False


DIALECT: PGDialect_asyncpg = _Dialect()  # type: ignore[no-untyped-call]
"""PostgreSQL as asyncpg speaks it: parameters are `$1`, with their types."""


class Statement:
    """One statement: its text, and the names of its parameters in order.

    Values from outside are `bindparam("name")`; a constant, a page size above all, is written into the text.
    """

    def __init__(self, core: ClauseElement) -> None:
        compiled: Any = core.compile(dialect=DIALECT)
        self.text: str = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        if "POSTCOMPILE" in self.text:
            raise ValueError("A list is passed as one array: column = any(bindparam), not column IN (...).")
        if _SIZE_AS_PARAMETER.search(self.text):
            raise ValueError(
                "A page size is a literal of the statement; compile one statement for each size."
            )

    async def fetch(self, connection: Connection, **values: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await connection.fetch(self.text, *self._ordered(values))

    async def fetchrow(self, connection: Connection, **values: Any) -> asyncpg.Record | None:
        """The first row."""
        return await connection.fetchrow(self.text, *self._ordered(values))

    async def fetchval(self, connection: Connection, **values: Any) -> Any:
        """The first column of the first row."""
        return await connection.fetchval(self.text, *self._ordered(values))

    async def execute(self, connection: Connection, **values: Any) -> int:
        """How many rows were written."""
        status = await connection.execute(self.text, *self._ordered(values))
        return int(status.rpartition(" ")[2])

    def _ordered(self, values: dict[str, Any]) -> list[Any]:
        if len(values) != len(self.names):
            raise TypeError(f"The statement takes {sorted(self.names)}, not {sorted(values)}.")
        return [values[name] for name in self.names]
