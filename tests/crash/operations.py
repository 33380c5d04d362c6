"""What clients do while servers are killed. A new mutation joins with one more entry in OPERATIONS.

An operation selects as `made` whatever it makes that has an id, wherever that stands in its success; where
there are two things at one place, the other as `madeToo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loyalty_schema.ids import parsed_id
from tests.crash.inputs import (
    Input,
    World,
    adjustment,
    basket,
    captured_hold,
    confirmation,
    coupon,
    enrolment,
    hold,
    open_hold,
    open_redemption,
    payment,
    purchase,
    redemption,
    return_,
    reward,
    standing_use,
    transfer,
    undone_payment,
    units,
    use,
    value,
)

Answer = Mapping[str, Any]
Mark = str | tuple[str, str]
"""Something that an answer says is there: the global id of what has one, or a natural key."""


@dataclass(frozen=True)
class Operation:
    """One mutation. `make` answers None where there is nothing yet to do it to."""

    mutation: str
    selected: str
    make: Callable[[World], Input | None]
    often: int = 1
    learn: Callable[[World, Input, Answer], None] = lambda _world, _input, _answer: None
    named: Callable[[Input], tuple[Mark, ...]] = lambda _input: ()
    """What it makes that its answer does not select, by natural keys."""

    @property
    def document(self) -> str:
        """The request."""
        name = self.mutation[0].upper() + self.mutation[1:]
        return (
            f"mutation ($input: {name}Input!) {{ {self.mutation}(input: $input) {{ __typename "
            f"... on {name}Success {{ replayed {self.selected} }} "
            "... on Refusal { code message retryable } } }"
        )

    def marks(self, given: Input, answer: Answer) -> frozenset[Mark]:
        """What is there since that answer; nothing after a refusal."""
        if not answer["__typename"].endswith("Success"):
            return frozenset()
        return frozenset((*_made(answer), *self.named(given)))


def _made(answer: object) -> Iterator[Mark]:
    match answer:
        case Mapping():
            for name, value in answer.items():
                if name in {"made", "madeToo"} and value is not None:
                    yield _bare_id(value["id"])
                yield from _made(value)
        case list():
            for value in answer:
                yield from _made(value)


def _bare_id(written: str) -> str:
    parsed = parsed_id(written)
    assert parsed is not None
    return str(parsed[1])


BY_ITS_EFFECTS = "effects { cause { made: activity { id } } }"

OPERATIONS = (
    Operation(
        "enrolMember",
        "made: member { id }",
        enrolment,
        learn=lambda world, given, _: world.members.append(given["externalId"]),
    ),
    Operation(
        "recordActivity",
        "made: activity { id }",
        purchase,
        often=6,
        learn=lambda world, given, _: world.purchases.append(given["externalId"]),
    ),
    Operation(
        "recordActivities",
        "results { ... on RecordActivitySuccess { made: activity { id } } }",
        basket,
        often=2,
    ),
    Operation("reverseActivity", "made: activity { id }", return_, often=3),
    Operation(
        "recordFact", "parked { rule }", value, named=lambda given: ((given["source"], given["externalId"]),)
    ),
    Operation("confirmActivity", "made: activity { id }", confirmation),
    Operation(
        "payWithPoints",
        "made: activity { id }",
        payment,
        often=2,
        learn=lambda world, given, _: world.payments.append(given["externalId"]),
    ),
    Operation("reverseActivity", "made: activity { id }", undone_payment),
    Operation(
        "holdPoints",
        "made: hold { id }",
        hold,
        often=2,
        learn=lambda world, _, answer: world.holds.append(answer["made"]["id"]),
    ),
    Operation("captureHold", BY_ITS_EFFECTS, captured_hold, often=2),
    Operation("voidHold", BY_ITS_EFFECTS, open_hold),
    Operation("transferPoints", "made: sent { id } madeToo: received { id }", transfer, often=2),
    Operation("adjustPoints", "made: adjustment { id made: activity { id } }", adjustment),
    Operation(
        "createReward",
        "made: reward { id }",
        reward,
        learn=lambda world, given, _: world.rewards.append(given["key"]),
    ),
    Operation("stockReward", "stock", units),
    Operation(
        "redeemReward",
        "made: redemption { id price }",
        redemption,
        often=4,
        learn=lambda world, _, answer: world.redemptions.append(answer["made"]["id"]),
    ),
    Operation("cancelRedemption", "made: activity { id }", open_redemption),
    Operation("fulfilRedemption", "redemption { id }", open_redemption),
    Operation(
        "createCoupon",
        "made: coupon { id }",
        coupon,
        learn=lambda world, given, _: world.codes.append(given["code"]),
    ),
    Operation(
        "useCoupon",
        "made: use { id }",
        use,
        often=3,
        learn=lambda world, _, answer: world.uses.append(answer["made"]["id"]),
    ),
    Operation("releaseCouponUse", "made: activity { id }", standing_use),
)
ENROL, REWARD, COUPON = (
    next(each for each in OPERATIONS if each.mutation == mutation)
    for mutation in ("enrolMember", "createReward", "createCoupon")
)
