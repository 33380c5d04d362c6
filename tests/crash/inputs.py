"""What clients know of a business whose servers are killed, and what they ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from loyalty_engine.clock import SystemClock

Input = dict[str, Any]
CODE_SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Of what a code is made here; none of them is read as another."""

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
    rewards: list[str] = field(default_factory=list)
    redemptions: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)
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


def reward(world: World) -> Input:
    """Something to redeem, of which there are few."""
    key = f"reward-{world.number()}"
    terms = {"names": [{"language": "en", "text": key}], "price": str(world.chance.randrange(5, 60))}
    return {"key": key, "kind": "GOODS", "terms": terms, "stock": world.chance.randrange(3, 12)}


def _some_reward(world: World) -> Input:
    return {"reward": {"key": world.chance.choice(world.rewards[-3:])}}


def units(world: World) -> Input | None:
    """Units come into stock or go out of it; more than there are of them cannot."""
    if not world.rewards:
        return None
    return {**_some_reward(world), "units": world.chance.choice((-2, 1, 3))}


def redemption(world: World) -> Input | None:
    """A unit for points; both may be at an end, which is refused."""
    return {"member": world.member(), **_some_reward(world)} if world.rewards else None


def open_redemption(world: World) -> Input | None:
    """A redemption comes to an end; it may have come to one before, which is refused."""
    return {"redemption": world.chance.choice(world.redemptions[-6:])} if world.redemptions else None


def coupon(world: World) -> Input:
    """A code that can be used a few times."""
    key = f"coupon-{world.number()}"
    code = "".join(world.chance.choices(CODE_SIGNS, k=20))
    return {"key": key, "onReturn": "RELEASE", "code": code, "limit": world.chance.randrange(3, 12)}


def use(world: World) -> Input | None:
    """A code is used; it may be used up, which is refused."""
    if not world.codes:
        return None
    return {
        "member": world.member(),
        "code": world.chance.choice(world.codes[-3:]),
        "source": "till",
        "externalId": f"k{world.number()}",
    }


def standing_use(world: World) -> Input | None:
    """A use is given back, mostly once; the second time it is refused."""
    return {"use": world.chance.choice(world.uses[-6:])} if world.uses else None
