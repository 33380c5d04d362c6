"""What the mutations about applications are called with where all mutations are tried."""

from __future__ import annotations

from collections.abc import Mapping

from tests.api.shop import Shop
from tests.idempotency.entries import OF_BOB, Entry, Input, Reason, a_week, ann, bob, made

ANN: Input = {"member": {"externalId": "ann"}}
REVIEWED: Input = {"step": "REVIEW", "approved": True}
VOTED: Input = {"voter": {"externalId": "zoe"}, "choice": "IN_FAVOUR"}


async def applied(shop: Shop) -> Input:
    """Ann has applied."""
    await ann(shop)
    return {"application": await made(shop, "apply", {**ANN, "rule": "club"}, "application")}


async def applied_elsewhere(shop: Shop) -> Input:
    """Ann has applied by another rule."""
    return {"application": await made(shop, "apply", {**ANN, "rule": "board"}, "application")}


async def reviewed(shop: Shop) -> Input:
    """The application of Ann is approved."""
    member = '{ member(by: {externalId: "ann"}) { applications { nodes { id } } } }'
    (found,) = (await shop.data(member))["member"]["applications"]["nodes"]
    await made(shop, "decideApplication", {"application": found["id"], **REVIEWED}, "application")
    return {}


async def voting(shop: Shop) -> Input:
    """Zoe, who stands on silver, may vote on the application of Ann."""
    await shop.enrol("zoe")
    await shop.buy("zoe", "1500.00")
    application = await applied(shop)
    await reviewed(shop)
    return application


async def tied(shop: Shop) -> Input:
    """Nobody voted on the application of Ann, so that the vote is decided by hand."""
    await shop.enrol("zoe")
    await reviewed(shop)
    return await a_week(shop)


APPLICATIONS: Mapping[str, Entry] = {
    "apply": Entry({**ANN, "rule": "club"}, {"rule": "board"}, ann, Reason(OF_BOB, "NOT_FOUND", bob)),
    "decideApplication": Entry(
        {"application": "x", **REVIEWED},
        applied_elsewhere,
        applied,
        Reason({"step": "VOTE"}, "INVALID_INPUT", tied),
    ),
    "withdrawApplication": Entry({"application": "x"}, applied_elsewhere, applied),
    "castVote": Entry({"application": "x", **VOTED}, {"choice": "AGAINST"}, voting),
}
