"""What clients do while servers are killed. A new mutation joins with one more entry in OPERATIONS.

An operation selects as `made` whatever it makes that has an id, wherever that stands in its success; where
there are two things at one place, the other as `madeToo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from loyalty_engine.clock import SystemClock
from loyalty_schema.ids import parsed_id

Input = dict[str, Any]
Answer = Mapping[str, Any]
Mark = str | tuple[str, str]
"""Something that an answer says is there: the global id of a member or an activity, or a natural key."""

DAYS = 100
"""How far back things happened; members were there before."""


@dataclass
class World:
    """What all clients know of the business."""

    chance: Random
    members: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def number(self) -> int:
        """One that was not used before."""
        return next(self._numbers)

    def member(self) -> Input:
        """One of those whose enrolment was answered."""
        return {"externalId": self.chance.choice(self.members)}

    def money(self) -> str:
        """An amount."""
        return str(Decimal(self.chance.randrange(100, 20_000)) / 100)

    def instant(self, days_ago: int) -> str:
        """An instant of that day, or now."""
        seconds = self.chance.randrange(60 * 60 * 24) if days_ago else 0
        return (SystemClock().now() - timedelta(days=days_ago, seconds=seconds)).isoformat()

    def occurred(self) -> str:
        """Now, or some time ago, so that members are folded again too."""
        return self.instant(self.chance.choice((0, 0, self.chance.randrange(1, DAYS))))


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


def enrolment(world: World) -> Input:
    """A member who has been there for long."""
    return {"externalId": f"m{world.number()}", "enrolledAt": world.instant(2 * DAYS)}


def purchase(world: World) -> Input:
    """A purchase, some of them with a partner's promotion."""
    return {
        "member": world.member(),
        "kind": "purchase",
        "source": "till",
        "externalId": f"p{world.number()}",
        "occurredAt": world.occurred(),
        "amount": world.money(),
        "channel": world.chance.choice(("online", "store")),
    }


def basket(world: World) -> Input:
    """Several purchases at once."""
    return {"items": [purchase(world) for _ in range(world.chance.randrange(1, 5))]}


def return_(world: World) -> Input | None:
    """A purchase or a part of it comes back; often more than is left of it, which is refused."""
    if not world.purchases:
        return None
    return {
        "activity": {"natural": {"source": "till", "externalId": world.chance.choice(world.purchases)}},
        "source": "desk",
        "externalId": f"r{world.number()}",
        "occurredAt": world.instant(0),
        "amount": world.chance.choice((None, world.money())),
    }


def value(world: World) -> Input:
    """Something is noted of a member."""
    return {
        "member": world.member(),
        "kind": "ATTRIBUTE",
        "key": "colour",
        "value": world.chance.choice(("red", "blue")),
        "source": "desk",
        "externalId": f"v{world.number()}",
        "occurredAt": world.occurred(),
    }


def confirmation(world: World) -> Input | None:
    """A purchase stands."""
    if not world.purchases:
        return None
    return {
        "activity": {"natural": {"source": "till", "externalId": world.chance.choice(world.purchases)}},
        "source": "desk",
        "externalId": f"c{world.number()}",
        "occurredAt": world.instant(0),
    }


def payment(world: World) -> Input:
    """Points pay some of a purchase."""
    return {
        "member": world.member(),
        "source": "till",
        "externalId": f"x{world.number()}",
        "points": str(world.chance.randrange(1, 300)),
    }


def undone_payment(world: World) -> Input | None:
    """A payment comes back, mostly once; the second time it is refused."""
    if not world.payments:
        return None
    return {
        "activity": {"natural": {"source": "till", "externalId": world.chance.choice(world.payments)}},
        "source": "desk",
        "externalId": f"u{world.number()}",
        "occurredAt": world.instant(0),
    }


def hold(world: World) -> Input:
    """Points are set aside."""
    return {
        "member": world.member(),
        "points": {"amount": str(world.chance.randrange(1, 300))},
        "expiresAt": (SystemClock().now() + timedelta(hours=1)).isoformat(),
    }


def open_hold(world: World) -> Input | None:
    """A hold comes to an end; it may have come to one before, which is refused."""
    return {"hold": world.chance.choice(world.holds[-4:])} if world.holds else None


def captured_hold(world: World) -> Input | None:
    """All that was set aside is spent, or one point of it."""
    hold = open_hold(world)
    return None if hold is None else {**hold, "points": world.chance.choice((None, "1"))}


def transfer(world: World) -> Input:
    """Points go from one member to another, or to the same, which is refused."""
    return {
        "sender": world.member(),
        "receiver": world.member(),
        "points": {"amount": str(world.chance.randrange(1, 300))},
    }


def adjustment(world: World) -> Input:
    """Points are given or taken away by the business; larger ones wait for a second person."""
    amount = world.chance.choice((-50, 20, 2000))
    return {"member": world.member(), "points": {"amount": str(amount)}, "reason": "goodwill"}


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
)
ENROL = OPERATIONS[0]
