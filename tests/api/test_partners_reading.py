"""What a partner reads of a member who also bought elsewhere: neither others' terms nor foreign ids."""

import json

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.shop import PROGRAM, Shop, open_shop

BOTH = (
    PROGRAM
    + """
[[rules]]
id = "bolts"
rule = "partner_rewards"
[rules.config]
partner = "bolt"
currency = "points"
eligible = {{ partners = ["bolt"] }}
points = 100
funding = [ {{ partner = "bolt", percent = "100", budget_points = 1000 }} ]
exhausted = "reduce"
"""
)
MEMBER = """{ member(by: {externalId: "ann"}) {
  standing { claims { cause { kind key } rule { key } } }
  standingChanges(first: 5) { nodes { cause { key } } }
  wallet { lots(first: 9) { nodes { cause { key } rule { key } } }
           entries(first: 9) { nodes { cause { key } rule { key } } } }
  asOf(at: "2026-06-15T12:00:00Z") { standing { claims { cause { key } } } } } }"""
RULES = """{ business { program { rules { key } } programs(first: 2) { nodes { rules { key } } } } }"""


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Ann bought at both partners, and at neither."""
    shop = await open_shop(engine, client, program=BOTH)
    await shop.enrol("ann", partner="cards")
    await shop.buy("ann", "1200.00", partner="bolt", externalId="at-bolt")
    await shop.buy("ann", "30.00", externalId="at-nobody", channel="online")
    await shop.buy("ann", "20.00", partner="cards", externalId="at-cards")
    return shop


async def test_a_partner_is_told_no_key_of_an_activity_that_it_may_not_see(shop: Shop) -> None:
    told = json.dumps(await shop.data(MEMBER))
    assert all(name in told for name in ("at-bolt", "at-nobody", "at-cards"))
    key = await shop.make_key("partner", partner="cards")
    found = await shop.data(MEMBER, key=key)
    told = json.dumps(found)
    assert "at-cards" in told
    assert not [name for name in ("at-bolt", "at-nobody") if name in told]
    assert {change["cause"]["key"] for change in found["member"]["standingChanges"]["nodes"]} == {""}
    other = json.dumps(await shop.data(MEMBER, key=await shop.make_key("partner", partner="bolt")))
    assert "at-bolt" in other
    assert "at-cards" not in other


async def test_a_partner_is_told_of_no_other_partners_promotion(shop: Shop) -> None:
    everything = ["spend", "visits", "earn", "promo", "bolts"]
    for partner, hidden in ((None, None), ("cards", "bolts"), ("bolt", "promo")):
        key = None if partner is None else await shop.make_key("partner", partner=partner)
        business = (await shop.data(RULES, key=key))["business"]
        for program in (business["program"], *business["programs"]["nodes"]):
            assert [rule["key"] for rule in program["rules"]] == [
                each for each in everything if each != hidden
            ]
        wallet = (await shop.data(MEMBER, key=key))["member"]["wallet"]
        for listed in ("lots", "entries"):
            rules = {node["rule"] and node["rule"]["key"] for node in wallet[listed]["nodes"]}
            awarded = {"earn", "promo", "bolts"} - {hidden}
            assert rules == awarded | ({None} if hidden else set())
