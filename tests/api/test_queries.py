"""What frontends see of a business and its members."""

from collections.abc import AsyncIterator

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.api.documents import ABOUT_MEMBER, EVERYTHING_OF_MEMBERS, LIST, RULE_TYPES, TIERS_AND_BALANCES
from tests.api.shop import PROGRAM, Shop, client_of, engine_on, open_shop
from tests.server import as_app

ANNA = {"by": {"externalId": "anna"}}


async def test_a_member_shows_where_it_stands_and_why(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1200.50")
    standing = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]
    assert (standing["ladder"]["key"], standing["tier"]) == ("status", {"key": "silver", "rank": 1})
    assert (standing["since"], standing["until"]) == ("2026-03-01T10:00:00Z", "2028-01-01T00:00:00Z")
    assert standing["nextReviewAt"] == "2027-01-01T00:00:00Z"
    assert [claim["cause"]["activity"]["externalId"] for claim in standing["claims"]] == ["p1"]
    root, spend, visits = standing["ruling"]["nodes"]
    assert (root["op"], root["parent"], root["supports"]) == ("any_of", None, {"key": "silver"})
    assert (spend["parent"], spend["rule"], visits["supports"]) == (0, {"key": "spend"}, None)
    assert [reason["message"] for reason in spend["reasons"]] == [
        "Silver: has 1200.50 of 1000 GBP",
        "Gold: has only 1200.50 of 5000 GBP",
    ]
    assert [node["externalId"] for node in spend["measures"][0]["activities"]["nodes"]] == ["p1"]


async def test_a_ruling_shows_the_activities_that_it_had_read_and_no_later_ones(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1200.50")
    await shop.buy("anna", "1.00", at="2026-03-01T18:00:00Z")
    spend = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]["ruling"]["nodes"][1]
    assert spend["measures"][0]["value"] == "1200.50"
    assert [node["externalId"] for node in spend["measures"][0]["activities"]["nodes"]] == ["p1"]


async def test_progress_names_every_route_the_nearest_first(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "900.00")
    progress = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]["progress"]
    assert [(route["tier"]["key"], route["rule"]["key"], route["missing"]) for route in progress] == [
        ("silver", "spend", "100.00"),
        ("gold", "spend", "4100.00"),
        ("silver", "visits", "11"),
        ("gold", "visits", "39"),
    ]
    assert progress[0]["message"] == "100.00 GBP more for Silver"
    leaves, ends = "2027-03-01T00:00:00Z", "2027-01-01T00:00:00Z"
    assert (progress[0]["by"], progress[2]["by"]) == (leaves, ends)


WHY = """
query ($by: MemberBy!, $tier: String!, $locale: String) {
  member(by: $by) {
    standing { why(tier: $tier) {
      tier { key }
      nodes { rule { key } supports { key } reasons { code message(locale: $locale) }
              measures { value activities(first: 5) { nodes { externalId } } } }
    } }
  }
}
"""


async def test_why_not_gold_is_answered_though_nothing_was_decided(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "900.00")
    why = (await shop.data(WHY, {**ANNA, "tier": "gold"}))["member"]["standing"]["why"]
    root, spend, visits = why["nodes"]
    assert (why["tier"], root["supports"]) == ({"key": "basic"}, None)
    assert [reason["message"] for reason in root["reasons"]] == ["Gold: not supported"]
    assert [reason["message"] for reason in spend["reasons"]] == ["Gold: has only 900.00 of 5000 GBP"]
    assert spend["measures"][0]["value"] == "900.00"
    assert [each["externalId"] for each in spend["measures"][0]["activities"]["nodes"]] == ["p1"]
    assert [reason["message"] for reason in visits["reasons"]] == ["Gold: has only 1 of 40 activities"]
    chinese = await shop.data(WHY, {**ANNA, "tier": "silver", "locale": "zh"})
    assert chinese["member"]["standing"]["why"]["nodes"][0]["reasons"][0]["message"] == "银卡：不支持"


async def test_nothing_is_said_about_a_tier_that_the_ladder_does_not_grant(shop: Shop) -> None:
    await shop.enrol("anna")
    for tier in ("basic", "platinum"):
        assert (await shop.data(WHY, {**ANNA, "tier": tier}))["member"]["standing"]["why"] is None


async def test_what_is_enough_already_names_the_review_that_decides(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    reviewed = PROGRAM.replace('upgrade = {{ at = "activity"', 'upgrade = {{ at = "review"')
    shop = await open_shop(engine, client, program=reviewed)
    await shop.enrol("anna")
    await shop.buy("anna", "1100.00")
    why = (await shop.data(WHY, {**ANNA, "tier": "silver"}))["member"]["standing"]["why"]
    assert [reason["message"] for reason in why["nodes"][0]["reasons"]] == [
        "Silver: supported",
        "Silver: enough for it; the review of 2027-01-01 decides",
    ]
    progress = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]["progress"]
    assert progress[0]["message"] == "enough for Silver: 1000 GBP"
    assert {route["by"] for route in progress} == {"2027-01-01T00:00:00Z"}


async def test_a_member_who_did_nothing_is_judged_as_it_stands_now(shop: Shop) -> None:
    await shop.enrol("anna")
    member = (await shop.data(ABOUT_MEMBER, ANNA))["member"]
    assert member["standing"]["ruling"]["tier"] == {"key": "basic"}
    assert member["standing"]["ruling"]["nodes"][1]["reasons"][0]["code"] == "reason-short"
    assert member["standing"]["claims"] == []
    assert member["standingChanges"]["nodes"] == []
    assert (member["wallet"]["available"], member["wallet"]["entries"]["nodes"]) == ("0", [])


async def test_points_of_a_partner_name_the_partner(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "100.00", channel="online")
    wallet = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["wallet"]
    assert (wallet["available"], wallet["earned"], wallet["debt"]) == ("200", "200", "0")
    by_rule = {(node["rule"]["key"], node["code"]): node for node in wallet["entries"]["nodes"]}
    assert by_rule["promo", "PARTNER_AWARD"]["partner"] == {"key": "cards"}
    assert by_rule["earn", "EARN"]["partner"] is None
    assert wallet["expiring"] == [{"at": "2027-03-31T23:00:00Z", "amount": "200"}]


async def test_a_promotion_shows_what_is_left_of_its_budget(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "100.00", channel="online")
    query = """{ business { promotions { nodes {
      key partner { key } budgets { opened left partner { key } } } } } }"""
    (promotion,) = (await shop.data(query))["business"]["promotions"]["nodes"]
    assert promotion["budgets"] == [{"opened": "10000", "left": "9950", "partner": {"key": "cards"}}]


async def test_a_promotion_shows_what_is_left_of_its_quota_and_the_wallet_has_no_entry_of_it(
    shop: Shop,
) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "100.00", channel="online")
    query = "{ business { promotions { nodes { quota quotaLeft } } } }"
    found = await shop.data(query)
    assert found["business"]["promotions"]["nodes"] == [{"quota": 500, "quotaLeft": 499}]
    member = (await shop.data(ABOUT_MEMBER, ANNA))["member"]
    entries = [node["code"] for node in member["wallet"]["entries"]["nodes"]]
    assert sorted(entries) == ["EARN", "EARN", "PARTNER_AWARD"]


async def test_members_are_paged_filtered_and_ordered(shop: Shop) -> None:
    for number in range(5):
        await shop.enrol(f"m{number}", enrolledAt=f"2026-01-0{number + 1}T09:00:00Z")
    await shop.buy("m3", "1500.00")
    by_id = {"orderBy": {"by": "EXTERNAL_ID", "direction": "DESC"}}
    found = (await shop.data(LIST, {"first": 2, **by_id}))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m4", "m3"]
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (True, False)
    after = found["pageInfo"]["endCursor"]
    found = (await shop.data(LIST, {"first": 3, "after": after, **by_id}))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m2", "m1", "m0"]
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (False, True)
    silver = {"where": {"tier": {"ladder": "status", "tier": "silver"}}}
    found = (await shop.data(LIST, silver))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m3"]
    early = {"where": {"enrolledAt": {"before": "2026-01-03T00:00:00Z"}, "status": "ACTIVE"}}
    found = (await shop.data(LIST, early))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m0", "m1"]


async def test_a_page_from_the_end_reads_backwards(shop: Shop) -> None:
    for number in range(4):
        await shop.enrol(f"m{number}", enrolledAt=f"2026-01-0{number + 1}T09:00:00Z")
    query = """query ($before: String) { members(last: 2, before: $before) {
      edges { cursor node { externalId } } pageInfo { hasPreviousPage hasNextPage startCursor } } }"""
    found = (await shop.data(query))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m2", "m3"]
    assert found["pageInfo"]["hasPreviousPage"] is True
    found = (await shop.data(query, {"before": found["pageInfo"]["startCursor"]}))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["m0", "m1"]
    assert (found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]) == (False, True)


async def test_entries_and_activities_are_paged_the_latest_first(shop: Shop) -> None:
    await shop.enrol("anna")
    for day in range(1, 6):
        await shop.buy("anna", f"{day}.00", at=f"2026-03-0{day}T10:00:00Z")
    query = """query ($after: String) { member(by: {externalId: "anna"}) {
      wallet { entries(first: 2, after: $after) {
        nodes { amount } pageInfo { hasNextPage endCursor } } } } }"""
    seen, after = [], None
    while True:
        page = (await shop.data(query, {"after": after}))["member"]["wallet"]["entries"]
        seen += [node["amount"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["5", "4", "3", "2", "1"]
    query = """{ member(by: {externalId: "anna"}) { activities(first: 2,
      where: {kinds: ["purchase"], occurredAt: {before: "2026-03-03T10:00:00Z"}}) { nodes { amount } } } }"""
    page = (await shop.data(query))["member"]["activities"]
    assert [node["amount"] for node in page["nodes"]] == ["2.00", "1.00"]


async def statements_of(shop: Shop, query: str, first: int) -> list[str]:
    """The statements of a query, but for those by which a connection learns its business and its types."""
    texts: list[str] = []
    shop.engine.database.on_statement.append(texts.append)
    try:
        found = await shop.data(query, {"first": first})
    finally:
        shop.engine.database.on_statement.remove(texts.append)
    assert len(found["members"]["nodes"]) == first
    return [text for text in texts if "set_config" not in text and "typeinfo_tree" not in text]


@pytest.fixture
async def one_by_one(database: str) -> AsyncIterator[Shop]:
    """A shop whose reads are answered in the order in which they are asked: it has one connection.

    What two fields ask for is one statement where both ask before either is answered.
    """
    opened = await Database.connect(as_app(database), max_size=1)
    engine = engine_on(opened)
    async with client_of(engine) as client:
        yield await open_shop(engine, client)
    await opened.close()


async def test_a_list_of_members_takes_as_many_statements_for_fifty_as_for_five(one_by_one: Shop) -> None:
    shop = one_by_one
    for number in range(50):
        await shop.enrol(f"m{number:02}", attributes={"city": "York"})
        day = f"2026-03-{number % 28 + 1:02}T10:00:00Z"
        await shop.buy(f"m{number:02}", "1500.00" if number % 3 else "5.00", day, channel="online")
    few = await statements_of(shop, TIERS_AND_BALANCES, 5)
    many = await statements_of(shop, TIERS_AND_BALANCES, 50)
    assert len(few) == len(many) <= 10, many
    few = await statements_of(shop, EVERYTHING_OF_MEMBERS, 5)
    many = await statements_of(shop, EVERYTHING_OF_MEMBERS, 20)
    assert len(few) == len(many) <= 30, many


async def test_the_rules_on_offer_and_the_members_of_each_tier(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.enrol("ben")
    await shop.buy("ben", "5000.00")
    business = (await shop.data(RULE_TYPES))["business"]
    names = [offered["name"] for offered in business["ruleTypes"]]
    assert {"tier_spend", "tier_frequency", "earn_purchase", "partner_rewards"} <= set(names)
    assert all(offered["configSchema"]["type"] == "object" for offered in business["ruleTypes"])
    (ladder,) = business["program"]["ladders"]
    assert {tier["key"]: tier["memberCount"] for tier in ladder["tiers"]} == {
        "basic": 1,
        "silver": 0,
        "gold": 1,
    }


async def test_a_program_shows_its_file_and_its_state(shop: Shop) -> None:
    query = """{ business { program { id version state effectiveAt source rules { key type { name } config } }
      programs { nodes { version publishedAt } } } }"""
    business = (await shop.data(query))["business"]
    assert (business["program"]["version"], business["program"]["state"]) == (1, "IN_FORCE")
    assert business["program"]["effectiveAt"] is None
    assert f'business = "{shop.slug}"' in business["program"]["source"]
    assert business["programs"]["nodes"] == [{"version": 1, "publishedAt": "2026-06-15T12:00:00Z"}]


async def test_every_object_is_found_by_its_global_id(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1200.00", channel="online")
    query = """{ business { id program { id } partners { nodes { id } } promotions { nodes { id } } }
      member(by: {externalId: "anna"}) { id activities { nodes { id } } standingChanges { nodes { id } }
      wallet { entries { nodes { id } } } } }"""
    found = await shop.data(query)
    business, member = found["business"], found["member"]
    ids = [
        business["id"],
        business["program"]["id"],
        member["id"],
        *(node["id"] for node in business["partners"]["nodes"]),
        *(node["id"] for node in business["promotions"]["nodes"]),
        *(node["id"] for node in member["activities"]["nodes"]),
        *(node["id"] for node in member["standingChanges"]["nodes"]),
        *(node["id"] for node in member["wallet"]["entries"]["nodes"]),
    ]
    nodes = (await shop.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}))["nodes"]
    assert [node["id"] for node in nodes] == ids


async def test_words_come_in_the_language_asked_for(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "10.00")
    query = """query ($locale: String) { member(by: {externalId: "anna"}) {
      standing { tier { name(locale: $locale) } }
      wallet { entries { nodes { message(locale: $locale) } } } } }"""
    english, chinese = ("Basic", "10 points earned"), ("普通", "获得 10 积分")
    for variables, language, (name, message) in (
        ({}, "", english),
        ({"locale": "zh-CN"}, "", chinese),
        ({}, "fr;q=0.9, zh-Hans-CN;q=0.8, en;q=0.1", chinese),
        ({"locale": "en"}, "zh", english),
        ({}, "xx, *, ;;q=9", english),
    ):
        member = (await shop.data(query, variables, language=language))["member"]
        assert member["standing"]["tier"]["name"] == name
        assert member["wallet"]["entries"]["nodes"][0]["message"] == message


async def test_the_viewer_says_what_it_may_do(shop: Shop) -> None:
    key = await shop.make_key("till")
    viewer = (await shop.data("{ viewer { kind environment scopes sources partner { key } } }", key=key))[
        "viewer"
    ]
    assert (viewer["kind"], viewer["environment"], viewer["sources"]) == ("TILL", "TEST", None)
    assert "activities:write" in viewer["scopes"]
    assert viewer["partner"] is None
