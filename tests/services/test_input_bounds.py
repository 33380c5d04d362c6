"""Input that is out of bounds is refused with its path, and nothing is written (L51, L52)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from loyalty_engine.services import RefusalCode, enrol_member, enrol_members, record_activities
from loyalty_engine.services.commands import (
    Enrolled,
    EnrolledBatch,
    EnrolMember,
    LineInput,
    MemberBy,
    ProfileInput,
    Recorded,
)
from loyalty_engine.store.database import Database
from tests.services.shop import NOW, START, Shop, done, linked_return, new_shop, purchase, refused, value_of

INVALID = RefusalCode.INVALID_INPUT
LARGEST = Decimal(9 * 10**15)
FAR_EAST = timezone(timedelta(hours=14))
FAR_WEST = timezone(-timedelta(hours=12))


def deep(levels: int) -> object:
    found: object = 1
    for _ in range(levels):
        found = [found]
    return found


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    shop = await new_shop(app_database)
    await shop.enrol()
    return shop


HOSTILE_TEXTS = {
    "NUL": "a\x00b",
    "half a character": "a\ud800b",
    "a control character": "a\x1bb",
    "a line": "a\nb",
    "nothing": "",
    "blanks": " \t ",
    "1 MB": "x" * 1_000_000,
}

TEXT_PATHS: dict[tuple[str, ...], Any] = {
    ("kind",): lambda text: {"kind": text},
    ("source",): lambda text: {"source": text},
    ("externalId",): lambda text: {"external_id": text},
    ("channel",): lambda text: {"channel": text},
    ("partner",): lambda text: {"partner": text},
    ("member", "externalId"): lambda text: {"member": MemberBy(external_id=text)},
    ("member", "identity", "kind"): lambda text: {"member": MemberBy(identity=(text, "1"))},
    ("member", "identity", "value"): lambda text: {"member": MemberBy(identity=("card", text))},
    ("lines", "0", "key"): lambda text: {"lines": (LineInput(text, Decimal(10)),)},
    ("lines", "0", "category"): lambda text: {"lines": (LineInput("1", Decimal(10), category=text),)},
    ("lines", "0", "product"): lambda text: {"lines": (LineInput("1", Decimal(10), product=text),)},
}


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
@pytest.mark.parametrize("path", TEXT_PATHS, ids=".".join)
async def test_a_hostile_text_anywhere_in_an_activity_is_invalid_at_its_path(
    shop: Shop, path: tuple[str, ...], text: str
) -> None:
    before = await shop.row_counts()
    refused(await shop.send(purchase(**TEXT_PATHS[path](text))), INVALID, *path)
    assert await shop.row_counts() == before


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
async def test_a_hostile_key_of_an_attribute_is_invalid(shop: Shop, text: str) -> None:
    for attributes in ({text: 1}, {"a": {text: 1}}):
        refusal = refused(await shop.send(purchase(attributes=attributes)), INVALID)
        assert refusal.path is not None
        assert refusal.path[0] == "attributes"
        assert all(len(step) <= 64 for step in refusal.path)


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS.values() if text.strip()])
async def test_a_hostile_text_in_an_attribute_is_invalid_at_its_path(shop: Shop, text: str) -> None:
    refused(await shop.send(purchase(attributes={"a": text})), INVALID, "attributes", "a")
    refused(await shop.send(purchase(attributes={"a": [{"b": text}]})), INVALID, "attributes", "a", "0", "b")
    refused(await shop.note(value_of("a", text)), INVALID, "value")


HOSTILE_NUMBERS = {
    "too large": LARGEST + 1,
    "too small": -LARGEST - 1,
    "a little too large": LARGEST + Decimal("0.0001"),
    "astronomic": Decimal("1E+999999"),
    "beyond decimals": Decimal("1E+9999999999"),
    "too fine": Decimal("0.00001"),
    "beyond fine": Decimal("1E-9999999999"),
    "no number": Decimal("NaN"),
    "signalling": Decimal("sNaN"),
    "infinite": Decimal("Infinity"),
    "minus infinite": Decimal("-Infinity"),
}

NUMBER_PATHS: dict[tuple[str, ...], Any] = {
    ("amount",): lambda number: {"amount": number},
    ("units",): lambda number: {"units": number},
    ("lines", "0", "amount"): lambda number: {"lines": (LineInput("1", number),)},
    ("lines", "0", "units"): lambda number: {"lines": (LineInput("1", Decimal(10), number),)},
    ("attributes", "a"): lambda number: {"attributes": {"a": number}},
    ("attributes", "a", "0"): lambda number: {"attributes": {"a": [number]}},
}


@pytest.mark.parametrize("number", HOSTILE_NUMBERS.values(), ids=HOSTILE_NUMBERS)
@pytest.mark.parametrize("path", NUMBER_PATHS, ids=".".join)
async def test_a_number_that_is_none_or_out_of_bounds_is_invalid_at_its_path(
    shop: Shop, path: tuple[str, ...], number: Decimal
) -> None:
    before = await shop.row_counts()
    refused(await shop.send(purchase(**NUMBER_PATHS[path](number))), INVALID, *path)
    assert await shop.row_counts() == before


@pytest.mark.parametrize("number", HOSTILE_NUMBERS.values(), ids=HOSTILE_NUMBERS)
async def test_a_return_of_such_a_number_is_invalid(shop: Shop, number: Decimal) -> None:
    one, other = Decimal(4), Decimal(6)
    await shop.buy(10, external_id="whole")
    await shop.buy(10, external_id="lines", lines=(LineInput("1", one), LineInput("2", other)))
    before = await shop.row_counts()
    path = ("lines", "0", "amount")
    opposite = (LineInput("1", number), LineInput("2", number.copy_negate()))
    for command, expected in (
        (linked_return("whole", number), ("amount",)),
        (linked_return("lines", number, lines=(LineInput("1", one),)), ("amount",)),
        (linked_return("lines", lines=(LineInput("1", number),)), path),
        (linked_return("lines", lines=(LineInput("1", one, number),)), ("lines", "0", "units")),
        (linked_return("lines", lines=opposite), path),
    ):
        refused(await shop.reverse(command), INVALID, *expected)
    assert await shop.row_counts() == before


async def test_the_largest_and_the_finest_numbers_are_taken(shop: Shop) -> None:
    await shop.buy("8999999999999999.9999", kind="visit", external_id="large")
    await shop.buy("0.0001", external_id="fine")
    await shop.buy("1.00000000", external_id="long", attributes={"a": Decimal("1.5000000")})
    found = dict(await shop.rows("SELECT external_id, amount FROM fact WHERE type = 'activity'"))
    assert found == {
        "large": Decimal("8999999999999999.9999"),
        "fine": Decimal("0.0001"),
        "long": Decimal("1.0000"),
    }


HOSTILE_VALUES = {
    "a float": 0.5,
    "a float that is no number": float("nan"),
    "bytes": b"x",
    "a set": {1},
    "too deep": deep(6),
    "far too deep": deep(100_000),
    "too long a list": [1] * 101,
    "too many keys": {str(number): 1 for number in range(101)},
    "a huge integer": 10**5000,
}


@pytest.mark.parametrize("value", HOSTILE_VALUES.values(), ids=HOSTILE_VALUES)
async def test_what_is_no_bounded_exact_json_is_invalid_as_an_attribute(shop: Shop, value: object) -> None:
    before = await shop.row_counts()
    refused(await shop.send(purchase(attributes={"a": value})), INVALID)
    refused(await shop.note(value_of("a", value)), INVALID)
    command = EnrolMember("bob", attributes={"a": value})
    refused(await enrol_member(shop.engine, shop.caller, shop.key(), command), INVALID)
    assert await shop.row_counts() == before


@pytest.mark.parametrize("zero", ["0.00000", "-0E-20", "0E-20000", "0E-9999999999"])
async def test_a_nought_is_kept_as_such_however_long_it_is_written(shop: Shop, zero: str) -> None:
    await shop.buy(attributes={"a": Decimal(zero), "b": [Decimal(zero)]})
    done(await shop.note(value_of("a", Decimal(zero))), Recorded)
    await shop.enrol("bob", attributes={"a": Decimal(zero)})
    kept = await shop.rows("SELECT coalesce(attributes, value)::text FROM fact ORDER BY 1")
    assert kept == [("0.0000",), ("0.0000",), ('{"a": 0.0000, "b": [0.0000]}',)]


async def test_an_unset_value_is_kept_as_such(shop: Shop) -> None:
    await shop.enrol("bob", attributes={"a": None, "b": [None]})
    done(await shop.note(value_of("a", 1)), Recorded)
    done(await shop.note(value_of("a", None, START + timedelta(days=3))), Recorded)
    states = await shop.states()
    assert states["bob"].values == {("attribute", "a"): None, ("attribute", "b"): [None]}
    assert states["ann"].values == {("attribute", "a"): None}


HOSTILE_INSTANTS = {
    "without a zone": NOW.replace(tzinfo=None),
    "six minutes ahead": NOW + timedelta(minutes=6),
    "the end of time": datetime.max.replace(tzinfo=UTC),
    "after the end of time": datetime.max.replace(tzinfo=FAR_WEST),
    "the beginning of time": datetime.min.replace(tzinfo=UTC),
    "before the beginning of time": datetime.min.replace(tzinfo=FAR_EAST),
    "before 1900": datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC),
}


@pytest.mark.parametrize("instant", HOSTILE_INSTANTS.values(), ids=HOSTILE_INSTANTS)
async def test_an_instant_out_of_bounds_is_invalid(shop: Shop, instant: datetime) -> None:
    await shop.buy(10, external_id="bought")
    before = await shop.row_counts()
    refused(await shop.send(purchase(occurred_at=instant)), INVALID, "occurredAt")
    refused(await shop.note(value_of("a", 1, instant)), INVALID, "occurredAt")
    refused(await shop.reverse(linked_return("bought", at=instant)), INVALID, "occurredAt")
    command = EnrolMember("bob", enrolled_at=instant)
    refused(await enrol_member(shop.engine, shop.caller, shop.key(), command), INVALID, "enrolledAt")
    assert await shop.row_counts() == before


async def test_an_instant_within_five_minutes_ahead_is_taken(shop: Shop) -> None:
    await shop.buy(10, NOW + timedelta(minutes=5))


async def test_too_many_items_and_none_are_refused(shop: Shop) -> None:
    assert refused(await send_all(shop, 1001), INVALID).path == ("activities",)
    assert refused(await send_all(shop, 0), INVALID).path == ("activities",)
    for many in (0, 1001):
        items = [EnrolMember(f"new-{number}") for number in range(many)]
        refused(await enrol_members(shop.engine, shop.caller, shop.key(), items), INVALID, "members")
    assert await shop.member_ids() == {"ann": (await shop.member_ids())["ann"]}


async def send_all(shop: Shop, many: int) -> object:
    items = [purchase() for _ in range(many)]
    return await record_activities(shop.engine, shop.caller, shop.key(), items)


async def test_too_many_lines_and_lines_that_are_not_the_amount_are_invalid(shop: Shop) -> None:
    many = tuple(LineInput(str(number), Decimal(1)) for number in range(201))
    refused(await shop.send(purchase(201, lines=many)), INVALID, "lines")
    refused(await shop.send(purchase(10, lines=many[:9])), INVALID, "lines")
    refused(await shop.send(purchase(2, lines=(many[0], many[0]))), INVALID, "lines")
    refused(await shop.send(purchase(None, lines=many[:1])), INVALID, "amount")
    await shop.buy(200, lines=many[:200])


async def test_an_idempotency_key_has_bounds_too(shop: Shop) -> None:
    for text in HOSTILE_TEXTS.values():
        answer = await enrol_member(shop.engine, shop.caller, text, EnrolMember("bob"))
        refused(answer, INVALID, "idempotencyKey")


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
async def test_a_hostile_text_of_a_new_member_is_invalid_at_its_path(shop: Shop, text: str) -> None:
    new = EnrolMember("bob")
    hostile = {
        ("externalId",): replace(new, external_id=text),
        ("channel",): replace(new, channel=text),
        ("partner",): replace(new, partner=text),
        ("referredBy",): replace(new, referred_by=text),
        ("identities", "0", "kind"): replace(new, identities=((text, "1"),)),
        ("identities", "0", "value"): replace(new, identities=(("card", text),)),
        ("profile", "givenName"): replace(new, profile=ProfileInput(given_name=text)),
        ("profile", "email"): replace(new, profile=ProfileInput(email=text)),
    }
    for path, command in hostile.items():
        refused(await enrol_member(shop.engine, shop.caller, shop.key(), command), INVALID, *path)
    assert list(await shop.member_ids()) == ["ann"]


async def test_names_written_in_two_ways_are_one_name(shop: Shop) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    assert composed != decomposed
    await shop.enrol(composed)
    refused(
        await enrol_member(shop.engine, shop.caller, shop.key(), EnrolMember(decomposed)),
        RefusalCode.ALREADY_EXISTS,
    )
    await shop.buy(member=decomposed, external_id=composed)
    refused(await shop.send(purchase(external_id=f" {decomposed}\n")), RefusalCode.ALREADY_EXISTS)


TWINS = ["Zoë@Example.org", unicodedata.normalize("NFD", "zoë@example.org"), " zoë@example.ORG "]


@pytest.mark.parametrize("twin", TWINS[1:])
async def test_an_e_mail_written_in_two_ways_is_one_identity(shop: Shop, twin: str) -> None:
    zoe = await shop.enrol("zoe", identities=(("email", TWINS[0]),))
    new = EnrolMember("other", identities=(("email", twin),))
    refusal = refused(
        await enrol_member(shop.engine, shop.caller, shop.key(), new), RefusalCode.ALREADY_EXISTS
    )
    assert refusal.existing_id == zoe
    recorded = await shop.send(purchase(member=MemberBy(identity=("email", twin))))
    assert done(recorded, Recorded).member_id == zoe


async def test_a_new_member_may_name_one_identity_in_several_ways(shop: Shop) -> None:
    await shop.enrol("zoe", identities=tuple(("email", twin) for twin in TWINS))
    assert await shop.value("SELECT count(*) FROM identity") == 1


async def test_of_new_members_in_one_batch_with_one_identity_the_first_is_made(shop: Shop) -> None:
    items = [EnrolMember(f"new-{number}", identities=(("email", twin),)) for number, twin in enumerate(TWINS)]
    answer = await enrol_members(shop.engine, shop.caller, shop.key(), items)
    first, *others = done(answer, EnrolledBatch).results
    member_id = done(first, Enrolled).member_id
    assert [refused(each, RefusalCode.ALREADY_EXISTS).existing_id for each in others] == [member_id] * 2
    assert await shop.value("SELECT count(*) FROM member") == 2


async def test_one_bad_item_of_a_thousand_harms_no_other(app_database: Database) -> None:
    shop = await new_shop(app_database)
    names = [f"m{number}" for number in range(50)]
    made = await enrol_members(
        shop.engine, shop.caller, shop.key(), [EnrolMember(name, enrolled_at=START) for name in names]
    )
    assert all(isinstance(each, Enrolled) for each in done(made, EnrolledBatch).results)
    wrong: list[dict[str, Any]] = [
        *({"partner": text} for text in HOSTILE_TEXTS.values()),
        *({"attributes": {text: 1}} for text in HOSTILE_TEXTS.values()),
        *({"amount": number} for number in HOSTILE_NUMBERS.values()),
        *({"attributes": {"a": value}} for value in HOSTILE_VALUES.values()),
        *({"occurred_at": instant} for instant in HOSTILE_INSTANTS.values()),
        {"member": MemberBy()},
        {"kind": "redemption"},
        {"kind": "return"},
        {"currency": "USD"},
    ]
    bad = dict(enumerate(wrong, 100))
    items = [purchase(**{"member": names[number % 50], **bad.get(number, {})}) for number in range(1000)]
    results = await shop.send_batch(items)
    for number, result in enumerate(results):
        if number in bad:
            refused(result, INVALID)
        else:
            done(result, Recorded)
    assert await shop.value("SELECT count(*) FROM fact") == 1000 - len(bad)
