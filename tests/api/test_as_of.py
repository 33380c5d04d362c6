"""The same member at another time, as known then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from loyalty_engine.clock import SystemClock
from loyalty_engine.ids import new_id
from loyalty_engine.services import Engine, pause_member, resume_member
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.services.programs import Published, publish_program
from loyalty_schema.scalars import instant_text
from tests.api.shop import ENROL, PROGRAM, Shop, open_shop
from tests.api.test_queries import statements_of
from tests.services.by_hand import set_by_hand
from tests.services.shop import Shop as Services
from tests.services.shop import done

AS_OF = """
query ($who: String!, $at: DateTime!, $known: DateTime) {
  member(by: {externalId: $who}) {
    asOf(at: $at, knownAt: $known) {
      at knownAt enrolled member { externalId } program { version }
      standing { ladder { key } tier { key } since until
        claims { tier { key } from until cause { key activity { externalId } } program { version } } }
      standings { tier { key } }
      wallet { currency { key } available pending held debt earned spent expired }
      wallets { currency { key } }
    }
  }
}
"""
CLAIMS_NOW = """
{ member(by: {externalId: "anna"}) { standing { claims { tier { key } until } } } }
"""
CLAIMS_THEN = """
query ($at: DateTime!) {
  members(first: 2, orderBy: {by: EXTERNAL_ID}) {
    nodes { asOf(at: $at) { standing { claims { tier { key } until } } } }
  }
}
"""
GIVE_BACK = """
mutation ($input: ReverseActivityInput!) { reverseActivity(input: $input) { __typename } }
"""
CHANGES = """
query ($after: String) {
  member(by: {externalId: "anna"}) {
    standingChanges(first: 1, after: $after) { nodes { to { key } } pageInfo { hasNextPage endCursor } }
  }
}
"""
MARCH = "2026-03-01T10:00:00Z"


async def as_of(shop: Shop, at: str, known: str | None = None, who: str = "anna") -> Any:
    """The member at another time."""
    return (await shop.data(AS_OF, {"who": who, "at": at, "known": known}))["member"]["asOf"]


async def figures(shop: Shop, at: str, known: str | None = None) -> tuple[str, str, str]:
    """Tier, available and earned of anna at another time."""
    found = await as_of(shop, at, known)
    return (found["standing"]["tier"]["key"], found["wallet"]["available"], found["wallet"]["earned"])


async def set_clock(shop: Shop, at: str) -> None:
    """The sandbox's clock, forwards; whoever is due by then is folded."""
    await services(shop).set_clock(datetime.fromisoformat(at))


async def give_back(
    shop: Shop, of: str, at: str, key: str = "r1", source: str = "till", of_source: str = "till"
) -> None:
    """A whole return."""
    wanted = {
        "idempotencyKey": str(new_id()),
        "activity": {"natural": {"source": of_source, "externalId": of}},
        "source": source,
        "externalId": key,
        "occurredAt": at,
    }
    found = (await shop.data(GIVE_BACK, {"input": wanted}))["reverseActivity"]
    assert found == {"__typename": "ReverseActivitySuccess"}


def services(shop: Shop) -> Services:
    """The same business, driven through the services."""
    return Services(shop.engine, operator(shop.business_id), shop.slug)


async def test_a_late_purchase_changes_what_was_and_not_what_was_known(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "900.00", MARCH)
    before = "2026-06-15T12:00:00Z"
    await set_clock(shop, "2026-06-20T12:00:00Z")
    await shop.buy("anna", "200.00", "2026-02-01T10:00:00Z")
    assert await figures(shop, "2026-04-01T00:00:00Z", before) == ("basic", "900", "900")
    assert await figures(shop, "2026-04-01T00:00:00Z") == ("silver", "1100", "1100")
    assert await figures(shop, "2026-02-15T00:00:00Z") == ("basic", "200", "200")
    assert await figures(shop, "2026-02-15T00:00:00Z", before) == ("basic", "0", "0")
    found = await as_of(shop, "2026-04-01T00:00:00Z")
    assert (found["at"], found["knownAt"]) == ("2026-04-01T00:00:00Z", "2026-06-20T12:00:00Z")
    assert (found["standing"]["since"], found["standing"]["until"]) == (MARCH, "2028-01-01T00:00:00Z")
    (claim,) = found["standing"]["claims"]
    assert (claim["tier"], claim["cause"]["activity"]) == ({"key": "silver"}, {"externalId": "p1"})
    assert (found["member"], found["wallet"]["currency"]) == ({"externalId": "anna"}, {"key": "points"})


async def test_a_standing_withdrawn_later_was_held_as_known_before(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    await set_clock(shop, "2026-06-20T12:00:00Z")
    await give_back(shop, "p1", "2026-06-18T12:00:00Z")
    known = "2026-06-19T00:00:00Z"
    assert await figures(shop, MARCH, known) == ("silver", "1500", "1500")
    assert await figures(shop, MARCH) == ("basic", "0", "0")
    assert len((await as_of(shop, MARCH, known))["standing"]["claims"]) == 1
    assert (await as_of(shop, MARCH))["standing"]["claims"] == []
    assert (await as_of(shop, "2026-02-28T00:00:00Z", known))["standing"]["claims"] == []


@pytest.mark.parametrize("resumes", [None, "2026-08-20"], ids=["resumed by hand", "resumed by itself"])
async def test_in_a_pause_the_claims_of_its_beginning_are_in_force(shop: Shop, resumes: str | None) -> None:
    await shop.enrol("anna")
    anna, staff = MemberBy(external_id="anna"), services(shop)
    await shop.enrol("bert")
    for tier, until in (("silver", "2026-07-01"), ("gold", "2026-09-01")):
        await set_by_hand(staff, tier, member=anna, until=date.fromisoformat(until))
    ends = None if resumes is None else date.fromisoformat(resumes)
    done(
        await pause_member(staff.engine, staff.caller, staff.key(), PauseMember(anna, "away", ends)), Recorded
    )
    at = "2026-08-15T12:00:00Z"
    await set_clock(shop, at)
    now = (await shop.data(CLAIMS_NOW))["member"]["standing"]["claims"]
    assert [(claim["tier"]["key"], claim["until"]) for claim in now] == [
        ("silver", "2026-06-30T23:00:00Z"),
        ("gold", "2026-08-31T23:00:00Z"),
    ]
    await set_clock(shop, "2026-08-20T12:00:00Z")
    if resumes is None:
        resumed = ResumeMember(anna, "back")
        done(await resume_member(staff.engine, staff.caller, staff.key(), resumed), Recorded)
    await staff.advance()
    found = (await shop.data(CLAIMS_THEN, {"at": at}))["members"]["nodes"]
    (then, others) = (each["asOf"]["standing"]["claims"] for each in found)
    assert others == []
    assert [(claim["tier"], claim["until"]) for claim in then] == [
        (claim["tier"], claim["until"]) for claim in now
    ]
    after = (await as_of(shop, "2026-08-20T12:00:00Z"))["standing"]["claims"]
    assert [(claim["tier"]["key"], claim["until"]) for claim in after] == [
        ("silver", "2026-09-04T23:00:00Z"),
        ("gold", "2026-11-06T00:00:00Z"),
    ]


async def test_a_claim_that_a_return_withdraws_from_now_stood_until_then(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=PROGRAM.replace('"undo"', '"from_now"'))
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    await give_back(shop, "p1", "2026-04-01T12:00:00Z")
    before, after = await as_of(shop, "2026-04-01T11:59:59Z"), await as_of(shop, "2026-04-01T12:00:00Z")
    assert (before["standing"]["tier"]["key"], len(before["standing"]["claims"])) == ("silver", 1)
    assert (after["standing"]["tier"]["key"], after["standing"]["claims"]) == ("basic", [])
    assert (before["wallet"]["available"], after["wallet"]["available"]) == ("1500", "0")


async def test_a_return_at_the_instant_of_its_purchase_comes_after_it_whatever_its_key(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=PROGRAM.replace('"undo"', '"from_now"'))
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    await give_back(shop, "p1", MARCH, key="r0", source="desk")
    assert await figures(shop, MARCH) == ("basic", "0", "0")
    assert await figures(shop, "2026-06-01T00:00:00Z") == ("basic", "0", "0")
    assert await tiers_one_by_one(shop) == ["silver", "basic"]
    await shop.buy("anna", "1500.00", MARCH, source="desk", externalId="q")
    assert await tiers_one_by_one(shop) == ["silver"]
    await give_back(shop, "q", MARCH, key="a", source="desk", of_source="desk")
    assert await tiers_one_by_one(shop) == ["silver", "basic", "silver", "basic"]


async def tiers_one_by_one(shop: Shop) -> list[str]:
    """The tiers to which anna changed, on pages of one."""
    tiers, after = list[str](), None
    while True:
        page = (await shop.data(CHANGES, {"after": after}))["member"]["standingChanges"]
        tiers += [node["to"]["key"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return tiers
        after = page["pageInfo"]["endCursor"]


async def test_a_member_who_had_not_joined_stands_nowhere_and_has_nothing(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    nothing = {"available", "pending", "held", "debt", "earned", "spent", "expired"}
    for at, known in (("2026-01-05T08:59:59Z", None), (MARCH, "2026-06-15T11:59:59Z")):
        found = await as_of(shop, at, known)
        assert (found["enrolled"], found["standing"], found["standings"]) == (False, None, [])
    found = await as_of(shop, "0001-01-01T00:00:00Z")
    assert {found["wallet"][name] for name in nothing} == {"0"}
    assert found["program"] == {"version": 1}
    found = await as_of(shop, "2026-01-05T09:00:00Z")
    assert (found["enrolled"], found["standing"]["tier"]["key"]) == (True, "basic")


async def test_where_joining_moved_it_was_later_as_known_before(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    moving = PROGRAM.replace('currency = "GBP"', 'currency = "GBP"\nearlier = "moves_joining"', 1)
    shop = await open_shop(engine, client, program=moving)
    await shop.enrol("anna", enrolledAt=MARCH)
    await set_clock(shop, "2026-06-20T12:00:00Z")
    await shop.buy("anna", "10.00", "2026-02-01T10:00:00Z")
    between, before = "2026-02-10T00:00:00Z", "2026-06-15T12:00:00Z"
    found = await as_of(shop, between, before)
    assert (found["enrolled"], found["standings"], found["wallet"]["earned"]) == (False, [], "0")
    assert (await as_of(shop, MARCH, before))["standing"]["since"] == MARCH
    found = await as_of(shop, between)
    assert (found["enrolled"], found["standing"]["since"]) == (True, "2026-02-01T10:00:00Z")
    assert (await as_of(shop, MARCH))["standing"]["since"] == "2026-02-01T10:00:00Z"


async def test_before_the_program_was_published_there_was_none(shop: Shop) -> None:
    await shop.enrol("anna")
    found = await as_of(shop, MARCH, "2020-01-01T00:00:00Z")
    assert (found["enrolled"], found["program"]) == (False, None)
    assert (found["wallet"], found["wallets"], found["standings"]) == (None, [], [])


async def test_the_future_is_not_foretold(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    found = await as_of(shop, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z")
    assert found["knownAt"] == "2026-06-15T12:00:00Z"
    assert (found["standing"]["tier"]["key"], found["wallet"]["available"]) == ("silver", "1500")
    assert (found["standing"]["until"], len(found["standing"]["claims"])) == ("2028-01-01T00:00:00Z", 1)
    await set_clock(shop, "2028-06-01T00:00:00Z")
    due = await as_of(shop, "2028-06-01T00:00:00Z")
    assert (due["standing"]["tier"]["key"], due["wallet"]["available"]) == ("silver", "1500")
    await shop.buy("anna", "1.00", "2028-06-01T00:00:00Z")
    folded = await as_of(shop, "2028-05-31T00:00:00Z")
    assert (folded["standing"]["tier"]["key"], folded["wallet"]["expired"]) == ("basic", "1500")
    assert folded["standing"]["claims"] == []
    still = await as_of(shop, "2028-05-31T00:00:00Z", "2028-05-31T00:00:00Z")
    assert (still["standing"]["tier"]["key"], still["wallet"]["available"]) == ("silver", "1500")


async def test_known_now_is_all_that_was_recorded_also_when_the_clock_was_set_back(shop: Shop) -> None:
    await shop.enrol("anna")
    await set_clock(shop, "2026-06-20T12:00:00Z")
    await shop.buy("anna", "1500.00", MARCH)
    await set_clock(shop, "2026-06-16T12:00:00Z")
    for known in (None, "2026-06-16T12:00:00Z"):
        assert await figures(shop, MARCH, known) == ("silver", "1500", "1500")
    await set_clock(shop, "2026-06-30T12:00:00Z")
    assert await figures(shop, MARCH, "2026-06-16T12:00:00Z") == ("basic", "0", "0")
    assert await figures(shop, MARCH) == ("silver", "1500", "1500")


async def test_each_time_has_the_program_that_was_in_force_and_known(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1500.00", MARCH)
    two = PROGRAM.replace("[[ladders]]", STARS + "[[ladders]]", 1).format(slug=shop.slug)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    await set_clock(shop, "2026-06-16T00:00:00Z")
    assert isinstance(await publish_program(shop.engine, operator(shop.business_id), two, at), Published)
    await set_clock(shop, "2026-07-02T00:00:00Z")
    await shop.buy("anna", "10.00", "2026-07-01T10:00:00Z")
    seen = {}
    for at_, known in (
        ("2026-06-30T00:00:00Z", None),
        ("2026-07-01T00:00:00Z", None),
        ("2026-07-01T00:00:00Z", "2026-06-15T23:00:00Z"),
    ):
        found = await as_of(shop, at_, known)
        currencies = [wallet["currency"]["key"] for wallet in found["wallets"]]
        seen[at_, known] = (found["program"]["version"], currencies)
    assert list(seen.values()) == [(1, ["points"]), (2, ["points", "stars"]), (1, ["points"])]
    assert (await as_of(shop, "2026-07-02T00:00:00Z"))["standing"]["claims"][0]["program"] == {"version": 1}


STARS = """
[[points]]
key = "stars"
decimals = 0
rounding = "toward_zero"
expiry = "never"

"""


async def test_members_and_times_take_as_many_statements_as_one(shop: Shop) -> None:
    for number in range(50):
        await shop.enrol(f"m{number:02}")
        await shop.buy(f"m{number:02}", "1500.00" if number % 3 else "5.00", MARCH)
    months = "".join(
        f'm{month}: asOf(at: "2026-{month:02}-01T12:00:00Z") {{ ...Then }}' for month in range(1, 6)
    )
    then = """fragment Then on MemberAsOf { enrolled program { version }
      standings { tier { key } until claims { tier { key } } } wallets { available spent } }"""
    one = 'now: asOf(at: "2026-06-15T12:00:00Z") { ...Then }'
    counts = set()
    for fields, first in ((one, 5), (one, 50), (months, 5), (months, 50)):
        query = f"query ($first: Int) {{ members(first: $first) {{ nodes {{ {fields} }} }} }} {then}"
        counts.add(len(await statements_of(shop, query, first)))
    assert len(counts) == 1
    assert counts.pop() <= 8


async def test_another_time_shows_no_more_than_the_present(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.enrol("linked", partner="cards")
    await shop.buy("linked", "1500.00", MARCH)
    tiers_only = await shop.make_key("read_only", scopes=["members:read"])
    query = '{ member(by: {externalId: "linked"}) { asOf(at: "2026-04-01T00:00:00Z") { %s } } }'
    seen = await shop.data(query % "standing { tier { key } }", key=tiers_only)
    assert seen["member"]["asOf"]["standing"]["tier"] == {"key": "silver"}
    answer = (await shop.ask(query % "wallet { available }", key=tiers_only)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    partner = await shop.make_key("partner", partner="cards")
    seen = await shop.data(AS_OF, {"who": "linked", "at": "2026-04-01T00:00:00Z"}, key=partner)
    assert seen["member"]["asOf"]["standing"]["tier"] == {"key": "silver"}
    assert len(seen["member"]["asOf"]["standing"]["claims"]) == 1
    assert seen["member"]["asOf"]["wallet"]["available"] == "1500"
    hidden = await shop.data(AS_OF, {"who": "anna", "at": "2026-04-01T00:00:00Z"}, key=partner)
    assert hidden == {"member": None}


async def test_a_payload_knows_what_was_just_written(engine: Engine, client: httpx.AsyncClient) -> None:
    slug, now = f"s-{new_id()}", SystemClock().now()
    made = await create_business(engine, CreateBusiness(slug, PROGRAM.format(slug=slug), False, None))
    assert isinstance(made, BusinessCreated)
    shop = Shop(engine, client, made.business_id, slug, made.owner.key.text, made.program.program_version_id)
    query = ENROL.replace(
        "member { id", 'member { asOf(at: "9999-01-01T00:00:00Z") { enrolled standing { tier { key } } } id'
    )
    enrolled_at = instant_text(now - timedelta(days=1))
    wanted = {"idempotencyKey": "k", "externalId": "anna", "enrolledAt": enrolled_at}
    found = (await shop.data(query, {"input": wanted}))["enrolMember"]["member"]["asOf"]
    assert found == {"enrolled": True, "standing": {"tier": {"key": "basic"}}}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_any_two_times_are_answered(shop: Shop, at: str) -> None:
    await shop.enrol("anna")
    for known in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        assert (await as_of(shop, at, known))["at"] == at
