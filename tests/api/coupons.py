"""Coupons over the API, for tests."""

from __future__ import annotations

from typing import Any

from loyalty_engine.ids import new_id
from tests.api.rewards import send
from tests.api.shop import REFUSED, Shop

CREATE = f"""
mutation ($input: CreateCouponInput!) {{
  createCoupon(input: $input) {{
    __typename
    ... on CreateCouponSuccess {{ coupon {{ id key limit used }} couponCode replayed }}
    {REFUSED}
  }}
}}
"""
USE = f"""
mutation ($input: UseCouponInput!) {{
  useCoupon(input: $input) {{
    __typename
    ... on UseCouponSuccess {{
      use {{ id usedAt discount activity {{ kind }} }}
      coupon {{ key used }}
      discount
      replayed
    }}
    {REFUSED}
  }}
}}
"""
RELEASE = f"""
mutation ($input: ReleaseCouponUseInput!) {{
  releaseCouponUse(input: $input) {{
    __typename
    ... on ReleaseCouponUseSuccess {{ use {{ id releasedAt }} coupon {{ used }} replayed }}
    {REFUSED}
  }}
}}
"""
REOPEN = f"""
mutation ($input: ReopenCouponUseInput!) {{
  reopenCouponUse(input: $input) {{
    __typename
    ... on ReopenCouponUseSuccess {{ use {{ id reopens {{ id }} }} coupon {{ used }} discount replayed }}
    ... on AlreadyExists {{ existingId }}
    {REFUSED}
  }}
}}
"""


async def make_coupon(shop: Shop, key: str, code: str | None = None, **values: Any) -> Any:
    """A coupon; it must succeed."""
    wanted = {"key": key, "onReturn": "RELEASE", **({} if code is None else {"code": code}), **values}
    made = await send(shop, CREATE, wanted)
    assert made["__typename"] == "CreateCouponSuccess", made
    return made


async def try_code(shop: Shop, who: str, code: str, **values: Any) -> Any:
    """What using a coupon answers."""
    wanted = {"member": {"externalId": who}, "code": code, "source": "till", "externalId": str(new_id())}
    return await send(shop, USE, {**wanted, **values})


async def use_coupon(shop: Shop, who: str, code: str, **values: Any) -> str:
    """The id of a use; it must succeed."""
    made = await try_code(shop, who, code, **values)
    assert made["__typename"] == "UseCouponSuccess", made
    return str(made["use"]["id"])
