"""What a client reads where a rule objects to a redemption, or fails."""

from __future__ import annotations

from loyalty_engine.clock import SystemClock
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.api.rewards import REDEEM, make_reward, send
from tests.api.shop import PROGRAM, SECRET, client_of, open_shop
from tests.services.test_redemption_rules import RULES, TROUBLE, installed


async def test_an_objection_is_read_in_words_and_a_failure_tells_no_more_than_the_rule(
    app_database: Database,
) -> None:
    TROUBLE.clear()
    engine = Engine(app_database, installed(), SystemClock(), SECRET)
    async with client_of(engine) as client:
        rules = RULES.replace("{", "{{").replace("}", "}}")
        shop = await open_shop(engine, client, program=PROGRAM + rules)
        await shop.enrol("ann")
        await shop.buy("ann", "70")
        await make_reward(shop, "mug", "20")
        await make_reward(shop, "pen", "20")
        mug = {"member": {"externalId": "ann"}, "reward": {"key": "mug"}}
        pen = {**mug, "reward": {"key": "pen"}, "idempotencyKey": "one"}
        objected = await send(shop, REDEEM, mug)
        assert objected == {
            "__typename": "InvalidInput",
            "code": "INVALID_INPUT",
            "message": "This cannot be redeemed now: buy for 100 more (rule patient).",
            "retryable": False,
            "path": ["reward"],
        }
        TROUBLE["raises"] = True
        failed = await send(shop, REDEEM, pen)
        assert failed == {
            "__typename": "RuleFailed",
            "code": "RULE_FAILED",
            "message": (
                "The rule patient failed, and nothing was changed. The operator has to look at it; "
                "then the same request may be sent again."
            ),
            "retryable": True,
            "path": ["reward"],
        }
        TROUBLE.clear()
        assert (await send(shop, REDEEM, pen))["__typename"] == "RedeemRewardSuccess"
