"""Filters and orders of lists; what is left out does not matter."""

from datetime import datetime

import strawberry

from loyalty_schema.enums import (
    Direction,
    EntryCode,
    MemberOrderField,
    MemberStatus,
    RewardKind,
    RewardState,
)


@strawberry.input(description="Instants from one until another.")
class InstantRange:
    """Instants from one until another."""

    from_: datetime | None = strawberry.field(
        name="from", default=None, description="The first instant that is meant."
    )
    before: datetime | None = strawberry.field(
        default=None, description="The first instant that is not meant any more."
    )


@strawberry.input(description="A tier of a ladder.")
class TierBy:
    """A tier of a ladder."""

    ladder: str = strawberry.field(description="The ladder's key in the program file.")
    tier: str = strawberry.field(description="The tier's key in the program file.")


@strawberry.input(description="Which members; all that is given must hold.")
class MemberFilter:
    """Which members."""

    tier: TierBy | None = strawberry.field(default=None, description="Those who stand on this tier now.")
    status: MemberStatus | None = strawberry.field(default=None, description="Those with this status.")
    enrolled_at: InstantRange | None = strawberry.field(
        default=None, description="Those who joined in this range."
    )


@strawberry.input(description="In which order members are listed.")
class MemberOrder:
    """In which order members are listed."""

    by: MemberOrderField = strawberry.field(
        default=MemberOrderField.ENROLLED_AT, description="By what they are ordered."
    )
    direction: Direction = strawberry.field(default=Direction.ASC, description="In which direction.")


@strawberry.input(description="Which activities; all that is given must hold.")
class ActivityFilter:
    """Which activities."""

    kinds: list[str] | None = strawberry.field(default=None, description="Those of one of these kinds.")
    source: str | None = strawberry.field(default=None, description="Those recorded by this source.")
    occurred_at: InstantRange | None = strawberry.field(
        default=None, description="Those that happened in this range."
    )


@strawberry.input(description="Which rewards; all that is given must hold.")
class RewardFilter:
    """Which rewards."""

    kind: RewardKind | None = strawberry.field(default=None, description="Those of this kind.")
    state: RewardState | None = strawberry.field(default=None, description="Those in this state.")
    currency: str | None = strawberry.field(
        default=None, description="Those that cost points of this currency."
    )
    on_offer_at: datetime | None = strawberry.field(
        default=None, description="Those that can be redeemed at this instant."
    )


@strawberry.input(description="Which entries of a wallet; all that is given must hold.")
class EntryFilter:
    """Which entries of a wallet."""

    code: EntryCode | None = strawberry.field(default=None, description="Those with this code.")
    effective_at: InstantRange | None = strawberry.field(
        default=None, description="Those that took effect in this range."
    )


@strawberry.input(description="Which lots of a wallet; all that is given must hold.")
class LotFilter:
    """Which lots of a wallet."""

    open: bool | None = strawberry.field(
        default=None, description="true: those with something left, available or pending; false: the others."
    )


def instants_of(wanted: InstantRange | None) -> tuple[datetime | None, datetime | None]:
    """Both ends of a range, None where it is open."""
    return (None, None) if wanted is None else (wanted.from_, wanted.before)
