"""What the mutations about programs are called with where all mutations are tried."""

from __future__ import annotations

from loyalty_engine.ids import new_id
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


async def simulated(shop: Shop) -> Input:
    """A simulation that waits."""
    wanted = {"idempotencyKey": str(new_id()), **priced(shop, "8000")}
    found = await shop.data(SIMULATE, {"input": wanted})
    return {"simulation": found["simulateProgram"]["simulation"]["id"]}


SIMULATE = """
mutation ($input: SimulateProgramInput!) {
  simulateProgram(input: $input) { ... on SimulateProgramSuccess { simulation { id } } }
}
"""
PROGRAMS: dict[str, Entry] = {
    "saveProgram": Entry({"source": "a file"}, another, one),
    "publishProgram": Entry({"source": "a file"}, another, one),
    "simulateProgram": Entry({"source": "a file"}, another, one),
    "cancelSimulation": Entry({"simulation": "x"}, simulated, simulated),
}
