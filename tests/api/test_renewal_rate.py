"""How many terms of a membership were renewed, as the business sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.shop import REFUSED, Shop, example, open_shop
from tests.api.test_applications import APPLIED, approve, pass_to, send

RENEWALS = """
query ($rule: String!, $ends: InstantRange) {
  business { renewals(rule: $rule, ends: $ends) { terms renewed rate } }
}
"""
MERGED = f"""
mutation ($input: MergeMembersInput!) {{ mergeMembers(input: $input) {{ __typename {REFUSED} }} }}
"""
SET = f"mutation ($input: SetStandingInput!) {{ setStanding(input: $input) {{ __typename {REFUSED} }} }}"
JUNE = datetime.fromisoformat("2026-06-01T10:00:00Z")
END = datetime.fromisoformat("2027-06-01T05:00:00Z")
DAY = timedelta(days=1)


@pytest.fixture
async def prime(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """A paid membership, for which nobody has paid."""
    return await open_shop(engine, client, program=example("paid_prime"), clock_at=JUNE)


async def pay(shop: Shop, *who: str, paid: str) -> None:
    """Each applies and pays."""
    for each in who:
        answer = await send(shop, APPLIED, member={"externalId": each}, rule="subscription")
        approved = await approve(shop, answer["application"]["id"], "PAY", paid=paid)
        assert approved["application"]["state"] == "ADMITTED", approved


async def renewals(shop: Shop, rule: str = "subscription", **ends: datetime) -> Any:
    """Terms, renewed ones and the rate."""
    given = {name.rstrip("_"): instant.isoformat() for name, instant in ends.items()}
    found = (await shop.data(RENEWALS, {"rule": rule, "ends": given or None}))["business"]["renewals"]
    return None if found is None else (found["terms"], found["renewed"], found["rate"])


async def test_the_rate_is_of_the_terms_that_end_in_a_range(prime: Shop) -> None:
    for who in ("ann", "bob", "cid"):
        await prime.enrol(who)
    assert await renewals(prime) == (0, 0, None)
    await pay(prime, "ann", "bob", "cid", paid="139")
    assert await renewals(prime) == (3, 0, "0.00")
    await pass_to(prime, END - DAY)
    await pay(prime, "ann", "bob", paid="119")
    assert await renewals(prime, before=END + DAY) == (3, 2, "0.6667")
    assert await renewals(prime, from_=END, before=END + timedelta(microseconds=1)) == (3, 2, "0.6667")
    assert await renewals(prime, before=END) == (0, 0, None)
    assert await renewals(prime, from_=END + DAY) == (2, 0, "0.00")
    assert await renewals(prime) == (5, 2, "0.40")


async def test_who_lapsed_and_applied_anew_renewed_what_came_then_and_nothing_before(prime: Shop) -> None:
    await prime.enrol("ann")
    await pay(prime, "ann", paid="139")
    await pass_to(prime, END + 10 * DAY)
    await pay(prime, "ann", paid="139")
    assert await renewals(prime, before=END + DAY) == (1, 0, "0.00")
    await pay(prime, "ann", paid="119")
    assert await renewals(prime, before=END + DAY) == (1, 0, "0.00")
    assert await renewals(prime) == (3, 1, "0.3333")


async def test_a_term_that_a_merge_brought_is_renewed_by_who_goes_on(prime: Shop) -> None:
    for who in ("ann", "bob", "cid"):
        await prime.enrol(who)
    await pay(prime, "ann", "bob", paid="139")
    await pass_to(prime, JUNE + 30 * DAY)
    await pay(prime, "cid", paid="139")
    await send(prime, MERGED, absorbed={"externalId": "ann"}, survivor={"externalId": "cid"})
    await send(prime, MERGED, absorbed={"externalId": "cid"}, survivor={"externalId": "bob"})
    assert await renewals(prime) == (3, 0, "0.00")
    await pay(prime, "bob", paid="119")
    assert (await renewals(prime))[:2] == (4, 1)


async def test_a_membership_that_was_ended_by_hand_was_to_end_when_it_was_to_end(prime: Shop) -> None:
    await prime.enrol("ann")
    await pay(prime, "ann", paid="139")
    gone: dict[str, Any] = {"ladder": "prime", "tier": None, "origin": "GRANT", "reason": "fee returned"}
    gone["source"] = "desk"
    await send(prime, SET, member={"externalId": "ann"}, externalId="refund", **gone)
    assert await renewals(prime, from_=END, before=END + DAY) == (1, 0, "0.00")


async def test_a_membership_for_life_is_no_term_and_a_rule_that_admits_nobody_has_no_rate(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=example("vip_recruiting"), clock_at=JUNE)
    await shop.enrol("ann")
    answer = await send(shop, APPLIED, member={"externalId": "ann"}, rule="card")
    await approve(shop, answer["application"]["id"], "INVITE", "SIGN")
    assert await renewals(shop, "card") == (0, 0, None)
    assert await renewals(shop, "recommended") is None
    assert await renewals(shop, "nothing") is None


async def test_another_business_is_not_counted_and_who_reads_no_applications_sees_no_rate(
    prime: Shop,
) -> None:
    await prime.enrol("ann")
    await pay(prime, "ann", paid="139")
    other = await open_shop(prime.engine, prime.client, program=example("paid_prime"), clock_at=JUNE)
    assert await renewals(other) == (0, 0, None)
    key = await prime.make_key("read_only")
    answer = (await prime.ask(RENEWALS, {"rule": "subscription"}, key=key)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
