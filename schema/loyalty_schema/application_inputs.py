"""Inputs of the mutations about applications for membership, and the commands that they become."""

from decimal import Decimal

import strawberry

from loyalty_engine.services import application_commands as commands
from loyalty_schema.enums import ApplicationStep, VoteChoice, value_of
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY, MemberBy

APPLICATION = "The global id of the application."


@strawberry.input(description="An application for what a rule of the program grants.")
class ApplyInput:
    """An application for what a rule of the program grants."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Who applies.")
    rule: str = strawberry.field(description="The rule's id in the program; whoever is a member renews.")

    def command(self) -> commands.Apply:
        """What the use case is told."""
        return commands.Apply(self.member.command(), self.rule)


@strawberry.input(description="A decision about the step that an application waits for.")
class DecideApplicationInput:
    """A decision about the step that an application waits for."""

    idempotency_key: str = strawberry.field(description=KEY)
    application: strawberry.ID = strawberry.field(description=APPLICATION)
    step: ApplicationStep = strawberry.field(
        description="The step that is decided; one that it does not wait for is refused."
    )
    approved: bool = strawberry.field(description="true: it goes on; false: it is rejected.")
    paid: Decimal | None = strawberry.field(
        default=None, description="What was paid, where a payment is approved: the fee."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why; kept for good, so that it must name nobody."
    )

    def command(self) -> commands.DecideApplication:
        """What the use case is told."""
        application = id_of("Application", str(self.application))
        return commands.DecideApplication(
            application, value_of(self.step), self.approved, self.paid, self.reason
        )


@strawberry.input(description="The end of an application without an answer.")
class WithdrawApplicationInput:
    """The end of an application without an answer."""

    idempotency_key: str = strawberry.field(description=KEY)
    application: strawberry.ID = strawberry.field(description=APPLICATION)

    def command(self) -> commands.WithdrawApplication:
        """What the use case is told."""
        return commands.WithdrawApplication(id_of("Application", str(self.application)))


@strawberry.input(description="A vote on an application; it replaces the one before.")
class CastVoteInput:
    """A vote on an application."""

    idempotency_key: str = strawberry.field(description=KEY)
    application: strawberry.ID = strawberry.field(description=APPLICATION)
    voter: MemberBy = strawberry.field(description="Who votes, one of the electorate.")
    choice: VoteChoice = strawberry.field(description="How.")

    def command(self) -> commands.CastVote:
        """What the use case is told."""
        application = id_of("Application", str(self.application))
        return commands.CastVote(application, self.voter.command(), value_of(self.choice))
