"""Relay connections: pages of at most 100, cut out of a list by signed cursors."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from loyalty_engine.store.reads.pages import Page, Slice
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.fields import given
from loyalty_schema.request import Request

LARGEST_PAGE = 100
USUAL_PAGE = 20

Item = TypeVar("Item")
Row = TypeVar("Row")

First = Annotated[
    int | None, strawberry.argument(description="How many from the beginning: 1 to 100; left out: 20.")
]
After = Annotated[str | None, strawberry.argument(description="Begin after the edge with this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="End before the edge with this cursor.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = given(description="Whether there is more after the page.")
    has_previous_page: bool = given(description="Whether there is more before the page.")
    start_cursor: str | None = given(description="The cursor of the first edge.")
    end_cursor: str | None = given(description="The cursor of the last edge.")


@strawberry.type(description="An object in a list, with its place there.")
class Edge(Generic[Item]):
    """An object in a list, with its place there."""

    node: Item = given(description="The object.")
    cursor: str = given(description="Its place in the list.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    """A page of a list."""

    edges: list[Edge[Item]] = given(description="The objects with their places.")
    nodes: list[Item] = given(description="The objects alone.")
    page_info: PageInfo = given(description="Where the page lies in its list.")


def slice_of(
    request: Request,
    listed: str,
    *,
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
) -> Slice:
    """What the paging arguments ask for; raises an error of the request for what no page can be."""
    if (first is not None and last is not None) or (after is not None and before is not None):
        raise _wrong("Page either with first and after, or with last and before.")
    if (last is None and before is not None) or (last is not None and after is not None):
        raise _wrong("last goes with before, first with after.")
    size = page_size(first, last)
    cursor = before if last is not None else after
    beyond = None if cursor is None else request.cursors.read(listed, cursor)
    return Slice(size, last is not None, beyond)


def page_size(first: object, last: object) -> int:
    """How many objects a page has; raises an error of the request beyond 1 to 100."""
    asked = first if first is not None else last
    if asked is None:
        return USUAL_PAGE
    if not isinstance(asked, int) or not 1 <= asked <= LARGEST_PAGE:
        raise _wrong(f"first and last are from 1 to {LARGEST_PAGE}.")
    return asked


def connection_of(
    request: Request,
    listed: str,
    slice_: Slice,
    page: Page[Row],
    place: Callable[[Row], Sequence[object]],
    wrap: Callable[[Row], Any],
) -> Connection[Any]:
    """The page as a connection."""
    edges = [Edge(node=wrap(row), cursor=request.cursors.write(listed, place(row))) for row in page.rows]
    beyond = slice_.beyond is not None
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=beyond if slice_.backward else page.more,
            has_previous_page=page.more if slice_.backward else beyond,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def page_of_list(rows: Sequence[Row], slice_: Slice, place: Callable[[Row], Sequence[object]]) -> Page[Row]:
    """A page of a whole list that is at hand."""
    begin = 0
    if slice_.beyond is not None:
        places = [tuple(place(row)) for row in rows]
        begin = places.index(slice_.beyond) + 1 if slice_.beyond in places else len(rows)
    kept = rows[begin : begin + slice_.size]
    return Page(tuple(kept), begin + slice_.size < len(rows))


def _wrong(message: str) -> RequestError:
    return RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, message)
