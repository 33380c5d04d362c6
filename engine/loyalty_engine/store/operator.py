"""What the operator asks across businesses, as the owner of the tables: the application cannot."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import NullPool, Select, create_engine, make_url, select

from loyalty_engine.entities import Business
from loyalty_engine.store.roles import become_owner
from loyalty_engine.store.tables import columns

_business = columns(Business)


def find_business(owner_url: str, slug: str) -> UUID | None:
    """The id of the business of that slug."""
    found = _found(owner_url, select(_business.slug, _business.business_id).where(_business.slug == slug))
    return found.get(slug)


def business_slugs(owner_url: str) -> dict[str, UUID]:
    """All businesses by slug, in its order."""
    return _found(owner_url, select(_business.slug, _business.business_id).order_by(_business.slug))


def _found(owner_url: str, query: Select[tuple[str, UUID]]) -> dict[str, UUID]:
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        become_owner(connection)
        return {row.slug: row.business_id for row in connection.execute(query)}
