"""Inputs of the mutations about where members stand, and the commands that they become."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.services.overrides import SetStanding
from loyalty_schema.enums import StandingOrigin, value_of
from loyalty_schema.inputs import KEY, MemberBy, json_object


@strawberry.input(
    description="A claim on a tier, made by hand; or without a tier the end of the claims of its origin."
)
class SetStandingInput:
    """A claim on a tier, made by hand."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose standing.")
    ladder: str = strawberry.field(description="The ladder's key.")
    tier: str | None = strawberry.field(
        default=None,
        description="The tier's key; left out: what was set by hand with this origin ends, and rules decide.",
    )
    reason: str = strawberry.field(description="Why; kept for good, so that it must name nobody.")
    source: str = strawberry.field(description="Who records it.")
    external_id: str = strawberry.field(description="Its id at the source; with the source it is unique.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="Since when it holds; left out: now."
    )
    until: date | None = strawberry.field(
        default=None,
        description="The first day, in the business's zone, on which it holds no more; left out: for life.",
    )
    locked: bool = strawberry.field(
        default=False,
        description="true: no other claim counts while it lasts, so that it may lower the member too.",
    )
    origin: StandingOrigin = strawberry.field(
        default=StandingOrigin.OVERRIDE,
        description="As what it is set; a status match needs until and evidence, and is made once a ladder.",
    )
    evidence: JSON | None = strawberry.field(
        default=None,
        description='What it rests on, an object, e.g. {"programme": "Other Club", "tier": "Gold"}.',
    )

    def command(self) -> SetStanding:
        """What the use case is told."""
        return SetStanding(
            member=self.member.command(),
            ladder=self.ladder,
            tier=self.tier,
            reason=self.reason,
            source=self.source,
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            until=self.until,
            locked=self.locked,
            origin=value_of(self.origin),  # type: ignore[arg-type]
            evidence=None if self.evidence is None else json_object(self.evidence, "evidence"),
        )
