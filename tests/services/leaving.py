"""A shop that members leave, driven through the services."""

from __future__ import annotations

from typing import Any

from loyalty_engine.services import Refusal, close_member
from loyalty_engine.services.closings import CloseMember
from loyalty_engine.services.commands import MemberBy, Recorded
from tests.properties.invariants import broken
from tests.services.shop import Shop, done

ACCOUNTS = """
SELECT a.kind, a.balance FROM account a JOIN member m USING (business_id, member_id)
WHERE m.external_id = $1 AND a.balance <> 0
"""
CLAIMED = """
SELECT c.ladder, c.tier FROM claim c JOIN member m USING (business_id, member_id)
WHERE m.external_id = $1 AND c.withdrawn_effect_id IS NULL
"""


async def ask_to_leave(
    shop: Shop, member: str = "ann", key: str | None = None, **given: Any
) -> Recorded | Refusal:
    """Close a membership."""
    command = CloseMember(**{"member": MemberBy(external_id=member), "reason": "asked to", **given})
    return await close_member(shop.engine, shop.caller, key or shop.key(), command)


async def leave(shop: Shop, member: str = "ann") -> Recorded:
    """Close a membership; it must succeed."""
    return done(await ask_to_leave(shop, member), Recorded)


async def accounts(shop: Shop, member: str = "ann") -> dict[str, int]:
    """What is in each of a member's accounts; what has nothing in it is left out."""
    return dict(await shop.rows(ACCOUNTS, member))


async def claimed(shop: Shop, member: str = "ann") -> list[tuple[Any, ...]]:
    """The claims of a member that nothing withdrew."""
    return await shop.rows(CLAIMED, member)


async def assert_sound(shop: Shop) -> None:
    """All promises hold, and folding again writes nothing."""
    found = await broken(shop)
    assert found == {}, found
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows
