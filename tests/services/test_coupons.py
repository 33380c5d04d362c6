"""Coupons: codes, who may use them, how often, and what becomes of a use (BEHAVIOUR L27 to L29, L33)."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import RefusalCode, merge_members
from loyalty_engine.services.codes import ALPHABET, code_hash, new_code, normal_code
from loyalty_engine.services.commands import ActivityBy, MemberBy, MembersMerged, MergeMembers
from loyalty_engine.services.coupon_commands import CouponCreated, CouponReleased, CouponUsed, CreateCoupon
from loyalty_engine.services.reward_commands import CreateReward, Redeemed, RewardBy
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.coupons import OWN_CODE, Couponing, coupon_terms, open_couponing
from tests.services.rewards import terms
from tests.services.shop import NOW, START, done, linked_return, refused

THEN = START + timedelta(days=1)
DAY = timedelta(days=1)
SECRET = b"k" * 32


@pytest.fixture
async def shop(app_database: Database) -> Couponing:
    """A shop with Ann, who has a hundred and twenty points, and Bob."""
    shop = await open_couponing(app_database)
    await shop.enrol()
    await shop.enrol("bob")
    await shop.buy(120, THEN, external_id="first")
    return shop


def test_a_code_has_a_hundred_random_bits_and_is_read_however_it_is_written() -> None:
    code = new_code()
    assert re.fullmatch(f"([{ALPHABET}]{{5}}-){{3}}[{ALPHABET}]{{5}}", code)
    assert len({new_code() for _ in range(1000)}) == 1000
    assert normal_code(code.lower().replace("-", " ")) == normal_code(code)
    assert normal_code("o0-iIlL1") == "0011111"
    assert [normal_code(wrong) for wrong in ("", "é" * 5, "a" * 101, "\x00", "a_b")] == [None] * 5


async def test_nothing_of_a_code_is_kept_but_its_keyed_hash(shop: Couponing) -> None:
    code = await shop.issue()
    await shop.use(code)
    written = normal_code(code) or ""
    kept = await shop.rows(
        "SELECT row_to_json(o)::text FROM operation o UNION ALL SELECT row_to_json(f)::text FROM fact f"
    )
    for (row,) in kept:
        assert code not in row
        assert written not in row
    assert await shop.value("SELECT code_hash FROM coupon") == code_hash(SECRET, shop.business_id, written)


async def test_a_code_is_shown_once(shop: Couponing) -> None:
    command = CreateCoupon("free", "release")
    first = done(await shop.make(command, "a-key"), CouponCreated)
    again = done(await shop.make(command, "a-key"), CouponCreated)
    assert first.code is not None
    assert (again.code, again.coupon_id, again.replayed) == (None, first.coupon_id, True)


async def test_a_use_is_an_activity_and_takes_the_value_off(shop: Couponing) -> None:
    five = await shop.issue("five", value_amount=Decimal(5))
    tenth = await shop.issue("tenth", value_percent=Decimal(10))
    used = await shop.use(five, amount="3.20", purchase=("till", "first"))
    assert used.discount == Decimal("3.20")
    assert (await shop.use(five, amount=80)).discount == Decimal(5)
    assert (await shop.use(tenth, amount="12.345")).discount == Decimal("1.2345")
    assert (await shop.use(tenth)).discount is None
    assert await shop.rows("SELECT kind, attributes FROM fact WHERE fact_id = $1", used.use_id) == [
        ("coupon", {"coupon": "five", "purchase": ["till", "first"]})
    ]


async def test_what_would_take_nothing_off_uses_nothing(shop: Couponing) -> None:
    code = await shop.issue(value_percent=Decimal(10), limit=1)
    refused(await shop.try_code(code, amount=0), RefusalCode.INVALID_INPUT, "amount")
    refused(await shop.try_code(code, amount="0.0005"), RefusalCode.INVALID_INPUT, "amount")
    refused(await shop.try_code(code, amount=-5), RefusalCode.INVALID_INPUT, "amount")
    assert await shop.used() == 0
    await shop.use(code, amount=5)


async def test_every_code_that_cannot_be_used_is_answered_alike(shop: Couponing) -> None:
    used_up = await shop.issue("once", limit=1)
    await shop.use(used_up)
    by_ann = await shop.issue("each", member_limit=1)
    await shop.use(by_ann)
    cancelled = await cancelled_code(shop)
    for code in (
        "UNKNOWN-UNKNOWN-UNKNOWN",
        "",
        "\x00",
        "not a code!",
        "x" * 5000,
        used_up,
        by_ann,
        await shop.issue("over", valid_from=NOW - DAY, valid_until=NOW),
        await shop.issue("early", valid_from=NOW + DAY),
        await shop.issue("foreign", member=MemberBy(external_id="bob")),
        cancelled,
    ):
        answer = refused(await shop.try_code(code), RefusalCode.CODE_NOT_USABLE, "code")
        assert (answer.word, answer.parameters, answer.existing_id) == ("code-not-usable", {}, None), code
    await shop.use(by_ann, "bob")


async def cancelled_code(shop: Couponing) -> str:
    """The code of a redemption that was cancelled."""
    await shop.offer("voucher", 10, kind="coupon", coupon=coupon_terms())
    made = await shop.redeem("voucher")
    done(await shop.cancel(made.redemption_id), object)
    return made.code or ""


async def test_a_coupon_is_used_as_often_as_its_limit_says(shop: Couponing) -> None:
    code = await shop.issue(limit=3)
    for member in ("ann", "bob", "ann"):
        await shop.use(code, member)
    refused(await shop.try_code(code, "bob"), RefusalCode.CODE_NOT_USABLE)
    assert await shop.used() == 3


async def test_a_use_that_is_released_frees_the_coupon_once(shop: Couponing) -> None:
    code = await shop.issue(limit=1, member_limit=1)
    used = await shop.use(code)
    freed = done(await shop.release(used.use_id), CouponReleased)
    refused(await shop.release(used.use_id), RefusalCode.ALREADY_REVERSED, "use")
    assert await shop.used() == 0
    assert await shop.rows("SELECT kind, ones FROM fact WHERE fact_id = $1", freed.return_id) == [
        ("return", -1)
    ]
    await shop.use(code, "bob")
    assert await shop.used() == 1
    assert await broken(shop) == {}


async def test_a_use_is_reopened_only_where_the_coupon_is_still_free(shop: Couponing) -> None:
    code = await shop.issue(limit=1)
    first = await shop.use(code, purchase=("till", "first"))
    refused(await shop.reopen(first.use_id), RefusalCode.INVALID_INPUT, "use")
    done(await shop.release(first.use_id), CouponReleased)
    second = await shop.use(code, "bob")
    refused(await shop.reopen(first.use_id), RefusalCode.QUOTA_EXCEEDED, "use")
    done(await shop.release(second.use_id), CouponReleased)
    reopened = done(await shop.reopen(first.use_id), type(first))
    again = refused(await shop.reopen(first.use_id), RefusalCode.ALREADY_EXISTS, "use")
    assert again.existing_id == reopened.use_id
    kept = await shop.rows("SELECT purchase_external_id FROM coupon_use ORDER BY used_at, coupon_use_id")
    assert sorted(kept, key=str) == [("first",), ("first",), (None,)]
    assert await shop.used() == 1
    assert await broken(shop) == {}


async def test_a_use_of_who_was_merged_is_reopened_only_where_who_goes_on_may_use_the_coupon(
    shop: Couponing,
) -> None:
    code = await shop.issue(member_limit=1)
    first, second = await shop.use(code), await shop.use(code, "bob")
    command = MergeMembers(MemberBy(external_id="ann"), MemberBy(external_id="bob"))
    done(await merge_members(shop.engine, shop.caller, shop.key(), command), MembersMerged)
    done(await shop.release(first.use_id), CouponReleased)
    refused(await shop.reopen(first.use_id), RefusalCode.QUOTA_EXCEEDED, "use")
    done(await shop.release(second.use_id), CouponReleased)
    done(await shop.reopen(first.use_id), CouponUsed)
    refused(await shop.reopen(second.use_id), RefusalCode.QUOTA_EXCEEDED, "use")
    assert await shop.used() == 1
    assert await broken(shop) == {}


async def test_the_whole_return_of_a_purchase_releases_what_was_used_for_it(shop: Couponing) -> None:
    freed, kept = await shop.issue("freed"), await shop.issue("kept", on_return="keep")
    for code in (freed, kept):
        await shop.use(code, purchase=("till", "first"))
    await shop.use(freed, purchase=("till", "other"))
    await shop.use(freed, "bob", purchase=("till", "first"))
    await shop.give_back("first", 20, NOW - DAY)
    assert (await shop.used("freed"), await shop.used("kept")) == (3, 1)
    await shop.give_back("first", None, NOW - DAY)
    assert (await shop.used("freed"), await shop.used("kept")) == (2, 1)
    await shop.refold_all()
    assert await broken(shop) == {}


async def test_the_use_of_a_coupon_is_not_returned_like_a_purchase(shop: Couponing) -> None:
    used = await shop.use(await shop.issue())
    wanted = linked_return("", at=NOW, activity=ActivityBy(id=used.use_id))
    answer = refused(await shop.reverse(wanted), RefusalCode.INVALID_INPUT, "activity")
    assert answer.word == "return-of-a-coupon"


async def test_a_redemption_gives_a_code_for_its_member_alone_or_for_whoever_has_it(shop: Couponing) -> None:
    voucher = await shop.offer(
        "voucher", 10, kind="coupon", coupon=coupon_terms(), value_amount=Decimal(5), redemption_days=3
    )
    await shop.offer("present", 10, kind="coupon", coupon=coupon_terms(bearer=True))
    own, present = await shop.redeem("voucher"), await shop.redeem("present")
    assert own.code is not None
    assert present.code is not None
    refused(await shop.try_code(own.code, "bob"), RefusalCode.CODE_NOT_USABLE)
    assert (await shop.use(own.code, amount=20)).discount == Decimal(5)
    await shop.use(present.code, "bob")
    for made in (own, present):
        refused(await shop.try_code(made.code or ""), RefusalCode.CODE_NOT_USABLE)
        refused(await shop.cancel(made.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    assert await shop.rows("SELECT count(*) FROM redemption WHERE fulfilled_at IS NOT NULL") == [(2,)]
    assert await shop.value("SELECT count(*) FROM coupon WHERE reward_id = $1", voucher) == 1
    assert await broken(shop) == {}


async def test_the_code_of_a_redemption_is_as_good_as_the_redemption(shop: Couponing) -> None:
    await shop.offer("voucher", 10, kind="coupon", coupon=coupon_terms(), redemption_days=1)
    made = await shop.redeem("voucher")
    refused(await shop.fulfil(made.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    await shop.set_clock(NOW + 2 * DAY)
    refused(await shop.try_code(made.code or ""), RefusalCode.CODE_NOT_USABLE)


async def test_a_code_from_a_redemption_is_shown_once(shop: Couponing) -> None:
    await shop.offer("voucher", 10, kind="coupon", coupon=coupon_terms())
    first = done(await shop.ask("voucher", key="a-key"), Redeemed)
    again = done(await shop.ask("voucher", key="a-key"), Redeemed)
    assert (first.code is not None, again.code, again.replayed) == (True, None, True)


async def test_a_use_is_recorded_once_under_its_natural_key(shop: Couponing) -> None:
    code = await shop.issue()
    first = await shop.use(code, external_id="u")
    again = refused(await shop.try_code(code, external_id="u"), RefusalCode.ALREADY_EXISTS, "externalId")
    assert (again.existing_id, await shop.used()) == (first.use_id, 1)


async def test_a_code_of_one_s_own_is_long_enough_and_nobody_else_s(shop: Couponing) -> None:
    made = done(await shop.make(CreateCoupon("feast", "keep", OWN_CODE, limit=5)), CouponCreated)
    assert made.code is None
    await shop.use(OWN_CODE.lower())
    refused(await shop.make(CreateCoupon("more", "keep", OWN_CODE)), RefusalCode.INVALID_INPUT, "code")
    known = refused(await shop.make(CreateCoupon("feast", "keep")), RefusalCode.ALREADY_EXISTS, "key")
    assert known.existing_id == made.coupon_id


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (CreateCoupon("A b", "keep"), "key"),
        (CreateCoupon("free", "burn"), "onReturn"),
        (CreateCoupon("free", "keep", "SHORT-CODE-15-XY"), "code"),
        (CreateCoupon("free", "keep", limit=0), "limit"),
        (CreateCoupon("free", "keep", member_limit=0), "memberLimit"),
        (CreateCoupon("free", "keep", valid_until=NOW), "validUntil"),
        (CreateCoupon("free", "keep", value_amount=Decimal(1), value_percent=Decimal(1)), "valueAmount"),
    ],
)
async def test_a_coupon_is_within_its_bounds(shop: Couponing, command: CreateCoupon, path: str) -> None:
    refused(await shop.make(command), RefusalCode.INVALID_INPUT, path)


async def test_a_coupon_names_a_member_and_a_reward_that_are_there(shop: Couponing) -> None:
    nobody = CreateCoupon("free", "keep", member=MemberBy(external_id="nobody"))
    refused(await shop.make(nobody), RefusalCode.NOT_FOUND, "member")
    nothing = CreateCoupon("free", "keep", reward=RewardBy(key="mug"))
    refused(await shop.make(nothing), RefusalCode.NOT_FOUND, "reward")


async def test_a_reward_says_what_its_coupons_are_and_no_other_does(shop: Couponing) -> None:
    lacking: list[Awaitable[object]] = [
        shop.create(CreateReward("a", "coupon", terms())),
        shop.create(CreateReward("b", "goods", terms(), coupon=coupon_terms())),
    ]
    for each in lacking:
        refused(await each, RefusalCode.INVALID_INPUT, "coupon")
    wrong = CreateReward("c", "coupon", terms(), coupon=coupon_terms(on_return="burn"))
    refused(await shop.create(wrong), RefusalCode.INVALID_INPUT, "coupon", "onReturn")
