"""Field declarations: how a field is read, which scope it needs, and how many values it may bring.

Every field of an output type is declared here once. The plain executor reads columns and to-ones from the
declaration; an executor that compiles operations can read all of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from loyalty_schema.request import Info, request_of

EVERYONE = "*"
"""The scope of what every valid credential may see, or what its object already guarded."""

MEMBERS_READ = "members:read"
MEMBERS_WRITE = "members:write"
MEMBERS_ERASE = "members:erase"
MEMBERSHIPS_WRITE = "memberships:write"
STANDINGS_WRITE = "standings:write"
MEMBERS_MERGE = "members:merge"
PROFILES_READ = "profiles:read"
ACTIVITIES_READ = "activities:read"
ACTIVITIES_WRITE = "activities:write"
POINTS_READ = "points:read"
POINTS_SPEND = "points:spend"
POINTS_ADJUST = "points:adjust"
REWARDS_READ = "rewards:read"
REWARDS_WRITE = "rewards:write"
REDEMPTIONS_WRITE = "redemptions:write"
PROGRAM_READ = "program:read"
PROGRAM_WRITE = "program:write"
PARTNERS_READ = "partners:read"
CLOCK_WRITE = "clock:write"
SETTLEMENTS_WRITE = "settlements:write"
APPLICATIONS_READ = "applications:read"
APPLICATIONS_WRITE = "applications:write"
APPLICATIONS_DECIDE = "applications:decide"
VOTES_CAST = "votes:cast"

FEW = 5
"""How many values a list without pages is taken to bring, where a cost is reckoned."""

_DECLARATION = "loyalty.declaration"


@dataclass(frozen=True, slots=True)
class Column:
    """Read as it is from a column of the object's row."""

    name: str


@dataclass(frozen=True, slots=True)
class Expression:
    """Read from the object's row, in which a SQL expression has this name."""

    name: str


@dataclass(frozen=True, slots=True)
class ToOne:
    """One row, found by the id in a column of the object's row."""

    load: Callable[..., Awaitable[Mapping[Any, Any]]]
    column: str


@dataclass(frozen=True, slots=True)
class Page:
    """A connection, read by seeking."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A number or list made by a grouped statement."""


@dataclass(frozen=True, slots=True)
class Computed:
    """Worked out in Python from what was read."""


Reading = Column | Expression | ToOne | Page | Aggregate | Computed


@dataclass(frozen=True, slots=True)
class Declaration:
    """How a field is read, the scope that it needs, and how many values it brings (None: one).

    ``partners`` says whether a partner's credential may see it: the terms of other partners are none of its.
    """

    reading: Reading
    scope: str
    brings: int | None = None
    brings_items: bool = False
    partners: bool = True


class Undeclared(TypeError):
    """A field of the schema does not declare its scope."""


class DeclaredField(StrawberryField):
    """A field with a declaration; a column is read without a call of its own."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        """The field's value for one object."""
        del info  # a resolver that wants it has it among its arguments
        if self.base_resolver is not None:
            return self.base_resolver(*args, **kwargs)
        declaration = declaration_of(self)
        if isinstance(declaration.reading, Column | Expression):
            return getattr(source.row, declaration.reading.name)
        return getattr(source, self.python_name)


Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def declaration_of(field: StrawberryField) -> Declaration:
    """The field's declaration; raises Undeclared when there is none."""
    declaration = field.metadata.get(_DECLARATION)
    if not isinstance(declaration, Declaration):
        raise Undeclared(f"field {field.python_name!r} declares neither how it is read nor its scope")
    return declaration


def _declared(declaration: Declaration, description: str, name: str | None = None) -> DeclaredField:
    return DeclaredField(graphql_name=name, description=description, metadata={_DECLARATION: declaration})


def column(from_: str, *, scope: str, description: str, name: str | None = None) -> Any:
    """A column of the object's row."""
    return _without_argument(_declared(Declaration(Column(from_), scope), description, name))


def expression(name: str, *, scope: str, description: str) -> Any:
    """A SQL expression of the object's row."""
    return _without_argument(_declared(Declaration(Expression(name), scope), description))


def given(
    *, description: str, scope: str = EVERYONE, brings: int | None = None, name: str | None = None
) -> Any:
    """What an object is made with; the field that leads to the object says who may see it."""
    return _declared(Declaration(Computed(), scope, brings), description, name)


def to_one(
    load: Callable[..., Awaitable[Mapping[Any, Any]]],
    by: str,
    wrap: Callable[[Any], object],
    *,
    scope: str,
    description: str,
) -> Any:
    """The object of another table whose id is in a column; None where the column is, or nobody may see it."""

    async def resolve(root: Any, info: Info) -> Any:
        key = getattr(root.row, by)
        if key is None:
            return None
        row = await request_of(info).reads.load(load, key)
        return None if row is None else wrap(row)

    declared = _declared(Declaration(ToOne(load, by), scope), description)
    return _without_argument(declared(StrawberryResolver(resolve, type_override=object)))


def page(
    *, scope: str, description: str, brings: int | None = None, partners: bool = True
) -> Callable[[Resolver], Any]:
    """A connection; the argument ``first`` or ``last`` says how many values it brings."""
    return _declared(Declaration(Page(), scope, brings, partners=partners), description)


def aggregate(
    *, scope: str, description: str, brings: int | None = None, name: str | None = None
) -> Callable[[Resolver], Any]:
    """A number or list made by a grouped statement."""
    return _declared(Declaration(Aggregate(), scope, brings), description, name)


def computed(
    *,
    scope: str,
    description: str,
    brings: int | None = None,
    items: bool = False,
    partners: bool = True,
    name: str | None = None,
) -> Callable[[Resolver], Any]:
    """A value worked out in Python; with ``items`` it brings one for each item of the mutation's input."""
    return _declared(Declaration(Computed(), scope, brings, items, partners), description, name)


def _without_argument(field: DeclaredField) -> DeclaredField:
    """Such a field is read from what the object is made with, and is no argument of its constructor."""
    field.init = field.repr = field.compare = False
    return field
