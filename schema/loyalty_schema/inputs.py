"""Inputs of mutations, and the commands that they become; values are checked by the use cases."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.services import commands
from loyalty_schema.enums import FactKind, MemberKind, value_of
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.ids import id_of

KEY = "Chosen by the client; the same key with the same input gives the same outcome, done once."


@strawberry.input(description="Something a member is recognised by: a card number, phone, e-mail, ...")
class IdentityInput:
    """Something a member is recognised by."""

    kind: str = strawberry.field(description="What it is, e.g. card, phone or email.")
    value: str = strawberry.field(description="Its value; only a keyed hash of it is kept.")

    def pair(self) -> tuple[str, str]:
        """The kind and the value."""
        return self.kind, self.value


@strawberry.input(one_of=True, description="A member, named in exactly one way.")
class MemberBy:
    """A member, named in exactly one way."""

    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="By the global id.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="By the business's own id."
    )
    identity: IdentityInput | None = strawberry.field(
        default=strawberry.UNSET, description="By a card number, phone, e-mail, ..."
    )

    def command(self) -> commands.MemberBy:
        """The member as use cases name it."""
        if isinstance(self.identity, IdentityInput):
            return commands.MemberBy(identity=self.identity.pair())
        if isinstance(self.external_id, str):
            return commands.MemberBy(external_id=self.external_id)
        return commands.MemberBy(id=id_of("Member", str(self.id)))


@strawberry.input(description="An activity by what its source calls it.")
class NaturalKeyInput:
    """An activity by what its source calls it."""

    source: str = strawberry.field(description="Who recorded it.")
    external_id: str = strawberry.field(description="Its id at the source.")


@strawberry.input(one_of=True, description="An activity, named in exactly one way.")
class ActivityBy:
    """An activity, named in exactly one way."""

    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="By the global id.")
    natural: NaturalKeyInput | None = strawberry.field(
        default=strawberry.UNSET, description="By what its source calls it."
    )

    def command(self) -> commands.ActivityBy:
        """The activity as use cases name it."""
        if isinstance(self.natural, NaturalKeyInput):
            return commands.ActivityBy(natural=(self.natural.source, self.natural.external_id))
        return commands.ActivityBy(id=id_of("Activity", str(self.id)))


@strawberry.input(description="A member's personal data.")
class ProfileInput:
    """A member's personal data."""

    given_name: str | None = strawberry.field(default=None, description="The given name.")
    family_name: str | None = strawberry.field(default=None, description="The family name.")
    email: str | None = strawberry.field(default=None, description="The e-mail address.")
    phone: str | None = strawberry.field(default=None, description="The telephone number.")
    birth_date: date | None = strawberry.field(default=None, description="The date of birth.")
    locale: str | None = strawberry.field(default=None, description="The preferred language.")

    def command(self) -> commands.ProfileInput:
        """The personal data as use cases take it."""
        return commands.ProfileInput(
            self.given_name, self.family_name, self.email, self.phone, self.birth_date, self.locale
        )


@strawberry.input(description="A new member.")
class EnrolMemberInput:
    """A new member."""

    idempotency_key: str = strawberry.field(description=KEY)
    external_id: str = strawberry.field(description="The business's own id of the member.")
    kind: MemberKind = strawberry.field(default=MemberKind.PERSON, description="What kind of member it is.")
    enrolled_at: datetime | None = strawberry.field(
        default=None, description="When the member joined; left out: now."
    )
    identities: list[IdentityInput] | None = strawberry.field(
        default=None, description="What the member is recognised by."
    )
    profile: ProfileInput | None = strawberry.field(default=None, description="Personal data.")
    attributes: JSON | None = strawberry.field(
        default=None, description="Attributes, as a JSON object; no personal data, as they are kept for ever."
    )
    referred_by: str | None = strawberry.field(
        default=None, description="The external id of the member who referred this one."
    )
    partner: str | None = strawberry.field(
        default=None, description="The key of the partner where the member joined."
    )
    channel: str | None = strawberry.field(default=None, description="Through which channel.")

    def command(self) -> commands.EnrolMember:
        """What the use case is told."""
        return commands.EnrolMember(
            external_id=self.external_id,
            kind=value_of(self.kind),
            enrolled_at=self.enrolled_at,
            identities=tuple(identity.pair() for identity in self.identities or ()),
            profile=None if self.profile is None else self.profile.command(),
            attributes=json_object(self.attributes),
            referred_by=self.referred_by,
            partner=self.partner,
            channel=self.channel,
        )


@strawberry.input(description="One line of an activity, or how much of it is returned.")
class ActivityLineInput:
    """One line of an activity."""

    key: str = strawberry.field(description="Its key within the activity.")
    amount: Decimal = strawberry.field(description="Its amount of money.")
    units: Decimal | None = strawberry.field(default=None, description="How many units.")
    category: str | None = strawberry.field(default=None, description="The category.")
    product: str | None = strawberry.field(default=None, description="The product.")

    def command(self) -> commands.LineInput:
        """The line as use cases take it."""
        return commands.LineInput(self.key, self.amount, self.units, self.category, self.product)


@strawberry.input(description="Points of one currency.")
class PointsInput:
    """Points of one currency."""

    amount: Decimal = strawberry.field(description="How many, no finer than the currency's decimals.")
    currency: str | None = strawberry.field(
        default=None, description="The points currency; left out: the first of the program."
    )

    def command(self) -> commands.PointsInput:
        """The points as use cases take them."""
        return commands.PointsInput(self.amount, self.currency)


@strawberry.input(description="Something that a member did.")
class ActivityInput:
    """Something that a member did."""

    member: MemberBy = strawberry.field(description="Who did it.")
    kind: str = strawberry.field(description="What it was, e.g. purchase, visit, review, return.")
    source: str = strawberry.field(description="Who records it, e.g. the till's key.")
    external_id: str = strawberry.field(description="Its id at the source; with the source it is unique.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    amount: Decimal | None = strawberry.field(
        default=None, description="The amount of money; below zero for a return that names no purchase."
    )
    units: Decimal | None = strawberry.field(default=None, description="How many units.")
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217; left out: the program's currency."
    )
    lines: list[ActivityLineInput] | None = strawberry.field(default=None, description="Its lines.")
    channel: str | None = strawberry.field(default=None, description="Through which channel.")
    partner: str | None = strawberry.field(
        default=None, description="The key of the partner where it happened."
    )
    attributes: JSON | None = strawberry.field(
        default=None, description="Whatever else there is to say, as a JSON object."
    )
    points: PointsInput | None = strawberry.field(
        default=None, description="For a redemption that happened already: what it took."
    )

    def command(self) -> commands.RecordActivity:
        """What the use case is told."""
        return commands.RecordActivity(
            member=self.member.command(),
            kind=self.kind,
            source=self.source,
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            amount=self.amount,
            units=self.units,
            currency=self.currency,
            lines=tuple(line.command() for line in self.lines or ()),
            channel=self.channel,
            partner=self.partner,
            attributes=json_object(self.attributes),
            points=None if self.points is None else self.points.command(),
        )


@strawberry.input(description="An activity to record.")
class RecordActivityInput(ActivityInput):
    """An activity to record."""

    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Up to 1,000 activities to record.")
class RecordActivitiesInput:
    """Up to 1,000 activities to record."""

    idempotency_key: str = strawberry.field(description=KEY)
    items: list[ActivityInput] = strawberry.field(
        description="The activities, each with a result of its own; one recorded before is replayed."
    )


@strawberry.input(description="An activity to return, wholly or in part.")
class ReverseActivityInput:
    """An activity to return, wholly or in part."""

    idempotency_key: str = strawberry.field(description=KEY)
    activity: ActivityBy = strawberry.field(description="What is returned.")
    source: str = strawberry.field(description="Who records the return.")
    external_id: str = strawberry.field(description="The return's id at the source.")
    occurred_at: datetime = strawberry.field(description="When it was returned.")
    amount: Decimal | None = strawberry.field(
        default=None, description="How much, above zero; without amount and lines: all that remains."
    )
    lines: list[ActivityLineInput] | None = strawberry.field(
        default=None, description="How much of which lines, above zero."
    )
    reason: str | None = strawberry.field(default=None, description="Why it was returned.")

    def command(self) -> commands.ReverseActivity:
        """What the use case is told."""
        return commands.ReverseActivity(
            activity=self.activity.command(),
            source=self.source,
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            amount=self.amount,
            lines=tuple(line.command() for line in self.lines or ()),
            reason=self.reason,
        )


@strawberry.input(description="A dated value of a member to record.")
class RecordFactInput:
    """A dated value of a member to record."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose value it is.")
    kind: FactKind = strawberry.field(description="What kind of value it is.")
    key: str = strawberry.field(description="Its key.")
    value: JSON = strawberry.field(
        description="The value since then; no personal data, as it is kept for ever."
    )
    source: str = strawberry.field(description="Who records it.")
    external_id: str = strawberry.field(description="Its id at the source; with the source it is unique.")
    occurred_at: datetime = strawberry.field(description="Since when it holds.")

    def command(self) -> commands.RecordFact:
        """What the use case is told."""
        return commands.RecordFact(
            member=self.member.command(),
            kind=value_of(self.kind),
            key=self.key,
            value=self.value,
            source=self.source,
            external_id=self.external_id,
            occurred_at=self.occurred_at,
        )


@strawberry.input(description="A member whose personal data is to be deleted.")
class EraseMemberInput:
    """A member whose personal data is to be deleted."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Who.")

    def command(self) -> commands.EraseMember:
        """What the use case is told."""
        return commands.EraseMember(self.member.command())


@strawberry.input(description="A period to close.")
class CloseSettlementInput:
    """A period to close."""

    idempotency_key: str = strawberry.field(description=KEY)
    until: datetime = strawberry.field(
        description="What occurred before this instant is closed; it is over, and after all that is closed."
    )
    partner: str | None = strawberry.field(
        default=None, description="The key of the partner whose activities are closed; left out: everything."
    )

    def command(self) -> commands.CloseSettlement:
        """What the use case is told."""
        return commands.CloseSettlement(self.until, self.partner)


@strawberry.input(description="An instant for a sandbox's own clock.")
class SetClockInput:
    """An instant for a sandbox's own clock."""

    idempotency_key: str = strawberry.field(description=KEY)
    now: datetime = strawberry.field(description="What the clock is to show; it only goes forward.")


def json_object(value: object, named: str = "attributes") -> dict[str, object]:
    """A JSON object; raises an error of the request for any other JSON."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, f"{named} is a JSON object.")
    return value
