"""What the mutations about programs are called with where all mutations are tried."""

from __future__ import annotations

from tests.api.shop import PROGRAM, Shop
from tests.idempotency.entries import Entry, Input


def priced(shop: Shop, gold: str) -> Input:
    """The shop's program with another bound of gold."""
    return {"source": PROGRAM.format(slug=shop.slug).replace('"5000"', f'"{gold}"')}


async def one(shop: Shop) -> Input:
    """A program."""
    return priced(shop, "6000")


async def another(shop: Shop) -> Input:
    """Another program."""
    return priced(shop, "7000")


PROGRAMS: dict[str, Entry] = {
    "saveProgram": Entry({"source": "a file"}, another, one),
    "publishProgram": Entry({"source": "a file"}, another, one),
}
