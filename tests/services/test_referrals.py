"""Who may have referred whom (BEHAVIOUR L34)."""

from __future__ import annotations

from loyalty_engine.services import RefusalCode, enrol_member, enrol_members
from loyalty_engine.services.commands import Enrolled, EnrolledBatch, EnrolMember
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.services.shop import START, Shop, done, new_shop, refused


async def enrol(shop: Shop, external_id: str, referred_by: str, **given: object) -> Enrolled | Refusal:
    command = EnrolMember(external_id, enrolled_at=START, referred_by=referred_by, **given)  # type: ignore[arg-type]
    return await enrol_member(shop.engine, shop.caller, shop.key(), command)


async def test_a_referrer_is_a_member(app_database: Database) -> None:
    shop = await new_shop(app_database)
    refused(await enrol(shop, "bob", "ann"), RefusalCode.INVALID_INPUT, "referredBy")
    await shop.enrol("ann")
    done(await enrol(shop, "bob", "ann"), Enrolled)
    assert await shop.rows("SELECT external_id, referred_by FROM member ORDER BY 1") == [
        ("ann", None),
        ("bob", "ann"),
    ]


async def test_a_member_of_another_business_is_nobodys_referrer(app_database: Database) -> None:
    shop, other = [await new_shop(app_database) for _ in range(2)]
    await other.enrol("ann")
    refused(await enrol(shop, "bob", "ann"), RefusalCode.INVALID_INPUT, "referredBy")


async def test_nobody_refers_oneself(app_database: Database) -> None:
    shop = await new_shop(app_database)
    refused(await enrol(shop, "ann", "ann"), RefusalCode.REFERRAL_REFUSED, "referredBy")
    await shop.enrol("ann", identities=(("email", "ann@example.org"),))
    again = await enrol(shop, "ann-2", "ann", identities=(("email", "Ann@Example.org "),))
    refused(again, RefusalCode.REFERRAL_REFUSED, "referredBy")


async def test_nobody_is_referred_by_whom_one_referred(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol("ann", identities=(("card", "1"),))
    await shop.enrol("bob", referred_by="ann")
    refused(await enrol(shop, "ann", "bob"), RefusalCode.REFERRAL_REFUSED, "referredBy")
    again = await enrol(shop, "ann-2", "bob", identities=(("card", "1"),))
    refused(again, RefusalCode.REFERRAL_REFUSED, "referredBy")


async def test_who_is_there_already_is_told_so_whoever_referred(app_database: Database) -> None:
    shop = await new_shop(app_database)
    ann, _ = await shop.enrol("ann"), await shop.enrol("bob")
    for referrer in ("bob", "nobody"):
        assert refused(await enrol(shop, "ann", referrer), RefusalCode.ALREADY_EXISTS).existing_id == ann


async def test_in_a_batch_a_referrer_comes_first_so_that_there_are_no_circles(app_database: Database) -> None:
    shop = await new_shop(app_database)
    items = [
        EnrolMember("ann", enrolled_at=START),
        EnrolMember("bob", enrolled_at=START, referred_by="ann"),
        EnrolMember("cid", enrolled_at=START, referred_by="dan"),
        EnrolMember("dan", enrolled_at=START, referred_by="cid"),
        EnrolMember("eve", enrolled_at=START, referred_by="bob"),
        EnrolMember("bob", enrolled_at=START, referred_by="eve"),
    ]
    results = done(await enrol_members(shop.engine, shop.caller, shop.key(), items), EnrolledBatch).results
    codes = [each.code if isinstance(each, Refusal) else None for each in results]
    unknown = RefusalCode.INVALID_INPUT
    assert codes == [None, None, unknown, unknown, None, RefusalCode.REFERRAL_REFUSED]
