"""Every point belongs to something that earned it, and every spending says which it used."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.points import (
    LOTS,
    USED,
    capture,
    hold,
    lots_of,
    mutate,
    program,
    redeem,
    set_clock,
)
from tests.api.shop import Shop, open_shop
from tests.api.test_queries import statements_of

TWO_MONTHS = 'expiry = { months = 2, then = "that_day" }'
IDLE = 'expiry = { idle_months = 2, kept_by = ["visit"] }'


@pytest.fixture
async def spent(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Anna earned 60 and 40, and redeemed 70."""
    shop = await open_shop(engine, client, program=program())
    await shop.enrol("anna")
    await shop.buy("anna", "60.00", "2026-03-01T10:00:00Z", externalId="first")
    await shop.buy("anna", "40.00", "2026-03-02T10:00:00Z", externalId="second")
    await redeem(shop, "anna", "70", "2026-03-03T10:00:00Z", "coffee")
    return shop


async def test_lots_show_what_is_left_and_what_used_them(spent: Shop) -> None:
    first, second = await lots_of(spent)
    assert first == {
        "id": first["id"],
        "earnedAt": "2026-03-01T10:00:00Z",
        "amount": "60",
        "remaining": "0",
        "available": "0",
        "pending": "0",
        "expired": "0",
        "expiresAt": None,
        "releasesAt": None,
        "cause": {"kind": "ACTIVITY", "activity": {"externalId": "first"}},
        "rule": {"key": "earn"},
        "fundedBy": [],
        "uses": [
            {
                "amount": "60",
                "at": "2026-03-03T10:00:00Z",
                "cause": {"activity": {"kind": "redemption", "externalId": "coffee"}},
            }
        ],
    }
    assert (second["remaining"], second["available"], second["uses"][0]["amount"]) == ("30", "30", "10")
    assert [lot["id"] for lot in await lots_of(spent, where={"open": True})] == [second["id"]]
    assert [lot["id"] for lot in await lots_of(spent, where={"open": False})] == [first["id"]]
    assert await lots_of(spent, where={}) == [first, second]
    query = "query ($id: ID!) { node(id: $id) { ... on Lot { remaining } } }"
    assert (await spent.data(query, {"id": second["id"]}))["node"] == {"remaining": "30"}


async def test_a_spending_names_the_lots_that_it_used_and_what_it_owes(spent: Shop) -> None:
    await redeem(spent, "anna", "35", "2026-03-04T10:00:00Z", "tea")
    query = f"""{{ member(by: {{externalId: "anna"}}) {{
      activities(where: {{kinds: ["redemption"]}}) {{ nodes {{ externalId {USED} effects {{
        ... on LedgerEntry {{ code {USED} }} }} }} }}
      wallet {{ entries(where: {{code: REDEEM}}) {{ nodes {{ amount {USED} }} }} }} }} }}"""
    member = (await spent.data(query))["member"]
    tea, coffee = member["activities"]["nodes"]
    assert pairs(coffee) == [("first", "60"), ("second", "10")]
    assert pairs(tea) == [("second", "30"), (None, "5")]
    assert {entry["code"]: pairs(entry) for entry in tea["effects"]} == {"REDEEM": pairs(tea), "OWE": []}
    assert [pairs(entry) for entry in member["wallet"]["entries"]["nodes"]] == [pairs(tea), pairs(coffee)]


def pairs(spending: Any) -> list[tuple[str | None, str]]:
    """The purchases whose points a spending used, with how many; None is owed."""
    return sorted(
        (
            (use["lot"] and use["lot"]["cause"]["activity"]["externalId"], use["amount"])
            for use in spending["uses"]
        ),
        key=lambda pair: (pair[0] is None, pair),
    )


async def test_a_capture_names_what_its_hold_had_set_aside(spent: Shop) -> None:
    await capture(spent, await hold(spent, "anna", "20"), "15")
    query = f"""{{ member(by: {{externalId: "anna"}}) {{
      activities(where: {{kinds: ["hold", "capture"]}}) {{ nodes {{ kind {USED} }} }}
      wallet {{ entries(first: 3) {{ nodes {{ code {USED} }} }} }} }} }}"""
    member = (await spent.data(query))["member"]
    assert [(each["kind"], pairs(each)) for each in member["activities"]["nodes"]] == [
        ("capture", [("second", "15")]),
        ("hold", [("second", "15")]),
    ]
    entries = {entry["code"]: pairs(entry) for entry in member["wallet"]["entries"]["nodes"]}
    assert entries == {"CAPTURE": [("second", "15")], "HOLD": [("second", "15")], "UNHOLD": []}


async def test_a_return_is_a_use_of_what_it_takes_back(engine: Engine, client: httpx.AsyncClient) -> None:
    shop = await open_shop(
        engine, client, program=program().replace('returns = "undo"', 'returns = "at_review"')
    )
    await shop.enrol("anna")
    await shop.buy("anna", "60.00", externalId="first", channel="online")
    given = {
        "activity": {"natural": {"source": "till", "externalId": "first"}},
        "source": "till",
        "externalId": "back",
        "occurredAt": "2026-03-02T10:00:00Z",
        "amount": "20.00",
    }
    await mutate(shop, "reverseActivity", given)
    found = {(lot["rule"]["key"], lot["amount"]): lot for lot in await lots_of(shop)}
    base, promo = found["earn", "60"], found["promo", "60"]
    assert [use["amount"] for use in base["uses"]] == ["20"]
    assert base["uses"][0]["cause"]["activity"]["externalId"] == "back"
    assert (promo["remaining"], promo["fundedBy"]) == ("40", [{"partner": {"key": "cards"}, "percent": "50"}])


async def test_lots_are_paged_in_the_order_in_which_they_are_used(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=program(TWO_MONTHS))
    await shop.enrol("anna")
    await shop.enrol("ben")
    for day in (3, 1, 2):
        await shop.buy("anna", f"{day}.00", f"2026-06-0{day}T10:00:00Z")
    never = await open_shop(engine, client, program=program())
    await never.enrol("anna")
    for day in (3, 1, 2):
        await never.buy("anna", f"{day}.00", f"2026-06-0{day}T10:00:00Z")
    for opened in (shop, never):
        for where in (None, {"open": True}):
            seen, after = [], None
            while True:
                page = await opened.data(LOTS, {"who": "anna", "first": 1, "after": after, "where": where})
                page = page["member"]["wallet"]["lots"]
                seen += [lot["amount"] for lot in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert seen == ["1", "2", "3"]
    answer = await shop.ask(LOTS, {"who": "anna", "after": "x"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


WALLET = """{ member(by: {externalId: "anna"}) { wallet { available pending
  expiring(within: "P100D") { at amount } lots { nodes { remaining expired expiresAt } } } } }"""


async def test_what_ran_out_is_expired_before_anybody_folds_it(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=program(TWO_MONTHS))
    await shop.enrol("anna")
    await shop.buy("anna", "5.00", "2026-06-01T10:00:00Z")
    end = datetime(2026, 8, 1, 23, tzinfo=UTC)
    shown = "2026-08-01T23:00:00Z"
    assert (await shop.data(WALLET))["member"]["wallet"] == {
        "available": "5",
        "pending": "0",
        "expiring": [{"at": shown, "amount": "5"}],
        "lots": {"nodes": [{"remaining": "5", "expired": "0", "expiresAt": shown}]},
    }
    await set_clock(shop, end)
    gone = {
        "available": "0",
        "pending": "0",
        "expiring": [],
        "lots": {"nodes": [{"remaining": "0", "expired": "5", "expiresAt": shown}]},
    }
    assert (await shop.data(WALLET))["member"]["wallet"] == gone
    await shop.pass_time(end)
    assert (await shop.data(WALLET))["member"]["wallet"] == gone


async def test_points_that_end_with_idleness_say_when_and_an_activity_that_keeps_moves_it(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=program(IDLE))
    await shop.enrol("anna")
    await shop.buy("anna", "5.00", "2026-05-01T10:00:00Z")
    await shop.buy("anna", "7.00", "2026-06-10T10:00:00Z")
    wallet = (await shop.data(WALLET))["member"]["wallet"]
    assert wallet["expiring"] == [
        {"at": "2026-07-01T23:00:00Z", "amount": "5"},
        {"at": "2026-08-10T23:00:00Z", "amount": "7"},
    ]
    assert [lot["expiresAt"] for lot in wallet["lots"]["nodes"]] == [
        "2026-07-01T23:00:00Z",
        "2026-08-10T23:00:00Z",
    ]
    await shop.buy("anna", "0", "2026-06-12T10:00:00Z", kind="visit")
    wallet = (await shop.data(WALLET))["member"]["wallet"]
    assert wallet["expiring"] == [{"at": "2026-08-12T23:00:00Z", "amount": "12"}]
    await set_clock(shop, datetime(2026, 8, 12, 22, 59, 59, tzinfo=UTC))
    assert (await shop.data(WALLET))["member"]["wallet"]["available"] == "12"
    assert len(await lots_of(shop, where={"open": True})) == 2
    end = datetime(2026, 8, 12, 23, tzinfo=UTC)
    await set_clock(shop, end)
    wallet = (await shop.data(WALLET))["member"]["wallet"]
    assert (wallet["available"], wallet["expiring"]) == ("0", [])
    assert [(lot["remaining"], lot["expired"]) for lot in wallet["lots"]["nodes"]] == [("0", "5"), ("0", "7")]
    assert (
        len(await lots_of(shop, where={"open": True})),
        len(await lots_of(shop, where={"open": False})),
    ) == (0, 2)
    await shop.pass_time(end)
    wallet = (await shop.data(WALLET))["member"]["wallet"]
    assert [lot["expired"] for lot in wallet["lots"]["nodes"]] == ["5", "7"]
    assert [lot["expiresAt"] for lot in wallet["lots"]["nodes"]] == [None, None]


async def test_pending_points_expire_as_well(engine: Engine, client: httpx.AsyncClient) -> None:
    for expiry in (TWO_MONTHS, 'expiry = { idle_months = 2, kept_by = ["visit"] }'):
        shop = await open_shop(engine, client, program=program(f"pending = {{ days = 90 }}\n{expiry}"))
        await shop.enrol("anna")
        await shop.buy("anna", "5.00", "2026-06-01T10:00:00Z")
        (lot,) = await lots_of(shop)
        assert (lot["remaining"], lot["available"], lot["pending"]) == ("5", "0", "5")
        assert lot["releasesAt"] == "2026-08-29T23:00:00Z"
        wallet = (await shop.data(WALLET))["member"]["wallet"]
        assert (wallet["available"], wallet["pending"]) == ("0", "5")
        assert wallet["expiring"] == [{"at": "2026-08-01T23:00:00Z", "amount": "5"}]
        await set_clock(shop, datetime(2026, 8, 1, 23, tzinfo=UTC))
        wallet = (await shop.data(WALLET))["member"]["wallet"]
        assert (wallet["available"], wallet["pending"], wallet["expiring"]) == ("0", "0", [])


async def test_lots_need_the_scope_of_points_and_show_a_partner_its_own_share_alone(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    both = program().replace(
        'funding = [ {{ partner = "cards", percent = "50", budget_points = 10000 }} ]',
        'funding = [ {{ partner = "cards", percent = "50", budget_points = 10000 }}, '
        '{{ partner = "mill", percent = "30", budget_points = 10000 }} ]',
    )
    shop = await open_shop(engine, client, program=both)
    await shop.enrol("anna", partner="cards")
    await shop.enrol("dora")
    await shop.buy("anna", "100.00", channel="online", externalId="seen", partner="cards")
    await shop.buy("dora", "100.00", channel="online")
    shares = {lot["rule"]["key"]: lot["fundedBy"] for lot in await lots_of(shop)}
    cards, mill = (
        {"partner": {"key": key}, "percent": percent} for key, percent in (("cards", "50"), ("mill", "30"))
    )
    assert shares == {"earn": [], "promo": [cards, mill]}
    key = await shop.make_key("partner", partner="cards")
    seen = {lot["rule"]["key"]: lot for lot in await lots_of(shop, key=key)}
    assert seen["promo"]["fundedBy"] == [cards]
    other = await shop.make_key("partner", partner="mill")
    assert (await shop.data(LOTS, {"who": "anna"}, key=other))["member"] is None
    (_, hidden) = await lots_of(shop, "dora")
    for foreign in (seen["promo"]["id"], hidden["id"]):
        node = await shop.data("query ($id: ID!) { node(id: $id) { id } }", {"id": foreign}, key=other)
        assert node == {"node": None}
    blind = await shop.make_key("test", ["members:read", "activities:read"])
    for asked in ("wallet { lots { nodes { id } } }", "activities { nodes { uses { amount } } }"):
        answer = await shop.ask(f'{{ member(by: {{externalId: "anna"}}) {{ {asked} }} }}', key=blind)
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


OF_LOTS = "uses { amount lot { remaining } }"
PER_MEMBER = (
    f"activities(first: 5) {{ nodes {{ {OF_LOTS} }} }}",
    f"activities(first: 5) {{ nodes {{ effects {{ ... on LedgerEntry {{ code {OF_LOTS} }} }} }} }}",
    f"wallet {{ entries(first: 5) {{ nodes {{ code {OF_LOTS} }} }} }}",
    """wallet { available pending expiring(within: "P400D") { at amount } lots(first: 5) { nodes {
      remaining expiresAt rule { key } cause { activity { id } } fundedBy { percent } } } }""",
    "wallet { lots(first: 5) { nodes { uses { amount cause { activity { id } } } } } }",
)
"""Each has no two branches that read the same: whether such reads are one statement is a matter of time."""


async def test_lots_of_fifty_members_take_as_many_statements_as_those_of_five(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=program(IDLE))
    for number in range(50):
        await shop.enrol(f"m{number:02}")
        await shop.buy(f"m{number:02}", "60.00", "2026-06-01T10:00:00Z", channel="online")
        await redeem(shop, f"m{number:02}", "70", "2026-06-02T10:00:00Z", f"r{number}")
        await capture(shop, await hold(shop, f"m{number:02}", "5"), "3")
    for asked in PER_MEMBER:
        query = f"query ($first: Int) {{ members(first: $first) {{ nodes {{ {asked} }} }} }}"
        few = await statements_of(shop, query, 5)
        many = await statements_of(shop, query, 50)
        assert len(few) == len(many) <= 14, many
