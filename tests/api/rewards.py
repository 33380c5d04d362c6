"""Rewards over the API, for tests."""

from __future__ import annotations

from typing import Any

from loyalty_engine.ids import new_id
from tests.api.shop import REFUSED, Shop

CREATE = f"""
mutation ($input: CreateRewardInput!) {{
  createReward(input: $input) {{
    __typename
    ... on CreateRewardSuccess {{ reward {{ id key stock }} version replayed }}
    ... on AlreadyExists {{ existingId }}
    {REFUSED}
  }}
}}
"""
STOCK = f"""
mutation ($input: StockRewardInput!) {{
  stockReward(input: $input) {{
    __typename
    ... on StockRewardSuccess {{ stock reward {{ id stock }} replayed }}
    {REFUSED}
  }}
}}
"""
REDEEM = f"""
mutation ($input: RedeemRewardInput!) {{
  redeemReward(input: $input) {{
    __typename
    ... on RedeemRewardSuccess {{
      redemption {{ id state price expiresAt }}
      member {{ wallet {{ available }} }}
      effects {{ ... on LedgerEntry {{ code amount }} }}
      replayed
    }}
    {REFUSED}
  }}
}}
"""
CANCEL = f"""
mutation ($input: CancelRedemptionInput!) {{
  cancelRedemption(input: $input) {{
    __typename
    ... on CancelRedemptionSuccess {{
      redemption {{ id state }}
      member {{ wallet {{ available }} }}
      points {{ amount }}
      replayed
    }}
    {REFUSED}
  }}
}}
"""
FULFIL = f"""
mutation ($input: FulfilRedemptionInput!) {{
  fulfilRedemption(input: $input) {{
    __typename
    ... on FulfilRedemptionSuccess {{ redemption {{ id state fulfilledAt }} replayed }}
    {REFUSED}
  }}
}}
"""


async def send(shop: Shop, document: str, wanted: dict[str, Any], **asking: Any) -> Any:
    """The answer to a mutation under a key of its own."""
    data = await shop.data(document, {"input": {"idempotencyKey": str(new_id()), **wanted}}, **asking)
    (answer,) = data.values()
    return answer


async def make_reward(
    shop: Shop, key: str = "mug", price: str = "50", *, stock: int | None = None, **terms: Any
) -> Any:
    """A reward of the kind goods; it must succeed."""
    named = {"names": [{"language": "en", "text": f"A {key}"}], "price": price, **terms}
    wanted = {"key": key, "kind": "GOODS", "terms": named, **({} if stock is None else {"stock": stock})}
    made = await send(shop, CREATE, wanted)
    assert made["__typename"] == "CreateRewardSuccess", made
    return made["reward"]


async def stock(shop: Shop, key: str, units: int) -> Any:
    """Units come in or go out."""
    return await send(shop, STOCK, {"reward": {"key": key}, "units": units})


async def redeem(shop: Shop, who: str, key: str) -> str:
    """The id of a redemption; it must succeed."""
    made = await send(shop, REDEEM, {"member": {"externalId": who}, "reward": {"key": key}})
    assert made["__typename"] == "RedeemRewardSuccess", made
    return str(made["redemption"]["id"])
