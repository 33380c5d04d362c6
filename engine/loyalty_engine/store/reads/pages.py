"""Pages by seeking: a page begins after the sort values of a row, never after a number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, column, func, select, true, tuple_
from sqlalchemy.sql.selectable import Select

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Slice:
    """How many rows, from which end, and beyond which sort values; None begins at the end itself."""

    size: int
    backward: bool = False
    beyond: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the order of the list, and whether there are more in the direction of reading."""

    rows: tuple[Row, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """What a list is sorted by, all in one direction; together the values tell every row apart."""

    columns: tuple[Any, ...]
    descending: bool = False


SEEK = "seek_"


def sliced(statement: Select[Any], sort: Sort, size: int, backward: bool, seeking: bool) -> Select[Any]:
    """The statement in order, one row longer than the page, so that it shows whether there are more."""
    falling = sort.descending != backward
    if seeking:
        place = tuple_(*sort.columns)
        values = tuple_(
            *(bindparam(f"{SEEK}{number}", type_=part.type) for number, part in enumerate(sort.columns))
        )
        statement = statement.where(place < values if falling else place > values)
    order = [part.desc() if falling else part.asc() for part in sort.columns]
    return statement.order_by(*order).limit(size + 1)


def seek_values(slice_: Slice) -> dict[str, object]:
    """The parameters of a statement made by ``sliced``."""
    return {f"{SEEK}{number}": value for number, value in enumerate(slice_.beyond or ())}


def page_of(rows: Sequence[Row], slice_: Slice) -> Page[Row]:
    """The page of rows that were read in the direction of reading."""
    kept = rows[: slice_.size]
    return Page(tuple(reversed(kept) if slice_.backward else kept), len(rows) > slice_.size)


PARENTS: Any = (
    func.unnest(bindparam("ids", type_=ARRAY(Uuid)))
    .table_valued(column("parent_id", Uuid))
    .render_derived(name="parents")
)


def for_each(page: Select[Any]) -> Select[Any]:
    """A page for each of the parents ``:ids``, whose statement names ``PARENTS.c.parent_id``."""
    found = page.lateral("found")
    return select(PARENTS.c.parent_id, *found.c).select_from(PARENTS.join(found, true()))


def one_after_another(rows: Iterable[Row], place: Callable[[Row], Any], slice_: Slice) -> list[Row]:
    """Pages of several lists, the latest first, as one that is as long as a page and one row more."""
    return sorted(rows, key=place, reverse=not slice_.backward)[: slice_.size + 1]


def pages_of(
    grouped: Mapping[UUID, Sequence[Row]], ids: Sequence[UUID], slice_: Slice
) -> dict[UUID, Page[Row]]:
    """The page of every parent, also of one without rows."""
    return {parent: page_of(grouped.get(parent, ()), slice_) for parent in ids}
