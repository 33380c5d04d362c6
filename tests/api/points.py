"""What tests of points send to the API, as a till, a frontend or somebody of the staff would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty_engine.ids import new_id
from tests.api.shop import PROGRAM, REFUSED, Shop

USED = "uses { amount lot { cause { activity { externalId } } } }"
LOT = """
id earnedAt amount remaining available pending expired expiresAt releasesAt
cause { kind activity { externalId } } rule { key }
fundedBy { partner { key } percent }
uses { amount at cause { activity { kind externalId } } }
"""
LOTS = f"""
query ($who: String!, $first: Int, $after: String, $where: LotFilter) {{
  member(by: {{externalId: $who}}) {{ wallet {{ lots(first: $first, after: $after, where: $where) {{
    nodes {{ {LOT} }} pageInfo {{ hasNextPage endCursor }} }} }} }}
}}
"""
SUCCESS = {
    "holdPoints": "hold { id amount state expiresAt } replayed",
    "captureHold": "hold { id amount captured state } replayed",
    "voidHold": "hold { id amount captured state } replayed",
    "transferPoints": f"sender {{ externalId }} receiver {{ externalId }} sent {{ id {USED} }}",
    "adjustPoints": "adjustment { id amount state reason needsApproval askedByViewer } effects { id }",
    "decideAdjustment": "adjustment { id amount state } effects { id }",
    "payWithPoints": f"points amount activity {{ id {USED} }}",
    "confirmActivity": "activity { kind } member { wallet { available pending } }",
    "reverseActivity": "activity { id } effects { id }",
}
"""What is selected of the success of each mutation."""


def program(points: str = 'expiry = "never"') -> str:
    """The shop's program, whose points currency has these keys instead of its expiry."""
    return PROGRAM.replace(
        'expiry = {{ months = 12, then = "end_of_month" }}', points.replace("{", "{{").replace("}", "}}")
    )


async def mutate(shop: Shop, name: str, given: dict[str, Any], **asked: Any) -> Any:
    """The answer to one mutation, which is no error of the request."""
    text, variables = mutation(name, given)
    return (await shop.data(text, variables, **asked))[name]


def mutation(name: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A mutation and its variables, under an idempotency key of its own."""
    kind = f"{name[0].upper()}{name[1:]}"
    text = (
        f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ "
        f"__typename ... on {kind}Success {{ {SUCCESS[name]} }} {REFUSED} }} }}"
    )
    return text, {"input": {"idempotencyKey": str(new_id()), **given}}


async def hold(shop: Shop, who: str, points: str, until: str = "2026-06-16T12:00:00Z", **asked: Any) -> Any:
    """Set points aside."""
    given = {"member": {"externalId": who}, "points": {"amount": points}, "expiresAt": until}
    return await mutate(shop, "holdPoints", given, **asked)


async def capture(shop: Shop, held: Any, points: str | None = None, **asked: Any) -> Any:
    """Capture what was set aside."""
    given = {"hold": held["hold"]["id"], **({} if points is None else {"points": points})}
    return await mutate(shop, "captureHold", given, **asked)


async def void(shop: Shop, held: Any, **asked: Any) -> Any:
    """Give back what was set aside."""
    return await mutate(shop, "voidHold", {"hold": held["hold"]["id"]}, **asked)


async def redeem(shop: Shop, who: str, points: str, at: str, external_id: str) -> Any:
    """Report a redemption that happened already."""
    given = {"externalId": external_id, "kind": "redemption", "points": {"amount": points}, "amount": None}
    return await shop.buy(who, "0", at, **{name: value for name, value in given.items() if value})


async def adjust(shop: Shop, who: str, points: str, **asked: Any) -> Any:
    """Add points or take some away."""
    given = {"member": {"externalId": who}, "points": {"amount": points}, "reason": "goodwill"}
    return await mutate(shop, "adjustPoints", given, **asked)


async def lots_of(shop: Shop, who: str = "anna", **variables: Any) -> Any:
    """A page of a member's lots."""
    key = variables.pop("key", None)
    found = await shop.data(LOTS, {"who": who, **variables}, key=key)
    return found["member"]["wallet"]["lots"]["nodes"]


async def set_clock(shop: Shop, now: datetime) -> None:
    """The sandbox's clock, set past the API, and nothing folded."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        await connection.execute(
            "UPDATE business SET clock_at = $2 WHERE business_id = $1", shop.business_id, now
        )
