"""Which facts a figure takes, and what of them comes after a place: alike for every kind of figure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)

from loyalty_engine.entities import ActivityLine, Fact, Partner
from loyalty_engine.rules import Figure
from loyalty_engine.store.tables import columns, or_itself

_fact, _line, _partner = columns(Fact), columns(ActivityLine), columns(Partner)

FACTS = Fact.__table__  # type: ignore[attr-defined]
LINES = ActivityLine.__table__  # type: ignore[attr-defined]


def texts(name: str) -> Any:
    """Texts that are given by name."""
    return bindparam(name, type_=ARRAY(Text))


def one_text(name: str) -> Any:
    """A text that is given as the only one of a list."""
    return func.array_to_string(texts(name), literal(""))


def by_line(figure: Figure) -> bool:
    """Whether the figure looks at lines of some categories instead of whole activities."""
    return bool(figure.categories) and figure.of in ("amount", "units")


def of_figure(index: int, figure: Figure) -> Any:
    """The facts, with their lines of the categories where those are looked at."""
    if not by_line(figure):
        return FACTS
    return FACTS.join(
        LINES,
        and_(
            _line.business_id == _fact.business_id,
            _line.fact_id == _fact.fact_id,
            _line.category == any_(texts(f"categories_{index}")),
        ),
    )


def of_members() -> list[ColumnElement[bool]]:
    """The activities of the members that are asked for."""
    return [
        _fact.business_id == bindparam("business_id"),
        _fact.member_id == any_(bindparam("member_ids", type_=ARRAY(Uuid))),
        _fact.type == literal("activity"),
    ]


def taken(index: int, figure: Figure, *, gross: bool) -> list[ColumnElement[bool]]:
    """The facts that the figure takes; a linked return goes with its purchase."""
    found: list[ColumnElement[bool]] = [true()]
    if figure.kinds:
        found.append(_fact.counts_as == any_(texts(f"kinds_{index}")))
    if gross:
        # A gift whose cause went was never given, so that it is always counted net.
        found.append(or_(_fact.kind != literal("return"), _fact.counts_as == literal("gift")))
    if figure.channels:
        found.append(_fact.channel == any_(texts(f"channels_{index}")))
    if figure.partners:
        found.append(
            exists().where(
                _partner.business_id == _fact.business_id,
                _partner.partner_id == _fact.partner_id,
                _partner.key == any_(texts(f"partners_{index}")),
            )
        )
    if figure.categories and not by_line(figure):
        found.append(
            exists().where(
                _line.business_id == _fact.business_id,
                _line.fact_id == or_itself(_fact.reverses_fact_id, _fact.fact_id),
                _line.category == any_(texts(f"categories_{index}")),
            )
        )
    return found + [_has_attribute(index, number) for number, _ in enumerate(figure.where)]


def _has_attribute(index: int, number: int) -> ColumnElement[bool]:
    bought = FACTS.alias(f"bought_{index}_{number}")
    path = (bought.c.attributes, one_text(f"where_{number}_{index}"))
    return exists(
        select(literal(1)).where(
            bought.c.business_id == _fact.business_id,
            bought.c.fact_id == or_itself(_fact.reverses_fact_id, _fact.fact_id),
            func.jsonb_typeof(func.jsonb_extract_path(*path)).in_(("string", "number", "boolean")),
            func.jsonb_extract_path_text(*path) == any_(texts(f"where_{number}_is_{index}")),
        )
    )


def behind_places(source: Any) -> tuple[Any, ColumnElement[bool]]:
    """The source with each member's place and the purchase of a linked return; and what comes after."""
    places = (
        func.unnest(
            bindparam("member_ids", type_=ARRAY(Uuid)),
            bindparam("since_at", type_=ARRAY(DateTime(timezone=True))),
            texts("since_source"),
            texts("since_external_id"),
        )
        .table_valued(
            column("member_id", Uuid),
            column("at", DateTime(timezone=True)),
            column("source", Text),
            column("external_id", Text),
            name="place",
        )
        .render_derived()
    )
    original = FACTS.alias("original")
    joined = source.join(places, places.c.member_id == _fact.member_id).outerjoin(
        original,
        and_(
            original.c.business_id == _fact.business_id,
            original.c.fact_id == _fact.reverses_fact_id,
        ),
    )
    own = tuple_(
        func.coalesce(original.c.occurred_at, _fact.occurred_at),
        func.coalesce(original.c.source, _fact.source),
        func.coalesce(original.c.external_id, _fact.external_id),
    )
    after = tuple_(places.c.at, places.c.source.collate("C"), places.c.external_id.collate("C"))
    return joined, own > after


def summed(
    index: int, figure: Figure, value: ColumnElement[Any], source: Any, *, gross: bool, since: bool
) -> Select[Any]:
    """The sum of a value of the facts taken, by member and day; days without any are left out."""
    conditions = [*of_members(), *taken(index, figure, gross=gross)]
    if since:
        source, behind = behind_places(source)
        conditions.append(behind)
    return (
        select(
            _fact.member_id.label("member_id"),
            literal(index).label("figure"),
            _fact.counts_on.label("day"),
            func.sum(value).label("value"),
            *nowhere(),
        )
        .select_from(source)
        .where(*conditions)
        .group_by(_fact.member_id, _fact.counts_on)
        .having(func.sum(value) != 0)
    )


def nowhere() -> list[ColumnElement[Any]]:
    """The place of a sum, which has none."""
    return [
        cast(null(), DateTime(timezone=True)).label("at"),
        cast(null(), Text).label("source"),
        cast(null(), Text).label("external_id"),
    ]
