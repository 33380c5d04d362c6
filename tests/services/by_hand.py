"""What members of a shop are given by hand, as staff does it."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from loyalty_engine.services import Refusal, set_standing
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.overrides import SetStanding
from loyalty_engine.services.verification import verify_business
from tests.services.shop import Shop, done

_settings = count()


def setting(tier: str | None = "gold", at: datetime | None = None, **given: Any) -> SetStanding:
    """A standing set by hand at the desk, under a natural key of its own."""
    standard: dict[str, Any] = {
        "member": MemberBy(external_id="ann"),
        "ladder": "status",
        "tier": tier,
        "reason": "goodwill",
        "source": "desk",
        "external_id": f"setting-{next(_settings)}",
        "occurred_at": at,
    }
    return SetStanding(**{**standard, **given})


async def send_standing(shop: Shop, command: SetStanding, key: str | None = None) -> Recorded | Refusal:
    """Set a standing by hand."""
    return await set_standing(shop.engine, shop.caller, key or shop.key(), command)


async def set_by_hand(
    shop: Shop, tier: str | None = "gold", at: datetime | None = None, **given: Any
) -> Recorded:
    """The same; it must succeed."""
    return done(await send_standing(shop, setting(tier, at, **given)), Recorded)


async def assert_verified(shop: Shop) -> None:
    """Nothing differs between what is stored and what the facts make."""
    verified = await verify_business(shop.engine, shop.business_id)
    assert verified.difference is None, verified.difference
