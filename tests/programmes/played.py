"""A programme of the examples, played over GraphQL: members do things as the clock goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from loyalty_engine.services.engine import Engine
from tests.api.shop import RECORD, REFUSED, Shop, example, open_shop

SET_CLOCK = "mutation ($input: SetClockInput!) { setClock(input: $input) { __typename } }"
RECORD_FACT = f"""
mutation ($input: RecordFactInput!) {{ recordFact(input: $input) {{ __typename {REFUSED} }} }}
"""
RETURN = f"""
mutation ($input: ReverseActivityInput!) {{ reverseActivity(input: $input) {{ __typename {REFUSED} }} }}
"""
LEAVE = f"""
mutation ($input: CloseMemberInput!) {{ closeMember(input: $input) {{ __typename {REFUSED} }} }}
"""
MEMBER = """
query ($who: String!, $ladder: String) {
  member(by: {externalId: $who}) {
    standing(ladder: $ladder) {
      tier { key } until notice { tier { key } at since }
      progress { route tier { key } rule { key } missing }
    }
    standingChanges(ladder: $ladder, first: 100) { nodes { from { key } to { key } effectiveAt } }
  }
}
"""
WALLET = """
query ($who: String!, $currency: String) {
  member(by: {externalId: $who}) { wallet(currency: $currency) { available } }
}
"""


@dataclass
class Played:
    """A programme under way; times are written as they are on the business's clock."""

    shop: Shop
    zone: ZoneInfo
    numbers: count[int]

    def instant(self, written: str) -> datetime:
        """A local time."""
        return datetime.fromisoformat(written).replace(tzinfo=self.zone)

    async def time(self, written: str) -> None:
        """The clock goes on, and what is due is done."""
        now = self.instant(written)
        wanted = {"idempotencyKey": f"clock {written}", "now": now.isoformat()}
        assert await self.shop.data(SET_CLOCK, {"input": wanted}) == {
            "setClock": {"__typename": "SetClockSuccess"}
        }
        await self.shop.pass_time(now)

    async def join(self, who: str, at: str, **given: Any) -> None:
        """Somebody joins, as the clock goes on."""
        await self.time(at)
        found = await self.shop.enrol(who, enrolledAt=self.instant(at).isoformat(), **given)
        assert found["__typename"] == "EnrolMemberSuccess", found

    async def do(
        self, at: str, kind: str = "purchase", amount: str | None = None, *, who: str = "ann", **given: Any
    ) -> str:
        """Somebody does something, as the clock goes on; its id."""
        await self.time(at)
        key = f"{kind} {next(self.numbers)}"
        wanted = {
            "idempotencyKey": key,
            "member": {"externalId": who},
            "kind": kind,
            "source": "till",
            "externalId": key,
            "occurredAt": self.instant(at).isoformat(),
            "amount": amount,
            **given,
        }
        found = (await self.shop.data(RECORD, {"input": wanted}))["recordActivity"]
        assert found["__typename"] == "RecordActivitySuccess", found
        assert found["parked"] == []
        return key

    async def give_back(self, at: str, key: str, amount: str | None = None) -> None:
        """A part of something is given back, or all of it."""
        await self.time(at)
        wanted = {
            "idempotencyKey": f"return {key} {at}",
            "activity": {"natural": {"source": "till", "externalId": key}},
            "source": "desk",
            "externalId": f"return {key} {at}",
            "occurredAt": self.instant(at).isoformat(),
        }
        wanted |= {} if amount is None else {"amount": amount}
        found = (await self.shop.data(RETURN, {"input": wanted}))["reverseActivity"]
        assert found["__typename"] == "ReverseActivitySuccess", found

    async def leave(self, at: str, *, who: str = "ann") -> None:
        """Somebody leaves on request, as the clock goes on."""
        await self.time(at)
        wanted = {"idempotencyKey": f"leave {who}", "member": {"externalId": who}, "reason": "asked to"}
        found = (await self.shop.data(LEAVE, {"input": wanted}))["closeMember"]
        assert found["__typename"] == "CloseMemberSuccess", found

    async def know(self, at: str, kind: str, key: str, value: object, *, who: str = "ann") -> None:
        """Something becomes known about a member, as the clock goes on."""
        await self.time(at)
        name = f"{kind} {key} {at}"
        wanted = {
            "idempotencyKey": name,
            "member": {"externalId": who},
            "kind": kind,
            "key": key,
            "value": value,
            "source": "desk",
            "externalId": name,
            "occurredAt": self.instant(at).isoformat(),
        }
        found = (await self.shop.data(RECORD_FACT, {"input": wanted}))["recordFact"]
        assert found["__typename"] == "RecordFactSuccess", found

    async def member(self, who: str = "ann", ladder: str | None = None) -> Mapping[str, Any]:
        """A member as the API shows it."""
        found: Mapping[str, Any] = (await self.shop.data(MEMBER, {"who": who, "ladder": ladder}))["member"]
        return found

    async def tier(self, who: str = "ann", ladder: str | None = None) -> str:
        """Where a member stands."""
        return str((await self.member(who, ladder))["standing"]["tier"]["key"])

    async def until(self, who: str = "ann", ladder: str | None = None) -> str | None:
        """Until when a member stands there, as the first instant at which it is over."""
        end = (await self.member(who, ladder))["standing"]["until"]
        return None if end is None else self.local(end)

    async def missing(self, tier: str, who: str = "ann", ladder: str | None = None) -> list[dict[str, str]]:
        """What each route to a tier still lacks, by rule."""
        found: dict[int, dict[str, str]] = {}
        for each in (await self.member(who, ladder))["standing"]["progress"]:
            if each["tier"]["key"] == tier:
                route = found.setdefault(each["route"], {})
                if Decimal(each["missing"]):
                    route[each["rule"]["key"]] = each["missing"]
        return list(found.values())

    async def notice(self, who: str = "ann", ladder: str | None = None) -> tuple[str, str, str] | None:
        """The downgrade that is announced: to what, when, and since when it is known."""
        found = (await self.member(who, ladder))["standing"]["notice"]
        if found is None:
            return None
        return found["tier"]["key"], self.local(found["at"]), self.local(found["since"])

    async def changes(self, who: str = "ann", ladder: str | None = None) -> list[tuple[str, str]]:
        """When a member's standing changed, and how."""
        nodes = (await self.member(who, ladder))["standingChanges"]["nodes"]
        return [
            (self.local(node["effectiveAt"]), f"{node['from']['key']} > {node['to']['key']}")
            for node in nodes
        ]

    async def balance(self, who: str = "ann", currency: str | None = None) -> int:
        """What a member can spend, in the currency or the first one."""
        found = (await self.shop.data(WALLET, {"who": who, "currency": currency}))["member"]["wallet"]
        return int(found["available"])

    def local(self, written: str) -> str:
        """An instant of the API on the business's clock, to the minute."""
        return f"{datetime.fromisoformat(written).astimezone(self.zone):%Y-%m-%d %H:%M}"


async def opened(engine: Engine, client: httpx.AsyncClient, name: str, zone: str, begin: str) -> Played:
    """A business of a test's own that runs an example programme, with the clock at a local time."""
    at = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(zone))
    shop = await open_shop(engine, client, program=example(name), clock_at=at)
    return Played(shop, ZoneInfo(zone), count(1))
