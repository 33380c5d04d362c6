"""What a business owes in points, as the API shows it: to whom it is whose, and to nobody else."""

from __future__ import annotations

import pytest

from tests.api.shop import Shop

LIABILITY = """
query ($currency: String) {
  business { liability(currency: $currency) { month partner { key } available pending held expired } }
}
"""


async def test_the_business_sees_all_parts_and_a_partner_its_own(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "10.00", at="2026-03-01T10:00:00Z", channel="online")
    found = (await shop.data(LIABILITY))["business"]["liability"]
    assert {part["month"] for part in found} == {"2027-03-01"}
    wallet = (await shop.data('{ member(by: {externalId: "anna"}) { wallet { available } } }'))["member"][
        "wallet"
    ]
    assert sum(int(part["available"]) for part in found) == int(wallet["available"])
    assert found[0]["partner"] is None
    partners = [part["partner"]["key"] for part in found[1:]]
    for name in partners:
        key = await shop.make_key("partner", partner=name)
        own = (await shop.data(LIABILITY, key=key))["business"]["liability"]
        assert own == [part for part in found if (part["partner"] or {}).get("key") == name]
    assert partners


async def test_a_currency_that_the_program_lacks_is_null(shop: Shop) -> None:
    assert (await shop.data(LIABILITY, {"currency": "miles"}))["business"] == {"liability": None}


@pytest.mark.parametrize("kind", ["till", "frontend"])
async def test_who_may_not_read_about_partners_is_refused(shop: Shop, kind: str) -> None:
    answer = (await shop.ask(LIABILITY, key=await shop.make_key(kind))).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
