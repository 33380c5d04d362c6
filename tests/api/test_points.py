"""Points are moved over the API as a till, a frontend and the staff do it, and every refusal says why."""

from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.points import adjust, capture, hold, mutate, mutation, program, void
from tests.api.shop import NOW, REFUSED, Shop, open_shop

MONEY_LIKE = 'expiry = "never"\ntender = "0.01"\napproval_above = "1000"'
ANNA = {"externalId": "anna"}
NOBODY = {"externalId": "nobody"}
PURCHASE = {"natural": {"source": "till", "externalId": "first"}}
TILL = {"source": "till", "externalId": "x"}
NO_ID = "SG9sZDowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA="


@pytest.fixture
async def points_shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Anna has 100 points that pay a penny each, and Ben none."""
    shop = await open_shop(engine, client, program=program(MONEY_LIKE))
    await shop.enrol("anna")
    await shop.enrol("ben")
    await shop.buy("anna", "100.00", externalId="first")
    return shop


async def test_a_hold_is_captured_in_part_and_the_rest_is_given_back(points_shop: Shop) -> None:
    held = await hold(points_shop, "anna", "50")
    assert held["hold"] == {
        "id": held["hold"]["id"],
        "amount": "50",
        "state": "OPEN",
        "expiresAt": "2026-06-16T12:00:00Z",
    }
    captured = (await capture(points_shop, held, "30"))["hold"]
    assert (captured["amount"], captured["captured"], captured["state"]) == ("50", "30", "CAPTURED")
    voided = (await void(points_shop, await hold(points_shop, "anna", "20")))["hold"]
    assert (voided["captured"], voided["state"]) == ("0", "VOIDED")


async def test_points_are_sent_paid_with_and_adjusted(points_shop: Shop) -> None:
    sent = await mutate(
        points_shop,
        "transferPoints",
        {"sender": ANNA, "receiver": {"externalId": "ben"}, "points": {"amount": "10"}},
    )
    assert (sent["sender"], sent["receiver"]) == (ANNA, {"externalId": "ben"})
    assert [use["amount"] for use in sent["sent"]["uses"]] == ["10"]
    paid = await mutate(points_shop, "payWithPoints", {"member": ANNA, **TILL, "amount": "0.25"})
    assert (paid["points"], paid["amount"]) == ("25", "0.25")
    assert [use["lot"]["cause"]["activity"]["externalId"] for use in paid["activity"]["uses"]] == ["first"]
    adjusted = (await adjust(points_shop, "anna", "-5"))["adjustment"]
    assert (adjusted["amount"], adjusted["state"], adjusted["needsApproval"]) == ("-5", "APPROVED", False)


async def test_a_confirmation_releases_what_a_purchase_earned(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(
        engine, client, program=program('pending = { confirmed = true }\nexpiry = "never"')
    )
    await shop.enrol("anna")
    await shop.buy("anna", "100.00", externalId="first")
    given = {"activity": PURCHASE, **TILL, "occurredAt": "2026-03-02T10:00:00Z"}
    confirmed = await mutate(shop, "confirmActivity", given)
    assert confirmed["activity"] == {"kind": "confirmation"}
    assert confirmed["member"]["wallet"] == {"available": "100", "pending": "0"}


def of_anna(points: str, **others: Any) -> dict[str, Any]:
    return {"member": ANNA, "points": {"amount": points}, **others}


SOON = {"expiresAt": "2026-06-16T12:00:00Z"}
BEN = {"sender": ANNA, "receiver": {"externalId": "ben"}}
REFUSALS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("holdPoints", of_anna("101", **SOON), "INSUFFICIENT_POINTS",
     "Points to spend: 100; wanted: 101.", "可用积分：100；需要：101。"),
    ("holdPoints", of_anna("0", **SOON), "INVALID_INPUT", "The points are above zero.", "积分须大于零。"),
    ("holdPoints", of_anna("1", expiresAt="2026-06-15T12:00:00Z"), "INVALID_INPUT",
     "A hold ends later than now, and at most 366 days later.", "冻结须晚于现在结束，且最多 366 天。"),
    ("holdPoints", {**of_anna("1", **SOON), "member": NOBODY}, "NOT_FOUND",
     "There is no such member.", "没有这个会员。"),
    ("captureHold", {"hold": NO_ID}, "NOT_FOUND", "There is no such hold.", "没有该冻结。"),
    ("voidHold", {"hold": NO_ID}, "NOT_FOUND", "There is no such hold.", "没有该冻结。"),
    ("transferPoints", {**BEN, "points": {"amount": "101"}}, "INSUFFICIENT_POINTS",
     "Points to spend: 100; wanted: 101.", "可用积分：100；需要：101。"),
    ("transferPoints", {"sender": ANNA, "receiver": ANNA, "points": {"amount": "1"}}, "INVALID_INPUT",
     "Points are sent to another member.", "积分只能转给其他会员。"),
    ("transferPoints", {**BEN, "points": {"amount": "1", "currency": "stars"}}, "INVALID_INPUT",
     "The program has no points currency stars.", "计划中没有积分币种 stars。"),
    ("adjustPoints", of_anna("-101", reason="x"), "INSUFFICIENT_POINTS",
     "Points to spend: 100; wanted: 101.", "可用积分：100；需要：101。"),
    ("adjustPoints", of_anna("0", reason="x"), "INVALID_INPUT",
     "An adjustment adds or takes away points.", "调整须增加或减少积分。"),
    ("adjustPoints", of_anna("0.5", reason="x"), "INVALID_INPUT",
     "The number has more than 0 decimals.", "数字的小数多于 0 位。"),
    ("adjustPoints", of_anna("1", reason=""), "INVALID_INPUT", "A text is wanted here.", "此处须有文字。"),
    ("decideAdjustment", {"adjustment": NO_ID, "approve": True}, "NOT_FOUND",
     "There is no such adjustment that waits for approval.", "没有等待批准的该调整。"),
    ("payWithPoints", {"member": ANNA, **TILL, "points": "101"}, "INSUFFICIENT_POINTS",
     "Points to spend: 100; wanted: 101.", "可用积分：100；需要：101。"),
    ("payWithPoints", {"member": ANNA, **TILL, "points": "1", "amount": "1"}, "INVALID_INPUT",
     "Say either how many points or how much money they pay.",
     "请说明使用多少积分或抵扣多少金额，二者择一。"),
    ("payWithPoints", {"member": ANNA, "source": "till", "externalId": "first", "points": "1"},
     "ALREADY_EXISTS", "This activity was recorded before.", "这项活动之前已经记录过。"),
    ("confirmActivity", {"activity": PURCHASE, **TILL, "occurredAt": "2026-02-01T10:00:00Z"},
     "INVALID_INPUT", "The activity was at 2026-03-01T10:00:00+00:00, after this confirmation.",
     "该活动发生于 2026-03-01T10:00:00+00:00，晚于此确认。"),
    ("confirmActivity", {"activity": {"natural": TILL}, **TILL, "occurredAt": "2026-03-02T10:00:00Z"},
     "ORIGINAL_NOT_FOUND", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "code", "english", "chinese"), REFUSALS)
async def test_a_refusal_says_why_in_the_language_asked_for(
    points_shop: Shop, name: str, given: dict[str, Any], code: str, english: str, chinese: str
) -> None:
    for language, message in (("en", english), ("zh-CN", chinese)):
        refused = await mutate(points_shop, name, given, language=language)
        assert refused["code"] == code, refused
        if message:
            assert refused["message"] == message
        else:
            assert refused["retryable"]


async def test_a_hold_is_closed_once_and_not_after_its_time(points_shop: Shop) -> None:
    held = await hold(points_shop, "anna", "10")
    assert (await capture(points_shop, held, "11"))["message"] == "Points in the hold: 10."
    await capture(points_shop, held)
    for again in (capture, void):
        refused = await again(points_shop, held, language="zh")
        assert (refused["code"], refused["message"]) == ("HOLD_CLOSED", "该冻结此前已扣除或解除。")
    late = await hold(points_shop, "anna", "10", "2026-06-15T12:00:01Z")
    moved = 'mutation { setClock(input: {idempotencyKey: "k", now: "2026-06-15T13:00:00Z"}) { __typename } }'
    await points_shop.data(moved)
    refused = await capture(points_shop, late)
    assert (refused["code"], refused["message"]) == (
        "HOLD_EXPIRED",
        "The time of this hold was up at 2026-06-15T12:00:01+00:00.",
    )


async def test_a_large_adjustment_is_approved_by_somebody_else(points_shop: Shop) -> None:
    scopes = ["points:adjust", "points:read", "activities:read"]
    staff, chief = [await points_shop.make_key("staff", scopes) for _ in range(2)]
    text, variables = mutation("adjustPoints", of_anna("1001", reason="goodwill"))
    asked = (await points_shop.data(text, variables, key=staff))["adjustPoints"]["adjustment"]
    assert (asked["state"], asked["needsApproval"], asked["askedByViewer"]) == ("WAITING", True, True)
    approve = {"adjustment": asked["id"], "approve": True}
    for language, message in (
        ("en", "An adjustment is approved by somebody else than the one who asked for it."),
        ("zh", "调整须由申请人以外的人批准。"),
    ):
        own = await points_shop.ask(*mutation("decideAdjustment", approve), key=staff, language=language)
        (error,) = own.json()["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("FORBIDDEN", message)
    waiting = "{ business { adjustments(state: WAITING) { nodes { id askedByViewer reason } } } }"
    queue = (await points_shop.data(waiting, key=chief))["business"]["adjustments"]["nodes"]
    assert queue == [{"id": asked["id"], "askedByViewer": False, "reason": "goodwill"}]
    text, variables = mutation("decideAdjustment", approve)
    made = (await points_shop.data(text, variables, key=chief))["decideAdjustment"]["adjustment"]
    assert (made["state"], made["amount"]) == ("APPROVED", "1001")
    again = await mutate(points_shop, "decideAdjustment", approve)
    assert again["message"] == "This adjustment was decided before."


CALLS = {
    "holdPoints": "points:spend",
    "captureHold": "points:spend",
    "voidHold": "points:spend",
    "transferPoints": "points:spend",
    "payWithPoints": "points:spend",
    "adjustPoints": "points:adjust",
    "decideAdjustment": "points:adjust",
    "confirmActivity": "activities:write",
}
MAY = {
    "till": {"points:spend", "activities:write"},
    "staff": {"points:spend", "activities:write"},
    "partner": {"activities:write"},
    "frontend": set[str](),
    "read_only": set[str](),
}


@pytest.mark.parametrize("kind", MAY)
async def test_each_kind_of_key_moves_points_as_far_as_its_scopes_go(points_shop: Shop, kind: str) -> None:
    key = await points_shop.make_key(kind, partner="cards" if kind == "partner" else None)
    for name, given, code, *_ in {each[0]: each for each in REFUSALS}.values():
        text = (
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) "
            f"{{ __typename {REFUSED} }} }}"
        )
        body = (await points_shop.ask(text, mutation(name, given)[1], key=key)).json()
        if CALLS[name] in MAY[kind]:
            wanted = "NOT_FOUND" if kind == "partner" and code != "ORIGINAL_NOT_FOUND" else code
            assert body["data"][name]["code"] == wanted
        else:
            (error,) = body["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert error["message"] == f"Mutation.{name} needs the scope {CALLS[name]}."


async def test_staff_adjusts_only_with_the_scope_asked_for_by_name(points_shop: Shop) -> None:
    key = await points_shop.make_key("staff", ["points:adjust", "points:read", "activities:read"])
    assert (await adjust(points_shop, "anna", "5", key=key))["adjustment"]["state"] == "APPROVED"


async def test_several_mutations_of_one_document_are_done_in_their_order(points_shop: Shop) -> None:
    text = """mutation {
      first: holdPoints(input: {idempotencyKey: "1", member: {externalId: "anna"}, points: {amount: "60"},
        expiresAt: "2026-06-16T12:00:00Z"}) { ... on HoldPointsSuccess { hold { amount } } }
      second: transferPoints(input: {idempotencyKey: "2", sender: {externalId: "anna"},
        receiver: {externalId: "ben"}, points: {amount: "41"}}) { ... on Refusal { code message } }
      third: adjustPoints(input: {idempotencyKey: "3", member: {externalId: "anna"}, points: {amount: "1"},
        reason: "x"}) { ... on AdjustPointsSuccess { member { wallet { available held } } } }
    }"""
    assert await points_shop.data(text) == {
        "first": {"hold": {"amount": "60"}},
        "second": {"code": "INSUFFICIENT_POINTS", "message": "Points to spend: 40; wanted: 41."},
        "third": {"member": {"wallet": {"available": "41", "held": "60"}}},
    }


HOLDS = """query ($state: HoldState, $first: Int, $after: String) {
  member(by: {externalId: "anna"}) { wallet { holds(state: $state, first: $first, after: $after) {
    nodes { amount state } pageInfo { hasNextPage endCursor } } } } }"""


async def test_holds_are_listed_the_latest_first_and_by_what_became_of_them(points_shop: Shop) -> None:
    await capture(points_shop, await hold(points_shop, "anna", "1"))
    await void(points_shop, await hold(points_shop, "anna", "2"))
    await hold(points_shop, "anna", "3", "2026-06-15T12:00:01Z")
    await hold(points_shop, "anna", "4")
    async with points_shop.engine.database.writing(points_shop.business_id) as connection:
        await connection.execute(
            "UPDATE business SET clock_at = $2 WHERE business_id = $1",
            points_shop.business_id,
            NOW.replace(second=2),
        )

    async def listed(**wanted: Any) -> list[tuple[str, str]]:
        found = (await points_shop.data(HOLDS, wanted))["member"]["wallet"]["holds"]
        return [(each["amount"], each["state"]) for each in found["nodes"]]

    states = [("4", "OPEN"), ("3", "EXPIRED"), ("2", "VOIDED"), ("1", "CAPTURED")]
    assert await listed() == states
    for each in states:
        assert await listed(state=each[1]) == [each]
    page = (await points_shop.data(HOLDS, {"first": 2}))["member"]["wallet"]["holds"]
    assert await listed(after=page["pageInfo"]["endCursor"]) == states[2:]


async def test_adjustments_that_wait_come_first_and_are_not_for_everybody(points_shop: Shop) -> None:
    await adjust(points_shop, "anna", "5")
    await adjust(points_shop, "anna", "1001")
    await adjust(points_shop, "ben", "1002")
    shown = "adjustments(first: 2) { nodes { amount state } pageInfo { endCursor hasNextPage } }"
    of_all = (await points_shop.data(f"{{ business {{ {shown} }} }}"))["business"]["adjustments"]
    assert [each["amount"] for each in of_all["nodes"]] == ["1001", "1002"]
    rest = "query ($after: String) { business { adjustments(after: $after) { nodes { amount } } } }"
    further = (await points_shop.data(rest, {"after": of_all["pageInfo"]["endCursor"]}))["business"]
    assert further["adjustments"]["nodes"] == [{"amount": "5"}]
    of_anna = (await points_shop.data(f'{{ member(by: {{externalId: "anna"}}) {{ {shown} }} }}'))["member"]
    assert [(each["amount"], each["state"]) for each in of_anna["adjustments"]["nodes"]] == [
        ("1001", "WAITING"),
        ("5", "APPROVED"),
    ]
    approved = "{ business { adjustments(state: APPROVED) { nodes { amount } } } }"
    assert (await points_shop.data(approved))["business"]["adjustments"]["nodes"] == [{"amount": "5"}]
    partner = await points_shop.make_key("partner", partner="cards")
    till = await points_shop.make_key("till")
    for key, query in (
        (partner, '{ member(by: {externalId: "anna"}) { adjustments { nodes { id } } } }'),
        (partner, approved),
        (till, approved),
    ):
        (error,) = (await points_shop.ask(query, key=key)).json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


TERMS = """{ business { program { pointsCurrencies { redeemable tender approvalAbove
  pending { days confirmed } expiry { kind months days then day keptBy } } } } }"""
NO_TERMS: dict[str, Any] = {
    "kind": "NEVER",
    "months": None,
    "days": None,
    "then": None,
    "day": None,
    "keptBy": [],
}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('expiry = "never"', {}),
        ('expiry = { months = 12, then = "end_of_month" }',
         {"kind": "AFTER_MONTHS", "months": 12, "then": "end_of_month"}),
        ("expiry = { days = 365 }", {"kind": "AFTER_DAYS", "days": 365}),
        ('expiry = { day = "10-01", after_months = 36 }',
         {"kind": "FIXED_DAY", "day": "10-01", "months": 36}),
        ('expiry = { idle_months = 24, kept_by = ["purchase"] }',
         {"kind": "IDLE", "months": 24, "keptBy": ["purchase"]}),
    ],
)  # fmt: skip
async def test_a_currency_says_what_a_frontend_needs_to_explain_points(
    engine: Engine, client: httpx.AsyncClient, written: str, wanted: dict[str, Any]
) -> None:
    terms = 'tender = "0.01"\napproval_above = "1000"\npending = { days = 14 }'
    shop = await open_shop(engine, client, program=program(f"{terms}\n{written}"))
    (found,) = (await shop.data(TERMS))["business"]["program"]["pointsCurrencies"]
    assert found == {
        "redeemable": True,
        "tender": "0.01",
        "approvalAbove": "1000",
        "pending": {"days": 14, "confirmed": False},
        "expiry": {**NO_TERMS, **wanted},
    }
    frontend = await shop.make_key("frontend")
    await shop.data(TERMS.replace("approvalAbove", ""), key=frontend)
    (error,) = (await shop.ask(TERMS, key=frontend)).json()["errors"]
    assert error["message"] == "PointsCurrency.approvalAbove needs the scope points:adjust."
