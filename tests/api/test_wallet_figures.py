"""What a wallet shows is the sum of its transfers by the kinds of the accounts between which they move."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from loyalty_engine.entities import Effect, Transfer
from loyalty_engine.ids import new_id
from loyalty_engine.services.commands import Recorded, Transferred
from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, create_credential
from loyalty_engine.services.movements import MEMBER_ACCOUNTS, MOVEMENTS
from loyalty_engine.store.database import Database
from loyalty_engine.store.ledger import AccountKey, accounts
from loyalty_engine.store.rows import insert_rows
from loyalty_schema.scalars import instant_text
from tests.api.points import capture, hold
from tests.api.shop import NOW, Shop
from tests.properties.invariants import broken
from tests.services.points_shop import points_shop
from tests.services.shop import done

FIGURES = "available pending held debt earned spent expired"
BOTH = f"""
{{ member(by: {{externalId: "anna"}}) {{
  now: wallet {{ {FIGURES} entries(first: 100) {{ nodes {{ code amount moved message(locale: "en") }} }} }}
  then: asOf(at: "2026-06-15T12:00:00Z") {{ wallet {{ {FIGURES} }} }}
}} }}
"""


async def move(shop: Shop, movements: dict[str, int], at: datetime = NOW) -> None:
    """Posts movements of anna's points, a negative one the other way, as one transaction would."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        row = await connection.fetchrow(
            "SELECT member_id FROM member WHERE business_id = $1 AND external_id = 'anna'", shop.business_id
        )
        assert row is not None
        keys = {name: account_key(name, row["member_id"]) for _, *both in MOVEMENTS.values() for name in both}
        del keys["budget"]
        ids = await accounts(connection, shop.business_id, list(keys.values()), at)
        effects, transfers = list[Any](), list[Any]()
        for name, units in movements.items():
            code, debit, credit = MOVEMENTS[name]
            if units < 0:
                debit, credit = credit, debit
            out_of, into = ids[keys[debit]], ids[keys[credit]]
            own = {
                "business_id": shop.business_id,
                "effect_id": new_id(),
                "member_id": row["member_id"],
                "effective_at": at,
                "recorded_at": at,
            }
            effects.append({**own, **effect_of(shop, f"points/points/{new_id()}/{name}", units)})
            transfers.append({**own, **transfer_of(code, out_of, into, abs(units))})
        await insert_rows(connection, Effect, effects)
        await insert_rows(connection, Transfer, transfers)


def account_key(kind: str, member_id: UUID) -> AccountKey:
    return (kind, "points", member_id if kind in MEMBER_ACCOUNTS else None, None, None)


def effect_of(shop: Shop, slot: str, units: int) -> dict[str, Any]:
    return {
        "kind": "points",
        "cause_kind": "enrolment",
        "cause_key": "enrolment",
        "activity_id": None,
        "boundary_at": None,
        "rule": "",
        "slot": slot,
        "value": units,
        "program_version_id": shop.version_id,
        "trigger_fact_id": None,
        "corrects_effect_id": None,
    }


def transfer_of(code: str, debit: UUID, credit: UUID, amount: int) -> dict[str, Any]:
    return {
        "transfer_id": new_id(),
        "code": code,
        "currency": "points",
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount": amount,
        "reverses_transfer_id": None,
    }


async def test_every_kind_of_movement_is_in_the_figure_that_it_belongs_to(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1000.00")
    before = {
        "earned": 500,
        "earned_back": 40,
        "withheld": 100,
        "released": 30,
        "held": 200,
        "unheld": 20,
        "captured": 50,
        "redeemed": 60,
        "redeemed_back": 7,
        "sent": 11,
        "sent_back": 3,
        "received": 90,
        "received_back": 15,
        "adjusted": 5,
        "expired": 8,
        "owed": 4,
        "repaid": 1,
    }
    await move(shop, before, NOW - timedelta(days=1))
    member = (await shop.data(BOTH))["member"]
    wanted = {
        "pending": 100 - 30,
        "held": 200 - 20 - 50,
        "debt": 4 - 1,
        "earned": 1000 + 500 - 40,
        "spent": 50 + 60 - 7 + 11 - 3,
        "expired": 8,
    }
    others = (90 - 15) + 5
    left = wanted["earned"] + others + wanted["debt"] - wanted["pending"] - wanted["held"]
    wanted["available"] = left - wanted["spent"] - wanted["expired"]
    assert member["then"]["wallet"] == {name: str(units) for name, units in wanted.items()}
    assert figures_of_entries(member["now"].pop("entries")["nodes"]) == wanted
    for of_lots in ("available", "pending"):  # now they are sums of lots, which are not made here
        del wanted[of_lots], member["now"][of_lots]
    assert member["now"] == {name: str(units) for name, units in wanted.items()}


THEN = f"""
query ($who: String!, $at: DateTime!, $known: DateTime) {{ member(by: {{externalId: $who}}) {{
  now: wallet {{ {FIGURES} }}
  then: asOf(at: $at, knownAt: $known) {{ wallet {{ {FIGURES} }} }}
}} }}
"""


async def test_what_is_held_sent_redeemed_and_owed_stays_as_it_was_known(
    app_database: Database, client: httpx.AsyncClient
) -> None:
    points = await points_shop(app_database, "expiry = { days = 60 }\npending = { days = 3 }")
    made = await create_credential(points.engine, points.caller, CreateCredential("owner", "the API"))
    assert isinstance(made, CredentialCreated), made
    api = Shop(points.engine, client, points.business_id, points.slug, made.key.text, points.business_id)
    seen: dict[tuple[str, datetime], Any] = {}
    clock = NOW

    async def later(days: int = 1) -> datetime:
        nonlocal clock
        clock += timedelta(days=days)
        await points.set_clock(clock)
        await points.advance()
        return clock

    async def look() -> Any:
        for who in ("ann", "bob"):
            member = (await api.data(THEN, {"who": who, "at": instant_text(clock)}))["member"]
            assert member["now"] == member["then"]["wallet"]
            seen[who, clock] = member["then"]["wallet"]
        return seen["ann", clock]

    for who in ("ann", "bob"):
        await points.enrol(who)
    await points.buy(100, await later(), external_id="first")
    assert (await look())["pending"] == "100"
    await later(4)
    held = done(await points.hold(30, clock + timedelta(days=2)), Recorded)
    assert (await look())["held"] == "30"
    await later()
    done(await points.capture(held.fact_id, 20), Recorded)
    assert (await look())["spent"] == "20"
    await later()
    done(await points.transfer(15), Transferred)
    assert (await look())["spent"] == "35"
    assert (seen["bob", clock]["available"], seen["bob", clock]["spent"]) == ("15", "0")
    await later()
    done(await points.redeem(200, clock, external_id="gift"), Recorded)
    assert (await look())["debt"] == "135"
    await later()
    await points.buy(50, NOW + timedelta(hours=1), external_id="late")
    done(await points.redeem(1, clock, member="bob"), Recorded)
    await look()
    await points.give_back("gift", None, await later())
    await look()
    await points.give_back("first", None, await later())
    await look()
    await later(100)
    assert Decimal((await look())["expired"]) > 0
    for (who, at), answered in seen.items():
        when = {"who": who, "at": instant_text(at), "known": instant_text(at)}
        assert (await api.data(THEN, when))["member"]["then"]["wallet"] == answered
    assert await broken(points) == {}


def figures_of_entries(entries: list[Any]) -> dict[str, int]:
    """A wallet's figures from its entries alone, as somebody may reckon who has nothing else."""
    amounts, moved = Counter[str](), Counter[str]()
    for entry in entries:
        amounts[entry["code"]] += int(entry["amount"])
        moved[entry["code"]] += int(entry["moved"])
    return {
        "available": sum(amounts.values()),
        "pending": -amounts["WITHHOLD"] - amounts["RELEASE"],
        "held": moved["HOLD"] - moved["UNHOLD"] - moved["CAPTURE"],
        "debt": amounts["OWE"] + amounts["REPAY_DEBT"],
        "earned": amounts["EARN"] + amounts["PARTNER_AWARD"] + amounts["TAKE_BACK"] + 15,  # sent back to ben
        "spent": moved["CAPTURE"] - amounts["REDEEM"] - amounts["SEND"] - amounts["GIVE_BACK"],
        "expired": -amounts["EXPIRE"],
    }


async def test_a_capture_takes_from_the_hold_and_no_more_from_what_can_be_spent(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "100.00")
    await capture(shop, await hold(shop, "anna", "50"), "30")
    wallet = (await shop.data(BOTH))["member"]["now"]
    assert [
        (entry["code"], entry["amount"], entry["moved"], entry["message"])
        for entry in sorted(wallet["entries"]["nodes"], key=lambda entry: entry["code"])
    ] == [
        ("CAPTURE", "0", "30", "30 points spent that had been set aside"),
        ("EARN", "100", "100", "100 points earned"),
        ("HOLD", "-50", "50", "50 points set aside"),
        ("UNHOLD", "20", "20", "20 points no longer set aside"),
    ]
    assert (wallet["available"], wallet["held"], wallet["spent"]) == ("70", "0", "30")


async def test_a_correction_of_a_movement_takes_it_out_of_its_figure(shop: Shop) -> None:
    await shop.enrol("anna")
    await shop.buy("anna", "1000.00")
    await move(shop, {"sent": 100, "received": 70, "redeemed": 30, "held": 20}, NOW - timedelta(days=1))
    await move(shop, {"sent": -100, "received": -70, "redeemed": -30, "held": -20})
    member = (await shop.data(BOTH))["member"]
    for wallet in (member["now"], member["then"]["wallet"]):
        assert (wallet["spent"], wallet["held"], wallet["available"]) == ("0", "0", "1000")
