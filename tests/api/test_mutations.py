"""What tills and businesses do, and what the API refuses."""

import asyncio
from typing import Any

from loyalty_engine.ids import new_id
from tests.api.shop import REFUSED, Shop

BATCH = f"""
mutation ($input: RecordActivitiesInput!) {{
  recordActivities(input: $input) {{
    __typename
    ... on RecordActivitiesSuccess {{
      results {{ __typename ... on RecordActivitySuccess {{ activity {{ externalId }} replayed }} {REFUSED} }}
      replayed
    }}
    {REFUSED}
  }}
}}
"""
REVERSE = f"""
mutation ($input: ReverseActivityInput!) {{
  reverseActivity(input: $input) {{
    __typename
    ... on ReverseActivitySuccess {{
      activity {{ amount reverses {{ externalId }} }}
      original {{ externalId reversedAmount }}
      member {{ wallet {{ available }} standing {{ tier {{ key }} }} }}
      taken {{ currency {{ key }} amount }} debt {{ amount }} replayed
    }}
    {REFUSED}
  }}
}}
"""
FACT = f"""
mutation ($input: RecordFactInput!) {{
  recordFact(input: $input) {{ __typename ... on RecordFactSuccess {{ member {{ attributes }} }} {REFUSED} }}
}}
"""
CLOCK = f"""
mutation ($input: SetClockInput!) {{
  setClock(input: $input) {{ __typename ... on SetClockSuccess {{ now replayed }} {REFUSED} }}
}}
"""


def item(member: str, external_id: str, amount: str = "10.00", **values: Any) -> dict[str, Any]:
    """An activity of a batch."""
    return {
        "member": {"externalId": member},
        "kind": "purchase",
        "source": "till",
        "externalId": external_id,
        "occurredAt": "2026-03-01T10:00:00Z",
        "amount": amount,
        **values,
    }


async def test_a_member_is_made_once_for_one_key(shop: Shop) -> None:
    first = await shop.enrol("anna", idempotencyKey="k")
    again = await shop.enrol("anna", idempotencyKey="k")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["member"] == again["member"]
    other = await shop.enrol("ben", idempotencyKey="k")
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")


async def test_a_second_enrolment_names_the_first(shop: Shop) -> None:
    card = [{"kind": "card", "value": "123"}]
    first = await shop.enrol("anna", identities=card)
    second = await shop.enrol("ben", identities=card)
    assert (second["__typename"], second["retryable"]) == ("AlreadyExists", False)
    assert second["existingId"] == first["member"]["id"]
    by_card = 'query { member(by: {identity: {kind: "card", value: " 123 "}}) { externalId } }'
    assert (await shop.data(by_card))["member"] == {"externalId": "anna"}


async def test_a_purchase_shows_what_it_caused(shop: Shop) -> None:
    await shop.enrol("anna")
    bought = await shop.buy("anna", "1200.50")
    assert bought["member"]["standing"]["tier"] == {"key": "silver"}
    assert bought["member"]["wallet"]["available"] == "1200"
    assert {effect["__typename"] for effect in bought["effects"]} == {"LedgerEntry", "StandingChange"}
    again = await shop.buy("anna", "1200.50", externalId="p1")
    assert (again["__typename"], again["existingId"]) == ("AlreadyExists", bought["activity"]["id"])


async def test_the_second_of_two_mutations_shows_what_both_did(shop: Shop) -> None:
    await shop.enrol("anna")
    query = """mutation ($a: RecordActivityInput!, $b: RecordActivityInput!) {
      a: recordActivity(input: $a) { ... on RecordActivitySuccess { member { wallet { available } } } }
      b: recordActivity(input: $b) { ... on RecordActivitySuccess { member { wallet { available } } } } }"""
    wanted = {name: {"idempotencyKey": str(new_id()), **item("anna", name)} for name in ("a", "b")}
    found = await shop.data(query, wanted)
    assert [found[name]["member"]["wallet"]["available"] for name in ("a", "b")] == ["10", "20"]


async def test_a_batch_has_a_result_for_each_item(shop: Shop) -> None:
    await shop.enrol("anna")
    items = [item("anna", "a"), item("nobody", "b"), item("anna", "c", amount="99999999999999999999")]
    wanted = {"idempotencyKey": "k", "items": items}
    found = (await shop.data(BATCH, {"input": wanted}))["recordActivities"]
    assert [result["__typename"] for result in found["results"]] == [
        "RecordActivitySuccess",
        "NotFound",
        "InvalidInput",
    ]
    assert found["results"][2]["message"] == "The number is too large."
    found = (await shop.data(BATCH, {"input": {"idempotencyKey": "l", "items": items[:1]}}))[
        "recordActivities"
    ]
    assert found["results"][0]["replayed"] is True


async def test_a_thousand_activities_fit_into_one_request(shop: Shop) -> None:
    await shop.enrol("anna")
    items = [item("anna", f"item-{number}", amount="1.00", channel="shop") for number in range(1000)]
    found = (await shop.data(BATCH, {"input": {"idempotencyKey": "k", "items": items}}))["recordActivities"]
    assert len(found["results"]) == 1000
    assert all(result["__typename"] == "RecordActivitySuccess" for result in found["results"])
    more = [*items, item("anna", "one more")]
    found = (await shop.data(BATCH, {"input": {"idempotencyKey": "l", "items": more}}))["recordActivities"]
    assert (found["__typename"], found["code"]) == ("InvalidInput", "INVALID_INPUT")


async def test_a_return_takes_back_and_is_not_taken_twice(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1200.00")
    wanted = {
        "idempotencyKey": "r",
        "activity": {"natural": {"source": "till", "externalId": "p1"}},
        "source": "till",
        "externalId": "r1",
        "occurredAt": "2026-03-02T10:00:00Z",
    }
    found = (await shop.data(REVERSE, {"input": wanted}))["reverseActivity"]
    assert found["activity"] == {"amount": "-1200.00", "reverses": {"externalId": "p1"}}
    assert found["original"] == {"externalId": "p1", "reversedAmount": "1200.00"}
    assert found["member"] == {"wallet": {"available": "0"}, "standing": {"tier": {"key": "basic"}}}
    assert found["taken"] == [{"currency": {"key": "points"}, "amount": "1200"}]
    again = {**wanted, "idempotencyKey": "s", "externalId": "r2"}
    assert (await shop.data(REVERSE, {"input": again}))["reverseActivity"]["code"] == "ALREADY_REVERSED"
    unknown = {**again, "idempotencyKey": "t", "activity": {"natural": {"source": "till", "externalId": "x"}}}
    found = (await shop.data(REVERSE, {"input": unknown}))["reverseActivity"]
    assert (found["code"], found["retryable"]) == ("ORIGINAL_NOT_FOUND", True)


async def test_a_dated_value_is_the_attribute_since_then(shop: Shop) -> None:
    await shop.enrol("anna", attributes={"city": "York", "shoe": {"size": 38}})
    wanted = {
        "idempotencyKey": "f",
        "member": {"externalId": "anna"},
        "kind": "ATTRIBUTE",
        "key": "city",
        "value": "Leeds",
        "source": "crm",
        "externalId": "1",
        "occurredAt": "2026-03-01T10:00:00Z",
    }
    found = (await shop.data(FACT, {"input": wanted}))["recordFact"]
    assert found["member"]["attributes"] == {"city": "Leeds", "shoe": {"size": 38}}


async def test_the_clock_of_a_sandbox_goes_forward(shop: Shop) -> None:
    wanted = {"idempotencyKey": "c", "now": "2026-07-01T00:00:00Z"}
    assert (await shop.data(CLOCK, {"input": wanted}))["setClock"]["now"] == "2026-07-01T00:00:00Z"
    back = {"idempotencyKey": "d", "now": "2026-06-01T00:00:00+02:00"}
    assert (await shop.data(CLOCK, {"input": back}))["setClock"]["code"] == "INVALID_INPUT"


async def test_refusals_speak_the_language_of_the_request(shop: Shop) -> None:
    query = """mutation { enrolMember(input: {idempotencyKey: "k", externalId: " "}) {
      ... on Refusal { message path } } }"""
    english = (await shop.data(query))["enrolMember"]
    chinese = (await shop.data(query, language="zh"))["enrolMember"]
    assert english == {"message": "A text is wanted here.", "path": ["externalId"]}
    assert chinese["message"] == "此处须有文字。"


async def test_hostile_texts_and_numbers_are_refused_and_never_an_error_of_ours(shop: Shop) -> None:
    await shop.enrol("anna")
    hostile: list[dict[str, Any]] = [
        {"externalId": "a\x00b"},
        {"channel": "\ud800"},
        {"partner": "a\x00b"},
        {"partner": "\udfff"},
        {"kind": "x" * 10_000},
        {"attributes": {"a\x00": 1}},
        {"attributes": {"a": [[[[[[[1]]]]]]]}},
        {"amount": "1.00001"},
        {"occurredAt": "1066-10-14T09:00:00Z"},
        {"occurredAt": "2999-01-01T00:00:00Z"},
        {"member": {"externalId": "\x00"}},
        {"member": {"identity": {"kind": "card", "value": "\ud800"}}},
        {"member": {"id": "bm9uc2Vuc2U="}},
        {"currency": "EUR"},
        {"lines": [{"key": "a", "amount": "1.00"}]},
    ]
    for values in hostile:
        found = await shop.buy("anna", values.pop("amount", "10.00"), **values)
        assert found["code"] in ("INVALID_INPUT", "NOT_FOUND"), (values, found)
        assert found["message"]


async def test_a_hundred_enrolments_at_once_with_one_card_make_one_member(shop: Shop) -> None:
    card = [{"kind": "card", "value": "one"}]
    found = await asyncio.gather(*(shop.enrol(f"m{number}", identities=card) for number in range(100)))
    made = [each for each in found if each["__typename"] == "EnrolMemberSuccess"]
    assert len(made) == 1
    others = [each for each in found if each["__typename"] != "EnrolMemberSuccess"]
    assert {each["existingId"] for each in others} == {made[0]["member"]["id"]}


async def test_a_hundred_sendings_of_one_purchase_at_once_record_it_once(shop: Shop) -> None:
    await shop.enrol("anna")
    found = await asyncio.gather(*(shop.buy("anna", "10.00", externalId="one") for _ in range(100)))
    made = [each for each in found if each["__typename"] == "RecordActivitySuccess"]
    assert len(made) == 1
    others = [each for each in found if each["__typename"] != "RecordActivitySuccess"]
    assert {each["existingId"] for each in others} == {made[0]["activity"]["id"]}
    assert made[0]["member"]["wallet"]["available"] == "10"


async def test_points_that_have_expired_cannot_be_spent_even_before_they_are_booked(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "10.00")
    query = """{ member(by: {externalId: "anna"}) {
      wallet { available expired expiring(within: "P30D") { amount } } } }"""
    await shop.data(CLOCK, {"input": {"idempotencyKey": "c", "now": "2027-03-31T22:59:59Z"}})
    wallet = (await shop.data(query))["member"]["wallet"]
    assert wallet == {"available": "10", "expired": "0", "expiring": [{"amount": "10"}]}
    await shop.data(CLOCK, {"input": {"idempotencyKey": "d", "now": "2027-03-31T23:00:00Z"}})
    wallet = (await shop.data(query))["member"]["wallet"]
    assert wallet == {"available": "0", "expired": "0", "expiring": []}
    await shop.buy("anna", "5.00", at="2027-03-31T23:00:00Z")
    wallet = (await shop.data(query))["member"]["wallet"]
    assert (wallet["available"], wallet["expired"]) == ("5", "10")
